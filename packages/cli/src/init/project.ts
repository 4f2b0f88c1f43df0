import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { CommandError } from "../command.ts";
import type { Client, Framework } from "./answers.ts";
import { Manifest } from "./manifest.ts";

export type PackageManager = "npm" | "pnpm" | "yarn" | "bun";

/** What is there before anything is written. */
export interface Project {
  /** Its folder, absolute. */
  readonly root: string;
  /** Those of the folders of API and web application, as `apps/api`. */
  readonly apiDir: string;
  readonly webDir: string;
  /** By the folders that have one: `.`, and those of the two. */
  readonly manifests: ReadonlyMap<string, Manifest>;
  readonly packageManager: PackageManager;
}

const LOCKFILES: ReadonlyMap<string, PackageManager> = new Map([
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
]);

/** Looks at a project; a folder that is not there is an empty one. Rejects with `CommandError` where it cannot be read. */
export async function readProject(options: Pick<Project, "root" | "apiDir" | "webDir">): Promise<Project> {
  const { root, apiDir, webDir } = options;
  const names = await list(root);
  const manifests = new Map<string, Manifest>();
  for (const folder of new Set([".", apiDir, webDir])) {
    const name = join(folder, "package.json");
    const text = await readText(join(root, name), name);
    if (text !== undefined) manifests.set(folder, new Manifest(text, name));
  }
  return { ...options, manifests, packageManager: packageManagerOf(manifests, names) };
}

/** Whether a project has still to be made. */
export function isNew({ manifests, apiDir }: Project): boolean {
  return !manifests.has(".") && !manifests.has(apiDir);
}

/** The folder whose `package.json` speaks for `folder`. */
export function manifestFolder({ manifests }: Project, folder: string): string {
  return manifests.has(folder) ? folder : ".";
}

/** Whether the packages of `folder` have `dependency`, or those of the project, which it finds too. */
export function hasDependency({ manifests }: Project, folder: string, dependency: string): boolean {
  return [folder, "."].some((one) => manifests.get(one)?.has(dependency) === true);
}

/** What the project uses already. */
export function suggest(project: Project): { readonly framework?: Framework; readonly client?: Client } {
  const { apiDir, webDir } = project;
  const frameworks: ReadonlyArray<readonly [Framework, string]> = [
    ["nest", "@nestjs/core"],
    ["fastify", "fastify"],
    ["express", "express"],
  ];
  const framework = frameworks.find(([, name]) => hasDependency(project, apiDir, name))?.[0];
  return {
    ...(framework === undefined ? undefined : { framework }),
    ...(hasDependency(project, webDir, "react") ? { client: "react" as const } : undefined),
  };
}

/** The text of a file; undefined where there is none. Rejects with `CommandError` where something else is in its place. */
export async function readText(path: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ENOENT") return undefined;
    const reason =
      code === "EISDIR" ? "is a folder" : code === "ENOTDIR" ? "cannot be: a file is in the place of its folder" : "";
    throw new CommandError(`${name} ${reason === "" ? `cannot be read (${code})` : reason}; nothing was changed`, {
      cause,
    });
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "it fails";
}

async function list(root: string): Promise<readonly string[]> {
  try {
    if (!(await stat(root)).isDirectory()) throw new CommandError(`${root} is no folder; nothing was changed`);
    return await readdir(root);
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    const code = codeOf(cause);
    if (code === "ENOENT") return [];
    throw new CommandError(`${root} cannot be read (${code}); nothing was changed`, { cause });
  }
}

function packageManagerOf(manifests: Project["manifests"], names: readonly string[]): PackageManager {
  const said = manifests.get(".")?.packageManager ?? "";
  const agent = process.env["npm_config_user_agent"] ?? "";
  const byName = (text: string): PackageManager | undefined =>
    (["npm", "pnpm", "yarn", "bun"] as const).find((manager) => text === manager);
  const locked = [...LOCKFILES].find(([name]) => names.includes(name))?.[1];
  return byName(said.split("@")[0] ?? "") ?? locked ?? byName(agent.split("/")[0] ?? "") ?? "npm";
}
