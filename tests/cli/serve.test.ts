import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { run, serve, type Program } from "./program.ts";

const SECRET = "a secret that is long enough for HS256";
const env = { ROOMCAST_JWT_SECRET: SECRET };

const running = new Set<Program>();
afterEach(() => {
  for (const program of running) program.kill("SIGKILL");
  running.clear();
});

async function served(...options: Parameters<typeof serve>) {
  const server = await serve(...options);
  running.add(server.program);
  return server;
}

async function tokenOf(...args: readonly string[]): Promise<string> {
  return (await run(["token", ...args], { env })).stdout.trim();
}

describe("roomcast serve", () => {
  it("serves, and shows no token to anything but a terminal", async () => {
    const { program, url } = await served();
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    await program.written(/Ctrl-C/);
    program.kill("SIGTERM");
    expect(await program.end()).toEqual({ code: 0, signal: null });
    expect(`${program.stdout}${program.stderr}`).not.toMatch(/eyJ/);
    expect(program.stdout).not.toContain("\u001B");
  });

  it.each(["SIGTERM", "SIGINT"] as const)("drains on %s, and a second signal changes nothing", async (signal) => {
    const { program, url } = await served([], { env });
    const socket = io(url, {
      auth: { token: await tokenOf("--sub", "alice") },
      reconnection: false,
      transports: ["websocket"],
    });
    await once(socket as never, "session");
    const closing = once(socket as never, "closing");
    program.kill(signal);
    program.kill(signal);
    expect(await closing).toMatchObject([{ code: "SHUTTING_DOWN", reconnect: true }]);
    program.kill("SIGTERM");
    expect(await program.end()).toEqual({ code: 0, signal: null });
    socket.close();
  });

  it("says in one line that the port is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await run(["serve", "--port", String(port)], { env });
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain(String(port));
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it.each([
    { name: "a bad flag", args: ["--port", "high"], env, named: /port.*high/ },
    { name: "a bad variable", args: [], env: { ...env, ROOMCAST_PORT: "70000" }, named: /ROOMCAST_PORT.*70000/ },
    { name: "a config file that is not there", args: ["--config", "nowhere.mjs"], env, named: /nowhere\.mjs/ },
    { name: "a short secret", args: [], env: { ROOMCAST_JWT_SECRET: "short" }, named: /ROOMCAST_JWT_SECRET/ },
    { name: "no secret in production", args: [], env: { NODE_ENV: "production" }, named: /ROOMCAST_JWT_SECRET/ },
  ])("ends with code 2 and one line for $name", async ({ args, env, named }) => {
    const { code, stdout, stderr } = await run(["serve", ...args], { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(named);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it("reads the config file of the working directory, below variables and flags", async () => {
    const cwd = await mkdtemp(join(tmpdir(), "roomcast-"));
    try {
      await writeFile(
        join(cwd, "roomcast.config.mjs"),
        `export default { port: 1, auth: { jwt: { secret: "${SECRET}" } }, channels: [{ match: "closed", subscribe: "nobody" }] };\n`,
      );
      const { url } = await served([], { cwd });
      const socket = io(url, { auth: { token: await tokenOf("--sub", "alice") }, reconnection: false });
      const answer: unknown = await socket.emitWithAck("subscribe", { topic: "closed" });
      expect(answer).toMatchObject({ ok: false, error: { code: "FORBIDDEN" } });
      socket.close();
    } finally {
      await rm(cwd, { recursive: true });
    }
  });
});
