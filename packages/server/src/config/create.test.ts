import { MemoryRevocations } from "@roomcast/core";
import { ManualClock } from "@roomcast/core/testing";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { hashApiKey } from "../auth/api-keys.ts";
import { Seal } from "../auth/seal.ts";
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

describe("the sessions of a composition", () => {
  const ADMIN_KEY = "a-key-of-the-tests-for-admins";
  const apiKeys = [{ sha256: hashApiKey(ADMIN_KEY), tenants: "*", roles: ["operator"] }] as const;
  const others = [{ ...apiKeys[0], sha256: hashApiKey(API_KEY) }, ...apiKeys] as const;
  const jwks = [{ issuer: "https://a", url: "https://a/keys", audience: "x", tenants: "*" }] as const;

  async function withKeys(keys: ResolvedConfig["auth"]["apiKeys"]): Promise<ResolvedConfig> {
    const config = await configuration();
    return { ...config, auth: { ...config.auth, apiKeys: keys, jwt: { maxTokenSeconds: 60, jwks } } };
  }

  it("are those of all nodes with the same secret, or without one the same keys in whatever order", async () => {
    const revocations = new MemoryRevocations();
    const shared = await configuration();
    for (const [config, same, other] of [
      [shared, shared, await withKeys(apiKeys)],
      [await withKeys(others), await withKeys(others.toReversed()), await withKeys(apiKeys)],
    ] as const) {
      const [one, two, three] = [config, same, other].map((each) => compose(each, { revocations }));
      const apiKey = config === shared ? API_KEY : ADMIN_KEY;
      const signedIn = await one?.sessions?.signIn({ apiKey });
      expect(await two?.sessions?.find(signedIn?.cookie ?? "")).toMatchObject({ userId: null, tenants: "*" });
      await expect(three?.sessions?.find(signedIn?.cookie ?? "")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      const ticket = await two?.sessions?.issueTicket(signedIn?.cookie ?? "", "acme");
      const admission = await one?.gateway.admit({ kind: "token", token: ticket?.token }, undefined, {
        dialect: "native",
        headers: {},
        auth: {},
      });
      expect(admission?.principal).toMatchObject({ tenantId: "acme", anonymous: false });
      admission?.release();
      if (signedIn !== undefined) await one?.sessions?.end(signedIn.session);
      await expect(two?.sessions?.find(signedIn?.cookie ?? "")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      for (const each of [one, two, three]) await each?.gateway.close();
    }
  });

  it("are of nobody's making who has but keys of services and admins, from whose hashes nothing is derived", async () => {
    const sha256 = hashApiKey(API_KEY);
    const expiresAt = Date.now() + 60_000;
    const content = { v: 1, id: "forged", csrf: "forged", tenantId: "default", expiresAt };
    for (const roles of [["service"], ["admin"]] as const) {
      const { gateway, sessions } = compose(await withKeys([{ sha256, tenants: ["acme"], roles }]));
      // All that the back end with the key knows.
      const seal = new Seal({ secret: sha256, purpose: "roomcast:session" });
      const forged = await seal.close({ ...content, who: { userId: "mallory", roles: ["operator"] } });
      await expect(sessions?.find(forged)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      await gateway.close();
    }
  });

  it("need neither a secret nor a key: a token of an issuer signs in, on the node that it is shown to", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "k" };
    const keys = createServer((_request, response) => {
      response.setHeader("Content-Type", "application/json").end(JSON.stringify({ keys: [jwk] }));
    });
    keys.listen(0, "127.0.0.1");
    await once(keys, "listening");
    const url = `http://127.0.0.1:${(keys.address() as AddressInfo).port}`;
    const issuer = { issuer: "https://a", url, audience: "x", tenants: "*", roles: ["operator"] } as const;
    const base = await configuration();
    const auth = { ...base.auth, apiKeys: [], jwt: { maxTokenSeconds: 60, jwks: [issuer] } };
    const [one, two] = [compose({ ...base, auth }), compose({ ...base, auth })];
    const token = await new SignJWT({ permissions: ["operator"], tenantId: "acme" })
      .setProtectedHeader({ alg: "ES256", kid: "k" })
      .setIssuer("https://a")
      .setAudience("x")
      .setSubject("op")
      .setIssuedAt()
      .setExpirationTime("30 s")
      .sign(privateKey);
    const signedIn = await one.sessions?.signIn({ token });
    expect(await one.sessions?.find(signedIn?.cookie ?? "")).toMatchObject({ userId: "op", tenants: "*" });
    const ticket = await one.sessions?.issueTicket(signedIn?.cookie ?? "", "acme");
    const origin = { dialect: "native", headers: {}, auth: {} };
    (await one.gateway.admit({ kind: "token", token: ticket?.token }, undefined, origin)).release();
    await expect(two.sessions?.find(signedIn?.cookie ?? "")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    for (const { gateway } of [one, two]) await gateway.close();
    keys.close();
  });

  it("are remembered to have ended for as long as any could last", async () => {
    const clock = new ManualClock();
    const { gateway, sessions } = compose(await withKeys(apiKeys), { clock });
    const one = await sessions?.signIn({ apiKey: ADMIN_KEY });
    if (one !== undefined) await sessions?.end(one.session);
    // Longer than any token, of which one would last a minute.
    await clock.advance(8 * 60 * 60 * 1000 - 1);
    await gateway.revoke("acme", "bob");
    await expect(sessions?.find(one?.cookie ?? "")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await gateway.close();
  });

  it("are not there without the page", async () => {
    const { gateway, sessions } = compose(await configuration({ admin: false }));
    expect(sessions).toBeUndefined();
    await gateway.close();
  });

  it("have the application look at tickets, too", async () => {
    const seen: unknown[] = [];
    const { gateway, sessions } = compose(await configuration(), {
      arriving: ({ principal }) => void seen.push(principal.tenantId),
    });
    const signedIn = await sessions?.signIn({ apiKey: API_KEY });
    const ticket = await sessions?.issueTicket(signedIn?.cookie ?? "", "acme");
    const credentials = { kind: "token", token: ticket?.token } as const;
    const origin = { dialect: "native", headers: {}, auth: {} };
    (await gateway.admit(credentials, undefined, origin)).release();
    expect(seen).toEqual(["acme"]);
    await expect(gateway.admit(credentials, undefined, { ...origin, dialect: "twake" })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    await gateway.close();
  });
});
