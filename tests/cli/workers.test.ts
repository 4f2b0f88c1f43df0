import { once } from "node:events";
import { readFileSync } from "node:fs";
import { io, type Socket } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { RedisServer } from "../../packages/redis/test/redis-server.ts";
import { run, serve } from "./program.ts";

const env = {
  ROOMCAST_JWT_SECRET: "a secret that is long enough for HS256",
  ROOMCAST_API_KEY: "a-key-of-these-tests-only",
};
const TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]];

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function redisUrl(): Promise<string> {
  const redis = await RedisServer.start();
  cleanUps.push(async () => await redis.stop());
  return redis.url;
}

/** The workers of a running program. */
function workersOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text
    .split(" ")
    .filter((child) => child !== "")
    .map(Number);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function publish(url: string, data: unknown): Promise<void> {
  const sent = await fetch(`${url}/api/socket/broadcast`, {
    method: "POST",
    headers: { "X-Api-Key": env.ROOMCAST_API_KEY, "Content-Type": "application/json" },
    body: JSON.stringify({ channel: "demo", event: "message", data }),
  });
  expect(sent.status).toBe(200);
}

interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** A client that follows `demo`, recovering by position, and what it has heard. */
class Follower {
  readonly heard: unknown[] = [];
  readonly nodes = new Set<string>();
  readonly socket: Socket;
  connections = 0;
  #position: Position | undefined;

  constructor(url: string, token: string, transports: string[]) {
    this.socket = io(url, { auth: { token }, transports, forceNew: true, reconnectionDelay: 50 });
    cleanUps.push(() => this.socket.close());
    this.socket.on("session", ({ nodeId }: { nodeId: string }) => this.nodes.add(nodeId));
    this.socket.on("event", ({ payload, position }: { payload: unknown; position: Position }) => {
      this.heard.push(payload);
      this.#position = position;
    });
    this.socket.on("connect", () => {
      this.#subscribe().catch((error: unknown) => {
        // Its process died before it answered: the next connection asks again.
        if (this.socket.connected) throw error;
      });
    });
  }

  async #subscribe(): Promise<void> {
    const since = this.#position;
    const answer = (await this.socket.emitWithAck("subscribe", { topic: "demo", since })) as {
      readonly position: Position;
      readonly events?: readonly { readonly payload: unknown }[];
    };
    for (const { payload } of answer.events ?? []) this.heard.push(payload);
    this.#position = answer.position;
    this.connections++;
  }
}

describe("roomcast serve --workers", () => {
  it("serves by several processes as if they were one, and replaces one that dies", { timeout: 60_000 }, async () => {
    const redis = await redisUrl();
    const { program, url } = await serve(["--workers", "2", "--redis", redis], { env });
    cleanUps.push(() => program.kill("SIGKILL"));
    const pid = program.child.pid as number;
    const token = (await run(["token", "--sub", "alice"], { env })).stdout.trim();
    await until(() => (program.stdout.match(/"msg":"listening"/g)?.length ?? 0) === 2);
    expect(workersOf(pid)).toHaveLength(2);

    const followers = Array.from({ length: 12 }, (_, at) => new Follower(url, token, TRANSPORTS[at % 3] as string[]));
    await until(() => followers.every(({ connections }) => connections === 1));
    expect(new Set(followers.flatMap(({ nodes }) => [...nodes])).size).toBe(2);
    const stock = followers.filter((_, at) => at % 3 === 2);
    await until(() => stock.every(({ socket }) => socket.io.engine.transport.name === "websocket"));
    for (const { connections } of followers) expect(connections).toBe(1);
    await publish(url, 1);
    await until(() => followers.every(({ heard }) => heard.length === 1));

    const before = workersOf(pid);
    process.kill(before[0] as number, "SIGKILL");
    await program.written(/worker \d+ ended \(SIGKILL\)/);
    await publish(url, 2);
    await until(() => followers.every(({ heard }) => heard.length === 2));
    await until(() => workersOf(pid).length === 2);
    await until(() => (program.stdout.match(/"msg":"listening"/g)?.length ?? 0) === 3);
    await publish(url, 3);
    await until(() => followers.every(({ heard }) => heard.length === 3));
    for (const { heard } of followers) expect(heard).toEqual([1, 2, 3]);

    const closing = followers.map(({ socket }) => once(socket as never, "closing"));
    for (const { socket } of followers) socket.io.reconnection(false);
    program.kill("SIGTERM");
    for (const [said] of await Promise.all(closing)) expect(said).toMatchObject({ code: "SHUTTING_DOWN" });
    expect(await program.end()).toEqual({ code: 0, signal: null });
  });

  it("answers for a transport that is nobody's as Engine.IO does", async () => {
    const { program, url } = await serve(["--workers", "2", "--redis", await redisUrl()], { env });
    cleanUps.push(() => program.kill("SIGKILL"));
    for (const sid of ["w999.x", "w99999999999.x", "unknown"]) {
      const answer = await fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ code: 1, message: "Session ID unknown" });
    }
    program.kill("SIGTERM");
    expect(await program.end()).toEqual({ code: 0, signal: null });
  });

  it.each([
    { name: "no Redis", args: ["--workers", "2"], code: 2, says: /--workers needs a Redis/ },
    { name: "a wrong number", args: ["--workers", "many"], code: 2, says: /--workers is "many"/ },
    {
      name: "a Redis that is not there",
      args: ["--workers", "4", "--redis", "redis://127.0.0.1:1"],
      code: 1,
      says: /Redis at 127\.0\.0\.1:1 cannot be reached/,
    },
  ])("ends with one line for $name", async ({ args, code, says }) => {
    const ended = await run(["serve", "--port", "0", ...args], { env });
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});
