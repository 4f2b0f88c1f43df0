import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryPresenceStore } from "./memory-presence.ts";
import type { MemberRecord } from "./presence.ts";
import { checkPaging, type ChannelState, type PagingPlan } from "./testing/index.ts";

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

describe("lists of channels in memory", () => {
  it("show each that was there all the time once and in its place, while others come and go", async () => {
    await fc.assert(
      fc.asyncProperty(plan, fc.integer({ min: 1, max: 20 }), async (given, atOnce) => {
        await checkPaging(new MemoryPresenceStore({ atOnce }), given);
      }),
      { numRuns: 300 },
    );
  });

  it("pick pages out of thousands that come in any order", async () => {
    const store = new MemoryPresenceStore();
    const names = Array.from({ length: 9000 }, (_, n) => `c${(n * 7919) % 9000}`);
    for (const [n, name] of names.entries()) store.count({ tenantId: "acme", name }, "node-1", 1 + (n % 50));
    for (const query of [
      {},
      { order: "desc" },
      { sort: "subscribers" },
      { sort: "subscribers", search: "7" },
    ] as const) {
      const seen: { name: string; subscriberCount: number }[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.channels("acme", { ...query, limit: 1000, ...(cursor && { cursor }) });
        seen.push(...page.entries);
        ({ cursor } = page);
      } while (cursor !== undefined);
      const wanted = names.filter((name) => !("search" in query) || name.includes(query.search)).toSorted();
      expect(seen.map(({ name }) => name).toSorted()).toEqual(wanted);
      const keys = seen.map(({ name, subscriberCount }) =>
        "sort" in query ? `${String(100 - subscriberCount)} ${name}` : name,
      );
      expect(keys).toEqual("order" in query ? keys.toSorted().toReversed() : keys.toSorted());
    }
  });

  it("leave others their turn", async () => {
    const store = new MemoryPresenceStore({ atOnce: 100 });
    for (let n = 0; n < 1000; n++) store.count({ tenantId: "acme", name: `c${n}` }, "node-1", 1);
    let turns = 0;
    const count = (): void => {
      turns++;
      turning = setImmediate(count);
    };
    let turning = setImmediate(count);
    const { total } = await store.channels("acme", { limit: 10, sort: "members" });
    clearImmediate(turning);
    expect([total, turns >= 10]).toEqual([1000, true]);
  });
});

describe("members in memory that are looked for", () => {
  const member = (n: number): MemberRecord => ({
    socketId: `s${n}`,
    userId: null,
    joinedAt: 1,
    nodeId: "node-1",
    state: { dialect: n % 3 === 0 ? "rare" : "usual" },
  });
  const ids = fc.uniqueArray(fc.nat(19), { maxLength: 4 });

  it("are shown once each where they were there all the time, while others come and go", async () => {
    const address = { tenantId: "acme", name: "@sessions" };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ left: ids, came: ids }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 8 }),
        async (during, limit, atOnce) => {
          const store = new MemoryPresenceStore({ atOnce });
          for (let n = 0; n < 15; n++) await store.put(address, member(n));
          const seen: string[] = [];
          let cursor: string | undefined;
          let page = 0;
          do {
            const where = { state: { dialect: "usual" } };
            const reading = store.members(address, { limit, where, ...(cursor && { cursor }) });
            const { left = [], came = [] } = during[page++] ?? {};
            for (const n of left) await store.remove(address, `s${n}`);
            for (const n of came) await store.put(address, member(n));
            const found = await reading;
            const shown = found.entries.map(({ socketId }) => socketId);
            expect(new Set(shown).size).toBe(shown.length);
            seen.push(...shown);
            ({ cursor } = found);
          } while (cursor !== undefined);
          const moved = new Set(during.flatMap(({ left, came }) => [...left, ...came]));
          const stayed = Array.from({ length: 15 }, (_, n) => n).filter((n) => n % 3 !== 0 && !moved.has(n));
          expect(seen.filter((id) => !moved.has(Number(id.slice(1))))).toEqual(stayed.map((n) => `s${n}`));
          expect(seen.every((id) => Number(id.slice(1)) % 3 !== 0)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
