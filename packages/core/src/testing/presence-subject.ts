import type { ChannelAddress } from "@roomcast/protocol";
import type { MemberRecord, PresenceStore } from "../presence.ts";
import { check } from "./cases.ts";

/** A fresh presence store, empty of everything. */
export interface PresenceSubject {
  readonly store: PresenceStore;
  /** The store as another node sees it; the same object where one process is all there is. */
  readonly other: PresenceStore;
  close(): Promise<void>;
}

export function member(socketId: string, fields: Partial<MemberRecord> = {}): MemberRecord {
  return { socketId, userId: "ann", joinedAt: 1_900_000_000_000, nodeId: "node-1", ...fields };
}

/** The members of a channel, all of which must fit one page. */
export async function ids(
  store: PresenceStore,
  address: ChannelAddress,
  fields: { userId?: string; socketId?: string } = {},
) {
  const page = await store.members(address, { limit: 1000, ...fields });
  check(page.total === page.entries.length, `total is ${page.total} of ${page.entries.length} entries`);
  return page.entries.map(({ socketId }) => socketId);
}

/** All pages of a list, by its cursors. */
export async function pages<Entry>(read: (cursor?: string) => Promise<{ entries: readonly Entry[]; cursor?: string }>) {
  const found: Entry[] = [];
  let cursor: string | undefined;
  let count = 0;
  do {
    const page = await read(cursor);
    found.push(...page.entries);
    cursor = page.cursor;
    check(++count < 1000, "the pages never end");
  } while (cursor !== undefined);
  return found;
}

export const summary = (name: string, memberCount: number, subscriberCount: number) => ({
  name,
  memberCount,
  subscriberCount,
});
