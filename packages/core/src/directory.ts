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
  readonly #users = new Map<string, User>();

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
    const sessions = this.#users.get(userKey(tenantId, userId))?.sessions;
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
    const key = userKey(tenantId, userId);
    const user = this.#users.get(key);
    if (user === undefined) return;
    if (user.sessions instanceof Set) {
      user.sessions.delete(session);
      if (user.sessions.size > 0) return;
    }
    user.sessions = undefined;
    // Kept until its bucket is full again, so that coming back gives no new burst.
    const { commandBurst, commandsPerSecond } = this.#limits;
    this.#clock.after((commandBurst / commandsPerSecond) * 1000, () => {
      if (user.sessions === undefined && this.#users.get(key) === user) this.#users.delete(key);
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
    if (principal.userId === null) return undefined;
    const key = userKey(principal.tenantId, principal.userId);
    let user = this.#users.get(key);
    if (user === undefined) {
      const factor = isPrivileged(principal) ? this.#limits.privilegedFactor : 1;
      const burst = this.#limits.commandBurst * factor * USER_FACTOR;
      user = { bucket: new TokenBucket(burst, this.#clock.now()), sessions: undefined };
      this.#users.set(key, user);
    }
    return user;
  }
}

/** A tenant id holds no slash. */
function userKey(tenantId: string, userId: string): string {
  return `${tenantId}/${userId}`;
}
