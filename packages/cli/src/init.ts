import { join, resolve } from "node:path";
import process from "node:process";
import { UsageError, type Arguments, type Command } from "./command.ts";
import { CLIENTS, choice, folder, FRAMEWORKS, type Answers } from "./init/answers.ts";
import { makePlan, type Plan } from "./init/plan.ts";
import { isNew, readProject, suggest, type Project } from "./init/project.ts";
import { askClient, askFramework, askWhetherToWrite } from "./init/questions.ts";
import { showNextSteps, showPlan } from "./init/show.ts";
import { Interrupted, writeFiles } from "./init/write.ts";

/** There are files that differ, and nobody said that they may be overwritten. */
const DIFFERS = 3;
/** What asks a program to end. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** As of a program that was ended by SIGINT. */
const INTERRUPTED = 130;

export const init: Command = {
  name: "init",
  summary: "Add real-time to a project, or begin one: server, client, settings",
  flags: {
    framework: { value: "<name>", help: `What the API is written with: ${FRAMEWORKS.join(", ")}` },
    client: { value: "<name>", help: `What the web application gets: ${CLIENTS.join(", ")}` },
    dir: { value: "<folder>", help: "Where the project is, or is to be (.)" },
    "api-dir": { value: "<folder>", help: "Where in it the API is (apps/api)" },
    "web-dir": { value: "<folder>", help: "Where in it the web application is (apps/web)" },
    yes: { help: "Do not ask whether to write what is planned" },
    force: { help: "Overwrite files that differ" },
  },
  notes: [
    "In a terminal it asks for what the flags leave open. It never overwrites a file that differs without --force: it lists\nthem, changes nothing and exits with 3. A second run with the same answers changes nothing.",
  ],
  run,
};

async function run(args: Arguments): Promise<number> {
  const given = {
    framework: choice(args, "framework", FRAMEWORKS),
    client: choice(args, "client", CLIENTS),
  };
  const apiDir = folder(args, "api-dir", "apps/api");
  const webDir = folder(args, "web-dir", "apps/web");
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  const missing = (["framework", "client"] as const).find((flag) => given[flag] === undefined);
  if (missing !== undefined && !terminal) {
    throw new UsageError(`--${missing} is missing, and without a terminal nobody can be asked`);
  }
  const project = await readProject({ root: resolve(args.text("dir") ?? "."), apiDir, webDir });
  if (isNew(project) && apiDir === webDir && given.client !== "none") {
    throw new UsageError("--api-dir and --web-dir are the same folder; a new project needs two");
  }

  const suggested = suggest(project);
  const framework = given.framework ?? (await askFramework(suggested.framework));
  if (framework === undefined) return cancelled();
  const client = given.client ?? (await askClient(suggested.client));
  if (client === undefined) return cancelled();
  const answers: Answers = { framework, client };

  const plan = await makePlan(project, answers);
  const force = args.given("force");
  showPlan(project, answers, { ...plan, force });
  const differing = plan.steps.filter(({ kind }) => kind === "differs");
  if (differing.length > 0 && !force) {
    const names = differing.map(({ path }) => path).join(", ");
    process.stderr.write(`roomcast init: nothing was changed; --force overwrites what differs: ${names}\n`);
    return DIFFERS;
  }
  if (changes(plan).length > 0) {
    const go = !terminal || args.given("yes") || (await askWhetherToWrite());
    if (go === undefined) return cancelled();
    if (!go) {
      process.stdout.write("Nothing was changed.\n");
      return 0;
    }
    if (!(await write(project, plan))) return cancelled();
  }
  showNextSteps(project, answers, plan);
  return 0;
}

/** The files that are not yet as they are to be. */
function changes({ steps }: Plan): Plan["steps"] {
  return steps.filter(({ kind }) => kind !== "unchanged" && kind !== "kept");
}

/** Writes what is planned; whether it was not interrupted. */
async function write({ root }: Project, plan: Plan): Promise<boolean> {
  const interruption = new AbortController();
  const stop = (): void => interruption.abort();
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    const files = changes(plan).map((step) => ({ ...step, name: step.path, path: join(root, step.path) }));
    await writeFiles(files, interruption.signal);
    return true;
  } catch (error) {
    if (error instanceof Interrupted) return false;
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

function cancelled(): number {
  process.stderr.write("roomcast init: interrupted; nothing was changed\n");
  return INTERRUPTED;
}
