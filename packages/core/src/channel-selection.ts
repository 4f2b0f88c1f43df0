import { invalidPayload, isChannelName } from "@roomcast/protocol";
import type { ChannelOrder, ChannelQuery, ChannelSort, Page } from "./presence.ts";

/** Candidates that are kept at least before the better ones among them are looked for. */
const LEAST_ROOM = 256;

/** Where a channel stands in a list: by its number, where the list is sorted by one, and then by its name. */
export interface ChannelPlace {
  readonly name: string;
  /** Members or subscribers, as the list is sorted; 0 in one by name. */
  readonly number: number;
}

interface Candidate<Entry> extends ChannelPlace {
  readonly entry: Entry;
}

/** How a list of channels is sorted: names begin with the first one, numbers with the greatest, unless told. */
export function channelOrder({ sort = "name", order = sort === "name" ? "asc" : "desc" }: ChannelQuery): {
  readonly sort: ChannelSort;
  readonly order: ChannelOrder;
} {
  return { sort, order };
}

/** Behind which place of a list its next page begins. */
export function channelCursor(query: ChannelQuery, { name, number }: ChannelPlace): string {
  const { sort, order } = channelOrder(query);
  return JSON.stringify([sort, order, searched(query), number, name]);
}

/**
 * The place in a query's cursor; undefined without one. Throws `INVALID_PAYLOAD` for what is none, or is one of a list that
 * was sorted or searched otherwise.
 */
export function channelPlace(query: ChannelQuery): ChannelPlace | undefined {
  if (query.cursor === undefined) return undefined;
  const { sort, order } = channelOrder(query);
  const [ofSort, ofOrder, ofSearch, number, name] = parts(query.cursor);
  const fits = ofSort === sort && ofOrder === order && ofSearch === searched(query);
  if (fits && Number.isSafeInteger(number) && isChannelName(name)) return { name, number: number as number };
  throw invalidPayload("cursor", "one that a reply gave for the same sort, order and search");
}

/**
 * Picks one page out of channels that are offered in any order, and counts how many the whole list has. Keeps no more than
 * some multiple of a page, so that no list needs to be sorted for one.
 */
export class ChannelSelection<Entry> {
  readonly #query: ChannelQuery;
  readonly #prefix: string;
  readonly #search: string;
  readonly #numbers: boolean;
  readonly #direction: 1 | -1;
  readonly #after: ChannelPlace | undefined;
  /** One more than a page has, which tells whether there is more. */
  readonly #wanted: number;
  readonly #room: number;
  #candidates: Candidate<Entry>[] = [];
  /** Who comes behind it is of no use. */
  #last: ChannelPlace | undefined;
  #total = 0;

  /** Throws like `channelPlace`. */
  constructor(query: ChannelQuery) {
    const { sort, order } = channelOrder(query);
    this.#query = query;
    this.#prefix = query.prefix ?? "";
    this.#search = searched(query);
    this.#numbers = sort !== "name";
    this.#direction = order === "asc" ? 1 : -1;
    this.#after = channelPlace(query);
    this.#wanted = query.limit + 1;
    this.#room = Math.max(LEAST_ROOM, 2 * this.#wanted);
  }

  /** A channel of the list, where its name is one that is looked for. `number` counts only in a list that is sorted by one. */
  offer(name: string, number: number, entry: Entry): void {
    if (!name.startsWith(this.#prefix)) return;
    if (this.#search !== "" && !name.toLowerCase().includes(this.#search)) return;
    this.#total++;
    const place = { name, number: this.#numbers ? number : 0, entry };
    if (this.#after !== undefined && this.#compare(place, this.#after) <= 0) return;
    if (this.#last !== undefined && this.#compare(place, this.#last) >= 0) return;
    this.#candidates.push(place);
    if (this.#candidates.length >= this.#room) this.#shrink();
  }

  page(): Page<Entry> {
    this.#shrink();
    const { limit } = this.#query;
    const found = this.#candidates.slice(0, limit);
    const entries = found.map(({ entry }) => entry);
    const last = found.at(-1);
    if (last === undefined || this.#candidates.length <= limit) return { entries, total: this.#total };
    return { entries, total: this.#total, cursor: channelCursor(this.#query, last) };
  }

  #shrink(): void {
    this.#candidates.sort((a, b) => this.#compare(a, b));
    if (this.#candidates.length < this.#wanted) return;
    this.#candidates.length = this.#wanted;
    this.#last = this.#candidates.at(-1);
  }

  /** Channels of one number are by name, whichever way numbers go. */
  #compare(a: ChannelPlace, b: ChannelPlace): number {
    if (!this.#numbers) return this.#direction * compareNames(a.name, b.name);
    return this.#direction * (a.number - b.number) || compareNames(a.name, b.name);
  }
}

/** What is looked for, and compared without regard to case. */
function searched({ search = "" }: ChannelQuery): string {
  return search.toLowerCase();
}

function parts(cursor: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(cursor);
    return Array.isArray(value) && value.length === 5 ? value : [];
  } catch {
    return [];
  }
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
