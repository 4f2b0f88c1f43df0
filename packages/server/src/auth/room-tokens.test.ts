import type { Clock } from "@roomcast/core";
import type { Principal } from "@roomcast/protocol";
import { SignJWT } from "jose";
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
