import {
  ExpiredCredentials,
  systemClock,
  type Authentication,
  type Authenticator,
  type Clock,
  type RoomTokenVerifier,
} from "@roomcast/core";
import { GatewayError, type Credentials, type Principal } from "@roomcast/protocol";
import { JwksIssuer, type JwksEntry } from "./jwks.ts";
import { ANONYMOUS, audiencesOf, DEFAULT_TENANT, otherClaims, principalOf, type ClaimNames } from "./principal.ts";
import { RoomTokens, type RoomRight } from "./room-tokens.ts";
import { SecretKeys } from "./secret.ts";
import {
  ExpiredToken,
  MAX_TOKEN_SECONDS,
  peekHeader,
  peekIssuer,
  ROOM_AUDIENCE,
  tokenText,
  unauthenticated,
  verifyShared,
  verifySigned,
  type Claims,
  type VerifiedToken,
} from "./verify.ts";

export interface JwtOptions extends ClaimNames {
  /** The shared secret of HS256 tokens, at least 32 bytes. */
  readonly secret?: string | undefined;
  /** What `iss` of tokens of the shared secret must be, where given. */
  readonly issuer?: string | readonly string[] | undefined;
  /** One of these must be in `aud` of tokens of the shared secret, where given. */
  readonly audience?: string | readonly string[] | undefined;
  /** Seconds; 31 days by default. */
  readonly maxTokenSeconds?: number | undefined;
  /** Issuers whose tokens are verified by keys that they list. */
  readonly jwks?: readonly JwksEntry[] | undefined;
  /** Whether visitors without credentials are taken, as anonymous principals. */
  readonly anonymous?: boolean | undefined;
  /** Whether room tokens of the original Twake are taken too: see `RoomTokens`. */
  readonly legacyRoomTokens?: boolean | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Recognises the bearers of JSON Web Tokens: HS256 by a shared secret, RS256, ES256 and EdDSA by the key sets of configured
 * issuers. Which key verifies a token is a matter of configuration: a token can choose among the keys, and neither bring one
 * nor say where to find one.
 *
 * Rejects with `UNAUTHENTICATED`, with `TOKEN_EXPIRED`, and with `UNAVAILABLE` while an issuer's keys cannot be had.
 */
export class JwtAuthenticator implements Authenticator, RoomTokenVerifier {
  readonly #options: JwtOptions;
  readonly #issuer: readonly string[] | undefined;
  readonly #audience: readonly string[] | undefined;
  readonly #maxTokenSeconds: number;
  readonly #defaultTenant: string | undefined;
  readonly #keys: SecretKeys | undefined;
  readonly #rooms: RoomTokens | undefined;
  readonly #issuers: ReadonlyMap<string, JwksIssuer>;
  readonly #clock: Clock;

  /** Throws a plain `Error` for a secret of less than 32 bytes, for an issuer named twice, and where nobody could get in. */
  constructor(options: JwtOptions) {
    const { secret, jwks = [], clock = systemClock } = options;
    if (secret === undefined && jwks.length === 0 && options.anonymous !== true) {
      throw new Error("Tokens need a secret or the key set of an issuer to be verified by");
    }
    this.#options = options;
    this.#issuer = asList(options.issuer);
    this.#audience = asList(options.audience);
    this.#maxTokenSeconds = options.maxTokenSeconds ?? MAX_TOKEN_SECONDS;
    this.#defaultTenant = options.tenantClaim === undefined && jwks.length === 0 ? DEFAULT_TENANT : undefined;
    this.#keys = secret === undefined ? undefined : new SecretKeys(secret);
    this.#rooms =
      this.#keys === undefined
        ? undefined
        : new RoomTokens({ secret: this.#keys, clock, legacy: options.legacyRoomTokens === true });
    this.#issuers = new Map(jwks.map((entry) => [entry.issuer, new JwksIssuer({ entry, clock })]));
    if (this.#issuers.size < jwks.length) throw new Error("An issuer has two key sets");
    this.#clock = clock;
  }

  /** Fetches the issuers' keys ahead of the first tokens. Never rejects. */
  async prepare(): Promise<void> {
    await Promise.all([...this.#issuers.values()].map((issuer) => issuer.prepare()));
  }

  async authenticate(credentials: Credentials): Promise<Authentication> {
    switch (credentials.kind) {
      case "token":
        return await this.#login(credentials.token, credentials.without);
      case "none":
        if (this.#options.anonymous === true) return { principal: ANONYMOUS };
        throw unauthenticated("There is no token", { reason: "missing" });
      case "cookies":
        throw unauthenticated("Cookies are not accepted here");
    }
  }

  /** What an access token claims, and whom it makes of its bearer. Revocation is not looked at. */
  async verify(token: unknown): Promise<{ readonly claims: Claims; readonly principal: Principal }> {
    const text = tokenText(token);
    const { algorithm, keyId } = peekHeader(text);
    if (algorithm === "HS256" && this.#keys !== undefined) return this.#verifyShared(text, this.#keys);
    return await this.#verifyListed(text, algorithm, keyId);
  }

  /** Beside room tokens, an access token of the same user opens the rooms that everybody has. */
  async verifyRoomToken(token: string, principal: Principal, room: string): Promise<RoomRight> {
    if (isEverybodys(room, principal)) {
      const right = await this.#rightByAccess(token, principal);
      if (right !== undefined) return right;
    }
    if (this.#rooms === undefined)
      throw new GatewayError("FORBIDDEN", "There are no room tokens without a shared secret");
    return await this.#rooms.verify(token, principal, room);
  }

  /** The same error; of a token that has expired with whose it was, where its issuer may say that. */
  #withBearer(thrown: unknown, reaches: (principal: Principal) => boolean): unknown {
    if (!(thrown instanceof ExpiredToken)) return thrown;
    try {
      const principal = this.#principalOf({ claims: thrown.claims, expiresAt: 0 });
      return reaches(principal) ? new ExpiredCredentials(thrown, principal) : thrown;
    } catch {
      return thrown;
    }
  }

  async #login(token: unknown, without: readonly string[] = []): Promise<Authentication> {
    const { claims, principal } = await this.verify(token);
    const other = without.find((name) => Object.hasOwn(claims, name));
    if (other !== undefined) throw unauthenticated(`A token with "${other}" is no login`);
    const others = otherClaims(claims, this.#options);
    return others === undefined ? { principal } : { principal, claims: others };
  }

  async #rightByAccess(token: string, principal: Principal): Promise<RoomRight | undefined> {
    try {
      const { principal: bearer } = await this.verify(token);
      const isSame = bearer.userId === principal.userId && bearer.tenantId === principal.tenantId;
      if (!isSame || bearer.grantsOnly === true || bearer.expiresAt === undefined) return undefined;
      const { expiresAt, issuedAt } = bearer;
      return issuedAt === undefined ? { expiresAt } : { expiresAt, issuedAt };
    } catch (thrown) {
      // It may be a room token; but what cannot be known now is no refusal.
      if (GatewayError.from(thrown).retryable && GatewayError.from(thrown).code !== "TOKEN_EXPIRED") throw thrown;
      return undefined;
    }
  }

  #verifyShared(token: string, keys: SecretKeys) {
    try {
      const verified = verifyShared({
        token,
        secret: keys.accessSecret,
        now: this.#clock.now(),
        issuer: this.#issuer,
        audience: this.#audience,
        maxTokenSeconds: this.#maxTokenSeconds,
      });
      return { claims: verified.claims, principal: this.#principalOf(verified) };
    } catch (thrown) {
      throw this.#withBearer(thrown, () => true);
    }
  }

  async #verifyListed(token: string, algorithm: unknown, keyId: unknown) {
    const issuer = this.#issuers.size === 0 ? undefined : this.#issuers.get(peekIssuer(token) as string);
    if (issuer === undefined || !issuer.accepts(algorithm))
      throw unauthenticated("The token's issuer or algorithm is not accepted");
    if (keyId !== undefined && typeof keyId !== "string") throw unauthenticated(`The token's "kid" must be text`);
    const verified = await verifySigned({
      token,
      key: await issuer.key(algorithm, keyId),
      algorithm,
      now: this.#clock.now(),
      issuer: [issuer.issuer],
      audience: issuer.audience,
      maxTokenSeconds: this.#maxTokenSeconds,
    }).catch((thrown: unknown) => {
      throw this.#withBearer(thrown, (principal) => issuer.reaches(principal));
    });
    const principal = this.#principalOf(verified);
    if (!issuer.reaches(principal)) throw unauthenticated("The token's issuer may not speak for this tenant or role");
    return { claims: verified.claims, principal };
  }

  #principalOf(verified: VerifiedToken): Principal {
    if (audiencesOf(verified.claims).includes(ROOM_AUDIENCE))
      throw unauthenticated("A room token opens a room, and nothing else");
    return principalOf(verified, this.#options, this.#defaultTenant);
  }
}

/** Rooms in which nobody hears of others what they may not know, and one's own. */
function isEverybodys(room: string, { userId }: Principal): boolean {
  return room === "/ping" || room === "/users/online" || (userId !== null && room === `/users/${userId}`);
}

function asList(value: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof value === "string" ? [value] : value;
}
