import { GatewayError, ROLES, type Role } from "@roomcast/protocol";
import type { AccessTokenRequest, IssuedToken, TokenIssuer } from "./issue.ts";
import type { JwtAuthenticator } from "./jwt.ts";
import { checkRevocation, isAdmin, reaches, type RestCaller, type RevokedAt } from "./rest-caller.ts";
import { unauthenticated, type Claims } from "./verify.ts";

/** Whether a token would be accepted, and what it says, or the code that it would be refused with. */
export interface VerifiedClaims {
  readonly valid: boolean;
  readonly claims?: Claims;
  readonly error?: "UNAUTHENTICATED" | "TOKEN_EXPIRED";
}

/** `POST /auth/token` and `POST /auth/verify`: tokens for back ends to hand to their clients. */
export class RestTokens {
  readonly #authenticator: JwtAuthenticator;
  readonly #issuer: TokenIssuer | undefined;
  readonly #revokedAt: RevokedAt;

  /** Without `issuer` (no shared secret) there are no tokens to be had. */
  constructor(options: { authenticator: JwtAuthenticator; issuer?: TokenIssuer | undefined; revokedAt: RevokedAt }) {
    this.#authenticator = options.authenticator;
    this.#issuer = options.issuer;
    this.#revokedAt = options.revokedAt;
  }

  /** Whether there are tokens to be had. */
  get issues(): boolean {
    return this.#issuer !== undefined;
  }

  /**
   * A token for a tenant that the caller reaches. Rejects with `FORBIDDEN` for what is beyond the caller, and with
   * `INVALID_PAYLOAD` for what no token may say.
   */
  async issueToken(caller: RestCaller, request: Omit<AccessTokenRequest, "revokedAt">): Promise<IssuedToken> {
    checkMayIssue(caller, request.permissions);
    const tenantId = request.tenantId ?? caller.tenantId;
    if (!reachesTenant(caller, tenantId))
      throw new GatewayError("FORBIDDEN", "The token would be of a tenant beyond one's reach");
    if (this.#issuer === undefined)
      throw new GatewayError("FORBIDDEN", "Tokens are issued elsewhere: there is no shared secret");
    const revokedAt = await this.#revokedAt(tenantId, request.userId);
    return await this.#issuer.issue({ ...request, tenantId, revokedAt });
  }

  /** A token of a tenant beyond the caller's reach is as good as none. Rejects with `UNAVAILABLE` where it cannot be known now. */
  async verifyToken(caller: RestCaller, token: unknown): Promise<VerifiedClaims> {
    try {
      const { claims, principal } = await this.#authenticator.verify(token);
      if (!reachesTenant(caller, principal.tenantId)) throw unauthenticated("The token is of another tenant");
      await checkRevocation(principal, this.#revokedAt);
      return { valid: true, claims };
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      if (error.code === "UNAUTHENTICATED" || error.code === "TOKEN_EXPIRED")
        return { valid: false, error: error.code };
      throw error;
    }
  }
}

/**
 * Throws `FORBIDDEN` for callers that may issue no tokens at all: API keys may, and else the roles `admin` and `operator`.
 */
export function checkIssuer(caller: RestCaller): void {
  if (caller.via === "key" || isAdmin(caller)) return;
  throw new GatewayError("FORBIDDEN", "This takes an API key, or the role admin or operator");
}

/** Nobody issues a token with a role above its own, nor one that reaches more tenants than itself. */
function checkMayIssue(caller: RestCaller, permissions: readonly Role[] = ["client"]): void {
  checkIssuer(caller);
  const own = Math.max(...caller.roles.map(rank));
  if (permissions.some((role) => rank(role) > own))
    throw new GatewayError("FORBIDDEN", "The token's roles would be above one's own");
  if (permissions.includes("operator") && caller.tenants !== "*")
    throw new GatewayError("FORBIDDEN", "The token of an operator would reach tenants beyond one's own");
}

function rank(role: Role): number {
  return ROLES.indexOf(role);
}

function reachesTenant(caller: RestCaller, tenantId: string): boolean {
  return reaches(caller.tenants ?? [caller.tenantId], tenantId);
}
