import type { ChannelAddress, Member } from "@roomcast/protocol";

/** A member, and the node that holds its session. */
export interface MemberRecord extends Member {
  readonly nodeId: string;
}

/** What members have beside their ids; all of it must hold. */
export interface MemberFilter {
  /** The node that holds its session. */
  readonly nodeId?: string;
  /** Texts of its state, by the names of their fields. */
  readonly state?: Readonly<Record<string, string>>;
  /** How texts of its state begin. */
  readonly stateBegins?: Readonly<Record<string, string>>;
}

export interface MemberQuery {
  readonly limit: number;
  readonly cursor?: string;
  /** Only this user's. */
  readonly userId?: string;
  /** Only this session's. */
  readonly socketId?: string;
  /**
   * Only those that are so. No list is kept by it: a store looks through so many as it does at once, and a page may have
   * fewer entries than `limit`, or none, and a cursor all the same.
   */
  readonly where?: MemberFilter;
  /**
   * More than so many bytes, as JSON in UTF-8, are of no use: a store from which they would have to come may end the page
   * before, with one entry at least.
   */
  readonly bytes?: number;
}

/** Part of a list; `cursor` is there while there is more, and is opaque. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  /** Entries of the whole list, not of this page; `where` does not count. */
  readonly total: number;
  readonly cursor?: string;
}

export type ChannelSort = "name" | "members" | "subscribers";
export type ChannelOrder = "asc" | "desc";

export interface ChannelQuery {
  readonly limit: number;
  readonly prefix?: string;
  /** Only those with this somewhere in their names, in upper or lower case. */
  readonly search?: string;
  /** `name` by default. Channels of one number are by name. */
  readonly sort?: ChannelSort;
  /** By default `asc` for names, `desc` for numbers. */
  readonly order?: ChannelOrder;
  /** Holds for its sort, order and search only. */
  readonly cursor?: string;
  /** Only the channel of this name: the shared one, or with `userId` that user's own. */
  readonly name?: string;
  readonly userId?: string;
}

export interface ChannelSummary {
  readonly name: string;
  readonly memberCount: number;
  readonly subscriberCount: number;
}

/**
 * PORT: who is where, in the whole cluster. `MemoryPresenceStore` serves one node.
 *
 * It keeps members of channels, and the number of each node's subscribers; the engine also keeps its sessions here, as
 * members of each tenant's reserved channel `@sessions`. What a node put is that node's alone: it is leased, and goes
 * with the node.
 *
 * - Everything that was put before a question was asked is in its answer, whichever node put it. Where thousands of channels
 *   are searched, or sorted by numbers, the answer may be some seconds old.
 * - Lists are in a stable order: paging through one with its cursors shows each entry that was there all the time once, if
 *   what the list is sorted by stayed the same.
 *   Members are in the order in which they came: a new one stands behind all that are there, a replaced one where it stood.
 *   A cursor that is no such cursor rejects with `INVALID_PAYLOAD`.
 * - Failures reject with `UNAVAILABLE`.
 */
export interface PresenceStore {
  /** Adds `member` to a channel, or replaces what stands under its socket id. */
  put(address: ChannelAddress, member: MemberRecord): Promise<void>;
  remove(address: ChannelAddress, socketId: string): Promise<void>;
  members(address: ChannelAddress, query: MemberQuery): Promise<Page<MemberRecord>>;
  /** How many sessions of node `nodeId` follow the channel from now on; 0 forgets it. */
  count(address: ChannelAddress, nodeId: string, subscribers: number): void;
  /** The shared channels of a tenant with members or subscribers; never the gateway's own. */
  channels(tenantId: string, query: ChannelQuery): Promise<Page<ChannelSummary>>;
}
