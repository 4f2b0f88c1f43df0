import type { Clock, Revocations } from "@roomcast/core";
import { GatewayError, isTenantId, isUserId, ROLES, type Principal } from "@roomcast/protocol";
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { hashApiKey, type ApiKeys, type ApiKeyScope } from "./api-keys.ts";
import type { IssuedToken } from "./issue.ts";
import type { JwtAuthenticator } from "./jwt.ts";
import { DEFAULT_TENANT } from "./principal.ts";
import { checkRevocation, isAdmin, isOperator, reaches } from "./rest-caller.ts";
import { isSealed, Seal } from "./seal.ts";
import { unauthenticated } from "./verify.ts";

/** The longest life of a session, in milliseconds: a working day. */
export const SESSION_MS = 8 * 60 * 60 * 1000;
/** Whoever may read every history and member by REST sees what happens live, too, whatever the rules say of clients. */
const FOLLOWS_ALL: Principal["grants"] = { "**": ["subscribe"] };
/** The life of a ticket, in milliseconds. */
const TICKET_MS = 60_000;
/** What browsers keep of a cookie; nothing that we made is longer. */
const LONGEST = 4096;

/** What a session is, as it is sealed. Another version's is no session, and its user signs in again. */
const contentSchema = z.object({
  v: z.literal(1),
  /** Names it where it is ended. */
  id: z.string(),
  csrf: z.string(),
  tenantId: z.custom<string>(isTenantId),
  /** Milliseconds since 1970. */
  expiresAt: z.int(),
  who: z.union([
    z.object({
      userId: z.custom<string>(isUserId),
      roles: z.array(z.enum(ROLES)),
      /** When the token was issued, in milliseconds since 1970, where it said so. */
      issuedAt: z.number().optional(),
    }),
    /** The hash of an API key. What it may do is looked up each time, so that a key that is removed ends its sessions. */
    z.object({ key: z.string() }),
  ]),
});
type Content = z.output<typeof contentSchema>;

const ticketSchema = z.object({
  session: contentSchema,
  tenantId: z.custom<string>(isTenantId),
  expiresAt: z.int(),
});

/** Somebody who signed in for the admin page, recognised by a cookie. */
export interface AdminSession extends ApiKeyScope {
  readonly id: string;
  /** Null for an API key, which speaks for no user. */
  readonly userId: string | null;
  /** The tenant that requests are about which name none. */
  readonly tenantId: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** What requests must bring beside the cookie. */
  readonly csrf: string;
}

/** What somebody signs in with. */
export type SignIn = { readonly token: string } | { readonly apiKey: string; readonly tenantId?: string | undefined };

export interface AdminSessionsOptions {
  /** The same on all nodes: what one of them sealed the others open. */
  readonly secret: string;
  readonly authenticator: JwtAuthenticator;
  readonly keys: ApiKeys;
  readonly revocations: Revocations;
  readonly clock: Clock;
}

/**
 * The sessions of the admin page. A session is its cookie: sealed, so that no node keeps anything of it; it ends when it
 * expires, when its user signs out or is revoked, and when its API key is removed, on every node.
 */
export class AdminSessions {
  readonly #options: AdminSessionsOptions;
  readonly #cookies: Seal;
  readonly #tickets: Seal;

  constructor(options: AdminSessionsOptions) {
    const { secret } = options;
    this.#options = options;
    this.#cookies = new Seal({ secret, purpose: "roomcast:session" });
    this.#tickets = new Seal({ secret, purpose: "roomcast:ticket" });
  }

  /**
   * Begins a session. Rejects with `UNAUTHENTICATED` or `TOKEN_EXPIRED` for credentials that do not hold, with `FORBIDDEN`
   * without the role `admin` or `operator` and for a tenant beyond the key's reach, with `UNAVAILABLE` where it cannot be known.
   */
  async signIn(shown: SignIn): Promise<{ readonly session: AdminSession; readonly cookie: string }> {
    const found = "token" in shown ? await this.#byToken(shown.token) : this.#byKey(shown);
    const content: Content = { v: 1, id: randomText(), csrf: randomText(), ...found };
    const session = await this.#check(content);
    return { session, cookie: await this.#cookies.close(content) };
  }

  /** The session of a cookie. Rejects with `UNAUTHENTICATED`, `TOKEN_EXPIRED`, and `UNAVAILABLE` where it cannot be known. */
  async find(cookie: string): Promise<AdminSession> {
    const { data } = contentSchema.safeParse(await open(this.#cookies, cookie));
    if (data === undefined) throw unauthenticated("The session is not known");
    return await this.#check(data);
  }

  /** Ends a session on every node, before its time. */
  async end({ id, tenantId }: AdminSession): Promise<void> {
    await this.#options.revocations.revoke(tenantId, revocationName(id), this.#options.clock.now());
  }

  /** A token for one minute, which opens sockets in a tenant as the session's user. */
  async issueTicket(cookie: string, tenantId: string): Promise<IssuedToken> {
    const { data: session } = contentSchema.safeParse(await open(this.#cookies, cookie));
    if (session === undefined) throw unauthenticated("The session is not known");
    const expiresAt = Math.min(this.#options.clock.now() + TICKET_MS, session.expiresAt);
    return { token: await this.#tickets.close({ session, tenantId, expiresAt }), expiresAt };
  }

  /** Who shows a ticket. Rejects like `find`; `undefined` for what is no ticket at all. */
  async redeem(token: unknown): Promise<Principal | undefined> {
    if (typeof token !== "string" || !isSealed(token)) return undefined;
    const { data: ticket } = ticketSchema.safeParse(await open(this.#tickets, token));
    if (ticket === undefined) return undefined;
    const { tenantId, expiresAt, session: content } = ticket;
    this.#checkTime(expiresAt);
    const session = await this.#check(content);
    if (!reaches(session.tenants, tenantId)) throw unauthenticated("The ticket's session does not reach this tenant");
    const { who } = content;
    const issuedAt = "key" in who ? undefined : who.issuedAt;
    return {
      userId: userOf(session, tenantId),
      tenantId,
      roles: session.roles,
      grants: FOLLOWS_ALL,
      ...(issuedAt === undefined ? undefined : { issuedAt }),
      expiresAt,
      anonymous: false,
    };
  }

  async #byToken(token: string): Promise<Pick<Content, "tenantId" | "expiresAt" | "who">> {
    const { authenticator, clock } = this.#options;
    const { principal } = await authenticator.verify(token);
    const { userId, tenantId, roles, issuedAt, expiresAt, grantsOnly } = principal;
    if (userId === null) throw unauthenticated("The token names no user");
    if (grantsOnly === true) throw new GatewayError("FORBIDDEN", "The token reaches its channels only");
    return {
      tenantId,
      expiresAt: Math.min(expiresAt ?? Number.POSITIVE_INFINITY, clock.now() + SESSION_MS),
      who: { userId, roles: [...roles], ...(issuedAt === undefined ? undefined : { issuedAt }) },
    };
  }

  #byKey({ apiKey, tenantId }: Exclude<SignIn, { token: string }>): Pick<Content, "tenantId" | "expiresAt" | "who"> {
    const { keys, clock } = this.#options;
    const scope = keys.find(apiKey);
    if (scope === undefined) throw unauthenticated("The API key is not known");
    const { tenants } = scope;
    const first = tenants === "*" || tenants.includes(DEFAULT_TENANT) ? DEFAULT_TENANT : tenants[0];
    return {
      tenantId: tenantId ?? first ?? DEFAULT_TENANT,
      expiresAt: clock.now() + SESSION_MS,
      who: { key: hashApiKey(apiKey) },
    };
  }

  /** Everything that may have ended a session, whatever it was opened from. */
  async #check(content: Content): Promise<AdminSession> {
    const { id, csrf, tenantId, expiresAt } = content;
    this.#checkTime(expiresAt);
    const { revocations } = this.#options;
    const { scope, userId } = await this.#scopeOf(content);
    if (!isAdmin(scope)) throw new GatewayError("FORBIDDEN", "This takes the role admin or operator");
    if (!reaches(scope.tenants, tenantId))
      throw new GatewayError("FORBIDDEN", "The API key does not reach this tenant");
    if ((await revocations.revokedAt(tenantId, revocationName(id))) !== undefined)
      throw unauthenticated("The session was ended");
    return { id, userId, tenantId, csrf, expiresAt, ...scope };
  }

  async #scopeOf({ who, tenantId }: Content): Promise<{ readonly scope: ApiKeyScope; readonly userId: string | null }> {
    const { keys, revocations } = this.#options;
    if ("key" in who) {
      const scope = keys.findByHash(who.key);
      if (scope === undefined) throw unauthenticated("The session's API key is not known any more");
      return { scope, userId: null };
    }
    const { userId, roles, issuedAt } = who;
    const revokedAt = (tenant: string, user: string): Promise<number | undefined> =>
      revocations.revokedAt(tenant, user);
    await checkRevocation({ tenantId, userId, ...(issuedAt === undefined ? undefined : { issuedAt }) }, revokedAt);
    return { scope: { roles, tenants: isOperator({ roles }) ? "*" : [tenantId] }, userId };
  }

  #checkTime(expiresAt: number): void {
    if (expiresAt > this.#options.clock.now()) return;
    const token = { reason: "expired", at: expiresAt } as const;
    throw new GatewayError("TOKEN_EXPIRED", "The session has expired", { token });
  }
}

/** A session's name among users, of whom none can be called so: their ids have no space. */
function revocationName(id: string): string {
  return `session ${id}`;
}

/** The user as whom a ticket connects. In a tenant that is not its own, a user of the same id would be somebody else. */
function userOf({ id, userId, tenantId }: AdminSession, asked: string): string {
  return userId !== null && tenantId === asked ? userId : `admin:${id}`;
}

async function open(seal: Seal, text: string): Promise<unknown> {
  return text.length > LONGEST ? undefined : await seal.open(text);
}

function randomText(): string {
  return randomBytes(16).toString("base64url");
}
