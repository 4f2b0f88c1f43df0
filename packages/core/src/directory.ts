import { isPrivileged, type Principal } from "@roomcast/protocol";
import type { Clock } from "./clock.ts";
import type { Limits } from "./limits.ts";
import type { Session } from "./session.ts";
import { TokenBucket } from "./token-bucket.ts";

/** A user has this many times the rate of one session, over all of its sessions. */
const USER_FACTOR = 4;

/** What the sessions of one user on this node share. */
interface User {
  readonly bucket: TokenBucket;
  /** One in nearly all cases, which needs no set. */
  sessions: Session | Set<Session> | undefined;
}

/** The sessions of this node: by id, by user and by tenant. */
export class Directory {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #sessions = new Map<string, Session>();
  /** By tenant and user id: a text of both would have to be made for each command. */
  readonly #tenants = new Map<string, Map<string, User>>();

  constructor(options: { clock: Clock; limits: Limits }) {
    this.#clock = options.clock;
    this.#limits = options.limits;
  }

  get size(): number {
    return this.#sessions.size;
  }

  sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  find(tenantId: string, socketId: string): Session | undefined {
    const session = this.#sessions.get(socketId);
    return session?.principal.tenantId === tenantId ? session : undefined;
  }

  of(tenantId: string, userId: string): readonly Session[] {
    const sessions = this.#tenants.get(tenantId)?.get(userId)?.sessions;
    if (sessions === undefined) return [];
    return sessions instanceof Set ? [...sessions] : [sessions];
  }

  add(session: Session): void {
    this.#sessions.set(session.id, session);
    const user = this.#user(session.principal);
    if (user === undefined) return;
    if (user.sessions === undefined) user.sessions = session;
    else if (user.sessions instanceof Set) user.sessions.add(session);
    else user.sessions = new Set([user.sessions, session]);
  }

  remove(session: Session): void {
    if (!this.#sessions.delete(session.id)) return;
    const { userId, tenantId } = session.principal;
    if (userId === null) return;
    const user = this.#tenants.get(tenantId)?.get(userId);
    if (user === undefined) return;
    if (user.sessions instanceof Set) {
      user.sessions.delete(session);
      if (user.sessions.size > 0) return;
    }
    user.sessions = undefined;
    // Kept until its bucket is full again, so that coming back gives no new burst.
    const { commandBurst, commandsPerSecond } = this.#limits;
    this.#clock.after((commandBurst / commandsPerSecond) * 1000, () => {
      const users = this.#tenants.get(tenantId);
      if (user.sessions !== undefined || users?.get(userId) !== user) return;
      users.delete(userId);
      if (users.size === 0) this.#tenants.delete(tenantId);
    });
  }

  /** Takes one command from the rates of the session and of its user; how many milliseconds to wait, or 0. */
  take(session: Session, bucket: TokenBucket, privileged: boolean): number {
    const now = this.#clock.now();
    const factor = privileged ? this.#limits.privilegedFactor : 1;
    const rate = this.#limits.commandsPerSecond * factor;
    const burst = this.#limits.commandBurst * factor;
    const wait = bucket.take(now, rate, burst);
    if (wait > 0) return wait;
    const user = this.#user(session.principal);
    const userWait = user?.bucket.take(now, rate * USER_FACTOR, burst * USER_FACTOR) ?? 0;
    if (userWait > 0) bucket.giveBack();
    return userWait;
  }

  #user(principal: Principal): User | undefined {
    const { tenantId, userId } = principal;
    if (userId === null) return undefined;
    let users = this.#tenants.get(tenantId);
    if (users === undefined) this.#tenants.set(tenantId, (users = new Map()));
    let user = users.get(userId);
    if (user === undefined) {
      const factor = isPrivileged(principal) ? this.#limits.privilegedFactor : 1;
      const burst = this.#limits.commandBurst * factor * USER_FACTOR;
      user = { bucket: new TokenBucket(burst, this.#clock.now()), sessions: undefined };
      users.set(userId, user);
    }
    return user;
  }
}
