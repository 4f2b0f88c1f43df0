import type { Member } from "@roomcast/protocol";
import { snapshot, type Commands } from "./commands.ts";
import { RealtimeError, toRealtimeError, unavailable } from "./errors.ts";
import type { Readers } from "./readers.ts";
import type { JoinReply, MembersReply, PresenceEvent } from "./wire.ts";

type Roster = Map<string, Member>;

interface Waiter {
  resolve(members: Member[]): void;
  reject(error: RealtimeError): void;
}

interface Membership {
  readonly channel: string;
  /** What to join with again. */
  state: unknown;
  /** Who was there when we last knew; undefined while we never did. */
  roster: Roster | undefined;
  /** The roster of this connection, while its pages are still arriving. */
  arriving: Roster | undefined;
  waiters: Waiter[];
}

export interface MembershipsOptions {
  readonly commands: Commands;
  readonly readers: Readers;
  changed(presence: PresenceEvent): void;
  /** A membership ended, or could not be taken up again, and no promise is there to tell it. */
  failed(error: RealtimeError): void;
}

/**
 * The channels that this client joined. Who came and went while the connection was away is found by comparing, and told
 * like any other change.
 */
export class Memberships {
  readonly #options: MembershipsOptions;
  readonly #memberships = new Map<string, Membership>();
  /** Channels that `join` asked for, rather than holders alone. */
  readonly #asked = new Set<string>();
  /** How many hold a channel. */
  readonly #holds = new Map<string, number>();

  constructor(options: MembershipsOptions) {
    this.#options = options;
  }

  join(channel: string, state?: unknown): Promise<Member[]> {
    this.#asked.add(channel);
    return this.#enter(channel, state);
  }

  async leave(channel: string): Promise<void> {
    this.#asked.delete(channel);
    if (!this.#holds.has(channel)) await this.#exit(channel);
  }

  /** As `join`, for one of several that share the membership. */
  hold(channel: string, state?: unknown): Promise<Member[]> {
    this.#holds.set(channel, (this.#holds.get(channel) ?? 0) + 1);
    return this.#enter(channel, state);
  }

  /** Ends a hold. The last one ends the membership, unless `join` asked for it too. */
  async release(channel: string): Promise<void> {
    const left = (this.#holds.get(channel) ?? 0) - 1;
    if (left > 0) this.#holds.set(channel, left);
    else if (this.#holds.delete(channel) && !this.#asked.has(channel)) await this.#exit(channel);
  }

  async #enter(channel: string, state?: unknown): Promise<Member[]> {
    const copy = state === undefined ? undefined : snapshot(state);
    const known = this.#memberships.get(channel);
    if (known !== undefined && this.#options.readers.isLive(readerKey(channel))) {
      if (copy !== undefined) await this.setState(channel, copy);
      return this.members(channel);
    }
    const membership = known ?? { channel, state: undefined, roster: undefined, arriving: undefined, waiters: [] };
    // A join that is under way has left with the state of before.
    const late = known !== undefined && this.#options.readers.linked && copy !== undefined;
    if (copy !== undefined) membership.state = copy;
    const members = await new Promise<Member[]>((resolve, reject) => {
      membership.waiters.push({ resolve, reject });
      if (known === undefined) this.#begin(membership);
    });
    if (late) await this.setState(channel, copy);
    return members;
  }

  /** Replaces what others see of us in the channel's presence. */
  async setState(channel: string, state: unknown): Promise<void> {
    const copy = snapshot(state);
    const membership = this.#memberships.get(channel);
    if (membership === undefined) {
      throw new RealtimeError({ code: "NOT_FOUND", message: "The channel is not joined", channel });
    }
    if (this.#options.readers.isLive(readerKey(channel))) {
      await this.#options.commands.run({ event: "state", payload: { channel, state: copy } });
    }
    membership.state = copy;
  }

  async #exit(channel: string): Promise<void> {
    const known = this.#memberships.get(channel);
    if (known !== undefined) this.#drop(known, unavailable("The channel was left before it was joined"));
    if (!this.#options.readers.linked) return;
    try {
      await this.#options.commands.run({ event: "leave", payload: { channel } });
    } catch (thrown) {
      // A session that ended has left.
      if (this.#options.readers.linked) throw thrown;
    }
  }

  /** All members, however many pages they are. */
  async members(channel: string): Promise<Member[]> {
    const roster: Roster = new Map();
    await this.#gather(channel, undefined, roster, () => true);
    // Whoever was told of here is told of again when gone after a reconnect, even if no push came in between.
    const known = this.#memberships.get(channel)?.roster;
    if (known !== undefined) put(known, [...roster.values()]);
    return [...roster.values()];
  }

  presence(push: PresenceEvent): void {
    const membership = this.#memberships.get(push.channel);
    if (membership === undefined) return;
    for (const roster of [membership.roster, membership.arriving]) {
      for (const { socketId } of push.left) roster?.delete(socketId);
      if (roster !== undefined) put(roster, [...push.joined, ...push.updated]);
    }
    this.#options.changed(push);
  }

  disconnected(): void {
    for (const membership of this.#memberships.values()) membership.arriving = undefined;
  }

  /** No connection is coming: joins that were never answered are given up. */
  abandon(error: RealtimeError): void {
    for (const membership of this.#memberships.values()) {
      if (membership.roster === undefined) this.#drop(membership, error);
      else reject(membership, error);
    }
  }

  #begin(membership: Membership): void {
    const { channel } = membership;
    this.#memberships.set(channel, membership);
    this.#options.readers.add({
      key: readerKey(channel),
      topic: channel,
      request: (since) => ({ event: "join", payload: { channel, state: membership.state, since } }),
      answered: (reply: JoinReply) => void this.#arrived(membership, reply),
      refused: (error) => {
        const told = membership.waiters.length > 0;
        this.#drop(membership, error);
        if (!told) this.#options.failed(error);
      },
    });
  }

  async #arrived(membership: Membership, reply: JoinReply): Promise<void> {
    const arriving: Roster = new Map();
    membership.arriving = arriving;
    const current = (): boolean => membership.arriving === arriving;
    try {
      await this.#gather(membership.channel, reply, arriving, current);
    } catch (thrown) {
      // Without the connection the next one brings them; the promises wait for it.
      if (current()) {
        membership.arriving = undefined;
        reject(membership, thrown instanceof RealtimeError ? thrown : toRealtimeError(thrown));
      }
      return;
    }
    if (!current()) return;
    const before = membership.roster;
    membership.roster = arriving;
    membership.arriving = undefined;
    const members = [...arriving.values()];
    for (const waiter of membership.waiters.splice(0)) waiter.resolve(members);
    const change = before === undefined ? undefined : difference(membership.channel, before, arriving);
    if (change !== undefined) this.#options.changed(change);
  }

  async #gather(
    channel: string,
    first: MembersReply | undefined,
    roster: Roster,
    current: () => boolean,
  ): Promise<void> {
    let page = first;
    for (;;) {
      if (page !== undefined) {
        put(roster, page.members);
        if (page.cursor === undefined) return;
      }
      page = await this.#options.commands.run<MembersReply>({
        event: "members",
        payload: { channel, cursor: page?.cursor },
      });
      if (!current()) return;
    }
  }

  #drop(membership: Membership, error: RealtimeError): void {
    if (this.#memberships.get(membership.channel) === membership) this.#memberships.delete(membership.channel);
    this.#asked.delete(membership.channel);
    membership.arriving = undefined;
    this.#options.readers.remove(readerKey(membership.channel));
    reject(membership, error);
  }
}

/** No subscription has such a key: theirs are `sub_<number>`. */
function readerKey(channel: string): string {
  return `@${channel}`;
}

function put(roster: Roster, members: readonly Member[]): void {
  for (const member of members) roster.set(member.socketId, member);
}

function reject(membership: Membership, error: RealtimeError): void {
  for (const waiter of membership.waiters.splice(0)) waiter.reject(error);
}

/** What happened between two rosters; undefined when nothing did. */
export function difference(channel: string, before: Roster, after: Roster): PresenceEvent | undefined {
  const members = [...after.values()];
  const joined = members.filter(({ socketId }) => !before.has(socketId));
  const left = [...before.values()].filter(({ socketId }) => !after.has(socketId));
  const updated = members.filter((member) => {
    const known = before.get(member.socketId);
    return known !== undefined && JSON.stringify(known) !== JSON.stringify(member);
  });
  return joined.length + left.length + updated.length > 0 ? { channel, joined, left, updated } : undefined;
}
