import { createHmac, timingSafeEqual, type KeyObject } from "node:crypto";
import { GatewayError, type TokenFailure } from "@roomcast/protocol";
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  UnsecuredJWT,
  type CryptoKey,
  type JWTClaimVerificationOptions,
} from "jose";

/** What a signed token claims, once its signature was found good. */
export type Claims = Readonly<Record<string, unknown>>;

/** The algorithms of tokens. The type of a key decides which one it verifies. */
export type TokenAlgorithm = "HS256" | "RS256" | "ES256" | "EdDSA";

/** How far the clocks of issuer and node may be apart. */
export const LEEWAY_SECONDS = 5;
/** The longest life of a token, by default. */
export const MAX_TOKEN_SECONDS = 31 * 24 * 60 * 60;
/** The audience of room tokens. They are signed with a key of their own, so that neither kind passes as the other. */
export const ROOM_AUDIENCE = "roomcast:room";
/** In characters. 64 grants of long patterns fit. */
const LONGEST_TOKEN = 65_536;

/** `UNAUTHENTICATED`, and what it is about the token; unless said otherwise something that it claims. */
export function unauthenticated(message: string, token: TokenFailure = { reason: "claims" }): GatewayError {
  return new GatewayError("UNAUTHENTICATED", message, { token });
}

/** `value` as the text of a token. Throws `UNAUTHENTICATED`. */
export function tokenText(value: unknown): string {
  if (value === undefined || value === null || value === "") {
    throw unauthenticated("There is no token", { reason: "missing" });
  }
  if (typeof value !== "string") throw unauthenticated("The token is no text", { reason: "malformed" });
  if (value.length > LONGEST_TOKEN) throw unauthenticated("The token is too long", { reason: "malformed" });
  return value;
}

/** What a token says of its key. Nobody has vouched for it: it may choose among configured keys, and nothing else. */
export function peekHeader(token: string): { readonly algorithm: unknown; readonly keyId: unknown } {
  try {
    const header = decodeProtectedHeader(token);
    return { algorithm: header.alg, keyId: header.kid };
  } catch {
    throw malformed();
  }
}

/** What a token says of its issuer. Nobody has vouched for it: it may choose among configured issuers, and nothing else. */
export function peekIssuer(token: string): unknown {
  try {
    return decodeJwt(token).iss;
  } catch {
    throw malformed();
  }
}

export interface Verification {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** One of these must be in `iss`, where given. */
  readonly issuer?: readonly string[] | undefined;
  /** One of these must be in `aud`, where given. */
  readonly audience?: readonly string[] | undefined;
  readonly maxTokenSeconds: number;
}

export interface VerifiedToken {
  readonly claims: Claims;
  /** Milliseconds since 1970, like `expiresAt`. */
  readonly issuedAt?: number;
  readonly expiresAt: number;
}

/**
 * The claims of a token whose signature by `key`, issuer, audience and times hold. Rejects with `TOKEN_EXPIRED` or
 * `UNAUTHENTICATED`; messages tell which check failed and never quote the token.
 */
export async function verifySigned(
  options: Verification & {
    readonly key: CryptoKey;
    /** The one algorithm that the key is for. */
    readonly algorithm: TokenAlgorithm;
  },
): Promise<VerifiedToken> {
  let claims: Claims;
  try {
    const algorithms = [options.algorithm];
    ({ payload: claims } = await jwtVerify(options.token, options.key, { ...expectations(options), algorithms }));
  } catch (thrown) {
    throw refusal(thrown);
  }
  return checkTimes(claims, options);
}

/**
 * The same for an HS256 token, at once: throws instead of rejecting. The library would hand its signature to a thread of
 * Web Crypto, which costs several times what there is to compute.
 */
export function verifyShared(options: Verification & { readonly secret: KeyObject }): VerifiedToken {
  let claims: Claims;
  try {
    claims = sharedClaims(options.token, options.secret, expectations(options));
  } catch (thrown) {
    throw refusal(thrown);
  }
  return checkTimes(claims, options);
}

function expectations({ now, issuer, audience }: Verification): JWTClaimVerificationOptions {
  return {
    requiredClaims: ["sub", "exp"],
    clockTolerance: LEEWAY_SECONDS,
    currentDate: new Date(now),
    ...(issuer === undefined ? undefined : { issuer: [...issuer] }),
    ...(audience === undefined ? undefined : { audience: [...audience] }),
  };
}

/** What stands before the claims of an unsecured token: `{"alg":"none"}`. */
const UNSECURED = "eyJhbGciOiJub25lIn0";

/**
 * The signature is compared here; the claims, which the library has no other door to, are given to it as those of a token
 * without one.
 */
function sharedClaims(token: string, secret: KeyObject, expected: JWTClaimVerificationOptions): Claims {
  const [header, payload, signature, ...rest] = token.split(".");
  if (signature === undefined || rest.length > 0) throw malformed();
  const { alg, crit } = decodeProtectedHeader(token);
  // Extensions that must be understood: there are none that are.
  if (alg !== "HS256" || crit !== undefined) throw malformed();
  const correct = createHmac("sha256", secret).update(`${header}.${payload}`).digest("base64url");
  if (!isSameText(signature, correct)) throw new errors.JWSSignatureVerificationFailed();
  return UnsecuredJWT.decode(`${UNSECURED}.${payload}.`, expected).payload;
}

/** In a time that tells nothing of where they differ. */
function isSameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `TOKEN_EXPIRED`, and what the token claims: all else about it is good. */
export class ExpiredToken extends GatewayError {
  /** Not seen by whoever writes errors down. */
  readonly #claims: Claims;

  constructor(claims: Claims & { readonly exp?: number | undefined }) {
    super("TOKEN_EXPIRED", "The token has expired", { token: timed("expired", claims.exp) });
    this.#claims = claims;
  }

  get claims(): Claims {
    return this.#claims;
  }
}

/** The library's errors are not passed on as causes: some quote a piece of the token. */
function refusal(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof errors.JWTExpired) {
    return new ExpiredToken(thrown.payload);
  }
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    if (thrown.reason === "missing") return unauthenticated(`The token has no "${thrown.claim}"`);
    if (thrown.claim === "nbf" && thrown.reason === "check_failed")
      return unauthenticated("The token is not valid yet", timed("not-yet", thrown.payload.nbf));
    return unauthenticated(`The token's "${thrown.claim}" is not accepted`);
  }
  if (thrown instanceof errors.JWSSignatureVerificationFailed)
    return unauthenticated("The token's signature is not valid", { reason: "signature" });
  return malformed();
}

function malformed(): GatewayError {
  return unauthenticated("The token is malformed", { reason: "malformed" });
}

/** Its signature is good: what it says of its time may be told to its bearer. */
function timed(reason: "expired" | "not-yet", seconds: number | undefined): TokenFailure {
  return seconds !== undefined && isTime(seconds) ? { reason, at: Math.floor(seconds * 1000) } : { reason };
}

/** The library has compared the times with now. JSON can say 1e999, which compares well and is no time. */
function checkTimes(claims: Claims, options: Verification): VerifiedToken {
  const now = options.now / 1000;
  const expires = claims["exp"];
  const issued = claims["iat"];
  if (!isTime(expires)) throw unauthenticated(`The token's "exp" is not accepted`);
  if (issued !== undefined) {
    // One from the future would outlive its limit, and any revocation.
    if (!isTime(issued) || issued > now + LEEWAY_SECONDS) throw unauthenticated(`The token's "iat" is not accepted`);
  }
  if (expires - (issued ?? now) > options.maxTokenSeconds) throw unauthenticated("The token's life is too long");
  const expiresAt = Math.floor(expires * 1000);
  return issued === undefined ? { claims, expiresAt } : { claims, expiresAt, issuedAt: Math.round(issued * 1000) };
}

/** A number of seconds that can be compared and added to. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
