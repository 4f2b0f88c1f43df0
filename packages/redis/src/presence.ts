import { addressKey, GatewayError, invalidPayload, isReservedName, type ChannelAddress } from "@roomcast/protocol";
import {
  isAskedFor,
  type ChannelQuery,
  type ChannelSummary,
  type Closer,
  type HealthCheck,
  type MemberQuery,
  type MemberRecord,
  type Page,
  type PresenceStore,
} from "@roomcast/core";
import { ChannelIndex } from "./channel-index.ts";
import type { Keys } from "./keys.ts";
import { Lease } from "./lease.ts";
import type { RedisLink } from "./link.ts";
import { searchMembers } from "./member-search.ts";
import { Changes, entryText, memberText, readEntry, readMember, type Entry } from "./presence-entry.ts";
import { COUNT, MEMBERS, PUT, REMOVE } from "./presence-scripts.ts";

export interface RedisPresenceStoreOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  /** The node that this store serves: what it puts is leased to it. */
  readonly nodeId: string;
  /** Milliseconds after which the members of a node that is heard of no more are taken away; 8,000 by default. */
  readonly leaseMs?: number;
  /** Told of members that were taken away, or put again, without their node having said so: the other members should hear. */
  readonly changed?: (
    address: ChannelAddress,
    change: { readonly left?: readonly MemberRecord[]; readonly joined?: readonly MemberRecord[] },
  ) => Promise<void>;
  readonly failed?: (where: string, error: unknown) => void;
}

/** Commands that are under way at once where much is put or taken away. */
const AT_ONCE = 200;

interface Held {
  readonly address: ChannelAddress;
  readonly members: Map<string, MemberRecord>;
  subscribers: number;
  /** Whether Redis has a number of ours. */
  counted: boolean;
}

/** What putting Redis right came to: a member that was not there, or still was. */
type Change = { readonly kind: "joined" | "left"; readonly member: MemberRecord } | undefined;

/**
 * Who is where on all nodes behind one Redis. Members, numbers and lists are read there; no node is ever asked.
 *
 * What this node holds is kept here too. Putting and removing change that first, and then bring Redis to it, one after the
 * other for each entry; an entry for which that failed, or which Redis may have lost, is brought to it again with the
 * next renewals of the lease.
 */
export class RedisPresenceStore implements PresenceStore, Closer, HealthCheck {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #nodeId: string;
  readonly #lease: Lease;
  readonly #index: ChannelIndex;
  readonly #changed: NonNullable<RedisPresenceStoreOptions["changed"]>;
  readonly #failed: NonNullable<RedisPresenceStoreOptions["failed"]>;
  /** What this node put, by channel. */
  readonly #held = new Map<string, Held>();
  /** Entries of which it is not known that Redis has them as they are here, by their texts. */
  readonly #unsure = new Map<string, Entry>();
  /** The end of what is under way for an entry, by its text. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** Channels whose number of subscribers has changed in this tick. */
  #counting = new Map<string, ChannelAddress>();
  /** The end of the counts that are under way. */
  #counted: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: RedisPresenceStoreOptions) {
    this.#link = options.link;
    this.#keys = options.keys;
    this.#nodeId = options.nodeId;
    this.#index = new ChannelIndex(options);
    this.#changed = options.changed ?? (async () => undefined);
    this.#failed = options.failed ?? (() => undefined);
    this.#lease = new Lease({
      link: options.link,
      keys: options.keys,
      nodeId: options.nodeId,
      leaseMs: options.leaseMs ?? 8000,
      lapsed: () => this.#doubtAll(),
      mend: async () => await this.#mend(),
      clear: async (lease) => await this.#clear(lease),
      failed: this.#failed,
    });
    // Redis may have come back with less, or with what it had long ago.
    this.#link.onResumed(() => this.#lease.doubt());
  }

  async put(address: ChannelAddress, member: MemberRecord): Promise<void> {
    if (this.#closed) throw new GatewayError("UNAVAILABLE", "The presence store is closed");
    this.#hold(address).members.set(member.socketId, member);
    await this.#settle({ address, socketId: member.socketId });
  }

  async remove(address: ChannelAddress, socketId: string): Promise<void> {
    const held = this.#held.get(addressKey(address));
    held?.members.delete(socketId);
    this.#forgetIfEmpty(held);
    await this.#settle({ address, socketId });
  }

  async members(address: ChannelAddress, query: MemberQuery): Promise<Page<MemberRecord>> {
    const { limit, cursor = "0", socketId = "", userId } = query;
    if (!/^\d{1,16}$/.test(cursor) || !Number.isSafeInteger(Number(cursor)))
      throw invalidPayload("cursor", "one that a reply gave");
    // Whoever asks looks after the leases of others, too.
    await this.#lease.begin();
    if (query.where !== undefined && query.limit > 0 && userId === undefined && query.socketId === undefined) {
      return await searchMembers({ link: this.#link, keys: this.#memberKeys(address), query, after: cursor });
    }
    const user = userId === undefined ? "" : `${userId}\n`;
    const args = [limit, cursor, socketId, user, query.bytes ?? ""];
    const reply = await this.#link.run(MEMBERS, this.#memberKeys(address), args);
    const [total, more, ...found] = reply as readonly [number, number, ...string[]];
    const entries: MemberRecord[] = [];
    for (let at = 0; at < found.length; at += 2) {
      const member = readMember(found[at + 1]);
      if (member !== undefined && isAskedFor(member, query)) entries.push(member);
    }
    const last = found.at(-2);
    return more === 1 && last !== undefined ? { entries, total, cursor: last } : { entries, total };
  }

  count(address: ChannelAddress, nodeId: string, subscribers: number): void {
    if (nodeId !== this.#nodeId) throw new Error("A node counts its own subscribers only");
    if (this.#closed) return;
    const held = this.#hold(address);
    held.subscribers = subscribers;
    if (this.#counting.size === 0) setImmediate(() => void this.#sendCounts());
    this.#counting.set(addressKey(address), address);
    this.#forgetIfEmpty(held);
  }

  async channels(tenantId: string, query: ChannelQuery): Promise<Page<ChannelSummary>> {
    const { name, userId } = query;
    await this.#lease.begin();
    await this.#sendCounts();
    if (name === undefined) return await this.#index.list(tenantId, query);
    if (isReservedName(name) && userId === undefined) return { entries: [], total: 0 };
    const found = await this.#index.summary(userId === undefined ? { tenantId, name } : { tenantId, name, userId });
    return found === undefined ? { entries: [], total: 0 } : { entries: [found], total: 1 };
  }

  async check(): Promise<void> {
    await this.#link.check();
  }

  async close(): Promise<void> {
    this.#closed = true;
    // What is still under way would outlive the lease.
    await Promise.all(this.#underWay.values());
    this.#held.clear();
    await this.#lease.end().catch((error: unknown) => this.#failed("leaving", error));
  }

  /** Brings Redis to what this node holds. Rejects with `UNAVAILABLE`, and is tried again then. */
  async #settle(entry: Entry, again = false): Promise<Change> {
    const text = entryText(entry);
    const before = this.#underWay.get(text);
    const work = (async () => {
      await before;
      const lease = this.#lease.id;
      try {
        await this.#lease.begin();
        const { socketId } = entry;
        const change =
          socketId === undefined ? await this.#settleCount(entry) : await this.#settleMember(entry, socketId, again);
        if (lease === this.#lease.id) this.#unsure.delete(text);
        return change;
      } catch (error) {
        this.#unsure.set(text, entry);
        throw error;
      }
    })();
    const end = work.then(
      () => undefined,
      () => undefined,
    );
    this.#underWay.set(text, end);
    try {
      return await work;
    } finally {
      if (this.#underWay.get(text) === end) this.#underWay.delete(text);
    }
  }

  async #settleMember(entry: Entry, socketId: string, again: boolean): Promise<Change> {
    const { address } = entry;
    const lease = this.#lease.id;
    const member = this.#held.get(addressKey(address))?.members.get(socketId);
    if (member === undefined) {
      const left = await this.#takeOut(address, socketId, "");
      await this.#note("SREM", lease, [entry]);
      return left && { kind: "left", member: left };
    }
    // Noted first: what was put and not noted would outlive its node.
    await this.#note("SADD", lease, [entry]);
    const user = member.userId === null ? "" : `${member.userId}\n`;
    const args = [socketId, memberText(lease, member), user];
    const fresh = (await this.#link.run(PUT, this.#memberKeys(address), args)) === 1;
    if (fresh || again) await this.#index.add(address);
    return fresh ? { kind: "joined", member } : undefined;
  }

  async #settleCount(entry: Entry): Promise<undefined> {
    const { address } = entry;
    const lease = this.#lease.id;
    const held = this.#held.get(addressKey(address));
    const subscribers = held?.subscribers ?? 0;
    const listed = held?.counted === true;
    if (subscribers > 0 && !listed) await this.#note("SADD", lease, [entry]);
    const used = await this.#count(address, [lease, subscribers, ...this.#lease.ended]);
    if (subscribers === 0) await this.#note("SREM", lease, [entry]);
    if (!used) await this.#index.remove(address);
    else if (subscribers > 0 && !listed) await this.#index.add(address);
    if (held !== undefined) held.counted = subscribers > 0 && lease === this.#lease.id;
  }

  /** Sends the numbers that have changed; resolves when all that have changed until now are there. */
  async #sendCounts(): Promise<void> {
    const changed = [...this.#counting.values()];
    this.#counting = new Map();
    const sending = this.#each(changed, async (address) => await this.#settle({ address, socketId: undefined }));
    const sent = sending.catch((error: unknown) => this.#failed("counting", error));
    this.#counted = Promise.all([this.#counted, sent]).then(() => undefined);
    await this.#counted;
  }

  /** There is a new lease: everything is to be put again. */
  #doubtAll(): void {
    for (const held of this.#held.values()) {
      const { address, members } = held;
      held.counted = false;
      for (const socketId of members.keys()) this.#doubt({ address, socketId });
      if (held.subscribers > 0) this.#doubt({ address, socketId: undefined });
    }
  }

  #doubt(entry: Entry): void {
    this.#unsure.set(entryText(entry), entry);
  }

  /** Brings Redis to what this node holds, where it may not be. */
  async #mend(): Promise<void> {
    const unsure = [...this.#unsure.values()];
    await this.#inParts(unsure, async (entry) => ({ address: entry.address, change: await this.#settle(entry, true) }));
    // What began with an old lease is to be there when that is cleared up after.
    await Promise.all(this.#underWay.values());
  }

  /** Takes away all that goes with a lease. */
  async #clear(lease: string): Promise<void> {
    const held = this.#keys.node(lease, "held");
    for (;;) {
      const texts = (await this.#link.command(held, ["SRANDMEMBER", held, String(AT_ONCE)])) as readonly string[];
      if (texts.length === 0) return;
      const entries = texts.map(readEntry).filter((entry) => entry !== undefined);
      await this.#inParts(entries, async ({ address, socketId }) => {
        const left = socketId === undefined ? undefined : await this.#takeOut(address, socketId, lease);
        if (socketId === undefined && !(await this.#count(address, [lease, 0]))) await this.#index.remove(address);
        return { address, change: left && { kind: "left", member: left } };
      });
      await this.#link.command(held, ["SREM", held, ...texts]);
    }
  }

  async #takeOut(address: ChannelAddress, socketId: string, lease: string): Promise<MemberRecord | undefined> {
    const keys = [...this.#memberKeys(address), this.#keys.ofChannel(address, "subscribers")];
    const reply = await this.#link.run(REMOVE, keys, [socketId, lease]);
    const [record, left, nodes] = reply as readonly [string, number, number];
    if (left === 0 && nodes === 0) await this.#index.remove(address);
    return readMember(record);
  }

  /** Whether the channel has anybody. */
  async #count(address: ChannelAddress, args: readonly (string | number)[]): Promise<boolean> {
    const keys = [this.#keys.ofChannel(address, "members"), this.#keys.ofChannel(address, "subscribers")];
    const [members, nodes] = (await this.#link.run(COUNT, keys, args)) as readonly [number, number];
    return members > 0 || nodes > 0;
  }

  /** Notes what goes with a lease, for whoever clears up after it. */
  async #note(command: "SADD" | "SREM", lease: string, entries: readonly Entry[]): Promise<void> {
    const held = this.#keys.node(lease, "held");
    await this.#link.command(held, [command, held, ...entries.map(entryText)]);
  }

  /** Does something with each of many entries, some at once, and tells what has changed by it. Rejects with the first error. */
  async #inParts(
    entries: readonly Entry[],
    work: (entry: Entry) => Promise<{ readonly address: ChannelAddress; readonly change: Change }>,
  ): Promise<void> {
    for (let at = 0; at < entries.length; at += AT_ONCE) {
      const changes = new Changes();
      const done = await Promise.allSettled(entries.slice(at, at + AT_ONCE).map(work));
      for (const one of done) {
        if (one.status === "rejected" || one.value.change === undefined) continue;
        // Nobody is told of who comes and goes in channels of the gateway itself.
        const { address, change } = one.value;
        if (!isReservedName(address.name)) changes.add(address, change.kind, change.member);
      }
      for (const { address, joined, left } of changes.channels()) await this.#changed(address, { joined, left });
      for (const one of done) if (one.status === "rejected") throw one.reason;
    }
  }

  /** Does something with each of many, some at once. Rejects with the first error, when all of its part have ended. */
  async #each<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
    for (let at = 0; at < items.length; at += AT_ONCE) {
      const done = await Promise.allSettled(items.slice(at, at + AT_ONCE).map(work));
      for (const one of done) if (one.status === "rejected") throw one.reason;
    }
  }

  #hold(address: ChannelAddress): Held {
    const key = addressKey(address);
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { address, members: new Map(), subscribers: 0, counted: false };
      this.#held.set(key, held);
    }
    return held;
  }

  #forgetIfEmpty(held: Held | undefined): void {
    if (held !== undefined && held.members.size === 0 && held.subscribers === 0)
      this.#held.delete(addressKey(held.address));
  }

  #memberKeys(address: ChannelAddress): readonly string[] {
    return ["members", "order", "users"].map((name) => this.#keys.ofChannel(address, name));
  }
}
