import { relative } from "node:path";
import process from "node:process";
import { CLIENT_NAMES, FRAMEWORK_NAMES, type Answers } from "./answers.ts";
import type { Plan } from "./plan.ts";
import { isNew, manifestFolder, type PackageManager, type Project } from "./project.ts";

/** How each package manager runs a script. */
const RUN: Readonly<Record<PackageManager, string>> = {
  npm: "npm run",
  pnpm: "pnpm run",
  yarn: "yarn run",
  bun: "bun run",
};

/** What starts an application, in most of them. */
const SCRIPTS = ["dev", "start:dev", "start"];

/** Prints what is to be done, before it is. With `force`, what differs is overwritten. */
export function showPlan(
  project: Project,
  { framework, client }: Answers,
  { steps, notes, force }: Plan & { readonly force: boolean },
): void {
  const what = isNew(project) ? "a new project" : "the project";
  const web = client === "none" ? "no client" : `a client for ${CLIENT_NAMES[client]}`;
  const width = Math.max(...steps.map(({ path }) => path.length));
  const lines = steps.map((step) => {
    const added = step.added === undefined || step.added.length === 0 ? "" : `  + ${step.added.join(", ")}`;
    const kind = force && step.kind === "differs" ? "overwrite" : step.kind;
    return `  ${kind.padEnd(9)}  ${added === "" ? step.path : step.path.padEnd(width)}${added}`;
  });
  const more = notes.length === 0 ? [] : ["", ...notes.map((note) => `Note: ${note}.`)];
  const title = `Roomcast with ${FRAMEWORK_NAMES[framework]} and ${web}, for ${what} in ${project.root}`;
  process.stdout.write(`${[title, "", ...lines, ...more, ""].join("\n")}\n`);
}

/** Prints what is left to do: two commands, and what an application has to say itself. */
export function showNextSteps(project: Project, answers: Answers, plan: Plan): void {
  const { packageManager, root, apiDir } = project;
  const manifest = project.manifests.get(manifestFolder(project, apiDir));
  const script = isNew(project) ? "dev" : SCRIPTS.find((name) => manifest?.hasScript(name) === true);
  const start = script === undefined ? `npx tsc -p ${apiDir}` : `${RUN[packageManager]} ${script}`;
  const folder = relative(process.cwd(), root);
  const cd = folder === "" ? "" : `cd ${quoted(folder.startsWith("..") ? root : folder)} && `;
  const changed = plan.steps.some(({ kind }) => kind !== "unchanged" && kind !== "kept");
  const calls =
    answers.framework === "nest"
      ? "imports: [WebSocketsModule] in the root module"
      : answers.framework === "express"
        ? "const realtime = setupWebSockets(app), and realtime.listen in the place of app.listen"
        : "await setupWebSockets(app) before app.listen";
  const own = isNew(project)
    ? []
    : [`In the API, unless it is there already: ${calls}; and JWT_SECRET in its environment.`, ""];
  const lines = [changed ? "Done." : "Nothing to change.", "", ...own, "Next:", ""];
  process.stdout.write(`${[...lines, `  ${cd}${packageManager} install`, `  ${start}`, ""].join("\n")}`);
}

/** For a shell to be pasted into. */
function quoted(path: string): string {
  return /^[\w@./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
