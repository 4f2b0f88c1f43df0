import {
  addressKey,
  REPLY_BYTES,
  REPLY_ENTRIES,
  utf8Length,
  type ChannelAddress,
  type Member,
} from "@roomcast/protocol";
import type { MemberRecord, PresenceStore } from "./presence.ts";
import type { PresenceWindows } from "./presence-window.ts";
import { SharedReads } from "./shared-reads.ts";

/** A member in JSON, without its ids. */
const SMALL_MEMBER_BYTES = 80;

export interface MembersPage {
  readonly members: readonly Member[];
  readonly total: number;
  readonly cursor?: string;
}

/** Who is a member of what: keeps the store and the pushes in step. */
export class Roster {
  readonly #store: PresenceStore;
  readonly #windows: PresenceWindows;
  readonly #nodeId: string;
  readonly #reads = new SharedReads<MembersPage>();

  constructor(options: { store: PresenceStore; windows: PresenceWindows; nodeId: string }) {
    this.#store = options.store;
    this.#windows = options.windows;
    this.#nodeId = options.nodeId;
  }

  async put(address: ChannelAddress, member: Member, kind: "joined" | "updated"): Promise<void> {
    await this.#store.put(address, { ...member, nodeId: this.#nodeId });
    this.#windows.add(address, kind, member);
  }

  async remove(address: ChannelAddress, member: Member): Promise<void> {
    this.#windows.add(address, "left", member);
    await this.#store.remove(address, member.socketId);
  }

  /** A page of members, as many as a reply may carry. Of many who ask at once, as a crowd that joins does, some share one. */
  async page(address: ChannelAddress, cursor: string | undefined): Promise<MembersPage> {
    const key = JSON.stringify([addressKey(address), cursor]);
    return await this.#reads.read(key, async () => await this.#read(address, cursor));
  }

  async #read(address: ChannelAddress, cursor: string | undefined): Promise<MembersPage> {
    for (let limit = REPLY_ENTRIES; ; limit = Math.max(1, limit >> 2)) {
      const query = { limit, bytes: REPLY_BYTES };
      const page = await this.#store.members(address, cursor === undefined ? query : { ...query, cursor });
      const members = page.entries.map(toMember);
      if (limit > 1 && !fitsReply(members)) continue;
      const found = { members, total: page.total };
      return page.cursor === undefined ? found : { ...found, cursor: page.cursor };
    }
  }
}

/** Without looking at each where they are small: big channels are asked for at every join. */
function fitsReply(members: readonly Member[]): boolean {
  let atMost = 0;
  for (const { socketId, userId, info, state } of members) {
    if (info !== undefined || state !== undefined) return utf8Length(JSON.stringify(members)) <= REPLY_BYTES;
    // Ids hold nothing that JSON writes in more than three bytes a character.
    atMost += SMALL_MEMBER_BYTES + 3 * (socketId.length + (userId?.length ?? 0));
  }
  return atMost <= REPLY_BYTES || utf8Length(JSON.stringify(members)) <= REPLY_BYTES;
}

/** A member as clients see it. */
export function toMember({ nodeId: _nodeId, ...member }: MemberRecord): Member {
  return member;
}
