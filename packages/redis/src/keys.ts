import { addressKey, type ChannelAddress } from "@roomcast/protocol";

/** The keys of one channel. All of them, and its announcements, are in one slot of a Redis Cluster. */
export interface ChannelKeys {
  /** Hash: `epoch`, `top` and `bytes` of the log. */
  readonly meta: string;
  /** Stream: what the log keeps; the ids are the offsets. */
  readonly log: string;
  /** Before the sender and the key of a publication that came with one. */
  readonly once: string;
  /** The channel of Redis on which publications and signals are announced. */
  readonly announcements: string;
}

/** Names what is kept in Redis. Two clusters of nodes with different prefixes never meet. */
export class Keys {
  readonly #prefix: string;

  /** `prefix` holds no braces: they mark what decides on the slot. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  channel(address: ChannelAddress): ChannelKeys {
    return this.channelOf(addressKey(address));
  }

  /** The same, by the key of the address. */
  channelOf(key: string): ChannelKeys {
    const base = `${this.#prefix}:{${key}}`;
    return { meta: `${base}:meta`, log: `${base}:log`, once: `${base}:once:`, announcements: `${base}:news` };
  }

  /** A key that belongs to a tenant as a whole, in the tenant's slot. */
  tenant(tenantId: string, name: string): string {
    return `${this.#prefix}:{${tenantId}}:${name}`;
  }

  /** A key of one node, in the node's slot. */
  node(nodeId: string, name: string): string {
    return `${this.#prefix}:{@node ${nodeId}}:${name}`;
  }

  /** A key of the whole cluster of nodes. */
  cluster(name: string): string {
    return `${this.#prefix}:{@cluster}:${name}`;
  }

  /** A key that belongs to a channel, in its slot. */
  ofChannel(address: ChannelAddress, name: string): string {
    return `${this.#prefix}:{${addressKey(address)}}:${name}`;
  }
}
