import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, serve, type Program } from "./program.ts";

const env = {
  ROOMCAST_JWT_SECRET: "a secret that is long enough for HS256",
  ROOMCAST_API_KEY: "an api key of 24 characters",
};

async function claimsOf(args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(["token", ...args], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  return JSON.parse(Buffer.from(stdout.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
}

describe("roomcast token", () => {
  let server: { readonly program: Program; readonly url: string };
  beforeAll(async () => {
    server = await serve([], { env });
  });
  afterAll(async () => {
    server.program.kill("SIGTERM");
    await server.program.end();
  });

  it("prints a token that the server takes", async () => {
    const args = [
      "token",
      "--sub",
      "john.doe@x.com",
      "--tenant",
      "acme",
      "--role",
      "service",
      "--role",
      "client",
      "--expires",
      "15m",
    ];
    const { stdout } = await run(args, { env });
    const answer = await fetch(`${server.url}/auth/verify`, {
      method: "POST",
      headers: { "X-Api-Key": env.ROOMCAST_API_KEY, "Content-Type": "application/json", "X-Tenant-Id": "acme" },
      body: JSON.stringify({ token: stdout.trim() }),
    });
    const { valid, claims } = (await answer.json()) as { valid: boolean; claims: Record<string, number> };
    expect({ valid, claims }).toMatchObject({ valid: true, claims: { sub: "john.doe@x.com", tenantId: "acme" } });
    expect((claims["exp"] ?? 0) - (claims["iat"] ?? 0)).toBe(900);
  });

  it("is for an hour, a client and the tenant default unless told otherwise", async () => {
    const claims = await claimsOf(["--sub", "alice"]);
    expect(claims).toMatchObject({ sub: "alice", tenantId: "default" });
    expect(claims).not.toHaveProperty("permissions");
    expect(Number(claims["exp"]) - Number(claims["iat"])).toBe(3_600);
  });

  it("carries grants and public information", async () => {
    const channels = { "chat:**": ["subscribe", "publish"] };
    const info = { name: "Alice" };
    const args = [
      "--sub",
      "alice",
      "--channels",
      JSON.stringify(channels),
      "--channels-only",
      "--info",
      JSON.stringify(info),
    ];
    expect(await claimsOf(args)).toMatchObject({ channels, info, channelsOnly: true });
  });

  it("makes room tokens", async () => {
    expect(await claimsOf(["--sub", "alice", "--room", "/rooms/1"])).toMatchObject({
      name: "/rooms/1",
      aud: "roomcast:room",
    });
  });

  it.each([
    [[], "--sub"],
    [["--sub", "a b"], "a b"],
    [["--sub", "alice", "--tenant", "a/b"], "a/b"],
    [["--sub", "alice", "--role", "root"], "root"],
    [["--sub", "alice", "--expires", "soon"], "soon"],
    [["--sub", "alice", "--expires", "32d"], "expiresIn"],
    [["--sub", "alice", "--channels", "[]"], "--channels"],
    [["--sub", "alice", "--channels", '{"a":["fly"]}'], "channels"],
    [["--sub", "alice", "--info", "{"], "--info"],
    [["--sub", "alice", "--room", "a b"], "a b"],
  ])("ends with code 2 and one line for %j", async (args, named) => {
    const { code, stdout, stderr } = await run(["token", ...args], { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(named);
  });

  it("asks for the secret where there is none", async () => {
    const { code, stdout, stderr } = await run(["token", "--sub", "alice"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("ROOMCAST_JWT_SECRET");
  });
});
