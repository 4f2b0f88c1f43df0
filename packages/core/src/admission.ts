import {
  asObject,
  compilePattern,
  GatewayError,
  isChannelName,
  isReservedName,
  isTenantId,
  isUserId,
  ROLES,
  type Credentials,
  type ErrorCode,
  type Principal,
} from "@roomcast/protocol";
import { ExpiredCredentials, type ArrivalHook, type Authentication, type Origin } from "./auth.ts";
import { sessionsOf, type Services } from "./services.ts";

/** Who a connection speaks for, and how that was known. */
export interface Identity extends Authentication {
  readonly credentials: Credentials;
}

/** A place for one connection: who it is for, kept free until it opens or is given up. */
export class Admission {
  readonly identity: Identity;
  readonly #giveBack: () => void;
  #held = true;
  #opening: Promise<void> | undefined;

  constructor(identity: Identity, giveBack: () => void) {
    this.identity = identity;
    this.#giveBack = giveBack;
  }

  get principal(): Principal {
    return this.identity.principal;
  }

  /** Resolves when the session that opened is in the store or will not be; undefined before it opened. */
  get opening(): Promise<void> | undefined {
    return this.#opening;
  }

  /** The connection opened: its place is kept until `stored` has ended, from when on the store counts it. */
  opened(stored: Promise<void>): void {
    const done = (): void => this.release();
    this.#opening = stored.then(done, done);
  }

  /** Gives the place back: the connection never will open, or the store counts it. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#giveBack();
  }
}

type ConnectionLimit = "connectionsPerTenant" | "connectionsPerUser";

/** How many sessions are looked through at once where there are too many. */
const PAGE = 1000;

/** Who comes in though the credentials were not accepted; undefined for nobody. */
export type Visitor = () => Principal | undefined;

/** Refusals after which a dialect may have its visitors come in all the same. */
const VISITED: ReadonlySet<ErrorCode> = new Set(["UNAUTHENTICATED", "TOKEN_EXPIRED", "UNAVAILABLE"]);

type AdmissionServices = Pick<
  Services,
  "hooks" | "auth" | "revocations" | "limits" | "presence" | "clock" | "observer" | "journal"
>;

/** Decides who may connect: recognised, not revoked, and within the limits of its user and tenant. */
export class Admissions {
  readonly #services: AdmissionServices;
  readonly #arriving: ArrivalHook | undefined;
  /** Who is about to open a connection, by user and by tenant, in the order of arrival. */
  readonly #pending = new Map<string, Set<Admission>>();
  /** Users that were revoked a moment ago, oldest first: connections of theirs may be between admission and opening. */
  readonly #revoked = new Map<string, number>();

  constructor(services: AdmissionServices, arriving?: ArrivalHook) {
    this.#services = services;
    this.#arriving = arriving;
  }

  /**
   * Rejects with `UNAUTHENTICATED`, `TOKEN_EXPIRED`, `LIMIT_REACHED` or `UNAVAILABLE`, or as whoever looks at arrivals says.
   * `visitor` says who comes in though the credentials were not accepted.
   */
  async admit(
    credentials: Credentials,
    { visitor, origin }: { readonly visitor?: Visitor | undefined; readonly origin?: Origin | undefined } = {},
  ): Promise<Admission> {
    const identity = await this.#arrive(credentials, origin).catch((thrown: unknown) => this.#visitor(thrown, visitor));
    try {
      await this.#arrival(identity, origin);
      return await this.#place(identity);
    } catch (thrown) {
      this.#refused(identity.principal, thrown, origin);
      throw thrown;
    }
  }

  /** As `identify`; that somebody's credentials hold no more is noted. */
  async #arrive(credentials: Credentials, origin: Origin | undefined): Promise<Identity> {
    let principal: Principal | undefined;
    try {
      const identity = await this.#recognise(credentials);
      ({ principal } = identity);
      await this.#checkCurrent(principal);
      return identity;
    } catch (thrown) {
      const whose = thrown instanceof ExpiredCredentials ? thrown.principal : principal;
      if (whose !== undefined) this.#refused(whose, thrown, origin);
      throw thrown;
    }
  }

  async #arrival({ principal }: Identity, origin: Origin | undefined): Promise<void> {
    const arriving = this.#arriving;
    if (arriving === undefined) return;
    const arrival = { principal, ...(origin === undefined ? undefined : { origin }) };
    await this.#services.hooks.call("arrival", () => arriving(arrival));
  }

  /** Keeps a place. */
  async #place(identity: Identity): Promise<Admission> {
    const { tenantId, userId } = identity.principal;
    const { connectionsPerTenant, connectionsPerUser } = this.#services.limits;
    const keys: string[] = [];
    if (connectionsPerTenant > 0) keys.push(tenantId);
    if (connectionsPerUser > 0 && userId !== null) keys.push(`${tenantId}/${userId}`);
    // Kept before the store is asked, so that of many at once only as many pass as there are places.
    const admission: Admission = new Admission(identity, () => {
      for (const key of keys) this.#forget(key, admission);
    });
    for (const key of keys) this.#keep(key, admission);
    try {
      if (connectionsPerTenant > 0) await this.#checkLimit("connectionsPerTenant", tenantId, admission);
      if (connectionsPerUser > 0 && userId !== null)
        await this.#checkLimit("connectionsPerUser", `${tenantId}/${userId}`, admission, userId);
      return admission;
    } catch (thrown) {
      admission.release();
      throw thrown;
    }
  }

  /**
   * Whether a session that is in the store now has a place there among those of all nodes: others may have come to other
   * nodes between its admission and now. Who came to the store first stays, so that of many at once as many stay as there
   * are places. Rejects with `LIMIT_REACHED`, or `UNAVAILABLE` where it cannot be known.
   */
  async confirm({ principal }: Admission, socketId: string): Promise<void> {
    const { tenantId, userId } = principal;
    const { connectionsPerTenant, connectionsPerUser } = this.#services.limits;
    if (connectionsPerTenant > 0) await this.#confirmLimit("connectionsPerTenant", tenantId, socketId);
    if (connectionsPerUser > 0 && userId !== null)
      await this.#confirmLimit("connectionsPerUser", tenantId, socketId, userId);
  }

  /** Notes why somebody who was recognised could not come in. */
  #refused(principal: Principal, thrown: unknown, origin: Origin | undefined): void {
    const { code, message } = GatewayError.from(thrown);
    const by = origin === undefined ? undefined : { dialect: origin.dialect };
    this.#services.journal.add(principal, { kind: "refused", code, message, command: "connect", ...by });
  }

  /** Who these credentials are, checked and not revoked. Rejects like `admit`. */
  async identify(credentials: Credentials): Promise<Identity> {
    const identity = await this.#recognise(credentials);
    await this.#checkCurrent(identity.principal);
    return identity;
  }

  async #recognise(credentials: Credentials): Promise<Identity> {
    const { hooks, auth, observer } = this.#services;
    const authentication = await hooks.call("authenticate", () => auth.authenticate(credentials));
    return check(authentication, credentials, (where, error) => observer.failed?.(where, error));
  }

  /** Whether what says who somebody is holds now. */
  async #checkCurrent(principal: Principal): Promise<void> {
    const { revocations, clock } = this.#services;
    if (principal.expiresAt !== undefined && principal.expiresAt <= clock.now()) {
      const token = { reason: "expired", at: principal.expiresAt } as const;
      throw new GatewayError("TOKEN_EXPIRED", "The token has expired", { token });
    }
    if (principal.userId !== null) {
      const revokedAt = await revocations.revokedAt(principal.tenantId, principal.userId);
      if (revokedAt !== undefined && (principal.issuedAt ?? Number.NEGATIVE_INFINITY) < revokedAt) {
        throw new GatewayError("UNAUTHENTICATED", "The token has been revoked");
      }
    }
  }

  #visitor(thrown: unknown, visitor: Visitor | undefined): Identity {
    const principal = VISITED.has(GatewayError.from(thrown).code) ? visitor?.() : undefined;
    if (principal === undefined) throw thrown;
    return { principal, credentials: { kind: "none" } };
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

  /**
   * Those who came earlier have their places before this one; those who came later have not. The store counts the sessions of
   * all nodes, but each node knows only its own arrivals: `confirm` counts again when the session is in the store.
   */
  async #checkLimit(limit: ConnectionLimit, key: string, admission: Admission, userId?: string): Promise<void> {
    const most = this.#services.limits[limit];
    const query = userId === undefined ? { limit: 0 } : { limit: 0, userId };
    const address = sessionsOf(admission.principal.tenantId);
    for (;;) {
      const before = this.#rank(key, admission);
      const { total } = await this.#services.presence.members(address, query);
      if (total + before <= most) return;
      // Who opened meanwhile may have been counted twice: count again.
      const opening = this.#earlier(key, admission).flatMap((one) => one.opening ?? []);
      if (opening.length > 0) await Promise.all(opening);
      else if (this.#rank(key, admission) >= before) break;
    }
    throw limitReached(limit);
  }

  /** Whether the session is one of as many as the limit allows, in the order in which they came to the store. */
  async #confirmLimit(limit: ConnectionLimit, tenantId: string, socketId: string, userId?: string): Promise<void> {
    const { limits, presence } = this.#services;
    const most = limits[limit];
    const address = sessionsOf(tenantId);
    const whose = userId === undefined ? undefined : { userId };
    const { total } = await presence.members(address, { limit: 0, ...whose });
    if (total <= most) return;
    let cursor: string | undefined;
    for (let seen = 0; seen < most;) {
      const query = { limit: Math.min(PAGE, most - seen), ...whose };
      const page = await presence.members(address, cursor === undefined ? query : { ...query, cursor });
      if (page.entries.some((entry) => entry.socketId === socketId)) return;
      seen += page.entries.length;
      ({ cursor } = page);
      if (cursor === undefined) break;
    }
    throw limitReached(limit);
  }

  /** Which of those that are about to connect this is: 1 for the first. */
  #rank(key: string, admission: Admission): number {
    return this.#earlier(key, admission).length + 1;
  }

  /** Those that are about to connect and came before this one. */
  #earlier(key: string, admission: Admission): readonly Admission[] {
    const pending = [...(this.#pending.get(key) ?? [])];
    return pending.slice(0, pending.indexOf(admission));
  }

  #keep(key: string, admission: Admission): void {
    const pending = this.#pending.get(key);
    if (pending === undefined) this.#pending.set(key, new Set([admission]));
    else pending.add(admission);
  }

  #forget(key: string, admission: Admission): void {
    const pending = this.#pending.get(key);
    pending?.delete(admission);
    if (pending?.size === 0) this.#pending.delete(key);
  }
}

function limitReached(limit: ConnectionLimit): GatewayError {
  return new GatewayError("LIMIT_REACHED", "Too many connections", { details: { limit } });
}

/** An authenticator is code of others: what it returns is looked at before it is believed. */
function check(
  authentication: unknown,
  credentials: Credentials,
  failed: (where: string, error: unknown) => void,
): Identity {
  const found = asObject(authentication);
  const principal = asObject(found?.["principal"]);
  const channels = found?.["channels"];
  const claims = found?.["claims"];
  const revalidate = asObject(found?.["revalidate"]);
  if (
    principal !== undefined &&
    isPrincipal(principal) &&
    (claims === undefined || asObject(claims) !== undefined) &&
    (channels === undefined ||
      (Array.isArray(channels) && channels.every((name) => isChannelName(name) && !isReservedName(name)))) &&
    (revalidate === undefined || (typeof revalidate["seconds"] === "number" && revalidate["seconds"] >= 1))
  ) {
    return { ...(found as unknown as Authentication), credentials };
  }
  failed(
    "authenticate",
    new TypeError("The authenticator returned no valid principal, claims, channels or revalidate"),
  );
  throw new GatewayError("UNAUTHENTICATED", "The credentials name no valid user and tenant");
}

function isPrincipal(value: Readonly<Record<string, unknown>>): boolean {
  const { userId, tenantId, roles, grants, grantsOnly, issuedAt, expiresAt, anonymous, info } = value;
  return (
    isTenantId(tenantId) &&
    typeof anonymous === "boolean" &&
    (anonymous ? userId === null : isUserId(userId)) &&
    Array.isArray(roles) &&
    roles.every((role) => (ROLES as readonly unknown[]).includes(role)) &&
    areGrants(grants) &&
    (grantsOnly === undefined || typeof grantsOnly === "boolean") &&
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
