import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeToken, getTokenExpiresIn, isTokenExpired, shouldRefreshToken } from "./tokens.ts";

const NOW = 1_700_000_000_000;
const token = (claims: unknown): string =>
  `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2lnbmF0dXJl`;

describe("decodeToken", () => {
  it("gives the claims, in whatever characters", () => {
    const claims = { sub: "zoë/日本語?>~", exp: 1, info: { name: "🎈" } };
    expect(decodeToken(token(claims))).toEqual(claims);
  });

  it.each(["", "a.b", "a.b.c", "a.b.c.d", "..", token([1]), token(null), token("x"), "a.%.c"])(
    "gives null for %j",
    (text) => {
      expect(decodeToken(text)).toBeNull();
    },
  );

  it("never throws", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.tuple(fc.string(), fc.base64String(), fc.string()).map((p) => p.join(".")),
        ),
        (text) => {
          const claims = decodeToken(text);
          expect(claims === null || typeof claims === "object").toBe(true);
          expect(getTokenExpiresIn(text, NOW)).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});

describe("expiry", () => {
  const inSeconds = (seconds: number): string => token({ exp: NOW / 1000 + seconds });

  it("counts in whole seconds and ends at 0", () => {
    expect(getTokenExpiresIn(inSeconds(90), NOW)).toBe(90);
    expect(getTokenExpiresIn(inSeconds(90), NOW + 500)).toBe(89);
    expect(getTokenExpiresIn(inSeconds(-1), NOW)).toBe(0);
  });

  it("expires at its second, not after it", () => {
    expect(isTokenExpired(inSeconds(1), NOW + 999)).toBe(false);
    expect(isTokenExpired(inSeconds(1), NOW + 1000)).toBe(true);
  });

  it("asks for another from the threshold on", () => {
    expect(shouldRefreshToken(inSeconds(61), undefined, NOW)).toBe(false);
    expect(shouldRefreshToken(inSeconds(60), undefined, NOW)).toBe(true);
    expect(shouldRefreshToken(inSeconds(60), 30, NOW)).toBe(false);
  });

  it.each(["garbage", token({}), token({ exp: "soon" }), token({ exp: null })])("takes %s for expired", (text) => {
    expect(isTokenExpired(text, NOW)).toBe(true);
    expect(getTokenExpiresIn(text, NOW)).toBe(0);
    expect(shouldRefreshToken(text, 0, NOW)).toBe(true);
  });
});
