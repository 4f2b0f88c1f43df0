import type { Clock } from "@roomcast/core";
import { GatewayError, invalidPayload, isTenantId, isUserId, type ChannelAction, type Role } from "@roomcast/protocol";
import { SignJWT } from "jose";
import { DEFAULT_TENANT, principalOf, type ClaimNames } from "./principal.ts";
import { SecretKeys } from "./secret.ts";
import { MAX_TOKEN_SECONDS } from "./verify.ts";

/** The life of a token that is asked for without one. */
const DEFAULT_SECONDS = 60 * 60;

export interface AccessTokenRequest {
  readonly userId: string;
  /** Default: `default`. */
  readonly tenantId?: string | undefined;
  readonly permissions?: readonly Role[] | undefined;
  readonly channels?: Readonly<Record<string, readonly ChannelAction[]>> | undefined;
  readonly channelsOnly?: boolean | undefined;
  readonly info?: Readonly<Record<string, unknown>> | undefined;
  /** Seconds; an hour by default. */
  readonly expiresIn?: number | undefined;
  /** When the user's tokens were last revoked, in milliseconds since 1970: the new one counts as issued then or later. */
  readonly revokedAt?: number | undefined;
}

export interface IssuedToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface TokenIssuerOptions extends ClaimNames {
  readonly secret: string | SecretKeys;
  readonly issuer?: string | readonly string[] | undefined;
  readonly audience?: string | readonly string[] | undefined;
  readonly maxTokenSeconds?: number | undefined;
  readonly clock: Clock;
}

/** Issues access tokens that a `JwtAuthenticator` with the same options takes. */
export class TokenIssuer {
  readonly #options: TokenIssuerOptions;
  readonly #keys: SecretKeys;
  readonly #maxTokenSeconds: number;

  /** Throws a plain `Error` for a secret of less than 32 bytes. */
  constructor(options: TokenIssuerOptions) {
    this.#options = options;
    this.#keys = typeof options.secret === "string" ? new SecretKeys(options.secret) : options.secret;
    this.#maxTokenSeconds = options.maxTokenSeconds ?? MAX_TOKEN_SECONDS;
  }

  /** Rejects with `INVALID_PAYLOAD` for a token that would be refused when shown. */
  async issue(request: AccessTokenRequest): Promise<IssuedToken> {
    const { userId, tenantId = DEFAULT_TENANT, expiresIn = Math.min(DEFAULT_SECONDS, this.#maxTokenSeconds) } = request;
    if (!isUserId(userId))
      throw invalidPayload("userId", "1 to 128 bytes without white space, control characters, *, { and }");
    if (!isTenantId(tenantId))
      throw invalidPayload("tenantId", "1 to 128 of A-Z, a-z, 0-9, dot, underscore and hyphen");
    if (!Number.isSafeInteger(expiresIn) || expiresIn < 1 || expiresIn > this.#maxTokenSeconds) {
      throw invalidPayload("expiresIn", `a whole number of seconds, 1 to ${this.#maxTokenSeconds}`);
    }
    const issued = this.#issuedAt(request.revokedAt);
    const expires = Math.floor(issued) + expiresIn;
    const claims = {
      ...standard("iss", this.#options.issuer),
      ...standard("aud", this.#options.audience),
      ...present("channels", request.channels),
      ...present("channelsOnly", request.channelsOnly),
      ...present("info", request.info),
      ...present(this.#options.rolesClaim ?? "permissions", request.permissions),
      [this.#options.tenantClaim ?? "tenantId"]: tenantId,
      sub: userId,
      iat: issued,
      exp: expires,
    };
    this.#check(claims, expires);
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .sign(await this.#keys.access());
    return { token, expiresAt: expires * 1000 };
  }

  /**
   * Seconds since 1970. Whole ones, unless tokens of the user were revoked within this second (or, by another node's
   * clock, later): then the moment of the revocation itself, so that this token holds and the next revocation ends it.
   */
  #issuedAt(revokedAt: number | undefined): number {
    const now = Math.floor(this.#options.clock.now() / 1000);
    return revokedAt === undefined ? now : Math.max(now, revokedAt / 1000);
  }

  #check(claims: Readonly<Record<string, unknown>>, expires: number): void {
    try {
      principalOf({ claims, expiresAt: expires * 1000 }, this.#options, undefined);
    } catch (thrown) {
      const { message } = GatewayError.from(thrown);
      throw new GatewayError("INVALID_PAYLOAD", message, { cause: thrown });
    }
  }
}

function present(name: string, value: unknown): Readonly<Record<string, unknown>> | undefined {
  return value === undefined ? undefined : { [name]: value };
}

function standard(
  name: string,
  value: string | readonly string[] | undefined,
): Readonly<Record<string, unknown>> | undefined {
  return present(name, typeof value === "string" ? value : value?.[0]);
}
