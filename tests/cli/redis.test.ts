import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io, type Socket } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { RedisServer } from "../../packages/redis/test/redis-server.ts";
import { run, serve, type Program } from "./program.ts";

const env = {
  ROOMCAST_JWT_SECRET: "a secret that is long enough for HS256",
  ROOMCAST_API_KEY: "a-key-of-these-tests-only",
};
const headers = { "X-Api-Key": env.ROOMCAST_API_KEY, "Content-Type": "application/json" };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function redisServer(...args: readonly string[]): Promise<RedisServer> {
  const server = await RedisServer.start({ args });
  cleanUps.push(async () => await server.stop());
  return server;
}

async function served(...options: Parameters<typeof serve>): Promise<{ program: Program; url: string }> {
  const server = await serve(...options);
  cleanUps.push(() => server.program.kill("SIGKILL"));
  return server;
}

async function connected(url: string, user: string): Promise<Socket> {
  const { stdout } = await run(["token", "--sub", user], { env });
  const socket = io(url, { auth: { token: stdout.trim() }, transports: ["websocket"] });
  cleanUps.push(() => socket.close());
  await once(socket as never, "session");
  return socket;
}

async function publish(url: string, data: unknown): Promise<Response> {
  const body = JSON.stringify({ channel: "demo", event: "message", data });
  return await fetch(`${url}/api/socket/broadcast`, { method: "POST", headers, body });
}

async function status(url: string, path: string): Promise<number> {
  const response = await fetch(`${url}${path}`);
  await response.text();
  return response.status;
}

/** Asks until it is so; the test's own time limit ends what never becomes so. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe("roomcast serve --redis", () => {
  it("makes two processes one: events, members and history", async () => {
    const { url: redis, port } = await redisServer();
    const [one, two] = await Promise.all([
      served(["--redis", redis], { env }),
      served([], { env: { ...env, ROOMCAST_REDIS_URL: redis } }),
    ]);
    await one.program.written(new RegExp(`redis 127\\.0\\.0\\.1:${port}`));
    const [alice, bob] = await Promise.all([connected(one.url, "alice"), connected(two.url, "bob")]);
    expect(await alice.emitWithAck("join", { channel: "demo" })).toMatchObject({ ok: true, total: 1 });
    const met = once(alice as never, "presence");
    expect(await bob.emitWithAck("join", { channel: "demo" })).toMatchObject({ ok: true, total: 2 });
    expect(await met).toMatchObject([{ channel: "demo", joined: [{ userId: "bob" }] }]);

    const heard = Promise.all([once(alice as never, "event"), once(bob as never, "event")]);
    const published = (await (await publish(two.url, { text: "to all" })).json()) as { position: object };
    expect(published).toMatchObject({ position: { offset: 1 } });
    for (const [event] of await heard) {
      expect(event).toMatchObject({ topic: "demo", payload: { text: "to all" }, position: published.position });
    }
    for (const { url } of [one, two]) {
      const members = await (await fetch(`${url}/api/socket/channels/demo/members`, { headers })).json();
      expect(members).toMatchObject([{ userId: "alice" }, { userId: "bob" }]);
      const history = await (await fetch(`${url}/api/socket/channels/demo/history`, { headers })).json();
      expect(history).toMatchObject({ events: [{ payload: { text: "to all" } }] });
      expect(await (await fetch(`${url}/api/socket/connections`, { headers })).json()).toEqual({ count: 2 });
    }
    for (const { program } of [one, two]) program.kill("SIGTERM");
    for (const { program } of [one, two]) expect(await program.end()).toEqual({ code: 0, signal: null });
  });

  it("keeps clusters with other prefixes apart", async () => {
    const { url: redis } = await redisServer();
    const cwd = await mkdtemp(join(tmpdir(), "roomcast-"));
    cleanUps.push(async () => await rm(cwd, { recursive: true }));
    await writeFile(
      join(cwd, "roomcast.config.mjs"),
      `export default { redis: { url: "${redis}", prefix: "other" } };\n`,
    );
    const [one, two] = await Promise.all([served(["--redis", redis], { env }), served([], { env, cwd })]);
    expect((await publish(one.url, 1)).status).toBe(200);
    const history = await (await fetch(`${two.url}/api/socket/channels/demo/history`, { headers })).json();
    expect(history).toMatchObject({ events: [], position: { offset: 0 } });
  });

  it("says that it is not ready while Redis is away, and goes on when it is back", async () => {
    const redis = await redisServer();
    const { program, url } = await served(["--redis", redis.url], { env });
    const alice = await connected(url, "alice");
    expect(await alice.emitWithAck("subscribe", { topic: "demo" })).toMatchObject({ ok: true });

    await redis.kill();
    await until(async () => (await status(url, "/ready")) === 503);
    expect(await status(url, "/health")).toBe(200);
    const before = program.stdout.length;
    for (let count = 0; count < 30; count++) {
      const refused = await publish(url, count);
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ error: "UNAVAILABLE" });
    }
    // Said, but not once for each command.
    await program.written(/"msg":"failed"/);
    expect(program.stdout.slice(before).match(/"msg":"failed"/g)?.length ?? 0).toBeLessThan(15);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/roomcast_failures_total [1-9]/);

    await redis.resume();
    await until(async () => (await status(url, "/ready")) === 200);
    expect(alice.connected).toBe(true);
    // What was published before it was known that Redis had lost its data may be a gap instead.
    let heard: unknown;
    alice.on("event", ({ payload }: { payload: unknown }) => (heard = payload));
    await until(async () => {
      expect((await publish(url, "back")).status).toBe(200);
      return heard === "back";
    });
    program.kill("SIGTERM");
    expect(await program.end()).toEqual({ code: 0, signal: null });
  });

  it("ends in time when Redis is away", async () => {
    const redis = await redisServer();
    const { program, url } = await served(["--redis", redis.url], { env });
    await connected(url, "alice");
    await redis.kill();
    program.kill("SIGTERM");
    expect(await program.end()).toEqual({ code: 0, signal: null });
  });

  it.each([
    { name: "nobody listens", url: "redis://:hunter2@127.0.0.1:1", says: /Redis at 127\.0\.0\.1:1 cannot be reached/ },
    {
      name: "the name is not known",
      url: "redis://redis.invalid",
      says: /Redis at redis\.invalid:6379 cannot be reached/,
    },
  ])("ends with one line when $name", async ({ url, says }) => {
    await expectRefused(url, says);
  });

  it("ends with one line when the password is wrong or missing", async () => {
    const { port } = await redisServer("--requirepass", "right");
    await expectRefused(`redis://:hunter2@127.0.0.1:${port}`, /refuses the user name or password/);
    await expectRefused(`redis://127.0.0.1:${port}`, /wants a password/);
    const { program } = await served(["--redis", `redis://:right@127.0.0.1:${port}`], { env });
    await program.written(/listening/);
    expect(`${program.stdout}${program.stderr}`).not.toContain("right@");
  });

  it("ends with one line when Redis is too old", async () => {
    const port = await oldRedis();
    await expectRefused(`redis://127.0.0.1:${port}`, /Redis at 127\.0\.0\.1:\d+ is too old \(6\.2\.14\)/);
  });

  it.each([
    { name: "an address that is none", args: ["--redis", "http://:hunter2@x"], says: /--redis is \(hidden\)/ },
    {
      name: "a history file beside Redis",
      args: ["--redis", "redis://:hunter2@x", "--history-file", "kept"],
      says: /--history-file is "kept".*Redis/,
    },
  ])("ends with code 2 for $name", async ({ args, says }) => {
    const { code, stdout, stderr } = await run(["serve", ...args], { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain("hunter2");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

async function expectRefused(redis: string, says: RegExp): Promise<void> {
  const { code, stdout, stderr } = await run(["serve", "--port", "0", "--redis", redis], { env });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(says);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).not.toContain("hunter2");
}

/** What answers as a Redis 6 does; there is none to be installed beside the one of today. */
async function oldRedis(): Promise<number> {
  const info = "# Server\r\nredis_version:6.2.14\r\n";
  const server: Server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      const text = chunk.toString("latin1");
      // One command a chunk or several: each begins with its array's header.
      for (const command of text.split(/(?=^\*\d+\r\n\$)/m)) {
        if (/\r\nHELLO\r\n/i.test(command)) socket.write("%1\r\n+proto\r\n:3\r\n");
        else if (/\r\nINFO\r\n/i.test(command)) socket.write(`$${info.length}\r\n${info}\r\n`);
        else socket.write("+OK\r\n");
      }
    });
  }).listen(0, "127.0.0.1");
  cleanUps.push(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
