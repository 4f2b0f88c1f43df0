import type { Clock } from "@roomcast/core";
import { GatewayError, isTenantId, isUserId, ROLES } from "@roomcast/protocol";
import fc from "fast-check";
import { exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { JwtAuthenticator, type JwtOptions } from "./jwt.ts";

const SECRET = "a secret of tests, long enough for HS256";
const NOW = 1_700_000_000;
const DAY = 24 * 60 * 60;
const CLOCK: Clock = { now: () => NOW * 1000, after: () => () => undefined };
const GOOD = { sub: "alice", iat: NOW - 60, exp: NOW + 3600 };

function authenticator(options: Partial<JwtOptions> = {}): JwtAuthenticator {
  return new JwtAuthenticator({ secret: SECRET, clock: CLOCK, ...options });
}

/** Signed by hand, so that header and claims may be whatever one likes. */
function hs256(claims: unknown, header: unknown = { alg: "HS256" }, secret = SECRET): string {
  const text = (value: unknown): string =>
    Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const signed = `${text(header)}.${text(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

async function refusal(token: unknown, options: Partial<JwtOptions> = {}): Promise<GatewayError> {
  const error: unknown = await authenticator(options)
    .authenticate({ kind: "token", token })
    .then(
      (accepted) => expect.fail(`was accepted: ${JSON.stringify(accepted)}`),
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(GatewayError);
  return error as GatewayError;
}

async function principal(claims: Record<string, unknown>, options: Partial<JwtOptions> = {}) {
  return (await authenticator(options).authenticate({ kind: "token", token: hs256({ ...GOOD, ...claims }) })).principal;
}

describe("a good token", () => {
  it("makes a principal of its claims", async () => {
    const claims = {
      tenantId: "acme",
      orgId: "other",
      permissions: ["service", "reports:read", "client"],
      channels: { "chat:{room}": ["history", "subscribe", "subscribe"], __proto__x: [] },
      channelsOnly: true,
      info: { name: "Ålice" },
      type: "access",
    };
    expect(await principal(claims)).toEqual({
      userId: "alice",
      tenantId: "acme",
      roles: ["client", "service"],
      grants: { "chat:{room}": ["subscribe", "history"], __proto__x: [] },
      grantsOnly: true,
      info: { name: "Ålice" },
      issuedAt: (NOW - 60) * 1000,
      expiresAt: (NOW + 3600) * 1000,
      anonymous: false,
    });
  });

  it("needs no more than sub and exp", async () => {
    const token = hs256({ sub: "john.doe@x.com", exp: NOW + 10 });
    expect((await authenticator().authenticate({ kind: "token", token })).principal).toEqual({
      userId: "john.doe@x.com",
      tenantId: "default",
      roles: ["client"],
      grants: {},
      expiresAt: (NOW + 10) * 1000,
      anonymous: false,
    });
  });

  it("keeps a grant for a pattern named like a prototype's key", async () => {
    const token = hs256(
      `{"sub":"alice","exp":${NOW + 10},"channels":{"__proto__":["subscribe"],"constructor":["publish"]}}`,
    );
    const { grants } = (await authenticator().authenticate({ kind: "token", token })).principal;
    expect(Object.entries(grants)).toEqual([
      ["__proto__", ["subscribe"]],
      ["constructor", ["publish"]],
    ]);
  });

  it("keeps what it says of the user elsewhere, where that is short text", async () => {
    const kept = { email: "alice@x.com", provider_id: "p1", application_id: "a1" };
    expect(await principal(kept)).toMatchObject(kept);
    const others = await principal({ email: { toString: 1 }, provider_id: "x".repeat(257), application_id: null });
    for (const name of Object.keys(kept)) expect(others).not.toHaveProperty(name);
  });

  const tenants: readonly [string, Record<string, unknown>, Partial<JwtOptions>, string][] = [
    ["tenantId first", { tenantId: "a", orgId: "b" }, {}, "a"],
    ["else orgId", { orgId: "b" }, {}, "b"],
    ["else default", {}, {}, "default"],
    ["the configured claim alone", { tenantId: "a", "https://x/org": "c" }, { tenantClaim: "https://x/org" }, "c"],
  ];
  it.each(tenants)("tenant: %s", async (_name, claims, options, tenantId) => {
    expect((await principal(claims, options)).tenantId).toBe(tenantId);
  });

  const roles: readonly [string, Record<string, unknown>, Partial<JwtOptions>, string[]][] = [
    ["client when absent", {}, {}, ["client"]],
    ["client when none is known", { permissions: ["read:users"] }, {}, ["client"]],
    ["client when empty", { permissions: [] }, {}, ["client"]],
    [
      "all",
      { permissions: ["operator", "admin", "service", "client"] },
      {},
      ["client", "service", "admin", "operator"],
    ],
    [
      "from the configured claim",
      { permissions: ["admin"], groups: ["service"] },
      { rolesClaim: "groups" },
      ["service"],
    ],
  ];
  it.each(roles)("roles: %s", async (_name, claims, options, expected) => {
    expect((await principal(claims, options)).roles).toEqual(expected);
  });

  const times: readonly [string, Record<string, unknown>][] = [
    ["expired within the leeway", { exp: NOW - 4 }],
    ["not valid before a moment within the leeway", { nbf: NOW + 5 }],
    ["issued by a clock ahead within the leeway", { iat: NOW + 5 }],
    ["of the longest life", { iat: NOW, exp: NOW + 31 * DAY }],
    ["of the longest life, not saying when it was issued", { iat: undefined, exp: NOW + 31 * DAY }],
    [
      "with 64 grants",
      { channels: Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`c${i}`, ["subscribe"]])) },
    ],
    ["with 1,024 bytes of info", { info: { a: "x".repeat(1024 - `{"a":""}`.length) } }],
    ["for another audience, none being configured", { aud: ["x", "y"] }],
  ];
  it.each(times)("%s is taken", async (_name, claims) => {
    expect((await principal(claims)).userId).toBe("alice");
  });

  it("has its issuer and audience looked at where they are configured", async () => {
    const options = { issuer: ["https://a", "https://b"], audience: "roomcast" };
    expect((await principal({ iss: "https://b", aud: ["x", "roomcast"] }, options)).userId).toBe("alice");
    expect((await refusal(hs256({ ...GOOD, iss: "https://c", aud: "roomcast" }), options)).message).toContain(`"iss"`);
    expect((await refusal(hs256({ ...GOOD, aud: "roomcast" }), options)).message).toContain(`"iss"`);
    expect((await refusal(hs256({ ...GOOD, iss: "https://a", aud: "other" }), options)).message).toContain(`"aud"`);
    expect((await refusal(hs256({ ...GOOD, iss: "https://a" }), options)).message).toContain(`"aud"`);
  });
});

describe("a refused token", () => {
  const reasons: readonly [string, unknown, object][] = [
    ["nothing", undefined, { reason: "missing" }],
    ["null", null, { reason: "missing" }],
    ["empty text", "", { reason: "missing" }],
    ["no text", 5, { reason: "malformed" }],
    ["garbage", "garbage", { reason: "malformed" }],
    ["garbage in three pieces", "a.b.c", { reason: "malformed" }],
    ["a text too long", "x".repeat(65_537), { reason: "malformed" }],
    ["claims that are no JSON", hs256("nonsense"), { reason: "malformed" }],
    ["another secret's", hs256(GOOD, undefined, "another secret, long enough for HS256 too"), { reason: "signature" }],
    ["expired", hs256({ ...GOOD, exp: NOW - 60 }), { reason: "expired", at: (NOW - 60) * 1000 }],
    ["expired and of no date", hs256({ ...GOOD, exp: -1e300 }), { reason: "expired", at: -1e303 }],
    ["not valid yet", hs256({ ...GOOD, nbf: NOW + 60 }), { reason: "not-yet", at: (NOW + 60) * 1000 }],
    ["expired, of another secret", hs256({ ...GOOD, exp: 1 }, undefined, "x".repeat(32)), { reason: "signature" }],
    ["nobody's", hs256({ ...GOOD, sub: undefined }), { reason: "claims" }],
    ["without end", hs256({ ...GOOD, exp: undefined }), { reason: "claims" }],
    ["a refresh token", hs256({ ...GOOD, type: "refresh" }), { reason: "claims" }],
    ["without a signature", `${hs256(GOOD, { alg: "none" }).split(".", 2).join(".")}.`, { reason: "claims" }],
  ];
  it.each(reasons)("tells why: %s", async (_name, token, expected) => {
    expect((await refusal(token)).token).toEqual(expected);
  });

  it("is one with a claim that logins may not have, where that is asked for", async () => {
    const token = hs256({ ...GOOD, name: "/rooms/1" });
    const login = (without: readonly string[]) => authenticator().authenticate({ kind: "token", token, without });
    await expect(login(["name"])).rejects.toMatchObject({ code: "UNAUTHENTICATED", token: { reason: "claims" } });
    expect((await login(["room"])).principal.userId).toBe("alice");
    expect((await authenticator().authenticate({ kind: "token", token })).principal.userId).toBe("alice");
  });
});

describe("a bad token", () => {
  const claims: readonly [string, Record<string, unknown>, Partial<JwtOptions>?][] = [
    ["no sub", { sub: undefined }],
    ["an empty sub", { sub: "" }],
    ["a sub that is a number", { sub: 5 }],
    ["a sub that is a list", { sub: ["alice"] }],
    ["a sub that is null", { sub: null }],
    ["a sub of 129 bytes", { sub: "x".repeat(129) }],
    ["a sub of 65 characters and 130 bytes", { sub: "é".repeat(65) }],
    ["a sub with a zero-width character", { sub: "ali\u200Bce" }],
    ["a sub with a lone surrogate", { sub: "\uD800" }],
    ["a sub with white space", { sub: "alice bob" }],
    ["a sub with a star", { sub: "*" }],
    ["no exp", { exp: undefined }],
    ["an exp that is text", { exp: String(NOW + 60) }],
    ["an exp that is null", { exp: null }],
    ["an iat that is text", { iat: "1" }],
    ["an iat in the future", { iat: NOW + 6, exp: NOW + 60 }],
    ["an nbf in the future", { nbf: NOW + 6 }],
    ["an nbf that is text", { nbf: "0" }],
    ["a life beyond 31 days", { iat: NOW, exp: NOW + 31 * DAY + 1 }],
    ["a life beyond 31 days that began long ago", { iat: NOW - 31 * DAY, exp: NOW + 1 }],
    ["a life beyond 31 days, no iat", { iat: undefined, exp: NOW + 31 * DAY + 1 }],
    ["a life beyond what is configured", { iat: NOW, exp: NOW + 61 }, { maxTokenSeconds: 60 }],
    ["type refresh", { type: "refresh" }],
    ["type null", { type: null }],
    ["the audience of room tokens", { aud: "roomcast:room" }],
    ["the audience of room tokens among others", { aud: ["x", "roomcast:room"] }],
    ["an aud that is a number", { aud: 5 }],
    ["an aud with a number", { aud: ["x", 5] }],
    ["a tenant that is null", { tenantId: null }],
    ["a tenant that is null beside a good orgId", { tenantId: null, orgId: "acme" }],
    ["an empty tenant", { tenantId: "" }],
    ["a tenant that is a number", { tenantId: 1 }],
    ["a tenant that is a list", { tenantId: ["acme"] }],
    ["a tenant with a slash", { tenantId: "a/b" }],
    ["a tenant of 129 characters", { tenantId: "x".repeat(129) }],
    ["an orgId that is an object", { orgId: {} }],
    ["no tenant in the configured claim", { tenantId: "acme" }, { tenantClaim: "org" }],
    ["no own tenant in the configured claim", {}, { tenantClaim: "constructor" }],
    ["permissions that are text", { permissions: "admin" }],
    ["permissions that are null", { permissions: null }],
    ["permissions that are an object", { permissions: { admin: true } }],
    ["permissions with a number", { permissions: ["client", 5] }],
    ["channels that are a list", { channels: ["chat:1"] }],
    ["channels that are null", { channels: null }],
    ["channels with a bad pattern", { channels: { "a**b": ["subscribe"] } }],
    ["channels with an empty pattern", { channels: { "": ["subscribe"] } }],
    ["channels with text for actions", { channels: { chat: "subscribe" } }],
    ["channels with an unknown action", { channels: { chat: ["delete"] } }],
    ["65 channels", { channels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`c${i}`, []])) }],
    ["channelsOnly that is text", { channelsOnly: "true" }],
    ["channelsOnly that is null", { channelsOnly: null }],
    ["info that is text", { info: "x" }],
    ["info that is a list", { info: [] }],
    ["info that is null", { info: null }],
    ["info of 1,025 bytes", { info: { a: "x".repeat(1025 - `{"a":""}`.length) } }],
    ["info of fewer characters than bytes", { info: { a: "é".repeat(510) } }],
    ["info nested too deeply", { info: JSON.parse(`${'{"a":'.repeat(40)}1${"}".repeat(40)}`) }],
  ];
  it.each(claims)("with %s is refused", async (_name, changed, options) => {
    const token = hs256({ ...GOOD, ...changed });
    const error = await refusal(token, options);
    expect(error.code).toBe("UNAUTHENTICATED");
    expect(error.message).not.toContain(token.slice(0, 12));
  });

  const texts: readonly [string, unknown][] = [
    ["undefined", undefined],
    ["null", null],
    ["a number", 5],
    ["a list", [hs256(GOOD)]],
    ["empty", ""],
    ["the magic word of others", "twake"],
    ["garbage", "a.b.c"],
    ["two parts", hs256(GOOD).split(".").slice(0, 2).join(".")],
    ["five parts", `${hs256(GOOD)}.x.y`],
    ["with a truncated signature", hs256(GOOD).slice(0, -2)],
    ["without a signature", `${hs256(GOOD).split(".").slice(0, 2).join(".")}.`],
    ["of another key", hs256(GOOD, { alg: "HS256" }, "another secret that is long enough, too")],
    ["with claims that are a list", hs256([GOOD])],
    ["with claims that are null", hs256("null")],
    ["with claims that are no JSON", hs256("{")],
    ["with claims nested 10,000 deep", hs256("[".repeat(10_000))],
    ["with a time that is no number", hs256(`{"sub":"alice","exp":1e999}`)],
    ["issued at a time that is no number", hs256(`{"sub":"alice","exp":${NOW + 60},"iat":1e999}`)],
    ["issued at minus infinity", hs256(`{"sub":"alice","exp":${NOW + 60},"iat":-1e999}`)],
    ["without an algorithm", hs256(GOOD, {})],
    ["with an algorithm that is a list", hs256(GOOD, { alg: ["HS256"] })],
    ["of HS512 by name", hs256(GOOD, { alg: "HS512" })],
    ["of HS256 in small letters", hs256(GOOD, { alg: "hs256" })],
    ["with a critical extension", hs256(GOOD, { alg: "HS256", crit: ["x"], x: 1 })],
    ["with an unencoded payload", hs256(GOOD, { alg: "HS256", crit: ["b64"], b64: false })],
    ["with a header that is no object", hs256(GOOD, [])],
    ["with a key of its own", hs256(GOOD, { alg: "HS256", jwk: { kty: "oct", k: "AAAA" } }, "\0\0\0")],
    ["of 1 MB", hs256({ ...GOOD, x: "x".repeat(1_000_000) })],
    ["unsecured", new UnsecuredJWT(GOOD).encode()],
    ["with alg none and a signature", hs256(GOOD, { alg: "none" })],
  ];
  it.each(texts)("%s is refused", async (_name, token) => {
    expect((await refusal(token)).code).toBe("UNAUTHENTICATED");
  });

  it("expired is TOKEN_EXPIRED, and only when its signature is good", async () => {
    expect((await refusal(hs256({ ...GOOD, exp: NOW - 5 }))).code).toBe("TOKEN_EXPIRED");
    expect((await refusal(hs256({ ...GOOD, exp: 0, iat: undefined }))).code).toBe("TOKEN_EXPIRED");
    expect((await refusal(hs256({ ...GOOD, exp: NOW - 5 }, { alg: "HS256" }, "x".repeat(32)))).code).toBe(
      "UNAUTHENTICATED",
    );
  });

  it("signed with a public key as if that were the secret is refused", async () => {
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const pem = await exportSPKI(publicKey);
    expect((await refusal(hs256(GOOD, { alg: "HS256" }, pem))).code).toBe("UNAUTHENTICATED");
    const rs256 = await new SignJWT(GOOD).setProtectedHeader({ alg: "RS256" }).sign(privateKey);
    expect((await refusal(rs256)).code).toBe("UNAUTHENTICATED");
  });
});

describe("credentials of other kinds", () => {
  it("none: an anonymous visitor, where those are let in", async () => {
    expect((await authenticator({ anonymous: true }).authenticate({ kind: "none" })).principal).toEqual({
      userId: null,
      tenantId: "default",
      roles: [],
      grants: {},
      anonymous: true,
    });
    await expect(authenticator().authenticate({ kind: "none" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("a bad token is no visitor", async () => {
    expect((await refusal("", { anonymous: true })).code).toBe("UNAUTHENTICATED");
  });

  it("cookies are refused", async () => {
    const cookies = { kind: "cookies", tenantId: "default", token: hs256(GOOD) } as const;
    await expect(authenticator().authenticate(cookies)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});

describe("construction", () => {
  it("refuses a secret of less than 32 bytes, counted in bytes, without telling it", () => {
    expect(() => authenticator({ secret: "x".repeat(31) })).toThrow(
      "The secret of tokens must be at least 32 bytes long, and is 31",
    );
    expect(() => authenticator({ secret: "é".repeat(16) })).not.toThrow();
  });

  it("refuses to let nobody in", () => {
    expect(() => new JwtAuthenticator({ clock: CLOCK })).toThrow("secret");
    expect(() => new JwtAuthenticator({ clock: CLOCK, anonymous: true })).not.toThrow();
  });

  it("refuses an issuer with two key sets", () => {
    const entry = { issuer: "https://a", url: "https://a/keys", audience: "x", tenants: "*" } as const;
    expect(() => authenticator({ jwks: [entry, entry] })).toThrow("An issuer has two key sets");
  });
});

describe("whatever comes", () => {
  const outcome = async (token: unknown): Promise<void> => {
    try {
      const { principal: found } = await authenticator().authenticate({ kind: "token", token });
      expect(isUserId(found.userId) && isTenantId(found.tenantId)).toBe(true);
      expect(found.roles.length > 0 && found.roles.every((role) => ROLES.includes(role))).toBe(true);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(GatewayError);
      expect(["UNAUTHENTICATED", "TOKEN_EXPIRED"]).toContain((thrown as GatewayError).code);
      if (typeof token === "string" && token.length > 20) expect((thrown as GatewayError).message).not.toContain(token);
    }
  };

  it("is a principal or a GatewayError: any value", async () => {
    await fc.assert(fc.asyncProperty(fc.anything(), outcome), { numRuns: 200 });
  });

  it("is a principal or a GatewayError: any text in three parts", async () => {
    const part = fc
      .oneof(fc.string(), fc.json(), fc.base64String())
      .map((text) => Buffer.from(text).toString("base64url"));
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(part, part, part).map((parts) => parts.join(".")),
        outcome,
      ),
      { numRuns: 500 },
    );
  });

  it("is a principal or a GatewayError: any signed claims", async () => {
    const names = [
      "sub",
      "exp",
      "iat",
      "nbf",
      "aud",
      "type",
      "tenantId",
      "orgId",
      "permissions",
      "channels",
      "channelsOnly",
      "info",
      "__proto__",
    ];
    const changed = fc.dictionary(fc.constantFrom(...names), fc.jsonValue());
    const token = changed.map((claims) => hs256({ ...GOOD, ...claims }));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          token,
          fc.jsonValue().map((claims) => hs256(claims)),
        ),
        outcome,
      ),
      { numRuns: 1000 },
    );
  });

  it("is a principal or a GatewayError: any signed header", async () => {
    const header = fc.dictionary(
      fc.constantFrom("alg", "kid", "typ", "crit", "b64", "zip", "jku", "x"),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(
        header.map((fields) => hs256(GOOD, { alg: "HS256", ...fields })),
        outcome,
      ),
      { numRuns: 500 },
    );
  });
});
