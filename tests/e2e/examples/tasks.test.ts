import { RealtimeClient } from "@roomcast/client";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { Program } from "../../cli/program.ts";
import { until } from "../node.ts";
import { readDiff } from "./diff.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+/;
/** What a change may add, with the line for the package in the manifest. */
const MOST_LINES = 15;

interface Task {
  readonly id: number;
  readonly title: string;
  readonly done: boolean;
}

/** As a client declares them. */
interface TaskEvents {
  tasks: Record<"created" | "updated" | "deleted", { readonly resource: Task }>;
}

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** The tasks of a running application, as somebody who logs in sees them. */
class Tasks {
  readonly url: string;
  readonly token: string;

  private constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  static async logIn(url: string, name: string): Promise<Tasks> {
    const { body } = await new Tasks(url, "").call("POST", "/login", { name });
    return new Tasks(url, (body as { token: string }).token);
  }

  async call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(body === undefined ? undefined : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, body: await response.json() };
  }
}

/** Waits until the application has written where it is. */
async function started(program: Program): Promise<string> {
  cleanUp.push(async () => {
    if (program.child.exitCode !== null || program.child.signalCode !== null) return;
    program.kill("SIGKILL");
    await program.end();
  });
  return (await program.written(ADDRESS))[0];
}

async function ended(program: Program): Promise<void> {
  // To the one process, also where it has a group.
  program.child.kill("SIGTERM");
  expect({ ...(await program.end()), stderr: program.stderr }).toMatchObject({ code: 0, signal: null });
}

/** What the application did before it was real-time, and does still. */
async function expectTasks(url: string): Promise<void> {
  const ann = await Tasks.logIn(url, "ann");
  expect(await ann.call("GET", "/tasks")).toEqual({ status: 200, body: [] });
  const first = { id: 1, title: "Bread", done: false };
  expect(await ann.call("POST", "/tasks", { title: "Bread" })).toEqual({ status: 201, body: first });
  expect(await ann.call("PATCH", "/tasks/1", { done: true })).toEqual({ status: 200, body: { ...first, done: true } });
  for (const [method, path, body, status] of [
    ["POST", "/tasks", {}, 400],
    ["POST", "/tasks", { title: 5 }, 400],
    ["POST", "/tasks", { title: "a", more: 1 }, 400],
    ["PATCH", "/tasks/1", { done: "yes" }, 400],
    ["PATCH", "/tasks/7", { done: true }, 404],
    ["DELETE", "/tasks/nonsense", undefined, 404],
    ["POST", "/login", { name: "a b" }, 400],
  ] as const)
    expect((await ann.call(method, path, body)).status, `${method} ${path} ${JSON.stringify(body)}`).toBe(status);
  expect((await fetch(`${url}/tasks`)).status).toBe(401);
  expect(await ann.call("DELETE", "/tasks/1")).toMatchObject({ status: 200 });
  expect(await ann.call("GET", "/tasks")).toEqual({ status: 200, body: [] });
}

describe.each(["express", "fastify", "nest"])("the tasks on %s", (name) => {
  const example = join(repository, "examples", name);

  it("reach who follows them at once, by the command of the documentation", { timeout: 60_000 }, async () => {
    const page = await readFile(join(repository, "docs", `${name}.md`), "utf8");
    const [, command = ""] = /`(npm run example \w+)`/.exec(page) ?? [];
    const program = new Program("sh", ["-c", `exec ${command}`], {
      cwd: repository,
      env: { PORT: "0" },
      group: true,
    });
    const url = await started(program);
    await expectTasks(url);

    const bob = await Tasks.logIn(url, "bob");
    const realtime = new RealtimeClient<TaskEvents>({ url, token: bob.token });
    cleanUp.push(() => realtime.disconnect());
    const channel = realtime.channel("tasks");
    const heard: [string, Task][] = [];
    for (const action of ["created", "updated", "deleted"] as const)
      channel.on(action, ({ resource }) => heard.push([action, resource]));
    channel.subscribe();
    // Answered after the subscription.
    await realtime.socketClient.history("tasks");
    const ann = await Tasks.logIn(url, "ann");
    await ann.call("POST", "/tasks", { title: "Milk" });
    await ann.call("PATCH", "/tasks/2", { done: true });
    await ann.call("DELETE", "/tasks/2");
    await until(
      () => heard.length >= 3,
      () => JSON.stringify(heard),
    );
    expect(heard).toEqual([
      ["created", { id: 2, title: "Milk", done: false }],
      ["updated", { id: 2, title: "Milk", done: true }],
      ["deleted", { id: 2, title: "Milk", done: true }],
    ]);
    // Who follows them may not make them up, and who is not logged in may not follow them.
    await expect(channel.publish("created", { resource: { id: 9, title: "", done: true } })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    const stranger = new RealtimeClient({ url, token: "nonsense" });
    cleanUp.push(() => stranger.disconnect());
    stranger.on("error", () => undefined);
    await expect(stranger.socketClient.history("tasks")).rejects.toThrow();
    await ended(program);
  });

  it("became real-time by the change that the documentation shows", { timeout: 60_000 }, async () => {
    const diffs = await readDiff(new URL(`../../../docs/${name}.md`, import.meta.url));
    expect(diffs.reduce((added, diff) => added + diff.added, 1)).toBeLessThanOrEqual(MOST_LINES);
    // Without it, it is an application like any other: it compiles, and does what it did.
    await mkdir(join(example, "dist"), { recursive: true });
    const folder = await mkdtemp(join(example, "dist", "before-"));
    cleanUp.push(() => rm(folder, { recursive: true }));
    await cp(join(example, "src"), join(folder, "src"), { recursive: true });
    for (const diff of diffs) {
      const before = diff.before(await readFile(join(example, diff.file), "utf8"));
      await writeFile(join(folder, diff.file), before);
    }
    for (const file of await readdir(join(folder, "src")))
      expect(await readFile(join(folder, "src", file), "utf8"), file).not.toMatch(/roomcast|realtime/i);
    const compilerOptions = { rootDir: "src", outDir: "out", composite: false };
    const settings = { extends: join(example, "tsconfig.json"), compilerOptions, include: ["src"], references: [] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(settings));
    const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
    await promisify(execFile)(process.execPath, [compiler, "-p", folder]);
    const program = new Program(process.execPath, [join(folder, "out", "main.js")], { env: { PORT: "0" } });
    const url = await started(program);
    await expectTasks(url);
    expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status).toBe(404);
    await ended(program);
  });
});
