import type { ChannelAddress, Member } from "@roomcast/protocol";

/** A member, and the node that holds its session. */
export interface MemberRecord extends Member {
  readonly nodeId: string;
}

export interface MemberQuery {
  readonly limit: number;
  readonly cursor?: string;
  /** Only this user's. */
  readonly userId?: string;
  /** Only this session's. */
  readonly socketId?: string;
  /**
   * More than so many bytes, as JSON in UTF-8, are of no use: a store from which they would have to come may end the page
   * before, with one entry at least.
   */
  readonly bytes?: number;
}

/** Part of a list; `cursor` is there while there is more, and is opaque. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  /** Entries of the whole list, not of this page. */
  readonly total: number;
  readonly cursor?: string;
}

export interface ChannelQuery {
  readonly limit: number;
  readonly prefix?: string;
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
 * - Everything that was put before a question was asked is in its answer, whichever node put it.
 * - Lists are in a stable order: paging through one with its cursors shows each entry that was there all the time once.
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
  /** The shared channels of a tenant with members or subscribers, by name; never the gateway's own. */
  channels(tenantId: string, query: ChannelQuery): Promise<Page<ChannelSummary>>;
}
