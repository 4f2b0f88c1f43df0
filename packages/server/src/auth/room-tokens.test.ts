import type { Clock } from "@roomcast/core";
import type { Principal } from "@roomcast/protocol";
import { SignJWT, type CryptoKey } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { TokenIssuer } from "./issue.ts";
import { JwtAuthenticator } from "./jwt.ts";
import { RoomTokens } from "./room-tokens.ts";
import { SecretKeys } from "./secret.ts";

const SECRET = "a secret of tests, long enough for HS256";
const START = 1_700_000_000_000;
const DAY = 24 * 60 * 60;
const ALICE: Principal = { userId: "alice", tenantId: "acme", roles: ["client"], grants: {}, anonymous: false };

let now = START;
const clock: Clock = { now: () => now, after: () => () => undefined };
const rooms = new RoomTokens({ secret: SECRET, clock });
const authenticator = new JwtAuthenticator({ secret: SECRET, clock });

beforeEach(() => {
  now = START;
});

async function sign(claims: Record<string, unknown>, key = new SecretKeys(SECRET).room()): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(await key);
}

describe("room tokens", () => {
  it("open one room to one user until they end", async () => {
    const { token, expiresAt } = await rooms.issue({
      tenantId: "acme",
      userId: "alice",
      room: "/rooms/1",
      expiresIn: 60,
    });
    expect(expiresAt).toBe(START + 60_000);
    expect(await authenticator.verifyRoomToken(token, ALICE, "/rooms/1")).toEqual({ expiresAt, issuedAt: START });
    now += 64_999;
    expect(await rooms.verify(token, ALICE, "/rooms/1")).toMatchObject({ expiresAt });
    now += 1;
    await expect(rooms.verify(token, ALICE, "/rooms/1")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("without a tenant are of the tenant default", async () => {
    const token = await sign({ aud: "roomcast:room", name: "r", sub: "alice", exp: START / 1000 + 60 });
    expect(await rooms.verify(token, { ...ALICE, tenantId: "default" }, "r")).toEqual({ expiresAt: START + 60_000 });
    await expect(rooms.verify(token, ALICE, "r")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  const claims = {
    aud: "roomcast:room",
    name: "r",
    sub: "alice",
    tenantId: "acme",
    iat: START / 1000,
    exp: START / 1000 + 60,
  };
  const bad: readonly [string, Record<string, unknown>][] = [
    ["another room", { ...claims, name: "r2" }],
    ["a room that is no text", { ...claims, name: ["r"] }],
    ["no room", { ...claims, name: undefined }],
    ["another user", { ...claims, sub: "bob" }],
    ["another tenant", { ...claims, tenantId: "other" }],
    ["a tenant that is null", { ...claims, tenantId: null }],
    ["no end", { ...claims, exp: undefined }],
    ["a life beyond 31 days", { ...claims, exp: START / 1000 + 31 * DAY + 1 }],
    ["another audience", { ...claims, aud: "other" }],
    ["no audience", { ...claims, aud: undefined }],
    ["an nbf in the future", { ...claims, nbf: START / 1000 + 60 }],
  ];
  it.each(bad)("for %s are refused", async (_name, changed) => {
    expect(await rooms.verify(await sign(claims), ALICE, "r")).toBeDefined();
    await expect(rooms.verify(await sign(changed), ALICE, "r")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("are signed for lists of rooms", async () => {
    const list = [{ room: "/a", name: "A" }, "/b", { room: "/c" }];
    const signed = await rooms.signRooms(ALICE, list, { expiresIn: 60 });
    expect(signed).toEqual([
      { room: "/a", token: expect.any(String), name: "A" },
      { room: "/b", token: expect.any(String) },
      { room: "/c", token: expect.any(String) },
    ]);
    for (const { room, token } of signed) {
      expect(await rooms.verify(token, ALICE, room)).toMatchObject({ expiresAt: START + 60_000 });
      const other = room === "/a" ? "/b" : "/a";
      await expect(rooms.verify(token, ALICE, other)).rejects.toMatchObject({ code: "FORBIDDEN" });
      await expect(rooms.verify(token, { ...ALICE, userId: "bob" }, room)).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    expect(await rooms.signRooms(ALICE, [])).toEqual([]);
    const visitor = { userId: null, tenantId: "acme" };
    await expect(rooms.signRooms(visitor, ["/a"])).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
    await expect(rooms.signRooms(ALICE, ["/a", "a b"])).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
  });

  it.each([undefined, null, 5, "", "twake", "a.b.c", {}])("%j is none", async (token) => {
    await expect(rooms.verify(token, ALICE, "r")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("are nothing to visitors, and nothing where there is no secret", async () => {
    const { token } = await rooms.issue({ tenantId: "default", userId: "alice", room: "r" });
    const visitor = { ...ALICE, userId: null, tenantId: "default", anonymous: true };
    await expect(rooms.verify(token, visitor, "r")).rejects.toMatchObject({ code: "FORBIDDEN" });
    const without = new JwtAuthenticator({ anonymous: true, clock });
    await expect(without.verifyRoomToken(token, ALICE, "r")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("are no access tokens, nor are those room tokens, whatever they claim", async () => {
    const { token: room } = await rooms.issue({ tenantId: "acme", userId: "alice", room: "r" });
    await expect(authenticator.verify(room)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const { token: access } = await new TokenIssuer({ secret: SECRET, clock }).issue({
      userId: "alice",
      tenantId: "acme",
    });
    await expect(rooms.verify(access, ALICE, "r")).rejects.toMatchObject({ code: "FORBIDDEN" });

    const accessKey = new SecretKeys(SECRET).access();
    await expect(rooms.verify(await sign(claims, accessKey), ALICE, "r")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(authenticator.verify(await sign({ ...claims, aud: "x" }))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    await expect(authenticator.verify(await sign(claims, accessKey))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  it.each([
    { tenantId: "a b", userId: "alice", room: "r" },
    { tenantId: "acme", userId: "", room: "r" },
    { tenantId: "acme", userId: "alice", room: "a b" },
    { tenantId: "acme", userId: "alice", room: "r", expiresIn: 0 },
    { tenantId: "acme", userId: "alice", room: "r", expiresIn: 31 * DAY + 1 },
    { tenantId: "acme", userId: "alice", room: "r", expiresIn: Number.NaN },
  ])("are not issued for %j", async (request) => {
    await expect(rooms.issue(request)).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
  });
});

describe("an access token", () => {
  const issuer = new TokenIssuer({ secret: SECRET, clock });

  it.each(["/ping", "/users/online", "/users/alice"])("opens %s to its user until it ends", async (room) => {
    const { token, expiresAt } = await issuer.issue({ userId: "alice", tenantId: "acme", expiresIn: 60 });
    expect(await authenticator.verifyRoomToken(token, ALICE, room)).toEqual({ expiresAt, issuedAt: START });
    // And so does a room token.
    const { token: own } = await rooms.issue({ tenantId: "acme", userId: "alice", room, expiresIn: 90 });
    expect(await authenticator.verifyRoomToken(own, ALICE, room)).toMatchObject({ expiresAt: START + 90_000 });
    now += 65_001;
    await expect(authenticator.verifyRoomToken(token, ALICE, room)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it.each([
    "/",
    "/ping/",
    "/ping?a",
    "/users",
    "/users/",
    "/users/bob",
    "/users/online/x",
    "/companies/1",
    "ping",
    "/Ping",
  ])("does not open %s", async (room) => {
    const { token } = await issuer.issue({ userId: "alice", tenantId: "acme" });
    await expect(authenticator.verifyRoomToken(token, ALICE, room)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("of somebody else opens nothing, nor does one that reaches its channels only, nor a visitor's", async () => {
    const tokens = await Promise.all([
      issuer.issue({ userId: "bob", tenantId: "acme" }),
      issuer.issue({ userId: "alice", tenantId: "other" }),
      issuer.issue({ userId: "alice", tenantId: "acme", channelsOnly: true }),
    ]);
    for (const { token } of tokens) {
      await expect(authenticator.verifyRoomToken(token, ALICE, "/ping")).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    const { token } = await issuer.issue({ userId: "alice", tenantId: "default" });
    const visitor = { ...ALICE, userId: null, tenantId: "default", anonymous: true };
    await expect(authenticator.verifyRoomToken(token, visitor, "/ping")).rejects.toMatchObject({ code: "FORBIDDEN" });
    for (const nothing of ["", "twake", "a.b.c"]) {
      await expect(authenticator.verifyRoomToken(nothing, ALICE, "/ping")).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
  });
});

describe("room tokens of the original", () => {
  const legacy = new JwtAuthenticator({ secret: SECRET, clock, legacyRoomTokens: true });
  const bob: Principal = { ...ALICE, userId: "bob", tenantId: "default" };
  const claims = { name: "/rooms/1", sub: "bob", iat: START / 1000 + 600 };
  const secret = (): Promise<CryptoKey> => new SecretKeys(SECRET).access();

  it("are taken where that was asked for, until their iat", async () => {
    const token = await sign(claims, secret());
    expect(await legacy.verifyRoomToken(token, bob, "/rooms/1")).toEqual({ expiresAt: START + 600_000 });
    await expect(authenticator.verifyRoomToken(token, bob, "/rooms/1")).rejects.toMatchObject({ code: "FORBIDDEN" });
    const tenant = await sign({ ...claims, tenantId: "acme" }, secret());
    expect(await legacy.verifyRoomToken(tenant, { ...bob, tenantId: "acme" }, "/rooms/1")).toBeDefined();
    now += 605_000;
    await expect(legacy.verifyRoomToken(token, bob, "/rooms/1")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("leave tokens of ours what they are", async () => {
    const { token } = await rooms.issue({ tenantId: "default", userId: "bob", room: "/rooms/1", expiresIn: 60 });
    expect(await legacy.verifyRoomToken(token, bob, "/rooms/1")).toEqual({
      expiresAt: START + 60_000,
      issuedAt: START,
    });
  });

  const bad: readonly [string, Record<string, unknown>][] = [
    ["an exp", { ...claims, exp: START / 1000 + 600 }],
    ["an audience", { ...claims, aud: "roomcast:room" }],
    ["a type", { ...claims, type: "access" }],
    ["no iat", { ...claims, iat: undefined }],
    ["an iat that is past", { ...claims, iat: START / 1000 - 5 }],
    ["an iat beyond 31 days", { ...claims, iat: START / 1000 + 31 * DAY + 1 }],
    ["an nbf in the future", { ...claims, nbf: START / 1000 + 60 }],
    ["another room", { ...claims, name: "/rooms/2" }],
    ["no room", { ...claims, name: undefined }],
    ["another user", { ...claims, sub: "alice" }],
    ["no user", { ...claims, sub: undefined }],
    ["another tenant", { ...claims, tenantId: "acme" }],
  ];
  it.each(bad)("are refused with %s", async (_name, changed) => {
    const token = await sign(changed, secret());
    await expect(legacy.verifyRoomToken(token, bob, "/rooms/1")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("are refused signed with the key of ours, or another secret, and are no login", async () => {
    const other = new SecretKeys("another secret, also long enough for HS256").access();
    for (const key of [new SecretKeys(SECRET).room(), other]) {
      await expect(legacy.verifyRoomToken(await sign(claims, key), bob, "/rooms/1")).rejects.toMatchObject({
        code: "FORBIDDEN",
      });
    }
    await expect(legacy.verify(await sign(claims, secret()))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
