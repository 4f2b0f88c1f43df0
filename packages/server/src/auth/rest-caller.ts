import { GatewayError, invalidPayload, isTenantId, type Principal, type Role } from "@roomcast/protocol";
import type { IncomingHttpHeaders } from "node:http";
import type { ApiKeys, ApiKeyScope } from "./api-keys.ts";
import type { JwtAuthenticator } from "./jwt.ts";
import { DEFAULT_TENANT } from "./principal.ts";
import { unauthenticated } from "./verify.ts";

/** Who calls, as the credentials of the request prove it. */
export interface RestCaller {
  readonly tenantId: string;
  readonly roles: readonly Role[];
  /** Of a token; a key speaks for no user. */
  readonly userId?: string;
  /** A session is that of somebody who signed in for the admin page, by a token or a key. */
  readonly via: "token" | "key" | "session";
  /** The tenants that the caller may speak for, where there are others than this one. */
  readonly tenants?: readonly string[] | "*";
}

/** When a user's tokens were last revoked, in milliseconds since 1970. */
export type RevokedAt = (tenantId: string, userId: string) => Promise<number | undefined>;

export interface RestCallersOptions {
  readonly authenticator: JwtAuthenticator;
  readonly keys: ApiKeys;
  readonly revokedAt: RevokedAt;
}

const BEARER = /^Bearer +([^\s,]+)$/i;

/** Recognises the callers of REST: those with an API key, or with a token, that has the role `service`, `admin` or `operator`. */
export class RestCallers {
  readonly #authenticator: JwtAuthenticator;
  readonly #keys: ApiKeys;
  readonly #revokedAt: RevokedAt;

  constructor(options: RestCallersOptions) {
    this.#authenticator = options.authenticator;
    this.#keys = options.keys;
    this.#revokedAt = options.revokedAt;
  }

  /**
   * The caller, and the tenant that this call is about: `tenantId` where given, else the header `X-Tenant-Id`, else that of
   * the token, for a key `default`. A token reaches its own tenant only, unless it is an operator's.
   *
   * Rejects with `INVALID_PAYLOAD` for a token and a key at once and for a malformed tenant, with `UNAUTHENTICATED` or
   * `TOKEN_EXPIRED` for credentials that do not hold, with `FORBIDDEN` without the role and for a tenant beyond the
   * caller's reach, and with `UNAVAILABLE` where it cannot be known now.
   */
  async identifyCaller(headers: IncomingHttpHeaders, tenantId?: string): Promise<RestCaller> {
    const { authorization } = headers;
    const key = headers["x-api-key"];
    const asked = askedTenant(headers, tenantId);
    if (authorization !== undefined && key !== undefined) {
      throw new GatewayError("INVALID_PAYLOAD", "A request has either Authorization or X-Api-Key, not both");
    }
    if (typeof key === "string") return this.#callerByKey(key, asked);
    if (authorization === undefined) throw unauthenticated("The request has no credentials");
    return await this.#callerByToken(authorization, asked);
  }

  #callerByKey(shown: string, asked: string | undefined): RestCaller {
    const scope: ApiKeyScope | undefined = this.#keys.find(shown);
    if (scope === undefined) throw unauthenticated("The API key is not known");
    const { tenants, roles } = scope;
    const tenantId = asked ?? DEFAULT_TENANT;
    if (!reaches(tenants, tenantId)) throw new GatewayError("FORBIDDEN", "The API key does not reach this tenant");
    checkBackEnd(roles);
    return { tenantId, roles, via: "key", tenants };
  }

  async #callerByToken(authorization: string, asked: string | undefined): Promise<RestCaller> {
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw unauthenticated("Authorization must be a bearer's token");
    const { principal } = await this.#authenticator.verify(token);
    await checkRevocation(principal, this.#revokedAt);
    const { tenantId, roles, userId } = principal;
    checkBackEnd(roles);
    if (principal.grantsOnly === true) throw new GatewayError("FORBIDDEN", "The token reaches its channels only");
    const user = userId === null ? undefined : { userId };
    if (roles.includes("operator")) return { tenantId: asked ?? tenantId, roles, via: "token", ...user, tenants: "*" };
    // Rather than to act on a tenant that the caller does not mean.
    if (asked !== undefined && asked !== tenantId)
      throw new GatewayError("FORBIDDEN", "The token is of another tenant");
    return { tenantId, roles, via: "token", ...user };
  }
}

/** Whether a request says who calls. What a proxy asks for itself, such as `Authorization: Basic`, does not. */
export function hasCredentials({ authorization, "x-api-key": key }: IncomingHttpHeaders): boolean {
  return key !== undefined || (authorization !== undefined && /^Bearer\b/i.test(authorization));
}

/** Whether somebody sees and steers a whole tenant. */
export function isAdmin({ roles }: { readonly roles: readonly Role[] }): boolean {
  return roles.includes("admin") || isOperator({ roles });
}

/** Whether somebody sees and steers the cluster. */
export function isOperator({ roles }: { readonly roles: readonly Role[] }): boolean {
  return roles.includes("operator");
}

/** Throws `UNAUTHENTICATED` for the bearer of a token that was revoked, or that does not say when it was issued. */
export async function checkRevocation(
  principal: Pick<Principal, "tenantId" | "userId" | "issuedAt">,
  revokedAt: RevokedAt,
): Promise<void> {
  if (principal.userId === null) return;
  const moment = await revokedAt(principal.tenantId, principal.userId);
  if (moment !== undefined && (principal.issuedAt ?? Number.NEGATIVE_INFINITY) < moment) {
    throw unauthenticated("The token was revoked");
  }
}

/**
 * The tenant that a request is about, where it names one: `tenantId`, else that of its header. Throws `INVALID_PAYLOAD`.
 */
export function askedTenant(headers: IncomingHttpHeaders, tenantId?: string): string | undefined {
  const value = tenantId ?? headers["x-tenant-id"];
  if (value === undefined || isTenantId(value)) return value;
  throw invalidPayload("tenantId", "1 to 128 of A-Z, a-z, 0-9, dot, underscore and hyphen");
}

/** Whether a scope has this tenant. */
export function reaches(tenants: readonly string[] | "*", tenantId: string): boolean {
  return tenants === "*" || tenants.includes(tenantId);
}

function checkBackEnd(roles: readonly Role[]): void {
  if (!roles.includes("service") && !isAdmin({ roles })) {
    throw new GatewayError("FORBIDDEN", "This takes the role service, admin or operator");
  }
}
