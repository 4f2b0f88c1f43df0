import { setImmediate } from "node:timers/promises";
import { isReservedName, type ChannelAddress } from "@roomcast/protocol";
import {
  channelCursor,
  channelOrder,
  channelPlace,
  ChannelSelection,
  type ChannelPlace,
  type ChannelQuery,
  type ChannelSummary,
  type Page,
} from "@roomcast/core";
import { ChannelPlaces } from "./channel-places.ts";
import type { Keys } from "./keys.ts";
import { readMany, type RedisLink } from "./link.ts";
import { SUMMARIES } from "./presence-scripts.ts";

/** Channels whose numbers are read in one go, which keeps Redis for a millisecond or two. */
const SUMMARIES_AT_ONCE = 500;
/** Channels that are looked at here in one go. */
const LOOKED_AT_ONCE = 4000;

/**
 * Which shared channels of a tenant have anybody, by name. The list stands in another slot than the channels, so that it
 * is mended where the two disagree.
 */
export class ChannelIndex {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #places: ChannelPlaces;

  constructor(options: { readonly link: RedisLink; readonly keys: Keys }) {
    this.#link = options.link;
    this.#keys = options.keys;
    this.#places = new ChannelPlaces(options);
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
    const counts = (await this.#link.run(SUMMARIES, this.#summaryKeys(address), [])) as readonly [number, number];
    return toSummary(address.name, ...counts);
  }

  /** Names are in the order of code points, which is that of the bytes in UTF-8. */
  async list(tenantId: string, query: ChannelQuery): Promise<Page<ChannelSummary>> {
    const { sort } = channelOrder(query);
    return sort === "name" && (query.search ?? "") === ""
      ? await this.#byName(tenantId, query)
      : await this.#selected(tenantId, query);
  }

  /** A page as the list of names has it, and no more than that is read. */
  async #byName(tenantId: string, query: ChannelQuery): Promise<Page<ChannelSummary>> {
    const { prefix = "", limit } = query;
    const after = channelPlace(query)?.name;
    const index = this.#keys.tenant(tenantId, "channels");
    const behind = successor(prefix);
    const most = behind === undefined ? "+" : `(${behind}`;
    const total = Number(await this.#link.command(index, ["ZLEXCOUNT", index, `[${prefix}`, most]));
    if (limit === 0) return { entries: [], total };
    const entries: ChannelSummary[] = [];
    const ascending = channelOrder(query).order === "asc";
    let [from, to] = [`[${prefix}`, most];
    const goOn = (name: string): void => {
      if (ascending) from = `(${name}`;
      else to = `(${name}`;
    };
    // A cursor may be one of a list with another prefix.
    if (after !== undefined && !after.startsWith(prefix)) {
      const passed = Buffer.compare(Buffer.from(after), Buffer.from(prefix)) > 0 === ascending;
      if (passed) return { entries, total };
    } else if (after !== undefined) goOn(after);
    for (;;) {
      const range = ascending ? [from, to, "BYLEX"] : [to, from, "BYLEX", "REV"];
      const args = ["ZRANGE", index, ...range, "LIMIT", "0", String(limit + 1)];
      const names = (await this.#link.command(index, args)) as readonly string[];
      for (const one of await this.#listed(tenantId, names)) {
        const last = entries.at(-1);
        if (entries.length === limit && last !== undefined)
          return { entries, total, cursor: channelCursor(query, { name: last.name, number: 0 }) };
        entries.push(one);
      }
      const last = names.at(-1);
      if (last === undefined || names.length <= limit) return { entries, total };
      goOn(last);
    }
  }

  /** A page for which all channels have to be looked at. */
  async #selected(tenantId: string, query: ChannelQuery): Promise<Page<ChannelSummary>> {
    const { sort } = channelOrder(query);
    const selection = new ChannelSelection<ChannelPlace>(query);
    let looked = 0;
    for (const place of await this.#places.of(tenantId, sort)) {
      selection.offer(place.name, place.number, place);
      if (++looked % LOOKED_AT_ONCE === 0) await setImmediate();
    }
    const page = selection.page();
    const numbers = new Map(page.entries.map(({ name, number }) => [name, number]));
    const summaries = await this.#listed(tenantId, [...numbers.keys()]);
    // As the list is sorted, though it may be a moment old.
    const entries = summaries.map((one) => {
      const number = numbers.get(one.name) ?? 0;
      if (sort === "name") return one;
      return sort === "members" ? { ...one, memberCount: number } : { ...one, subscriberCount: number };
    });
    return { ...page, entries };
  }

  /** Those of these channels that have anybody, in their order; the others are listed no more. */
  async #listed(tenantId: string, names: readonly string[]): Promise<readonly ChannelSummary[]> {
    const summaries = await readMany(this.#link, names, SUMMARIES_AT_ONCE, async (some) => {
      return await this.#summaries(tenantId, some);
    });
    const gone = names.filter((_, at) => summaries[at] === undefined);
    await Promise.all(gone.map(async (name) => await this.remove({ tenantId, name })));
    return summaries.filter((one) => one !== undefined);
  }

  async #summaries(tenantId: string, names: readonly string[]): Promise<readonly (ChannelSummary | undefined)[]> {
    const keys = names.flatMap((name) => this.#summaryKeys({ tenantId, name }));
    const counts = (await this.#link.run(SUMMARIES, keys, [])) as readonly number[];
    return names.map((name, at) => toSummary(name, counts[2 * at] ?? 0, counts[2 * at + 1] ?? 0));
  }

  #summaryKeys(address: ChannelAddress): readonly string[] {
    return [this.#keys.ofChannel(address, "members"), this.#keys.ofChannel(address, "subscribers")];
  }

  /** Whether the channel is one that is listed at all. */
  async #write({ tenantId, name, userId }: ChannelAddress, listed: boolean): Promise<boolean> {
    if (userId !== undefined || isReservedName(name)) return false;
    const index = this.#keys.tenant(tenantId, "channels");
    await this.#link.command(index, listed ? ["ZADD", index, "0", name] : ["ZREM", index, name]);
    return true;
  }
}

function toSummary(name: string, memberCount: number, subscriberCount: number): ChannelSummary | undefined {
  return memberCount === 0 && subscriberCount === 0 ? undefined : { name, memberCount, subscriberCount };
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
