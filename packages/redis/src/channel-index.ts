import { isReservedName, type ChannelAddress } from "@roomcast/protocol";
import type { ChannelQuery, ChannelSummary, Page } from "@roomcast/core";
import type { Keys } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import { SUMMARY } from "./presence-scripts.ts";

/**
 * Which shared channels of a tenant have anybody, by name. The list stands in another slot than the channels, so that it
 * is mended where the two disagree.
 */
export class ChannelIndex {
  readonly #link: RedisLink;
  readonly #keys: Keys;

  constructor(options: { readonly link: RedisLink; readonly keys: Keys }) {
    this.#link = options.link;
    this.#keys = options.keys;
  }

  /** The channel has somebody. */
  async add(address: ChannelAddress): Promise<void> {
    await this.#write(address, true);
  }

  /** The channel was seen without anybody; who came meanwhile has it listed again. */
  async remove(address: ChannelAddress): Promise<void> {
    for (let listed = false; ;) {
      if (!(await this.#write(address, listed))) return;
      const used = (await this.summary(address)) !== undefined;
      if (used === listed) return;
      listed = used;
    }
  }

  /** Undefined for a channel with nobody. */
  async summary(address: ChannelAddress): Promise<ChannelSummary | undefined> {
    const keys = [this.#keys.ofChannel(address, "members"), this.#keys.ofChannel(address, "subscribers")];
    const [memberCount, subscriberCount] = (await this.#link.run(SUMMARY, keys, [])) as readonly [number, number];
    if (memberCount === 0 && subscriberCount === 0) return undefined;
    return { name: address.name, memberCount, subscriberCount };
  }

  /** In the order of code points, which is that of the bytes in UTF-8. */
  async list(tenantId: string, { prefix = "", cursor, limit }: ChannelQuery): Promise<Page<ChannelSummary>> {
    const index = this.#keys.tenant(tenantId, "channels");
    const behind = successor(prefix);
    const most = behind === undefined ? "+" : `(${behind}`;
    const total = Number(await this.#link.command(index, ["ZLEXCOUNT", index, `[${prefix}`, most]));
    if (limit === 0) return { entries: [], total };
    const entries: ChannelSummary[] = [];
    let after = `[${prefix}`;
    if (cursor !== undefined && Buffer.compare(Buffer.from(cursor), Buffer.from(prefix)) >= 0) after = `(${cursor}`;
    for (;;) {
      const range = ["ZRANGE", index, after, most, "BYLEX", "LIMIT", "0", String(limit + 1)];
      const names = (await this.#link.command(index, range)) as readonly string[];
      const summaries = await Promise.all(names.map(async (name) => await this.#listed({ tenantId, name })));
      for (const one of summaries) {
        if (one === undefined) continue;
        const last = entries.at(-1);
        if (entries.length === limit && last !== undefined) return { entries, total, cursor: last.name };
        entries.push(one);
      }
      const last = names.at(-1);
      if (last === undefined || names.length <= limit) return { entries, total };
      after = `(${last}`;
    }
  }

  async #listed(address: ChannelAddress): Promise<ChannelSummary | undefined> {
    const found = await this.summary(address);
    if (found === undefined) await this.remove(address);
    return found;
  }

  /** Whether the channel is one that is listed at all. */
  async #write({ tenantId, name, userId }: ChannelAddress, listed: boolean): Promise<boolean> {
    if (userId !== undefined || isReservedName(name)) return false;
    const index = this.#keys.tenant(tenantId, "channels");
    await this.#link.command(index, listed ? ["ZADD", index, "0", name] : ["ZREM", index, name]);
    return true;
  }
}

/** The least text behind all that begin with `prefix`, in the order of code points; undefined where there is none. */
function successor(prefix: string): string | undefined {
  const points = Array.from(prefix);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const next = (last.codePointAt(0) as number) + 1;
    if (next <= 0x10ffff) return points.join("") + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
  }
  return undefined;
}
