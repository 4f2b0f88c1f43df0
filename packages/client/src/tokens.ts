/** The claims of a JSON Web Token, as they stand there: nothing of this is verified. Times are in seconds since 1970. */
export interface TokenClaims {
  readonly sub?: string;
  readonly exp?: number;
  readonly iat?: number;
  readonly nbf?: number;
  readonly tenantId?: string;
  readonly orgId?: string;
  readonly permissions?: readonly string[];
  readonly [claim: string]: unknown;
}

/** The claims of `token`, without verifying its signature; null for what is no token. */
export function decodeToken(token: string): TokenClaims | null {
  try {
    const pieces = token.split(".");
    if (pieces.length !== 3) return null;
    const binary = atob((pieces[1] as string).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof claims === "object" && claims !== null && !Array.isArray(claims) ? (claims as TokenClaims) : null;
  } catch {
    return null;
  }
}

/**
 * How long `token` is valid, in whole seconds: 0 when it is expired, when it is no token, and when it does not say (the
 * server refuses tokens without `exp`).
 * @param nowMs the time to compare with, in milliseconds since 1970
 */
export function getTokenExpiresIn(token: string, nowMs: number = Date.now()): number {
  const expires = decodeToken(token)?.exp;
  if (typeof expires !== "number" || !Number.isFinite(expires)) return 0;
  return Math.max(0, Math.floor(expires - nowMs / 1000));
}

/**
 * Whether `token` has expired; also true for what is no token and for one without `exp`.
 * @param nowMs the time to compare with, in milliseconds since 1970
 */
export function isTokenExpired(token: string, nowMs: number = Date.now()): boolean {
  const expires = decodeToken(token)?.exp;
  return typeof expires !== "number" || !(expires * 1000 > nowMs);
}

/**
 * Whether `token` should be replaced by now: it has `thresholdSeconds` or less left, or is no token.
 * @param nowMs the time to compare with, in milliseconds since 1970
 */
export function shouldRefreshToken(token: string, thresholdSeconds = 60, nowMs: number = Date.now()): boolean {
  return getTokenExpiresIn(token, nowMs) <= thresholdSeconds;
}
