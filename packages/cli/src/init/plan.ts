import { randomBytes } from "node:crypto";
import { basename, join, posix } from "node:path";
import type { Answers } from "./answers.ts";
import { Manifest, type Wanted } from "./manifest.ts";
import { apiPackages, webPackages } from "./packages.ts";
import { hasDependency, isNew, manifestFolder, readText, type Project } from "./project.ts";
import { generatedFiles, newProjectFiles, readTemplate, type Generated } from "./templates.ts";
import { readTypeScriptSettings } from "./typescript-settings.ts";

/** What becomes of one file. `kept` is one that a new project needs, and that is there already. */
export interface Step {
  readonly path: string;
  readonly kind: "create" | "amend" | "unchanged" | "differs" | "kept";
  /** As it was; undefined where it is not there. */
  readonly before: string | undefined;
  /** As it is to be. */
  readonly text: string;
  /** Whether only its owner may read it. */
  readonly secret?: boolean;
  /** What is added to a file that is amended. */
  readonly added?: readonly string[];
}

export interface Plan {
  readonly steps: readonly Step[];
  /** What whoever runs it should know. */
  readonly notes: readonly string[];
}

/** Other bundlers put variables of this name in by themselves, or leave them to the process. */
const VITE =
  'vite.config: socket.ts wants define: { "process.env.NEXT_PUBLIC_API_URL": JSON.stringify("http://localhost:3000") }';

/** Compares what is to be with what is there. Rejects with `CommandError` where that cannot be read. */
export async function makePlan(project: Project, answers: Answers): Promise<Plan> {
  const { root, apiDir, webDir } = project;
  const fresh = isNew(project);
  const settings = fresh
    ? { api: { extension: ".js", notes: [] } as const, web: { extension: "", notes: [] } as const }
    : {
        api: readTypeScriptSettings({
          root,
          folder: join(root, apiDir),
          esm: project.manifests.get(manifestFolder(project, apiDir))?.type === "module",
          framework: answers.framework,
        }),
        web: readTypeScriptSettings({ root, folder: join(root, webDir), esm: true }),
      };
  const extensions = { api: settings.api.extension, web: settings.web.extension };
  const steps: Step[] = [];
  for (const file of generatedFiles(answers, project, extensions)) {
    steps.push(await compare(project, file, "differs"));
  }
  if (fresh) {
    for (const file of newProjectFiles(answers, project, extensions)) {
      steps.push(await compare(project, file, "kept"));
    }
    const secret = randomBytes(32).toString("hex");
    const text = readTemplate("project/env.example").replace(/^JWT_SECRET=$/m, `JWT_SECRET=${secret}`);
    steps.push({ ...(await compare(project, { path: ".env", text }, "kept")), secret: true });
    steps.push(await withLines(project, { path: ".gitignore", text: readTemplate("project/gitignore") }));
  }
  steps.push(await withLines(project, { path: ".env.example", text: readTemplate("project/env.example") }));
  steps.push(...(await manifests(project, answers)));
  const vite = hasDependency(project, webDir, "vite") ? [VITE] : [];
  const client = answers.client === "none" ? [] : [...settings.web.notes, ...vite];
  return { steps, notes: [...new Set([...settings.api.notes, ...client])] };
}

async function compare({ root }: Project, { path, text }: Generated, other: "differs" | "kept"): Promise<Step> {
  const before = await readText(join(root, path), path);
  const kind = before === undefined ? "create" : before === text ? "unchanged" : other;
  return { path, kind, before, text };
}

/** A file of lines, to which those are added that it lacks: settings by their names, and anything else as it is. */
async function withLines({ root }: Project, { path, text }: Generated): Promise<Step> {
  const before = await readText(join(root, path), path);
  if (before === undefined) return { path, kind: "create", before, text };
  const end = before.includes("\r\n") ? "\r\n" : "\n";
  const nameOf = (line: string): string =>
    line
      .replace(/^\s*(?:export\s+)?/, "")
      .replace(/\s*=.*/, "")
      .trim();
  const known = new Set(before.split(/\r?\n/).map(nameOf));
  const added: string[] = [];
  const lines: string[] = [];
  let comments: string[] = [];
  for (const line of text.trimEnd().split("\n")) {
    if (line.startsWith("#")) comments.push(line);
    else if (known.has(nameOf(line))) comments = [];
    else {
      lines.push(...comments, line);
      added.push(nameOf(line));
      comments = [];
    }
  }
  if (added.length === 0) return { path, kind: "unchanged", before, text: before };
  const gap = before === "" || before.endsWith("\n") ? "" : end;
  return { path, kind: "amend", before, text: `${before}${gap}${lines.join(end)}${end}`, added };
}

/** The `package.json` of API and web application, which may be one. */
async function manifests(project: Project, answers: Answers): Promise<Step[]> {
  const wanted = new Map<string, Wanted>();
  for (const [dir, packages] of [
    [project.apiDir, apiPackages(answers, isNew(project))],
    [project.webDir, webPackages(answers)],
  ] as const) {
    const folder = manifestFolder(project, dir);
    const { dependencies = {}, devDependencies = {} } = wanted.get(folder) ?? {};
    const missing = (all: Wanted["dependencies"]): Wanted["dependencies"] =>
      Object.fromEntries(Object.entries(all).filter(([name]) => !hasDependency(project, dir, name)));
    wanted.set(folder, {
      dependencies: { ...dependencies, ...missing(packages.dependencies) },
      devDependencies: { ...devDependencies, ...missing(packages.devDependencies) },
    });
  }
  return [...wanted].flatMap(([folder, packages]): Step[] => {
    const path = posix.join(folder, "package.json");
    const manifest = project.manifests.get(folder);
    if (manifest !== undefined) {
      const { text, added } = manifest.with(packages);
      return [{ path, kind: added.length === 0 ? "unchanged" : "amend", before: manifest.text, text, added }];
    }
    if (Object.keys({ ...packages.dependencies, ...packages.devDependencies }).length === 0) return [];
    const text = isNew(project) ? newManifest(project, answers) : '{\n  "private": true\n}\n';
    const made = new Manifest(text, path).with(packages);
    return [{ path, kind: "create", before: undefined, text: made.text }];
  });
}

function newManifest({ root, apiDir, webDir }: Project, { client }: Answers): string {
  const name = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  const main = posix.join(apiDir, "dist/main.js");
  const content = {
    name: name === "" ? "app" : name,
    version: "0.0.0",
    private: true,
    type: "module",
    scripts: {
      dev: `tsc -p ${apiDir} && node --env-file=.env ${main}`,
      build: `tsc -p ${apiDir}`,
      start: `node ${main}`,
      typecheck: `tsc -p ${apiDir} --noEmit${client === "none" ? "" : ` && tsc -p ${webDir}`}`,
    },
    engines: { node: ">=20.19" },
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}
