import { ManualClock } from "@roomcast/core/testing";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { compose } from "./create.ts";
import { loadConfig } from "./load.ts";
import type { ResolvedConfig } from "./resolved.ts";

const API_KEY = "a-key-of-tests-that-is-long";
const ENV = { ROOMCAST_JWT_SECRET: "a secret of tests, long enough for HS256", ROOMCAST_API_KEY: API_KEY };

async function configuration(change: Partial<ResolvedConfig> = {}): Promise<ResolvedConfig> {
  return { ...(await loadConfig({ env: ENV, cwd: tmpdir() })), ...change };
}

describe("a composition", () => {
  it("takes the tokens that it issues, until they are revoked", async () => {
    const clock = new ManualClock();
    const { gateway, callers, tokens } = compose(await configuration(), { clock });
    const caller = await callers.identifyCaller({ "x-api-key": API_KEY, "x-tenant-id": "acme" });
    const issue = async (): Promise<string> =>
      (await tokens.issueToken(caller, { userId: "alice", permissions: ["service"], expiresIn: 2_678_400 })).token;
    const token = await issue();
    (await gateway.admit({ kind: "token", token })).release();
    expect(await callers.identifyCaller({ authorization: `Bearer ${token}` })).toMatchObject({
      tenantId: "acme",
      userId: "alice",
    });

    await clock.advance(1500);
    await gateway.revoke("acme", "alice");
    await expect(gateway.admit({ kind: "token", token })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(callers.identifyCaller({ authorization: `Bearer ${token}` })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect(await tokens.verifyToken(caller, token)).toEqual({ valid: false, error: "UNAUTHENTICATED" });
    (await gateway.admit({ kind: "token", token: await issue() })).release();

    // A revocation is remembered for as long as any token of before could live.
    await clock.advance(2_678_400_000 - 2000);
    await gateway.revoke("acme", "bob");
    await expect(callers.identifyCaller({ authorization: `Bearer ${token}` })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    await gateway.close();
  });

  it("has the rules and limits of its configuration", async () => {
    const { limits } = await configuration();
    const config = await configuration({
      channels: [{ match: "a", subscribe: "nobody" }],
      limits: { ...limits, connectionsPerUser: 1 },
    });
    const { gateway, issuer, roomTokens } = compose(config);
    expect(gateway.limits.connectionsPerUser).toBe(1);
    expect(issuer).toBeDefined();
    expect(roomTokens).toBeDefined();
    await gateway.close();
  });

  it("issues nothing without a secret", async () => {
    const config = await configuration();
    const jwks = [{ issuer: "https://a", url: "https://a/keys", audience: "x", tenants: "*" }] as const;
    const composition = compose({ ...config, auth: { ...config.auth, jwt: { maxTokenSeconds: 60, jwks } } });
    expect(composition).not.toHaveProperty("issuer");
    const caller = await composition.callers.identifyCaller({ "x-api-key": API_KEY });
    await expect(composition.tokens.issueToken(caller, { userId: "a" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await composition.gateway.close();
  });
});
