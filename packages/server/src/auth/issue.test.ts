import type { Clock } from "@roomcast/core";
import { decodeJwt } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { TokenIssuer, type AccessTokenRequest } from "./issue.ts";
import { JwtAuthenticator } from "./jwt.ts";

const SECRET = "a secret of tests, long enough for HS256";
const START = 1_700_000_000_700;

let now = START;
const clock: Clock = { now: () => now, after: () => () => undefined };

beforeEach(() => {
  now = START;
});

describe("an issued token", () => {
  it("is taken by an authenticator with the same options", async () => {
    const options = {
      secret: SECRET,
      clock,
      issuer: ["https://a", "https://b"],
      audience: "roomcast",
      tenantClaim: "org",
      rolesClaim: "groups",
    };
    const { token, expiresAt } = await new TokenIssuer(options).issue({
      userId: "alice",
      tenantId: "acme",
      permissions: ["service", "admin"],
      channels: { "chat:{room}": ["subscribe"] },
      channelsOnly: true,
      info: { name: "Alice" },
      expiresIn: 60,
    });
    expect(expiresAt).toBe(1_700_000_060_000);
    expect((await new JwtAuthenticator(options).verify(token)).principal).toEqual({
      userId: "alice",
      tenantId: "acme",
      roles: ["service", "admin"],
      grants: { "chat:{room}": ["subscribe"] },
      grantsOnly: true,
      info: { name: "Alice" },
      issuedAt: 1_700_000_000_000,
      expiresAt,
      anonymous: false,
    });
  });

  it("lives for an hour, in the tenant default, unless asked otherwise", async () => {
    const { token, expiresAt } = await new TokenIssuer({ secret: SECRET, clock }).issue({ userId: "alice" });
    expect(expiresAt).toBe(1_700_003_600_000);
    expect(decodeJwt(token)).toEqual({ sub: "alice", tenantId: "default", iat: 1_700_000_000, exp: 1_700_003_600 });
    const brief = await new TokenIssuer({ secret: SECRET, clock, maxTokenSeconds: 60 }).issue({ userId: "alice" });
    expect(brief.expiresAt).toBe(1_700_000_060_000);
  });

  it("holds right after a revocation, and not after the next", async () => {
    const issuer = new TokenIssuer({ secret: SECRET, clock });
    const authenticator = new JwtAuthenticator({ secret: SECRET, clock });
    const issuedAt = async (revokedAt?: number): Promise<number> => {
      const { token } = await issuer.issue({ userId: "alice", revokedAt });
      return (await authenticator.verify(token)).principal.issuedAt ?? expect.fail("no iat");
    };
    expect(await issuedAt()).toBeLessThan(START);
    for (let ms = 0; ms < 1000; ms++) {
      now = START + ms;
      expect(await issuedAt(now)).toBe(now);
    }
    // By the clock of another node.
    expect(await issuedAt(now + 2000)).toBe(now + 2000);
    expect(await issuedAt(now - 60_000)).toBe(Math.floor(now / 1000) * 1000);
  });

  it.each<[string, Partial<AccessTokenRequest>]>([
    ["a bad user", { userId: "a b" }],
    ["a bad tenant", { tenantId: "a/b" }],
    ["no life", { expiresIn: 0 }],
    ["half a second", { expiresIn: 0.5 }],
    ["too long a life", { expiresIn: 31 * 24 * 3600 + 1 }],
    ["a bad pattern", { channels: { "a**b": ["subscribe"] } }],
    ["too much info", { info: { a: "x".repeat(1024) } }],
  ])("is not to be had for %s", async (_name, request) => {
    const issued = new TokenIssuer({ secret: SECRET, clock }).issue({ userId: "alice", ...request });
    await expect(issued).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
  });
});
