import { randomUUID } from "node:crypto";
import { checkPaging, type ChannelState, type PagingPlan } from "@roomcast/core/testing";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { RedisServer } from "../test/redis-server.ts";
import { Keys } from "./keys.ts";
import { RedisPresenceStore } from "./presence.ts";
import { SingleLink } from "./single-link.ts";

const NAMES = ["a", "A", "ab", "Ba", "b", "b:1", "é", "É", "🐢", "x\uffee", "x🐢"];
const channel: fc.Arbitrary<ChannelState> = fc.record({
  name: fc.constantFrom(...NAMES),
  members: fc.nat(3),
  subscribers: fc.nat(3),
});
const channels = fc.uniqueArray(channel, { selector: ({ name }) => name });
const plan: fc.Arbitrary<PagingPlan> = fc.record({
  query: fc.record(
    {
      limit: fc.integer({ min: 1, max: 4 }),
      sort: fc.constantFrom("name" as const, "members" as const, "subscribers" as const),
      order: fc.constantFrom("asc" as const, "desc" as const),
      search: fc.constantFrom("", "A", "b", "é", "🐢", "none"),
      prefix: fc.constantFrom("", "a", "b", "x"),
    },
    { requiredKeys: ["limit"] },
  ),
  there: channels,
  during: fc.array(fc.array(channel, { maxLength: 8 }), { maxLength: 5 }),
});

let server: RedisServer;
let link: SingleLink;
let prefix: string;
let store: RedisPresenceStore;
beforeAll(async () => {
  server = await RedisServer.start();
  link = new SingleLink({ url: server.url });
  await link.start();
});
afterAll(async () => {
  await link.close();
  await server.stop();
});
beforeEach(() => {
  prefix = randomUUID();
  store = makeStore(prefix);
});
afterEach(async () => {
  await store.close();
});

function makeStore(keysBeginWith: string): RedisPresenceStore {
  return new RedisPresenceStore({ link, keys: new Keys(keysBeginWith), nodeId: "node-1" });
}

/** All pages of a list. */
async function pages<Entry>(
  read: (cursor: { cursor?: string }) => Promise<{ entries: readonly Entry[]; cursor?: string }>,
) {
  const found: (readonly Entry[])[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor === undefined ? {} : { cursor });
    found.push(page.entries);
    ({ cursor } = page);
  } while (cursor !== undefined);
  return found;
}

describe("lists of channels in Redis", { timeout: 60_000 }, () => {
  it("show each that was there all the time once and in its place, while others come and go", async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (given) => {
        const own = makeStore(randomUUID());
        await checkPaging(own, given);
        await own.close();
      }),
      { numRuns: 150 },
    );
  });

  it("hold thousands of channels, with numbers that may be a moment old", async () => {
    const names = Array.from({ length: 4100 }, (_, n) => `Room:${(n * 7919) % 4100}`);
    for (const [n, name] of names.entries()) store.count({ tenantId: "acme", name }, "node-1", 1 + (n % 9));
    for (const query of [{}, { order: "desc" }, { sort: "subscribers" }, { search: "ROOM:1" }] as const) {
      const found = await pages(async (cursor) => await store.channels("acme", { ...query, limit: 1000, ...cursor }));
      const wanted = "search" in query ? names.filter((name) => name.startsWith("Room:1")) : names;
      const seen = found.flat();
      expect(seen.map(({ name }) => name).toSorted()).toEqual(wanted.toSorted());
      const keys = seen.map(({ name, subscriberCount }) => ("sort" in query ? `${9 - subscriberCount} ${name}` : name));
      expect(keys).toEqual("order" in query ? keys.toSorted().toReversed() : keys.toSorted());
    }
    store.count({ tenantId: "acme", name: "Room:7" }, "node-1", 50);
    await vi.waitFor(
      async () =>
        expect((await store.channels("acme", { sort: "subscribers", limit: 1 })).entries).toEqual([
          { name: "Room:7", memberCount: 0, subscriberCount: 50 },
        ]),
      { timeout: 15_000, interval: 20 },
    );
  });

  it("drop a channel that the index has, and nobody is in", async () => {
    store.count({ tenantId: "acme", name: "a" }, "node-1", 1);
    await store.channels("acme", { limit: 1 });
    const index = new Keys(prefix).tenant("acme", "channels");
    await link.command(index, ["ZADD", index, "0", "b", "0", "c"]);
    for (const query of [{ sort: "members" }, { order: "desc" }] as const) {
      expect((await store.channels("acme", { limit: 10, ...query })).entries).toMatchObject([{ name: "a" }]);
      expect(await link.command(index, ["ZRANGE", index, "0", "-1"])).toEqual(["a"]);
      await link.command(index, ["ZADD", index, "0", "b", "0", "c"]);
    }
  });
});

describe("members in Redis that are looked for", { timeout: 60_000 }, () => {
  it("are found among thousands, wherever they stand, each once", async () => {
    const address = { tenantId: "acme", name: "@sessions" };
    const wanted = [0, 1999, 2000, 2001, 3999, 4000, 4500];
    const put = async (n: number) => {
      const state = { dialect: wanted.includes(n) ? "twake" : "native", address: `10.0.${n % 256}.1` };
      await store.put(address, { socketId: `s${n}`, userId: null, joinedAt: n, nodeId: "node-1", state });
    };
    await put(0);
    for (let n = 1; n <= 4500; n += 500)
      await Promise.all(Array.from({ length: 500 }, async (_, at) => await put(n + at)));
    const order = (await pages(async (cursor) => await store.members(address, { limit: 1000, ...cursor }))).flat();
    const expected = order.map(({ socketId }) => socketId).filter((id) => wanted.includes(Number(id.slice(1))));
    for (const limit of [1, 2, 100]) {
      const where = { nodeId: "node-1", state: { dialect: "twake" }, stateBegins: { address: "10.0." } };
      const found = await pages(async (cursor) => await store.members(address, { limit, where, ...cursor }));
      expect(found.flat().map(({ socketId }) => socketId)).toEqual(expected);
      expect(Math.max(...found.map((page) => page.length))).toBeLessThanOrEqual(limit);
    }
    const where = { state: { dialect: "none" } };
    const none = await pages(async (cursor) => {
      const page = await store.members(address, { limit: 10, where, ...cursor });
      expect(page.total).toBe(4501);
      return page;
    });
    expect(none.flat()).toEqual([]);
  });
});
