import type { ChannelAddress } from "@roomcast/protocol";
import { ALIKE, CHANNEL } from "./broker-delivery-cases.ts";
import { casesFor, check, rejects, same, until, type ConformanceCase } from "./cases.ts";
import { presenceListCases } from "./presence-list-cases.ts";
import { ids, member, pages, summary, type PresenceSubject } from "./presence-subject.ts";

/** Every sentence of the contract of `PresenceStore`. */
export function presenceStoreCases(make: () => Promise<PresenceSubject>): readonly ConformanceCase[] {
  return casesFor(make, {
    ...presenceListCases,
    "has nobody in a channel that was never used": async ({ store }) => {
      same(await store.members(CHANNEL, { limit: 10 }), { entries: [], total: 0 }, "members");
      same(await store.channels("acme", { prefix: "", limit: 10 }), { entries: [], total: 0 }, "channels");
    },
    "gives members back as they were put, whichever node asks": async ({ store, other }) => {
      const full = member("s1", { info: { name: "Ann", tags: ["a"] }, state: { x: [1, null] }, nodeId: "node-1" });
      await store.put(CHANNEL, full);
      await other.put(CHANNEL, member("s2", { userId: null, nodeId: "node-2" }));
      for (const seen of [store, other]) {
        const { entries, total } = await seen.members(CHANNEL, { limit: 10 });
        same(total, 2, "total");
        same(
          entries.find(({ socketId }) => socketId === "s1"),
          full,
          "the first member",
        );
        same(entries.find(({ socketId }) => socketId === "s2")?.userId, null, "a visitor");
      }
    },
    "replaces what stands under a socket id, in every view of it": async ({ store }) => {
      await store.put(CHANNEL, member("s1", { state: 1 }));
      same(await ids(store, CHANNEL, { userId: "ann" }), ["s1"], "ann's");
      await store.put(CHANNEL, member("s1", { state: 2 }));
      const { entries } = await store.members(CHANNEL, { limit: 10 });
      same(entries, [member("s1", { state: 2 })], "members");
      await store.put(CHANNEL, member("s1", { userId: "bob" }));
      same(await ids(store, CHANNEL, { userId: "ann" }), [], "ann's, when it is bob's");
      same(await ids(store, CHANNEL, { userId: "bob" }), ["s1"], "bob's");
    },
    "removes one member, and does nothing for one that is not there": async ({ store }) => {
      for (const id of ["s1", "s2", "s3"]) await store.put(CHANNEL, member(id));
      same((await ids(store, CHANNEL, { userId: "ann" })).length, 3, "ann's");
      await store.remove(CHANNEL, "s2");
      await store.remove(CHANNEL, "s2");
      await store.remove(CHANNEL, "unknown");
      await store.remove({ tenantId: "acme", name: "unknown" }, "s1");
      same((await ids(store, CHANNEL)).sort(), ["s1", "s3"], "members");
      same((await ids(store, CHANNEL, { userId: "ann" })).sort(), ["s1", "s3"], "ann's");
    },
    "finds members by user and by session": async ({ store }) => {
      await store.put(CHANNEL, member("s1"));
      await store.put(CHANNEL, member("s2", { userId: "bob" }));
      await store.put(CHANNEL, member("s3"));
      await store.put(CHANNEL, member("s4", { userId: null }));
      same((await ids(store, CHANNEL, { userId: "ann" })).sort(), ["s1", "s3"], "ann's");
      await store.put(CHANNEL, member("s5"));
      same((await ids(store, CHANNEL, { userId: "ann" })).sort(), ["s1", "s3", "s5"], "ann's, with a new one");
      same(await ids(store, CHANNEL, { userId: "nobody" }), [], "nobody's");
      same(await ids(store, CHANNEL, { socketId: "s2" }), ["s2"], "one session");
      same(await ids(store, CHANNEL, { socketId: "s9" }), [], "no session");
    },
    "never mixes addresses up": async ({ store }) => {
      for (const [n, address] of ALIKE.entries()) await store.put(address, member(`s${n}`));
      for (const [n, address] of ALIKE.entries()) same(await ids(store, address), [`s${n}`], JSON.stringify(address));
      await store.remove(ALIKE[3] as ChannelAddress, "s3");
      same(await ids(store, CHANNEL), ["s0"], "the shared channel, when the individual one was left");
    },
    "never mixes socket ids and users up that look alike": async ({ store }) => {
      const users = ["a:b", "a/b", "a|b", "__proto__", "constructor", "john.doe@x.com", "żółw"];
      for (const userId of users) await store.put(CHANNEL, member(`socket ${userId}`, { userId }));
      for (const userId of users) same(await ids(store, CHANNEL, { userId }), [`socket ${userId}`], userId);
    },
    "may end a page early where more bytes are of no use, never empty, and goes on behind it": async ({ store }) => {
      const state = "é".repeat(500);
      for (let n = 0; n < 12; n++) await store.put(CHANNEL, member(`s${n}`, { state }));
      for (const bytes of [1, 2500, 5000, 1_000_000]) {
        const paged = await pages(async (cursor) => {
          const page = await store.members(CHANNEL, { limit: 10, bytes, ...(cursor && { cursor }) });
          check(page.entries.length > 0 && page.total === 12, `a page of ${page.entries.length} of ${page.total}`);
          return page;
        });
        same(
          paged.map(({ socketId }) => socketId),
          await ids(store, CHANNEL),
          `pages of ${bytes} bytes`,
        );
      }
    },
    "keeps members in the order in which they came, and a replaced one where it stood": async ({ store, other }) => {
      for (const [n, id] of ["s5", "s1", "s3"].entries()) await (n % 2 ? other : store).put(CHANNEL, member(id));
      await other.put(CHANNEL, member("s5", { state: 2 }));
      same(await ids(store, CHANNEL), ["s5", "s1", "s3"], "members");
      same(await ids(other, CHANNEL, { userId: "ann" }), ["s5", "s1", "s3"], "ann's");
      await store.remove(CHANNEL, "s1");
      await store.put(CHANNEL, member("s1"));
      same(await ids(other, CHANNEL), ["s5", "s3", "s1"], "members, when one has come again");
      same(await ids(other, CHANNEL, { userId: "ann" }), ["s5", "s3", "s1"], "ann's, when one has come again");
    },
    "pages through members in a stable order, each once": async ({ store }) => {
      for (let n = 0; n < 25; n++) await store.put(CHANNEL, member(`s${n}`));
      const whole = await ids(store, CHANNEL);
      for (const limit of [1, 7, 25, 100]) {
        const paged = await pages((cursor) => store.members(CHANNEL, { limit, ...(cursor && { cursor }) }));
        same(
          paged.map(({ socketId }) => socketId),
          whole,
          `pages of ${limit}`,
        );
      }
      const page = await store.members(CHANNEL, { limit: 10 });
      same([page.total, page.entries.length, page.cursor !== undefined], [25, 10, true], "the first page");
    },
    "shows who was there all the time exactly once while others come and go": async ({ store }) => {
      for (let n = 0; n < 20; n++) await store.put(CHANNEL, member(`s${n}`));
      let turn = 0;
      const paged = await pages(async (cursor) => {
        const page = await store.members(CHANNEL, { limit: 3, ...(cursor && { cursor }) });
        if (++turn <= 5) {
          await store.remove(CHANNEL, `s${turn * 2}`);
          await store.put(CHANNEL, member(`new${turn}`));
        }
        return page;
      });
      const seen = paged.map(({ socketId }) => socketId);
      same(new Set(seen).size, seen.length, "nobody is shown twice");
      for (let n = 1; n < 20; n += 2) check(seen.includes(`s${n}`), `s${n} was there all the time and is not shown`);
    },
    "counts the whole list when it is asked for no entries": async ({ store }) => {
      for (const id of ["s1", "s2"]) await store.put(CHANNEL, member(id));
      await store.put(CHANNEL, member("s3", { userId: "bob" }));
      same((await store.members(CHANNEL, { limit: 0 })).total, 3, "total");
      same((await store.members(CHANNEL, { limit: 0, userId: "ann" })).total, 2, "ann's total");
    },
    "refuses a cursor that is none": async ({ store }) => {
      await store.put(CHANNEL, member("s1"));
      store.count(CHANNEL, "node-1", 1);
      for (const cursor of ["", "no cursor", "-1", "1e999", "\u0000", "{}", "9".repeat(400)]) {
        await rejects(store.members(CHANNEL, { limit: 1, cursor }), ["INVALID_PAYLOAD"], `members at ${cursor}`);
      }
      const listed = store.channels("acme", { prefix: "", limit: 1, cursor: "no cursor\u0000" });
      await rejects(listed, ["INVALID_PAYLOAD"], "channels at no cursor");
    },
    "lists a tenant's shared channels by name, with members and subscribers of all nodes": async ({ store, other }) => {
      await store.put(CHANNEL, member("s1"));
      await store.put({ tenantId: "acme", name: "b" }, member("s1"));
      await store.put({ tenantId: "acme", name: "own", userId: "ann" }, member("s1"));
      await store.put({ tenantId: "acme", name: "@sessions" }, member("s1"));
      await store.put({ tenantId: "acme", name: "$x" }, member("s1"));
      await store.put({ tenantId: "other", name: "c" }, member("s1"));
      store.count(CHANNEL, "node-1", 3);
      other.count(CHANNEL, "node-2", 4);
      store.count({ tenantId: "acme", name: "a" }, "node-1", 1);
      store.count({ tenantId: "acme", name: "mine", userId: "ann" }, "node-1", 1);
      const list = [summary("a", 0, 1), summary("b", 1, 0), summary("chat:1", 1, 7)];
      await until(async () => {
        const { entries } = await store.channels("acme", { prefix: "", limit: 10 });
        return JSON.stringify(entries.map((e) => e.subscriberCount)) === "[1,0,7]";
      }, "the counts of both nodes");
      same(await store.channels("acme", { prefix: "", limit: 10 }), { entries: list, total: 3 }, "channels");
    },
    "replaces a node's count, and forgets a channel with nobody": async ({ store }) => {
      const counts = async () => (await store.channels("acme", { prefix: "", limit: 10 })).entries;
      store.count(CHANNEL, "node-1", 3);
      store.count(CHANNEL, "node-1", 2);
      await until(async () => (await counts())[0]?.subscriberCount === 2, "the second count");
      await store.put(CHANNEL, member("s1"));
      store.count(CHANNEL, "node-1", 0);
      await until(async () => (await counts())[0]?.subscriberCount === 0, "no subscriber");
      same(await counts(), [summary("chat:1", 1, 0)], "with a member it is there");
      await store.remove(CHANNEL, "s1");
      same(await counts(), [], "with nobody it is not");
    },
    "lists channels by prefix and by exact name, in pages, each once": async ({ store }) => {
      const names = ["a", "aa", "ab", "ab:1", "b", "b.1", "é", "🐢"];
      for (const name of names) await store.put({ tenantId: "acme", name }, member("s1"));
      const found = async (prefix: string, limit: number) =>
        (await pages((cursor) => store.channels("acme", { prefix, limit, ...(cursor && { cursor }) }))).map(
          (e) => e.name,
        );
      same((await found("", 3)).toSorted(), names.toSorted(), "all in pages of three");
      same(await found("", 3), await found("", 100), "the order does not depend on the page");
      same(await found("ab", 1), ["ab", "ab:1"], "those that begin with ab");
      const far = ["x", "x\uffee", "x🐢", "x\u{10ffff}", "x\u{10ffff}y"];
      for (const name of far) await store.put({ tenantId: "far", name }, member("s1"));
      const inPages = await pages((cursor) =>
        store.channels("far", { prefix: "x", limit: 1, ...(cursor && { cursor }) }),
      );
      same(
        inPages.map((e) => e.name),
        far,
        "names in the order of their bytes",
      );
      const last = await store.channels("far", { prefix: "x\u{10ffff}", limit: 5 });
      same([last.total, last.entries.length], [2, 2], "those that begin with the last character");
      same(await found("x", 10), [], "those that begin with x, which are another tenant's");
      const named = async (name: string) =>
        (await store.channels("acme", { name, limit: 1 })).entries.map((e) => e.name);
      await store.put({ tenantId: "acme", name: "@sessions" }, member("s1"));
      same([await named("ab"), await named("ab:"), await named("@sessions")], [["ab"], [], []], "by exact name");
      const page = await store.channels("acme", { prefix: "a", limit: 2 });
      same([page.total, page.entries.length], [4, 2], "the total of a page");
    },
    "answers with everything that was put before, also when much is put at once": async ({ store, other }) => {
      await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? store : other).put(CHANNEL, member(`s${n}`))));
      same((await ids(other, CHANNEL)).length, 50, "members");
      await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 3 ? store : other).remove(CHANNEL, `s${n}`)));
      same(await ids(store, CHANNEL), [], "members, when all have gone");
    },
  });
}
