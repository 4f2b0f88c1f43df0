import type { ChannelQuery, ChannelSummary, PresenceStore } from "../presence.ts";
import { check, same } from "./cases.ts";
import { member } from "./presence-subject.ts";

/** How many are in a channel; with nobody, it is not there. */
export interface ChannelState {
  readonly name: string;
  readonly members: number;
  readonly subscribers: number;
}

export interface PagingPlan {
  readonly query: Omit<ChannelQuery, "cursor" | "name" | "userId">;
  /** What is made of tenant `acme` before the first page. */
  readonly there: readonly ChannelState[];
  /** What becomes so, one after the other, while each page is read. */
  readonly during: readonly (readonly ChannelState[])[];
}

/**
 * Reads all pages of a list of channels, and rejects where one that was there all the time, and kept what the list is sorted
 * by, was not shown once, or stood in the wrong place among such.
 */
export async function checkPaging(store: PresenceStore, { query, there, during }: PagingPlan): Promise<void> {
  await becomeAll(store, there);
  const before = await everything(store);
  const read: ChannelSummary[] = [];
  let cursor: string | undefined;
  let page = 0;
  do {
    const reading = store.channels("acme", { ...query, ...(cursor !== undefined && { cursor }) });
    const changes = becomeAll(store, during[page] ?? []);
    const { entries, cursor: next, total } = await reading;
    await changes;
    same(new Set(entries.map(({ name }) => name)).size, entries.length, "different channels of a page");
    check(entries.length <= query.limit, `${entries.length} entries of ${query.limit}`);
    if (during.length === 0) same(total, before.filter((one) => isLookedFor(query, one)).length, "the total");
    read.push(...entries);
    cursor = next;
    check(++page < 1000, "the pages never end");
  } while (cursor !== undefined);
  const moved = new Set(
    during
      .slice(0, page)
      .flat()
      .map(({ name }) => name),
  );
  const stayed = before.filter((one) => !moved.has(one.name) && isLookedFor(query, one)).sort(by(query));
  same(
    read.map(({ name }) => name).filter((name) => !moved.has(name)),
    stayed.map(({ name }) => name),
    `channels by ${JSON.stringify(query)}`,
  );
  const rest = read.filter(({ name }) => moved.has(name) && !isLookedFor(query, { name }));
  same(rest, [], "what was not looked for");
}

async function becomeAll(store: PresenceStore, states: readonly ChannelState[]): Promise<void> {
  for (const state of states) await become(store, state);
}

/** Puts and removes members, and counts, until a channel of tenant `acme` is so. */
async function become(store: PresenceStore, { name, members, subscribers }: ChannelState): Promise<void> {
  const address = { tenantId: "acme", name };
  store.count(address, "node-1", subscribers);
  const { total } = await store.members(address, { limit: 0 });
  for (let n = total; n < members; n++) await store.put(address, member(`s${n}`));
  for (let n = members; n < total; n++) await store.remove(address, `s${n}`);
}

async function everything(store: PresenceStore): Promise<readonly ChannelSummary[]> {
  return (await store.channels("acme", { limit: 1000 })).entries;
}

function isLookedFor({ prefix = "", search = "" }: PagingPlan["query"], { name }: { readonly name: string }): boolean {
  return name.startsWith(prefix) && name.toLowerCase().includes(search.toLowerCase());
}

function by({ sort = "name", order = sort === "name" ? "asc" : "desc" }: PagingPlan["query"]) {
  const direction = order === "asc" ? 1 : -1;
  const number = (one: ChannelSummary): number =>
    sort === "name" ? 0 : sort === "members" ? one.memberCount : one.subscriberCount;
  return (a: ChannelSummary, b: ChannelSummary): number =>
    direction * (number(a) - number(b)) || (sort === "name" ? direction : 1) * compareCodePoints(a.name, b.name);
}

function compareCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((point, n) => point !== right[n]);
  if (at === -1) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? -1) - (right[at]?.codePointAt(0) ?? -1);
}
