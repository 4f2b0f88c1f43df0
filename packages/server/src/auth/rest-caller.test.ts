import type { Clock } from "@roomcast/core";
import { GatewayError, ROLES, type Role } from "@roomcast/protocol";
import fc from "fast-check";
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { beforeEach, describe, expect, it } from "vitest";
import { ApiKeys, hashApiKey } from "./api-keys.ts";
import { TokenIssuer, type AccessTokenRequest } from "./issue.ts";
import { JwtAuthenticator } from "./jwt.ts";
import { RestCallers, type RestCaller } from "./rest-caller.ts";
import { RestTokens } from "./rest-tokens.ts";

const SECRET = "a secret of tests, long enough for HS256";
const ANY = "key-of-every-tenant-and-role";
const ACME = "key-of-tenants-acme-and-beta";
const CLIENT = "key-that-has-the-client-role";
const clock: Clock = { now: () => 1_700_000_000_500, after: () => () => undefined };

const revoked = new Map<string, number>();
const revokedAt = async (tenantId: string, userId: string): Promise<number | undefined> =>
  revoked.get(`${tenantId}/${userId}`);
const authenticator = new JwtAuthenticator({ secret: SECRET, clock });
const issuer = new TokenIssuer({ secret: SECRET, clock });
const keys = new ApiKeys([
  { sha256: hashApiKey(ANY), tenants: "*", roles: ROLES },
  { sha256: hashApiKey(ACME).toUpperCase(), tenants: ["acme", "beta"], roles: ["service"] },
  { sha256: hashApiKey(CLIENT), tenants: "*", roles: ["client"] },
]);
const callers = new RestCallers({ authenticator, keys, revokedAt });
const tokens = new RestTokens({ authenticator, issuer, revokedAt });

beforeEach(() => revoked.clear());

async function bearer(permissions: readonly Role[], request: Partial<AccessTokenRequest> = {}): Promise<string> {
  return `Bearer ${(await issuer.issue({ userId: "boss", tenantId: "acme", permissions, ...request })).token}`;
}

async function code(headers: IncomingHttpHeaders): Promise<string> {
  return await callers.identifyCaller(headers).then(
    () => "accepted",
    (thrown: unknown) => (thrown instanceof GatewayError ? thrown.code : String(thrown)),
  );
}

describe("API keys", () => {
  it("are found by what was hashed", () => {
    expect(keys.find(ANY)).toEqual({ tenants: "*", roles: ROLES });
    expect(keys.find(ACME)).toEqual({ tenants: ["acme", "beta"], roles: ["service"] });
    for (const shown of ["", "x", `${ANY} `, ANY.toUpperCase(), hashApiKey(ANY)])
      expect(keys.find(shown)).toBeUndefined();
  });

  it("of less than 24 characters are none", () => {
    expect(() => hashApiKey("x".repeat(23))).toThrow("An API key must have at least 24 characters, and has 23");
    // As somebody may have written it into a configuration.
    const sha256 = createHash("sha256").update("short").digest("hex");
    expect(new ApiKeys([{ sha256, tenants: "*", roles: ["service"] }]).find("short")).toBeUndefined();
    expect(() => new ApiKeys([{ sha256: "x", tenants: "*", roles: [] }])).toThrow("64 hexadecimal digits");
  });
});

describe("a caller of REST", () => {
  it("by a token is of the token's tenant", async () => {
    const caller = await callers.identifyCaller({ authorization: await bearer(["service"]) });
    expect(caller).toEqual({ tenantId: "acme", roles: ["service"], userId: "boss", via: "token" });
    const lower = (await bearer(["admin"])).replace("Bearer", "bearer");
    expect(await callers.identifyCaller({ authorization: lower, "x-tenant-id": "acme" })).toMatchObject({
      tenantId: "acme",
    });
  });

  it("by a key is of the tenant that it names within its scope, else default", async () => {
    const find = (headers: IncomingHttpHeaders, tenantId?: string) => callers.identifyCaller(headers, tenantId);
    expect(await find({ "x-api-key": ANY })).toEqual({ tenantId: "default", roles: ROLES, via: "key", tenants: "*" });
    expect(await find({ "x-api-key": ANY, "x-tenant-id": "z" })).toMatchObject({ tenantId: "z" });
    expect(await find({ "x-api-key": ACME, "x-tenant-id": "beta" })).toMatchObject({
      tenantId: "beta",
      roles: ["service"],
    });
    expect(await find({ "x-api-key": ACME }, "acme")).toMatchObject({ tenantId: "acme" });
  });

  const refused: readonly [string, () => Promise<IncomingHttpHeaders>, string][] = [
    ["nothing", async () => ({}), "UNAUTHENTICATED"],
    [
      "a token and a key",
      async () => ({ authorization: await bearer(["service"]), "x-api-key": ANY }),
      "INVALID_PAYLOAD",
    ],
    ["another scheme and a key", async () => ({ authorization: "Basic eDp5", "x-api-key": ANY }), "INVALID_PAYLOAD"],
    ["another scheme", async () => ({ authorization: "Basic eDp5" }), "UNAUTHENTICATED"],
    ["an empty authorization", async () => ({ authorization: "" }), "UNAUTHENTICATED"],
    ["a bearer of nothing", async () => ({ authorization: "Bearer " }), "UNAUTHENTICATED"],
    [
      "two tokens",
      async () => ({ authorization: `${await bearer(["service"])}, ${await bearer(["admin"])}` }),
      "UNAUTHENTICATED",
    ],
    ["garbage", async () => ({ authorization: "Bearer x.y.z" }), "UNAUTHENTICATED"],
    ["an unknown key", async () => ({ "x-api-key": "x".repeat(40) }), "UNAUTHENTICATED"],
    ["an empty key", async () => ({ "x-api-key": "" }), "UNAUTHENTICATED"],
    ["two keys", async () => ({ "x-api-key": `${ANY}, ${ACME}` }), "UNAUTHENTICATED"],
    ["a client's token", async () => ({ authorization: await bearer(["client"]) }), "FORBIDDEN"],
    ["a key with the role client", async () => ({ "x-api-key": CLIENT }), "FORBIDDEN"],
    ["a key beyond its tenants", async () => ({ "x-api-key": ACME, "x-tenant-id": "other" }), "FORBIDDEN"],
    ["a key whose tenants have no default", async () => ({ "x-api-key": ACME }), "FORBIDDEN"],
    [
      "a token and another tenant",
      async () => ({ authorization: await bearer(["admin"]), "x-tenant-id": "other" }),
      "FORBIDDEN",
    ],
    ["a malformed tenant", async () => ({ "x-api-key": ANY, "x-tenant-id": "a/b" }), "INVALID_PAYLOAD"],
    ["an empty tenant", async () => ({ "x-api-key": ANY, "x-tenant-id": "" }), "INVALID_PAYLOAD"],
    ["two tenants", async () => ({ "x-api-key": ANY, "x-tenant-id": "a, b" }), "INVALID_PAYLOAD"],
  ];
  it.each(refused)("with %s is refused", async (_name, headers, expected) => {
    expect(await code(await headers())).toBe(expected);
  });

  it("with an operator's token is one of its own tenant, or of the one that it names", async () => {
    const authorization = await bearer(["operator"]);
    const caller = { roles: ["operator"], userId: "boss", via: "token", tenants: "*" };
    expect(await callers.identifyCaller({ authorization })).toEqual({ ...caller, tenantId: "acme" });
    expect(await callers.identifyCaller({ authorization, "x-tenant-id": "z" })).toEqual({ ...caller, tenantId: "z" });
    expect(await code({ authorization, "x-tenant-id": "a/b" })).toBe("INVALID_PAYLOAD");
    revoked.set("acme/boss", clock.now());
    expect(await code({ authorization, "x-tenant-id": "z" })).toBe("UNAUTHENTICATED");
  });

  it("with a token that was revoked is refused; with one issued since it is not", async () => {
    const authorization = await bearer(["service"]);
    revoked.set("acme/boss", clock.now());
    expect(await code({ authorization })).toBe("UNAUTHENTICATED");
    expect(await code({ authorization: await bearer(["service"], { revokedAt: clock.now() }) })).toBe("accepted");
    expect(await code({ authorization: await bearer(["service"], { tenantId: "beta" }) })).toBe("accepted");
  });

  it("is a caller or a GatewayError, whatever the headers", async () => {
    const value = fc.option(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `Bearer ${text}`),
      ),
      { nil: undefined },
    );
    const headers = fc.record({ authorization: value, "x-api-key": value, "x-tenant-id": value });
    await fc.assert(
      fc.asyncProperty(headers, async (shown) => {
        expect(["UNAUTHENTICATED", "INVALID_PAYLOAD"]).toContain(await code(shown));
      }),
    );
  });
});

describe("tokens by REST", () => {
  const key = (headers: IncomingHttpHeaders): Promise<RestCaller> =>
    callers.identifyCaller({ "x-api-key": ANY, ...headers });
  const admin = async (): Promise<RestCaller> =>
    await callers.identifyCaller({ authorization: await bearer(["admin"]) });

  it("are issued by keys within their scope and by admins for their tenant", async () => {
    const byKey = await tokens.issueToken(await key({ "x-tenant-id": "z" }), {
      userId: "alice",
      permissions: ["operator"],
    });
    expect((await authenticator.verify(byKey.token)).principal).toMatchObject({ tenantId: "z", roles: ["operator"] });
    const elsewhere = await tokens.issueToken(await key({}), { userId: "alice", tenantId: "y" });
    expect((await authenticator.verify(elsewhere.token)).principal).toMatchObject({ tenantId: "y", roles: ["client"] });
    const operator = { authorization: await bearer(["operator"]) };
    const byOperator = await tokens.issueToken(await callers.identifyCaller(operator, "x"), {
      userId: "alice",
      tenantId: "x",
      permissions: ["operator"],
    });
    expect((await authenticator.verify(byOperator.token)).principal).toMatchObject({
      tenantId: "x",
      roles: ["operator"],
    });
    const byAdmin = await tokens.issueToken(await admin(), { userId: "alice", permissions: ["admin", "service"] });
    expect((await authenticator.verify(byAdmin.token)).principal).toMatchObject({
      tenantId: "acme",
      roles: ["service", "admin"],
    });
  });

  it("hold right after a revocation", async () => {
    revoked.set("acme/alice", clock.now());
    const { token } = await tokens.issueToken(await admin(), { userId: "alice" });
    expect(await tokens.verifyToken(await admin(), token)).toMatchObject({ valid: true });
  });

  const beyond: readonly [string, () => Promise<RestCaller>, Parameters<RestTokens["issueToken"]>[1]][] = [
    ["a service", async () => callers.identifyCaller({ authorization: await bearer(["service"]) }), { userId: "a" }],
    ["an admin for another tenant", admin, { userId: "a", tenantId: "other" }],
    ["an admin for an operator", admin, { userId: "a", permissions: ["client", "operator"] }],
    [
      "a key for another tenant",
      async () => callers.identifyCaller({ "x-api-key": ACME, "x-tenant-id": "acme" }),
      { userId: "a", tenantId: "other" },
    ],
    [
      "a key for a role above its own",
      async () => callers.identifyCaller({ "x-api-key": ACME, "x-tenant-id": "acme" }),
      { userId: "a", permissions: ["admin"] },
    ],
    // Its token would reach what the key does not.
  ];
  it.each(beyond)("are not issued by %s", async (_name, caller, request) => {
    await expect(tokens.issueToken(await caller(), request)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("are not issued without a secret, and not when they would not be taken", async () => {
    const without = new RestTokens({ authenticator, revokedAt });
    await expect(without.issueToken(await admin(), { userId: "a" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(tokens.issueToken(await admin(), { userId: "" })).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
  });

  it("are verified: what they say, or the code of why not", async () => {
    const { token } = await issuer.issue({ userId: "alice", tenantId: "acme" });
    const claims = { sub: "alice", tenantId: "acme", iat: 1_700_000_000, exp: 1_700_003_600 };
    expect(await tokens.verifyToken(await admin(), token)).toEqual({ valid: true, claims });
    expect(await tokens.verifyToken(await admin(), "x")).toEqual({ valid: false, error: "UNAUTHENTICATED" });
    expect(await tokens.verifyToken(await admin(), undefined)).toEqual({ valid: false, error: "UNAUTHENTICATED" });
    const past = new TokenIssuer({ secret: SECRET, clock: { ...clock, now: () => clock.now() - 7_200_000 } });
    const expired = await past.issue({ userId: "alice", tenantId: "acme" });
    expect(await tokens.verifyToken(await admin(), expired.token)).toEqual({ valid: false, error: "TOKEN_EXPIRED" });
    revoked.set("acme/alice", clock.now());
    expect(await tokens.verifyToken(await admin(), token)).toEqual({ valid: false, error: "UNAUTHENTICATED" });
  });

  it("of other tenants tell nothing", async () => {
    const { token } = await issuer.issue({ userId: "alice", tenantId: "other" });
    expect(await tokens.verifyToken(await admin(), token)).toEqual({ valid: false, error: "UNAUTHENTICATED" });
    expect(await tokens.verifyToken(await key({}), token)).toMatchObject({ valid: true });
  });
});
