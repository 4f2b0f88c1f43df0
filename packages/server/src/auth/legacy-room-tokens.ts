import { jwtVerify, type CryptoKey } from "jose";
import { isTime, LEEWAY_SECONDS, MAX_TOKEN_SECONDS, type Claims, type VerifiedToken } from "./verify.ts";

/** An access token has an `exp`; what has an audience or a type was made for something else. */
const OTHERS: readonly string[] = ["exp", "aud", "type"];

/**
 * The claims of a room token as the original Twake signs them, or undefined where it is anything else: no `exp`, and an
 * `iat` that is no moment of issue but the token's end, at most 31 days ahead. When it was issued nobody can tell, so that a
 * revocation ends all of them.
 */
export async function verifyLegacyRoomToken(options: {
  readonly token: string;
  readonly key: CryptoKey;
  /** Milliseconds since 1970. */
  readonly now: number;
}): Promise<VerifiedToken | undefined> {
  const claims = await signedClaims(options);
  const ends = claims?.["iat"];
  if (claims === undefined || !isTime(ends) || OTHERS.some((name) => Object.hasOwn(claims, name))) return undefined;
  const left = ends - options.now / 1000;
  if (left <= -LEEWAY_SECONDS || left > MAX_TOKEN_SECONDS) return undefined;
  return { claims, expiresAt: Math.floor(ends * 1000) };
}

async function signedClaims({ token, key, now }: { token: string; key: CryptoKey; now: number }) {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(now),
    });
    return payload as Claims;
  } catch {
    return undefined;
  }
}
