import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { io, type Socket } from "socket.io-client";
import { afterEach, expect, it } from "vitest";
import { installPacked, publicPackages } from "../packed.ts";

const APPLICATION = fileURLToPath(new URL("../../packages/nest/test/application.cjs", import.meta.url));
/** In one test run: the next version that the package takes. */
const NEST_12 = ["common", "core", "platform-express", "platform-socket.io", "websockets"];

interface Started {
  readonly url: string;
  readonly tokens: { readonly alice: string; readonly mallory: string };
}

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** Starts the application in `file`, and does with it what its author would. */
async function expectWorks(file: string): Promise<void> {
  const child = fork(file, { stdio: ["ignore", "pipe", "pipe", "ipc"], execArgv: [] });
  cleanUp.push(() => child.kill("SIGKILL"));
  let written = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (written += text));
  const { url, tokens } = await started(child, () => written);

  const alice = await connect(url, { auth: { token: tokens.alice } });
  await expect(connect(url, { auth: { token: tokens.mallory } })).rejects.toMatchObject({
    data: { code: "FORBIDDEN" },
  });
  expect(await alice.emitWithAck("subscribe", { topic: "tasks" })).toMatchObject({ ok: true });
  const heard = new Promise((resolve) => alice.once("event", resolve));
  child.send("create");
  expect(await heard).toMatchObject({ topic: "tasks", event: "created", source: "resource" });

  const chat = await connect(`${url}/chat`, { path: "/chat/socket.io" });
  expect(await chat.emitWithAck("say", "  hello ")).toEqual({ said: "hello" });
  expect(await chat.emitWithAck("fail", "")).toMatchObject({
    ok: false,
    error: { code: "INVALID_PAYLOAD", message: "renamed" },
  });

  // A signal, with Nest's shutdown hooks: the clients are told, and the process ends by it.
  const closing = new Promise((resolve) => alice.once("closing", resolve));
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  expect(await closing).toMatchObject({ code: "SHUTTING_DOWN", reconnect: true });
  expect(await exit, written).toEqual([null, "SIGTERM"]);
  expect(written).toBe("");
}

async function started(child: ChildProcess, written: () => string): Promise<Started> {
  const [message] = await Promise.race([
    once(child, "message") as Promise<[Started]>,
    once(child, "exit").then(() => Promise.reject(new Error(`It ended:\n${written()}`))),
  ]);
  return message;
}

async function connect(url: string, options: object): Promise<Socket> {
  const socket = io(url, { forceNew: true, reconnection: false, ...options });
  cleanUp.push(() => socket.disconnect());
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
  return socket;
}

it("works in an application of CommonJS, and ends it by a signal", { timeout: 60_000 }, async () => {
  await expectWorks(APPLICATION);
});

it("works with Nest 12, from the packages as they are published", { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "roomcast-nest-12-"));
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));
  const { devDependencies = {} } = publicPackages().get("@roomcast/nest")?.manifest ?? {};
  const others = ["reflect-metadata", "rxjs"].map((name) => [name, devDependencies[name] ?? "latest"] as const);
  await installPacked({
    folder,
    packages: ["@roomcast/nest"],
    dependencies: Object.fromEntries([...NEST_12.map((name) => [`@nestjs/${name}`, "^12"] as const), ...others]),
  });
  const nest: unknown = JSON.parse(await readFile(join(folder, "node_modules/@nestjs/core/package.json"), "utf8"));
  expect((nest as { version: string }).version).toMatch(/^12\./);
  const file = join(folder, "application.cjs");
  await copyFile(APPLICATION, file);
  await expectWorks(file);
});
