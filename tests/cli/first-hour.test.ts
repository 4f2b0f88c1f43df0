import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { banner } from "../../packages/cli/src/banner.ts";
import { Program, run, serve, start } from "./program.ts";

const env = { ROOMCAST_JWT_SECRET: "a secret that is long enough for HS256" };
const repository = fileURLToPath(new URL("../..", import.meta.url));

describe("the first hour", () => {
  let server: { readonly program: Program; readonly url: string };
  beforeAll(async () => {
    server = await serve([], { env });
  });
  afterAll(async () => {
    server.program.kill("SIGTERM");
    await server.program.end();
  });

  async function tokenOf(...args: readonly string[]): Promise<string> {
    return (await run(["token", ...args], { env })).stdout.trim();
  }

  it("shows the published event to who pastes the two commands, with tokens and without", async () => {
    const client = await tokenOf("--sub", "alice");
    const service = await tokenOf("--sub", "backend", "--role", "service");
    const operator = await tokenOf("--sub", "me", "--role", "operator");
    for (const tryWith of [{ client, service, operator }, "secret"] as const) {
      const text = banner({
        version: "0",
        url: server.url,
        broker: "memory",
        config: undefined,
        admin: "/admin",
        tryWith,
        colours: false,
      });
      const [listen = "", publish = ""] = text.split("\n").filter((line) => /^(npx|curl) /.test(line));
      // As in a terminal: the one goes on in the background while the other runs.
      const shell = new Program("sh", ["-c", `${listen}\n${publish}\nwait`], { cwd: repository, env, group: true });
      const [, event = ""] = await shell.written(/^(\{.*"topic":"demo".*\})$/m);
      expect(JSON.parse(event)).toMatchObject({
        topic: "demo",
        event: "message",
        payload: { text: "Hello" },
        source: "rest",
      });
      shell.kill("SIGTERM");
      await shell.end();
    }
  });

  it("listens on where it was, and ends quietly when told to", async () => {
    const listener = start(["listen", "news", "--url", server.url], {
      env: { ROOMCAST_TOKEN: await tokenOf("--sub", "bob") },
    });
    await listener.written(/listening to news/);
    listener.kill("SIGTERM");
    expect(await listener.end()).toEqual({ code: 0, signal: null });
    expect(listener.stdout).toBe("");
  });

  it("says in one line that a token is refused", async () => {
    const { code, stderr } = await run(["listen", "demo", "--url", server.url, "--token", "nonsense"]);
    expect(code).toBe(1);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain("refused");
  });

  it("starts by npm start, and hears a signal to npm once", async () => {
    const npm = new Program("npm", ["start", "--", "--port", "0", "--log-level", "info"], { cwd: repository, env });
    const [, url = ""] = await npm.written(/Address +(http:\S+)/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    npm.kill("SIGTERM");
    expect(await npm.end()).toEqual({ code: 0, signal: null });
    expect(npm.stdout.match(/"draining"/g)).toHaveLength(1);
    expect(npm.stdout).toContain('"closed"');
  });
});
