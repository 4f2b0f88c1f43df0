import {
  asObject,
  compilePattern,
  GatewayError,
  isTenantId,
  isUserId,
  ROLES,
  type Credentials,
  type Principal,
} from "@roomcast/protocol";
import { sessionsOf, type Services } from "./services.ts";

/** A place for one connection: who it is for, kept free until it opens or is given up. */
export class Admission {
  readonly principal: Principal;
  readonly #giveBack: () => void;
  #held = true;

  constructor(principal: Principal, giveBack: () => void) {
    this.principal = principal;
    this.#giveBack = giveBack;
  }

  /** Gives the place back: the connection opened, or never will. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#giveBack();
  }
}

type AdmissionServices = Pick<
  Services,
  "hooks" | "auth" | "revocations" | "limits" | "presence" | "clock" | "observer"
>;

/** Decides who may connect: recognised, not revoked, and within the limits of its user and tenant. */
export class Admissions {
  readonly #services: AdmissionServices;
  /** Places that are kept for connections that are about to open, by user and by tenant. */
  readonly #pending = new Map<string, number>();
  /** Users that were revoked a moment ago, oldest first: connections of theirs may be between admission and opening. */
  readonly #revoked = new Map<string, number>();

  constructor(services: AdmissionServices) {
    this.#services = services;
  }

  /** Rejects with `UNAUTHENTICATED`, `TOKEN_EXPIRED`, `LIMIT_REACHED` or `UNAVAILABLE`. */
  async admit(credentials: Credentials): Promise<Admission> {
    const principal = await this.identify(credentials);
    const { tenantId, userId } = principal;
    const keys = userId === null ? [tenantId] : [tenantId, `${tenantId}/${userId}`];
    // Kept before the store is asked, so that of many at once only as many pass as there are places.
    for (const key of keys) this.#change(key, 1);
    const admission = new Admission(principal, () => {
      for (const key of keys) this.#change(key, -1);
    });
    try {
      await this.#checkLimit("connectionsPerTenant", tenantId, tenantId, undefined);
      if (userId !== null) await this.#checkLimit("connectionsPerUser", keys[1] as string, tenantId, userId);
      return admission;
    } catch (thrown) {
      admission.release();
      throw thrown;
    }
  }

  /** Who these credentials are, checked and not revoked. Rejects like `admit`. */
  async identify(credentials: Credentials): Promise<Principal> {
    const { hooks, auth, revocations, clock, observer } = this.#services;
    const authentication = await hooks.call("authenticate", () => auth.authenticate(credentials));
    const principal = check(authentication, (where, error) => observer.failed?.(where, error));
    if (principal.expiresAt !== undefined && principal.expiresAt <= clock.now()) {
      throw new GatewayError("TOKEN_EXPIRED", "The token has expired");
    }
    if (principal.userId !== null) {
      const revokedAt = await revocations.revokedAt(principal.tenantId, principal.userId);
      if (revokedAt !== undefined && (principal.issuedAt ?? Number.NEGATIVE_INFINITY) < revokedAt) {
        throw new GatewayError("UNAUTHENTICATED", "The token has been revoked");
      }
    }
    return principal;
  }

  /** Takes note that a user's tokens were ended. */
  revoked({ tenantId, userId, at }: { readonly tenantId: string; readonly userId: string; readonly at: number }): void {
    const now = this.#services.clock.now();
    for (const [key, moment] of this.#revoked) {
      if (now - moment < this.#services.limits.loginSeconds * 2000) break;
      this.#revoked.delete(key);
    }
    const key = `${tenantId}/${userId}`;
    this.#revoked.delete(key);
    this.#revoked.set(key, at);
  }

  /** Whether the principal's token was ended while its connection was being opened. */
  revokedMeanwhile({ tenantId, userId, issuedAt }: Principal): boolean {
    if (userId === null) return false;
    const at = this.#revoked.get(`${tenantId}/${userId}`);
    return at !== undefined && (issuedAt ?? Number.NEGATIVE_INFINITY) < at;
  }

  async #checkLimit(
    limit: "connectionsPerTenant" | "connectionsPerUser",
    key: string,
    tenantId: string,
    userId: string | undefined,
  ): Promise<void> {
    const most = this.#services.limits[limit];
    if (most === 0) return;
    const query = userId === undefined ? { limit: 0 } : { limit: 0, userId };
    const { total } = await this.#services.presence.members(sessionsOf(tenantId), query);
    if (total + (this.#pending.get(key) ?? 0) <= most) return;
    throw new GatewayError("LIMIT_REACHED", "Too many connections", { details: { limit } });
  }

  #change(key: string, by: number): void {
    const count = (this.#pending.get(key) ?? 0) + by;
    if (count === 0) this.#pending.delete(key);
    else this.#pending.set(key, count);
  }
}

/** An authenticator is code of others: what it returns is looked at before it is believed. */
function check(authentication: unknown, failed: (where: string, error: unknown) => void): Principal {
  const principal = asObject(asObject(authentication)?.["principal"]);
  if (principal !== undefined && isPrincipal(principal)) return principal as unknown as Principal;
  failed("authenticate", new TypeError("The authenticator returned no valid principal"));
  throw new GatewayError("UNAUTHENTICATED", "The credentials name no valid user and tenant");
}

function isPrincipal(value: Readonly<Record<string, unknown>>): boolean {
  const { userId, tenantId, roles, grants, issuedAt, expiresAt, anonymous, info } = value;
  return (
    isTenantId(tenantId) &&
    typeof anonymous === "boolean" &&
    (anonymous ? userId === null : isUserId(userId)) &&
    Array.isArray(roles) &&
    roles.every((role) => (ROLES as readonly unknown[]).includes(role)) &&
    areGrants(grants) &&
    (issuedAt === undefined || Number.isFinite(issuedAt)) &&
    (expiresAt === undefined || Number.isFinite(expiresAt)) &&
    (info === undefined || asObject(info) !== undefined)
  );
}

function areGrants(value: unknown): boolean {
  const grants = asObject(value);
  if (grants === undefined) return false;
  return Object.entries(grants).every(([pattern, actions]) => {
    try {
      compilePattern(pattern);
    } catch {
      return false;
    }
    return Array.isArray(actions);
  });
}
