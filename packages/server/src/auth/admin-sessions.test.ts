import { MemoryRevocations } from "@roomcast/core";
import { ManualClock } from "@roomcast/core/testing";
import type { Role } from "@roomcast/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { AdminSessions, type AdminSessionsOptions } from "./admin-sessions.ts";
import { ApiKeys, hashApiKey } from "./api-keys.ts";
import { TokenIssuer, type AccessTokenRequest } from "./issue.ts";
import { JwtAuthenticator } from "./jwt.ts";
import { RestCallers } from "./rest-caller.ts";

const SECRET = "a secret of tests, long enough for HS256";
const ANY = "key-of-every-tenant-and-role";
const ACME = "key-of-admins-of-acme-and-beta";
const SERVICE = "key-of-services-of-all-tenants";
const HOUR_MS = 60 * 60 * 1000;

const KEYS = [
  { sha256: hashApiKey(ANY), tenants: "*", roles: ["admin", "operator"] },
  { sha256: hashApiKey(ACME).toUpperCase(), tenants: ["acme", "beta"], roles: ["admin"] },
  { sha256: hashApiKey(SERVICE), tenants: "*", roles: ["client", "service"] },
] as const;

let clock: ManualClock;
let revocations: MemoryRevocations;
let issuer: TokenIssuer;
let authenticator: JwtAuthenticator;
let sessions: AdminSessions;

/** Another node, or this one with other settings. */
function node(change: Partial<AdminSessionsOptions> = {}): AdminSessions {
  return new AdminSessions({
    secret: SECRET,
    authenticator,
    keys: new ApiKeys(KEYS),
    revocations,
    clock,
    ...change,
  });
}

beforeEach(() => {
  clock = new ManualClock();
  revocations = new MemoryRevocations({ clock });
  issuer = new TokenIssuer({ secret: SECRET, clock });
  authenticator = new JwtAuthenticator({ secret: SECRET, clock });
  sessions = node();
});

async function token(permissions: readonly Role[], request: Partial<AccessTokenRequest> = {}): Promise<string> {
  return (await issuer.issue({ userId: "boss", tenantId: "acme", permissions, ...request })).token;
}

describe("signing in", () => {
  it("by a token of an admin is for its tenant, and by that of an operator for all", async () => {
    const { session } = await sessions.signIn({ token: await token(["admin"]) });
    expect(session).toMatchObject({ userId: "boss", tenantId: "acme", tenants: ["acme"], roles: ["admin"] });
    expect((await sessions.signIn({ token: await token(["operator"]) })).session).toMatchObject({
      tenantId: "acme",
      tenants: "*",
    });
  });

  it("by an API key is for its scope", async () => {
    expect((await sessions.signIn({ apiKey: ANY })).session).toMatchObject({
      userId: null,
      tenantId: "default",
      tenants: "*",
      roles: ["admin", "operator"],
    });
    expect((await sessions.signIn({ apiKey: ACME })).session).toMatchObject({ tenantId: "acme" });
    expect((await sessions.signIn({ apiKey: ACME, tenantId: "beta" })).session).toMatchObject({
      tenantId: "beta",
      tenants: ["acme", "beta"],
    });
    await expect(sessions.signIn({ apiKey: ACME, tenantId: "other" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("lasts as long as its token, and never longer than eight hours", async () => {
    const { session: short } = await sessions.signIn({ token: await token(["admin"], { expiresIn: 60 }) });
    expect(short.expiresAt - clock.now()).toBeGreaterThan(58_000);
    expect(short.expiresAt - clock.now()).toBeLessThanOrEqual(60_000);
    const { session: long } = await sessions.signIn({ token: await token(["admin"], { expiresIn: 86_400 }) });
    expect(long.expiresAt).toBe(clock.now() + 8 * HOUR_MS);
    expect((await sessions.signIn({ apiKey: ANY })).session.expiresAt).toBe(clock.now() + 8 * HOUR_MS);
  });

  it("takes the role admin or operator, and a token that is not bound to channels", async () => {
    const forbidden = [
      await token(["client"]),
      await token(["service"]),
      await token(["admin"], { channels: { a: ["subscribe"] }, channelsOnly: true }),
    ];
    for (const shown of forbidden)
      await expect(sessions.signIn({ token: shown })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(sessions.signIn({ apiKey: SERVICE })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("refuses what is no token and no key, a token that has expired and one that was revoked", async () => {
    for (const shown of ["", "x", "a.b.c", "a.b.c.d.e", ANY])
      await expect(sessions.signIn({ token: shown })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    for (const apiKey of ["", "x", `${ANY} `, hashApiKey(ANY), await token(["admin"])])
      await expect(sessions.signIn({ apiKey })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const old = await token(["admin"], { expiresIn: 60 });
    await clock.advance(70_000);
    await expect(sessions.signIn({ token: old })).rejects.toMatchObject({ code: "TOKEN_EXPIRED" });
    const revoked = await token(["admin"]);
    await clock.advance(1000);
    await revocations.revoke("acme", "boss", clock.now());
    await expect(sessions.signIn({ token: revoked })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("a session's cookie", () => {
  it("is known on every node with the same secret, and on no other", async () => {
    const { cookie, session } = await sessions.signIn({ token: await token(["admin"]) });
    expect(await node().find(cookie)).toEqual(session);
    const other = node({ secret: `${SECRET}!` });
    await expect(other.find(cookie)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("tells nothing of what is in it, and fits into a browser", async () => {
    const { cookie, session } = await sessions.signIn({
      token: await token(["operator"], { userId: "u".repeat(128), tenantId: "t".repeat(128) }),
    });
    expect(cookie.length).toBeLessThan(2000);
    const pieces = cookie.split(".").map((piece) => Buffer.from(piece, "base64url").toString("latin1"));
    for (const secret of ["uuuu", "tttt", session.csrf, session.id]) expect(pieces.join()).not.toContain(secret);
  });

  it("that was changed anywhere is none, and so is anything else", async () => {
    const { cookie } = await sessions.signIn({ token: await token(["admin"]) });
    const pieces = cookie.split(".");
    for (const [n, piece] of pieces.entries()) {
      const changed = piece === "" ? "AA" : (piece.startsWith("A") ? "B" : "A") + piece.slice(1);
      const tampered = pieces.with(n, changed).join(".");
      await expect(sessions.find(tampered), tampered).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
    for (const shown of ["", ".", "....", "x".repeat(100_000), `${cookie}x`, cookie.slice(1), await token(["admin"])])
      await expect(sessions.find(shown)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("ends at its time", async () => {
    const { cookie } = await sessions.signIn({ apiKey: ANY });
    await clock.advance(8 * HOUR_MS - 1);
    await sessions.find(cookie);
    await clock.advance(1);
    await expect(sessions.find(cookie)).rejects.toMatchObject({ code: "TOKEN_EXPIRED" });
  });

  it("ends on every node when its bearer signs out, and no other does", async () => {
    const shown = await token(["admin"]);
    const { cookie, session } = await sessions.signIn({ token: shown });
    const { cookie: other } = await sessions.signIn({ token: shown });
    await sessions.end(session);
    await expect(node().find(cookie)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await node().find(other);
  });

  it("ends when its user's tokens are revoked, for an operator in whatever tenant", async () => {
    for (const role of ["admin", "operator"] as const) {
      const userId = `a-${role}`;
      const { cookie } = await sessions.signIn({ token: await token([role], { userId }) });
      await clock.advance(1000);
      await revocations.revoke("other", userId, clock.now());
      await sessions.find(cookie);
      await revocations.revoke("acme", userId, clock.now());
      await expect(sessions.find(cookie)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  it("of an API key is worth what the key is, and ends when the key is removed", async () => {
    const { cookie } = await sessions.signIn({ apiKey: ACME });
    const [any, acme] = KEYS;
    const narrowed = node({ keys: new ApiKeys([any, { ...acme, tenants: ["acme"] }]) });
    expect(await narrowed.find(cookie)).toMatchObject({ tenants: ["acme"] });
    const removed = node({ keys: new ApiKeys([any]) });
    await expect(removed.find(cookie)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const degraded = node({ keys: new ApiKeys([{ ...acme, roles: ["service"] }]) });
    await expect(degraded.find(cookie)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("a ticket", () => {
  it("is for its user in its own tenant, and for nobody else's user in another", async () => {
    const { cookie, session } = await sessions.signIn({ token: await token(["operator"]) });
    const own = await sessions.issueTicket(cookie, "acme");
    expect(own.expiresAt).toBe(clock.now() + 60_000);
    expect(await node().redeem(own.token)).toMatchObject({
      userId: "boss",
      tenantId: "acme",
      roles: ["operator"],
      expiresAt: own.expiresAt,
      anonymous: false,
    });
    const elsewhere = await sessions.issueTicket(cookie, "beta");
    expect(await sessions.redeem(elsewhere.token)).toMatchObject({
      userId: `admin:${session.id}`,
      tenantId: "beta",
    });
    const { cookie: byKey, session: ofKey } = await sessions.signIn({ apiKey: ACME });
    const { token: shown } = await sessions.issueTicket(byKey, "acme");
    expect(await sessions.redeem(shown)).toMatchObject({ userId: `admin:${ofKey.id}`, tenantId: "acme" });
  });

  it("lasts a minute, and no longer than its session", async () => {
    const { cookie } = await sessions.signIn({ token: await token(["admin"], { expiresIn: 90 }) });
    const { token: first } = await sessions.issueTicket(cookie, "acme");
    await clock.advance(50_000);
    const { token: second, expiresAt } = await sessions.issueTicket(cookie, "acme");
    expect(expiresAt - clock.now()).toBeLessThanOrEqual(40_000);
    await clock.advance(10_000);
    await expect(sessions.redeem(first)).rejects.toMatchObject({ code: "TOKEN_EXPIRED" });
    expect(await sessions.redeem(second)).toMatchObject({ userId: "boss" });
  });

  it("ends with its session", async () => {
    const { cookie, session } = await sessions.signIn({ token: await token(["admin"]) });
    const { token: shown } = await sessions.issueTicket(cookie, "acme");
    await sessions.end(session);
    await expect(sessions.redeem(shown)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const { cookie: byKey } = await sessions.signIn({ apiKey: ACME });
    const { token: ofBeta } = await sessions.issueTicket(byKey, "beta");
    const [, acme] = KEYS;
    const narrowed = node({ keys: new ApiKeys([{ ...acme, tenants: ["acme"] }]) });
    await expect(narrowed.redeem(ofBeta)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("is no cookie, and a cookie is no ticket; neither is a token for REST", async () => {
    const { cookie } = await sessions.signIn({ token: await token(["admin"]) });
    const { token: shown } = await sessions.issueTicket(cookie, "acme");
    await expect(sessions.find(shown)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await sessions.redeem(cookie)).toBeUndefined();
    await expect(sessions.signIn({ token: shown })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const revokedAt = (tenantId: string, userId: string): Promise<number | undefined> =>
      revocations.revokedAt(tenantId, userId);
    const callers = new RestCallers({ authenticator, keys: new ApiKeys(KEYS), revokedAt });
    for (const credential of [shown, cookie]) {
      const asked = callers.identifyCaller({ authorization: `Bearer ${credential}` });
      await expect(asked).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });
});
