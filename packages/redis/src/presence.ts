import { addressKey, invalidPayload, isChannelName, isReservedName, type ChannelAddress } from "@roomcast/protocol";
import type {
  ChannelQuery,
  ChannelSummary,
  Closer,
  HealthCheck,
  MemberQuery,
  MemberRecord,
  Page,
  PresenceStore,
} from "@roomcast/core";
import type { Keys } from "./keys.ts";
import { Lease } from "./lease.ts";
import type { RedisLink } from "./link.ts";
import { COUNT, MEMBERS, PUT, REMOVE, SUMMARY } from "./presence-scripts.ts";

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
}

/** Who is where on all nodes behind one Redis. Members, numbers and lists are read there; no node is ever asked. */
export class RedisPresenceStore implements PresenceStore, Closer, HealthCheck {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #nodeId: string;
  readonly #lease: Lease;
  readonly #changed: NonNullable<RedisPresenceStoreOptions["changed"]>;
  readonly #failed: NonNullable<RedisPresenceStoreOptions["failed"]>;
  /** What this node put, to put it again where Redis loses it. */
  readonly #held = new Map<string, Held>();
  /** Channels whose number of subscribers has changed in this tick. */
  #counting = new Map<string, Held>();
  /** The end of the counts that are under way. */
  #counted: Promise<void> = Promise.resolve();
  #begun: Promise<void> | undefined;

  constructor(options: RedisPresenceStoreOptions) {
    this.#link = options.link;
    this.#keys = options.keys;
    this.#nodeId = options.nodeId;
    this.#changed = options.changed ?? (async () => undefined);
    this.#failed = options.failed ?? (() => undefined);
    this.#lease = new Lease({
      link: options.link,
      keys: options.keys,
      nodeId: options.nodeId,
      leaseMs: options.leaseMs ?? 8000,
      restore: async () => await this.#restore(),
      clear: async (nodeId) => await this.#clear(nodeId),
      failed: this.#failed,
    });
  }

  async put(address: ChannelAddress, member: MemberRecord): Promise<void> {
    this.#hold(address).members.set(member.socketId, member);
    await this.#begin();
    await this.#put(address, member);
  }

  async remove(address: ChannelAddress, socketId: string): Promise<void> {
    const held = this.#held.get(addressKey(address));
    held?.members.delete(socketId);
    this.#forgetIfEmpty(held);
    await this.#remove(address, socketId, "");
    const own = this.#keys.node(this.#nodeId, "held");
    await this.#link.command(own, ["SREM", own, memberEntry(address, socketId)]);
  }

  async members(address: ChannelAddress, query: MemberQuery): Promise<Page<MemberRecord>> {
    const { limit, cursor = "0", socketId = "", userId } = query;
    if (!/^\d{1,16}$/.test(cursor)) throw invalidPayload("cursor", "one that a reply gave");
    const [members, order, users] = this.#memberKeys(address);
    const user = userId === undefined ? "" : `${userId}\n`;
    const reply = await this.#link.run(MEMBERS, [members, order, users], [limit + 1, cursor, socketId, user]);
    const [total, ...found] = reply as readonly [number, ...string[]];
    const entries: MemberRecord[] = [];
    let last = cursor;
    for (let at = 0; at < found.length; at += 2) {
      if (entries.length === limit) return limit === 0 ? { entries, total } : { entries, total, cursor: last };
      const record = readRecord(found[at + 1]);
      if (record === undefined) continue;
      entries.push(record);
      last = found[at] as string;
    }
    return { entries, total };
  }

  count(address: ChannelAddress, nodeId: string, subscribers: number): void {
    if (nodeId !== this.#nodeId) throw new Error("A node counts its own subscribers only");
    const held = this.#hold(address);
    held.subscribers = subscribers;
    if (this.#counting.size === 0) setImmediate(() => void this.#sendCounts());
    this.#counting.set(addressKey(address), held);
    this.#forgetIfEmpty(held);
  }

  async channels(tenantId: string, query: ChannelQuery): Promise<Page<ChannelSummary>> {
    if (query.cursor !== undefined && !isChannelName(query.cursor))
      throw invalidPayload("cursor", "one that a reply gave");
    await this.#sendCounts();
    const { name, userId } = query;
    if (name !== undefined) {
      if (isReservedName(name) && userId === undefined) return { entries: [], total: 0 };
      const found = await this.#summary(userId === undefined ? { tenantId, name } : { tenantId, name, userId });
      return found === undefined ? { entries: [], total: 0 } : { entries: [found], total: 1 };
    }
    return await this.#list(tenantId, query);
  }

  async check(): Promise<void> {
    await this.#link.check();
  }

  async close(): Promise<void> {
    if (this.#begun === undefined) return;
    await this.#lease.end().catch((error: unknown) => this.#failed("leaving", error));
  }

  async #list(tenantId: string, { prefix = "", cursor, limit }: ChannelQuery): Promise<Page<ChannelSummary>> {
    const index = this.#keys.tenant(tenantId, "channels");
    const most = `(${prefix}\u{10ffff}`;
    const total = Number(await this.#link.command(index, ["ZLEXCOUNT", index, `[${prefix}`, most]));
    const entries: ChannelSummary[] = [];
    let after = cursor !== undefined && cursor >= prefix ? `(${cursor}` : `[${prefix}`;
    for (;;) {
      const range = ["ZRANGE", index, after, most, "BYLEX", "LIMIT", "0", String(limit + 1)];
      const names = (await this.#link.command(index, range)) as readonly string[];
      const summaries = await Promise.all(
        names.map(
          async (name) => (await this.#summary({ tenantId, name })) ?? { name, memberCount: 0, subscriberCount: 0 },
        ),
      );
      for (const one of summaries) {
        const last = entries.at(-1);
        if (entries.length === limit && last !== undefined) return { entries, total, cursor: last.name };
        if (limit > 0) entries.push(one);
      }
      const last = names.at(-1);
      if (last === undefined || names.length <= limit || limit === 0) return { entries, total };
      after = `(${last}`;
    }
  }

  async #summary(address: ChannelAddress): Promise<ChannelSummary | undefined> {
    const [members] = this.#memberKeys(address);
    const reply = await this.#link.run(SUMMARY, [members, this.#keys.ofChannel(address, "subscribers")], []);
    const [memberCount, subscriberCount] = reply as readonly [number, number];
    if (memberCount === 0 && subscriberCount === 0) return undefined;
    return { name: address.name, memberCount, subscriberCount };
  }

  async #put(address: ChannelAddress, member: MemberRecord): Promise<boolean> {
    const own = this.#keys.node(this.#nodeId, "held");
    const [members, order, users] = this.#memberKeys(address);
    const user = member.userId === null ? "" : `${member.userId}\n`;
    // Noted first: what was put and not noted would outlive its node.
    const [, fresh] = await Promise.all([
      this.#link.command(own, ["SADD", own, memberEntry(address, member.socketId)]),
      this.#link.run(PUT, [members, order, users], [member.socketId, JSON.stringify(member), user]),
    ]);
    if (fresh === 1) await this.#index(address, true);
    return fresh === 1;
  }

  async #remove(address: ChannelAddress, socketId: string, nodeId: string): Promise<MemberRecord | undefined> {
    const [members, order, users] = this.#memberKeys(address);
    const subscribers = this.#keys.ofChannel(address, "subscribers");
    const reply = await this.#link.run(REMOVE, [members, order, users, subscribers], [socketId, nodeId]);
    const [record, left, nodes] = reply as readonly [string, number, number];
    if (left === 0 && nodes === 0) await this.#index(address, false);
    return record === "" ? undefined : readRecord(record);
  }

  /** Keeps the tenant's list of channels. It stands in another slot, so that what was taken out is looked at once more. */
  async #index(address: ChannelAddress, listed: boolean): Promise<void> {
    const { tenantId, name, userId } = address;
    if (userId !== undefined || isReservedName(name)) return;
    const index = this.#keys.tenant(tenantId, "channels");
    await this.#link.command(index, listed ? ["ZADD", index, "0", name] : ["ZREM", index, name]);
    if (!listed && (await this.#summary(address)) !== undefined) await this.#index(address, true);
  }

  /** Sends the numbers that have changed; resolves when all that have changed until now are there. */
  async #sendCounts(): Promise<void> {
    const counting = this.#counting;
    this.#counting = new Map();
    const before = this.#counted;
    this.#counted = (async () => {
      await before;
      if (counting.size === 0) return;
      try {
        await this.#begin();
        await each([...counting.values()], async (held) => await this.#sendCount(held));
      } catch (error) {
        // The numbers are put again with everything else when Redis is back.
        this.#failed("counting", error);
      }
    })();
    await this.#counted;
  }

  async #sendCount({ address, subscribers }: Held): Promise<void> {
    const own = this.#keys.node(this.#nodeId, "held");
    const [members] = this.#memberKeys(address);
    const [, reply] = await Promise.all([
      this.#link.command(own, [subscribers > 0 ? "SADD" : "SREM", own, countEntry(address)]),
      this.#link.run(COUNT, [members, this.#keys.ofChannel(address, "subscribers")], [this.#nodeId, subscribers]),
    ]);
    const [left, nodes] = reply as readonly [number, number];
    await this.#index(address, left > 0 || nodes > 0);
  }

  async #begin(): Promise<void> {
    this.#begun ??= this.#lease.begin();
    try {
      await this.#begun;
    } catch (error) {
      this.#begun = undefined;
      throw error;
    }
  }

  /** Puts again all that this node holds. */
  async #restore(): Promise<void> {
    const puts = [...this.#held.values()].flatMap(({ address, members }) =>
      [...members.values()].map((member) => ({ address, member })),
    );
    const joined = new Map<ChannelAddress, MemberRecord[]>();
    await each(puts, async ({ address, member }) => {
      if (!(await this.#put(address, member))) return;
      const list = joined.get(address);
      if (list === undefined) joined.set(address, [member]);
      else list.push(member);
    });
    await each([...this.#held.values()], async (held) => held.subscribers > 0 && (await this.#sendCount(held)));
    for (const [address, list] of joined) await this.#changed(address, { joined: list });
  }

  /** Takes away all that a node put. */
  async #clear(nodeId: string): Promise<void> {
    const held = this.#keys.node(nodeId, "held");
    const left = new Map<string, { readonly address: ChannelAddress; readonly members: MemberRecord[] }>();
    for (;;) {
      const entries = (await this.#link.command(held, ["SRANDMEMBER", held, String(AT_ONCE)])) as readonly string[];
      if (entries.length === 0) break;
      await each(entries, async (entry) => {
        const { address, socketId } = readEntry(entry);
        if (socketId === undefined) {
          const [members] = this.#memberKeys(address);
          const keys = [members, this.#keys.ofChannel(address, "subscribers")];
          const [count, nodes] = (await this.#link.run(COUNT, keys, [nodeId, 0])) as readonly [number, number];
          if (count === 0 && nodes === 0) await this.#index(address, false);
          return;
        }
        const member = await this.#remove(address, socketId, nodeId);
        if (member === undefined) return;
        const key = addressKey(address);
        const known = left.get(key);
        if (known === undefined) left.set(key, { address, members: [member] });
        else known.members.push(member);
      });
      await this.#link.command(held, ["SREM", held, ...entries]);
    }
    if (nodeId === this.#nodeId) return;
    for (const { address, members } of left.values()) await this.#changed(address, { left: members });
  }

  #hold(address: ChannelAddress): Held {
    const key = addressKey(address);
    let held = this.#held.get(key);
    if (held === undefined) this.#held.set(key, (held = { address, members: new Map(), subscribers: 0 }));
    return held;
  }

  #forgetIfEmpty(held: Held | undefined): void {
    if (held !== undefined && held.members.size === 0 && held.subscribers === 0)
      this.#held.delete(addressKey(held.address));
  }

  #memberKeys(address: ChannelAddress): readonly [members: string, order: string, users: string] {
    const of = (name: string): string => this.#keys.ofChannel(address, name);
    return [of("members"), of("order"), of("users")];
  }
}

/** What a node holds, as text: address as JSON, and for a member its socket id. */
function memberEntry({ tenantId, name, userId }: ChannelAddress, socketId: string): string {
  return JSON.stringify([tenantId, name, userId ?? null, socketId]);
}

function countEntry({ tenantId, name, userId }: ChannelAddress): string {
  return JSON.stringify([tenantId, name, userId ?? null]);
}

function readEntry(text: string): { readonly address: ChannelAddress; readonly socketId: string | undefined } {
  const [tenantId, name, userId, socketId] = JSON.parse(text) as [string, string, string | null, string?];
  return { address: userId === null ? { tenantId, name } : { tenantId, name, userId }, socketId };
}

/** Undefined for what is no record: others may write to the same Redis. */
function readRecord(text: unknown): MemberRecord | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value = JSON.parse(text) as Partial<MemberRecord> | null;
    const whole =
      typeof value?.socketId === "string" &&
      typeof value.nodeId === "string" &&
      typeof value.joinedAt === "number" &&
      (value.userId === null || typeof value.userId === "string");
    return whole ? (value as MemberRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Does something with each of many, some at once. Rejects with the first error. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(work));
}
