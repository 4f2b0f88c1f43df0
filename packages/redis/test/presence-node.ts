import type { MemberRecord } from "@roomcast/core";
import type { ChannelAddress } from "@roomcast/protocol";
import { Keys } from "../src/keys.ts";
import { RedisPresenceStore } from "../src/presence.ts";
import { SingleLink } from "../src/single-link.ts";
import { GatedLink } from "./gated-link.ts";

/** A node of a test, with nothing but its presence store. */
export class PresenceNode {
  readonly nodeId: string;
  readonly link: GatedLink;
  readonly store: RedisPresenceStore;
  /** Socket ids that it announced, in order. */
  readonly joined: string[] = [];
  readonly left: string[] = [];

  private constructor(options: { url: string; prefix: string; nodeId: string; leaseMs: number }) {
    const { url, prefix, nodeId, leaseMs } = options;
    this.nodeId = nodeId;
    this.link = new GatedLink(new SingleLink({ url }));
    this.store = new RedisPresenceStore({
      link: this.link,
      keys: new Keys(prefix),
      nodeId,
      leaseMs,
      changed: async (_address, { joined = [], left = [] }) => {
        this.joined.push(...joined.map(({ socketId }) => socketId));
        this.left.push(...left.map(({ socketId }) => socketId));
      },
    });
  }

  static async start(options: { url: string; prefix: string; nodeId: string; leaseMs: number }): Promise<PresenceNode> {
    const node = new PresenceNode(options);
    await node.link.start();
    return node;
  }

  async put(address: ChannelAddress, socketId: string, fields: Partial<MemberRecord> = {}): Promise<void> {
    await this.store.put(address, { socketId, userId: "ann", joinedAt: 1, nodeId: this.nodeId, ...fields });
  }

  async ids(address: ChannelAddress): Promise<readonly string[]> {
    const { entries } = await this.store.members(address, { limit: 1000 });
    return entries.map(({ socketId }) => socketId).toSorted();
  }

  async subscribers(address: ChannelAddress): Promise<number> {
    const { entries } = await this.store.channels(address.tenantId, { limit: 1, name: address.name });
    return entries[0]?.subscriberCount ?? 0;
  }

  /** Goes as a process does that is killed: nothing is said any more. */
  async die(): Promise<void> {
    this.link.cut = true;
    await this.link.close();
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.link.close();
  }
}
