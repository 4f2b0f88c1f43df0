import { tmpdir } from "node:os";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { io } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { next } from "../test/harness.ts";
import { TokenIssuer } from "./auth/issue.ts";
import { loadConfig } from "./config/load.ts";
import type { ResolvedConfig } from "./config/resolved.ts";
import { createLogger } from "./logging.ts";
import { startServer, type StandaloneServer, type StartOptions } from "./standalone.ts";
import { systemClock } from "@roomcast/core";

const SECRET = "a secret of the tests, of more than 32 bytes";
const KEY = "a-key-for-the-tests-of-the-server";

const servers: StandaloneServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close({ drainSeconds: 1 });
});

async function config(env: Record<string, string> = {}): Promise<ResolvedConfig> {
  return await loadConfig({
    env: { ROOMCAST_PORT: "0", ROOMCAST_JWT_SECRET: SECRET, ROOMCAST_API_KEY: KEY, ...env },
    cwd: await mkdtemp(join(tmpdir(), "roomcast-")),
  });
}

async function start(
  settings: ResolvedConfig,
  options: StartOptions = {},
): Promise<{ server: StandaloneServer; log: string[] }> {
  const log: string[] = [];
  const logger = createLogger({ level: "debug", destination: { write: (line: string) => void log.push(line) } });
  const server = await startServer(settings, { logger, ...options });
  servers.push(server);
  return { server, log };
}

async function connected(url: string, token: string) {
  const socket = io(url, { auth: { token }, transports: ["websocket"], reconnection: false, forceNew: true });
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
  return socket;
}

describe("startServer", () => {
  it("serves clients and back ends of one configuration", async () => {
    const { server, log } = await start(await config());
    const { token } = await new TokenIssuer({ secret: SECRET, clock: systemClock }).issue({ userId: "alice" });
    const socket = await connected(server.url, token);
    expect(await socket.emitWithAck("subscribe", { topic: "demo" })).toMatchObject({ ok: true });
    const heard = next(socket, "event");
    const sent = await fetch(`${server.url}/api/socket/broadcast`, {
      method: "POST",
      headers: { "X-Api-Key": KEY, "Content-Type": "application/json" },
      body: JSON.stringify({ channel: "demo", event: "hello", data: 1 }),
    });
    expect(sent.status).toBe(200);
    expect(await heard).toMatchObject({ topic: "demo", event: "hello", payload: 1, source: "rest" });
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('roomcast_connections{dialect="native"} 1');
    expect(await (await fetch(`${server.url}/`)).json()).toMatchObject({ error: "NOT_FOUND" });

    const closing = next(socket, "closing");
    await server.close();
    expect(await closing).toMatchObject({ code: "SHUTTING_DOWN", reconnect: true });
    const messages = log.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(expect.arrayContaining(["listening", "connected", "draining", "closed"]));
    for (const secret of [token, KEY, SECRET]) expect(log.join("")).not.toContain(secret);
  });

  it("keeps idle connections for longer than proxies do", async () => {
    const { server } = await start(await config());
    const { headers } = await fetch(`${server.url}/health`);
    expect(headers.get("keep-alive")).toBe("timeout=75");
  });

  it("tells its address and its warnings", async () => {
    const settings = await config({ ROOMCAST_JWT_SECRET: "" });
    let ready: string | undefined;
    const { server, log } = await start(settings, { onReady: ({ url }) => (ready = url) });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(ready).toBe(server.url);
    expect(settings.warnings.length).toBeGreaterThan(0);
    for (const warning of settings.warnings)
      expect(log.some((line) => line.includes(JSON.stringify(warning)))).toBe(true);
  });

  it("says so when the port is in use, and leaves nothing behind", async () => {
    const { server } = await start(await config());
    const { port } = new URL(server.url);
    const second = startServer(await config({ ROOMCAST_PORT: port }), { logger: createLogger({ level: "silent" }) });
    await expect(second).rejects.toMatchObject({ code: "EADDRINUSE", message: `Port ${port} of 127.0.0.1 is in use` });
    expect((await fetch(`${server.url}/ready`)).status).toBe(200);
  });

  it("says so when the host is none of this machine", async () => {
    const settings = await config({ ROOMCAST_HOST: "192.0.2.1" });
    await expect(startServer(settings, { logger: createLogger({ level: "silent" }) })).rejects.toMatchObject({
      code: "EADDRNOTAVAIL",
      message: "Cannot listen on port 0 of 192.0.2.1",
    });
  });

  it("gives an address that can be used where it listens on all", async () => {
    const { server } = await start(await config({ ROOMCAST_HOST: "0.0.0.0" }));
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });
});
