import { SharedReads, type ChannelPlace, type ChannelSort } from "@roomcast/core";
import type { Keys } from "./keys.ts";
import { readMany, type RedisLink } from "./link.ts";
import { MEMBER_COUNTS, SUBSCRIBER_COUNTS } from "./presence-scripts.ts";

/** Names that are read in one go, and channels whose numbers are: each keeps Redis for a millisecond or two. */
const NAMES_AT_ONCE = 2000;
const NUMBERS_AT_ONCE = 1000;
/** So many channels are read each time that they are asked for. */
const FEW = 2000;
/** How old what was read may be where there are more. */
const MOST_AGE_MS = 10_000;
/** Of the time, at most this part is spent on reading. */
const SHARE = 0.1;

/** The names of all channels of a tenant, with the numbers that lists are sorted by, for lists that no index has. */
export class ChannelPlaces {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #reads = new SharedReads<readonly ChannelPlace[]>();
  /** What was read a moment ago, by sort and tenant. */
  readonly #kept = new Map<string, readonly ChannelPlace[]>();

  constructor(options: { readonly link: RedisLink; readonly keys: Keys }) {
    this.#link = options.link;
    this.#keys = options.keys;
  }

  /** In any order. Where there are many, those that were read a moment ago will do. */
  async of(tenantId: string, sort: ChannelSort): Promise<readonly ChannelPlace[]> {
    const key = `${sort} ${tenantId}`;
    return this.#kept.get(key) ?? (await this.#reads.read(key, async () => await this.#read(key, tenantId, sort)));
  }

  async #read(key: string, tenantId: string, sort: ChannelSort): Promise<readonly ChannelPlace[]> {
    // What a crowd waited for may be what all of it needs.
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const began = performance.now();
    const places: ChannelPlace[] = [];
    let names = await this.#namesFrom(tenantId, "-");
    for (let last = names.at(-1); last !== undefined; last = names.at(-1)) {
      const [numbers, next] = await Promise.all([
        this.#numbers(tenantId, names, sort),
        this.#namesFrom(tenantId, `(${last}`),
      ]);
      for (const [at, name] of names.entries()) places.push({ name, number: numbers[at] ?? 0 });
      names = next;
    }
    if (places.length > FEW) {
      this.#kept.set(key, places);
      const age = Math.min(MOST_AGE_MS, (performance.now() - began) / SHARE);
      setTimeout(() => this.#kept.delete(key), age).unref();
    }
    return places;
  }

  async #namesFrom(tenantId: string, from: string): Promise<readonly string[]> {
    const index = this.#keys.tenant(tenantId, "channels");
    const range = ["ZRANGE", index, from, "+", "BYLEX", "LIMIT", "0", String(NAMES_AT_ONCE)];
    return (await this.#link.command(index, range)) as readonly string[];
  }

  async #numbers(tenantId: string, names: readonly string[], sort: ChannelSort): Promise<readonly number[]> {
    if (sort === "name") return [];
    const [kind, script] = sort === "members" ? ["members", MEMBER_COUNTS] : ["subscribers", SUBSCRIBER_COUNTS];
    const keys = names.map((name) => this.#keys.ofChannel({ tenantId, name }, kind));
    return await readMany(this.#link, keys, NUMBERS_AT_ONCE, async (some) => {
      return (await this.#link.run(script, some, [])) as readonly number[];
    });
  }
}
