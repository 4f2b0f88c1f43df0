import { addressKey, invalidPayload, isReservedName, type ChannelAddress } from "@roomcast/protocol";
import { ChannelSelection } from "./channel-selection.ts";
import { systemClock, type Clock } from "./clock.ts";
import { isAskedFor } from "./member-filter.ts";
import type { ChannelQuery, ChannelSummary, MemberQuery, MemberRecord, Page, PresenceStore } from "./presence.ts";

interface Entry {
  readonly sequence: number;
  record: MemberRecord;
}

/** The socket ids of each user: one in nearly all cases, which needs no set. */
type ByUser = Map<string, string | Set<string>>;

interface ChannelPresence {
  readonly address: ChannelAddress;
  /** By socket id, in the order of arrival. */
  readonly members: Map<string, Entry>;
  /** By user, made when it is first asked for. */
  byUser: ByUser | undefined;
  readonly subscribers: Map<string, number>;
}

interface Tenant {
  /** The channels that lists have, by name. */
  readonly listed: Map<string, ChannelPresence>;
  /** Those of single users and the gateway's own, by key. */
  readonly others: Map<string, ChannelPresence>;
}

/** What takes a millisecond or so. */
const AT_ONCE = 4000;
/** Members that one page looks through. */
const MOST_LOOKED_AT = 100_000;

/** The presence store of a single node. Long lists are gone through in parts, between which others have their turn. */
export class MemoryPresenceStore implements PresenceStore {
  readonly #clock: Clock;
  readonly #atOnce: number;
  readonly #tenants = new Map<string, Tenant>();
  #sequence = 0;

  /** `atOnce`: entries of a long list that are looked at in one go; 4,000 by default. */
  constructor(options: { readonly clock?: Clock; readonly atOnce?: number } = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#atOnce = options.atOnce ?? AT_ONCE;
  }

  async put(address: ChannelAddress, member: MemberRecord): Promise<void> {
    const channel = this.#channel(address);
    const known = channel.members.get(member.socketId);
    if (known !== undefined) {
      if (known.record.userId !== member.userId) channel.byUser = undefined;
      known.record = member;
      return;
    }
    channel.members.set(member.socketId, { sequence: ++this.#sequence, record: member });
    if (channel.byUser !== undefined) index(channel.byUser, member);
  }

  async remove(address: ChannelAddress, socketId: string): Promise<void> {
    const channel = this.#find(address);
    const entry = channel?.members.get(socketId);
    if (channel === undefined || entry === undefined) return;
    channel.members.delete(socketId);
    const { userId } = entry.record;
    if (channel.byUser !== undefined && userId !== null) {
      const sockets = channel.byUser.get(userId);
      if (sockets instanceof Set) sockets.delete(socketId);
      if (sockets === socketId || (sockets instanceof Set && sockets.size === 0)) channel.byUser.delete(userId);
    }
    this.#forgetIfEmpty(channel);
  }

  async members(address: ChannelAddress, query: MemberQuery): Promise<Page<MemberRecord>> {
    const after = query.cursor === undefined ? 0 : sequenceOf(query.cursor);
    const channel = this.#find(address);
    if (channel === undefined) return { entries: [], total: 0 };
    const candidates = find(channel, query);
    const { total } = candidates;
    const entries: Entry[] = [];
    let last = after;
    let looked = 0;
    // Who left and came again while others had their turn is seen twice.
    const stands = (entry: Entry): boolean => channel.members.get(entry.record.socketId) === entry;
    const page = (): readonly MemberRecord[] =>
      (looked < this.#atOnce ? entries : entries.filter(stands)).map(({ record }) => record);
    for (const entry of candidates.entries) {
      if (entry.sequence <= after) continue;
      if (entries.length === query.limit || looked === MOST_LOOKED_AT)
        return { entries: page(), total, cursor: String(last) };
      last = entry.sequence;
      if (query.where === undefined || isAskedFor(entry.record, query)) entries.push(entry);
      if (query.where !== undefined && ++looked % this.#atOnce === 0) await this.#pause();
    }
    return { entries: page(), total };
  }

  count(address: ChannelAddress, nodeId: string, subscribers: number): void {
    if (subscribers > 0) {
      this.#channel(address).subscribers.set(nodeId, subscribers);
      return;
    }
    const channel = this.#find(address);
    if (channel === undefined) return;
    channel.subscribers.delete(nodeId);
    this.#forgetIfEmpty(channel);
  }

  async channels(tenantId: string, query: ChannelQuery): Promise<Page<ChannelSummary>> {
    const { name, userId, sort } = query;
    if (name !== undefined) {
      if (isReservedName(name) && userId === undefined) return { entries: [], total: 0 };
      const channel = this.#find(userId === undefined ? { tenantId, name } : { tenantId, name, userId });
      return channel === undefined ? { entries: [], total: 0 } : { entries: [summary(channel)], total: 1 };
    }
    const selection = new ChannelSelection<ChannelPresence>(query);
    const listed = this.#tenants.get(tenantId)?.listed ?? new Map<string, ChannelPresence>();
    let looked = 0;
    for (const channel of listed.values()) {
      const number = sort === "subscribers" ? subscribersOf(channel) : channel.members.size;
      selection.offer(channel.address.name, number, channel);
      if (++looked % this.#atOnce === 0) await this.#pause();
    }
    const page = selection.page();
    // What went while others had their turn is no channel any more, and what came again is seen twice.
    const entries = page.entries.filter((channel) => listed.get(channel.address.name) === channel).map(summary);
    return { ...page, entries };
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.after(0, resolve));
  }

  #find(address: ChannelAddress): ChannelPresence | undefined {
    const tenant = this.#tenants.get(address.tenantId);
    if (tenant === undefined) return undefined;
    return isListed(address) ? tenant.listed.get(address.name) : tenant.others.get(addressKey(address));
  }

  #channel(address: ChannelAddress): ChannelPresence {
    let channel = this.#find(address);
    if (channel !== undefined) return channel;
    let tenant = this.#tenants.get(address.tenantId);
    if (tenant === undefined) this.#tenants.set(address.tenantId, (tenant = { listed: new Map(), others: new Map() }));
    channel = { address, members: new Map(), byUser: undefined, subscribers: new Map() };
    if (isListed(address)) tenant.listed.set(address.name, channel);
    else tenant.others.set(addressKey(address), channel);
    return channel;
  }

  #forgetIfEmpty(channel: ChannelPresence): void {
    if (channel.members.size > 0 || channel.subscribers.size > 0) return;
    const { address } = channel;
    const tenant = this.#tenants.get(address.tenantId);
    if (tenant === undefined) return;
    if (isListed(address)) tenant.listed.delete(address.name);
    else tenant.others.delete(addressKey(address));
    if (tenant.listed.size === 0 && tenant.others.size === 0) this.#tenants.delete(address.tenantId);
  }
}

function isListed({ name, userId }: ChannelAddress): boolean {
  return userId === undefined && !isReservedName(name);
}

function find(channel: ChannelPresence, query: MemberQuery): { entries: Iterable<Entry>; total: number } {
  if (query.socketId !== undefined) {
    const entry = channel.members.get(query.socketId);
    const found = entry !== undefined && (query.userId === undefined || query.userId === entry.record.userId);
    return found ? { entries: [entry], total: 1 } : { entries: [], total: 0 };
  }
  if (query.userId === undefined) return { entries: channel.members.values(), total: channel.members.size };
  if (channel.byUser === undefined) {
    channel.byUser = new Map();
    for (const { record } of channel.members.values()) index(channel.byUser, record);
  }
  const sockets = channel.byUser.get(query.userId) ?? [];
  const entries = (typeof sockets === "string" ? [sockets] : [...sockets]).map(
    (socketId) => channel.members.get(socketId) as Entry,
  );
  return { entries, total: entries.length };
}

function index(byUser: ByUser, { userId, socketId }: MemberRecord): void {
  if (userId === null) return;
  const sockets = byUser.get(userId);
  if (sockets === undefined) byUser.set(userId, socketId);
  else if (typeof sockets === "string") byUser.set(userId, new Set([sockets, socketId]));
  else sockets.add(socketId);
}

function summary(channel: ChannelPresence): ChannelSummary {
  const { address, members } = channel;
  return { name: address.name, memberCount: members.size, subscriberCount: subscribersOf(channel) };
}

function subscribersOf(channel: ChannelPresence): number {
  let count = 0;
  for (const subscribers of channel.subscribers.values()) count += subscribers;
  return count;
}

function sequenceOf(cursor: string): number {
  const sequence = Number(cursor);
  if (!/^\d{1,16}$/.test(cursor) || !Number.isSafeInteger(sequence))
    throw invalidPayload("cursor", "one that a reply gave");
  return sequence;
}
