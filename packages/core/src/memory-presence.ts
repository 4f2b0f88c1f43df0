import { addressKey, invalidPayload, isChannelName, isReservedName, type ChannelAddress } from "@roomcast/protocol";
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

/** The presence store of a single node. */
export class MemoryPresenceStore implements PresenceStore {
  readonly #tenants = new Map<string, Map<string, ChannelPresence>>();
  #sequence = 0;

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
    const channel = this.#tenants.get(address.tenantId)?.get(addressKey(address));
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
    const channel = this.#tenants.get(address.tenantId)?.get(addressKey(address));
    if (channel === undefined) return { entries: [], total: 0 };
    const candidates = find(channel, query);
    const entries: MemberRecord[] = [];
    let last = after;
    for (const entry of candidates.entries) {
      if (entry.sequence <= after) continue;
      if (entries.length === query.limit) return { entries, total: candidates.total, cursor: String(last) };
      entries.push(entry.record);
      last = entry.sequence;
    }
    return { entries, total: candidates.total };
  }

  count(address: ChannelAddress, nodeId: string, subscribers: number): void {
    if (subscribers > 0) {
      this.#channel(address).subscribers.set(nodeId, subscribers);
      return;
    }
    const channel = this.#tenants.get(address.tenantId)?.get(addressKey(address));
    if (channel === undefined) return;
    channel.subscribers.delete(nodeId);
    this.#forgetIfEmpty(channel);
  }

  async channels(tenantId: string, query: ChannelQuery): Promise<Page<ChannelSummary>> {
    if (query.cursor !== undefined && !isChannelName(query.cursor))
      throw invalidPayload("cursor", "one that a reply gave");
    if (query.name !== undefined) {
      if (isReservedName(query.name) && query.userId === undefined) return { entries: [], total: 0 };
      const channel = this.#tenants
        .get(tenantId)
        ?.get(
          addressKey(
            query.userId === undefined
              ? { tenantId, name: query.name }
              : { tenantId, name: query.name, userId: query.userId },
          ),
        );
      return channel === undefined ? { entries: [], total: 0 } : { entries: [summary(channel)], total: 1 };
    }
    const { prefix = "" } = query;
    const matching: ChannelPresence[] = [];
    let total = 0;
    for (const channel of this.#tenants.get(tenantId)?.values() ?? []) {
      const { name, userId } = channel.address;
      if (userId !== undefined || isReservedName(name) || !name.startsWith(prefix)) continue;
      total++;
      if (query.cursor === undefined || compareNames(name, query.cursor) > 0) matching.push(channel);
    }
    matching.sort((a, b) => compareNames(a.address.name, b.address.name));
    const entries = matching.slice(0, query.limit).map(summary);
    const last = entries.at(-1);
    return matching.length > query.limit && last !== undefined
      ? { entries, total, cursor: last.name }
      : { entries, total };
  }

  #channel(address: ChannelAddress): ChannelPresence {
    let tenant = this.#tenants.get(address.tenantId);
    if (tenant === undefined) this.#tenants.set(address.tenantId, (tenant = new Map()));
    const key = addressKey(address);
    let channel = tenant.get(key);
    if (channel === undefined) {
      tenant.set(key, (channel = { address, members: new Map(), byUser: undefined, subscribers: new Map() }));
    }
    return channel;
  }

  #forgetIfEmpty(channel: ChannelPresence): void {
    if (channel.members.size > 0 || channel.subscribers.size > 0) return;
    const { tenantId } = channel.address;
    const tenant = this.#tenants.get(tenantId);
    tenant?.delete(addressKey(channel.address));
    if (tenant?.size === 0) this.#tenants.delete(tenantId);
  }
}

function find(channel: ChannelPresence, query: MemberQuery): { entries: Iterable<Entry>; total: number } {
  if (query.socketId !== undefined) {
    const entry = channel.members.get(query.socketId);
    return entry === undefined ? { entries: [], total: 0 } : { entries: [entry], total: 1 };
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
  let subscriberCount = 0;
  for (const subscribers of channel.subscribers.values()) subscriberCount += subscribers;
  return { name: channel.address.name, memberCount: channel.members.size, subscriberCount };
}

/** By code points, which is the order of the bytes in UTF-8. */
function compareNames(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return weight(a.charCodeAt(at)) - weight(b.charCodeAt(at)) || a.length - b.length;
}

/** Of a unit of UTF-16 among others: surrogates stand for what is behind all that needs none. -1 for the end of a text. */
function weight(unit: number): number {
  if (Number.isNaN(unit)) return -1;
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function sequenceOf(cursor: string): number {
  const sequence = Number(cursor);
  if (!/^\d{1,16}$/.test(cursor) || !Number.isSafeInteger(sequence))
    throw invalidPayload("cursor", "one that a reply gave");
  return sequence;
}
