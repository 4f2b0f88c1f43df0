import type { MemberFilter } from "../presence.ts";
import { CHANNEL } from "./broker-delivery-cases.ts";
import { check, rejects, same } from "./cases.ts";
import { checkPaging } from "./paging.ts";
import { member, pages, type PresenceSubject } from "./presence-subject.ts";

/** Names of one number, of which some are in the other case, beyond ASCII, or hold what means something in patterns and JSON. */
const THERE = [
  { name: "chat:a", members: 2, subscribers: 0 },
  { name: "Chat:b", members: 0, subscribers: 12 },
  { name: "chat:ÄB", members: 2, subscribers: 3 },
  { name: "x[a-z]?", members: 1, subscribers: 3 },
  { name: 'x"\\', members: 11, subscribers: 0 },
  { name: "🐢chat", members: 0, subscribers: 3 },
];

/** What the contract of `PresenceStore` says of lists that are sorted, searched and looked through. */
export const presenceListCases: Readonly<Record<string, (subject: PresenceSubject) => Promise<void>>> = {
  "sorts channels by name and by numbers, both ways": async ({ store }) => {
    let between = THERE;
    for (const sort of ["name", "members", "subscribers"] as const)
      for (const order of ["asc", "desc", undefined] as const)
        for (const limit of [1, 2, 100]) {
          await checkPaging(store, { query: { limit, sort, ...(order && { order }) }, there: between, during: [] });
          between = [];
        }
  },
  "searches channels by a part of their names, in upper or lower case": async ({ store }) => {
    await checkPaging(store, { query: { limit: 1 }, there: THERE, during: [] });
    for (const search of ["CHAT", "chat:", "äb", "[a-z]?", '"\\', "🐢", "none", ""])
      for (const sort of [undefined, "members"] as const)
        await checkPaging(store, { query: { limit: 2, search, ...(sort && { sort }) }, there: [], during: [] });
    for (const prefix of ["chat", "x", "none"])
      await checkPaging(store, { query: { limit: 1, search: "A", prefix }, there: [], during: [] });
    const found = await store.channels("acme", { limit: 2, search: "CHAT" });
    same([found.total, found.entries.length], [4, 2], "the total of a page");
  },
  "keeps a channel's place while others come, go and change": async ({ store }) => {
    const there = Array.from({ length: 9 }, (_, n) => ({ name: `c${n}`, members: n % 3, subscribers: 1 }));
    const during = [
      [{ name: "c2", members: 0, subscribers: 0 }],
      [{ name: "c4", members: 7, subscribers: 1 }],
      [
        { name: "c99", members: 1, subscribers: 0 },
        { name: "c2", members: 2, subscribers: 1 },
      ],
    ];
    for (const sort of ["name", "members"] as const)
      await checkPaging(store, { query: { limit: 2, sort }, there, during });
  },
  "refuses a cursor of a list that is sorted or searched otherwise": async ({ store }) => {
    await checkPaging(store, { query: { limit: 1 }, there: THERE, during: [] });
    const lists = [
      {},
      { order: "desc" },
      { sort: "members" },
      { sort: "members", order: "asc" },
      { sort: "subscribers" },
      { search: "a" },
      { search: "a", sort: "members" },
    ] as const;
    for (const [n, list] of lists.entries()) {
      const { cursor } = await store.channels("acme", { ...list, limit: 1 });
      check(cursor !== undefined, `there is more of ${JSON.stringify(list)}`);
      for (const [m, other] of lists.entries()) {
        const listed = store.channels("acme", { ...other, limit: 1, cursor });
        const what = `a cursor of ${JSON.stringify(list)} for ${JSON.stringify(other)}`;
        if (n === m) await listed;
        else await rejects(listed, ["INVALID_PAYLOAD"], what);
      }
    }
    const cursors = [
      "",
      "chat:a",
      "[]",
      "null",
      '["name","asc","",0]',
      '["name","asc","",null,"a"]',
      '["name","asc","",0,"a b"]',
    ];
    for (const cursor of cursors)
      await rejects(store.channels("acme", { limit: 1, cursor }), ["INVALID_PAYLOAD"], `channels at ${cursor}`);
  },
  "goes on behind a cursor's place, whatever the prefix": async ({ store }) => {
    const names = ["a", "a1", "b", "b1", "c"];
    await checkPaging(store, {
      query: { limit: 9 },
      there: names.map((name) => ({ name, members: 1, subscribers: 0 })),
      during: [],
    });
    for (const order of ["asc", "desc"] as const)
      for (const at of [1, 2, 3, 4]) {
        const { cursor } = await store.channels("acme", { limit: at, order });
        check(cursor !== undefined, "there is more");
        const ordered = order === "asc" ? names : names.toReversed();
        for (const prefix of ["a", "b", "b1", "c", "d", ""]) {
          const page = await store.channels("acme", { limit: 9, order, prefix, cursor });
          same(
            [page.entries.map(({ name }) => name), page.cursor],
            [ordered.slice(at).filter((name) => name.startsWith(prefix)), undefined],
            `those with ${JSON.stringify(prefix)} behind the first ${at}, ${order}`,
          );
        }
      }
  },
  "looks for members by their node and texts of their state, in pages": async ({ store, other }) => {
    const addresses = ["10.0.0.1", "10.0.0.12", "192.0.2.1", 'a"\\é🐢'];
    const all = Array.from({ length: 40 }, (_, n) =>
      member(`s${n}`, {
        userId: n % 2 ? "ann" : null,
        nodeId: `node-${(n % 2) + 1}`,
        state: { kind: n % 3 ? "usual" : "rare", address: addresses[n % 4] },
      }),
    );
    for (const [n, one] of all.entries()) await (n % 2 ? other : store).put(CHANNEL, one);
    await store.put(CHANNEL, member("odd", { state: ["10.0.0.1"], info: { state: { kind: "usual" } } }));
    await store.put(CHANNEL, member("none"));
    const found = async (where: MemberFilter, whose: { userId?: string; socketId?: string } = {}, limit = 7) => {
      const list = await pages(async (cursor) => {
        const page = await store.members(CHANNEL, { limit, where, ...whose, ...(cursor && { cursor }) });
        check(page.entries.length <= limit, `${page.entries.length} entries of ${limit}`);
        return page;
      });
      return list.map(({ socketId }) => socketId);
    };
    const those = (
      test: (state: { kind: string; address: string }, nodeId: string, userId: string | null) => boolean,
    ) =>
      all
        .filter(({ state, nodeId, userId }) => test(state as { kind: string; address: string }, nodeId, userId))
        .map(({ socketId }) => socketId);
    for (const limit of [1, 7, 100]) {
      same(
        await found({ state: { kind: "rare" } }, {}, limit),
        those(({ kind }) => kind === "rare"),
        "a text",
      );
      for (const text of ["10.0.0.1", "10.", 'a"\\é🐢', 'a"', 'a"\\é\ud83d', "1", "2"])
        same(
          await found({ stateBegins: { address: text } }, {}, limit),
          those(({ address }) => address.startsWith(text)),
          `beginning with ${JSON.stringify(text)}`,
        );
    }
    same(
      await found({ state: { address: "10.0.0.1" } }),
      those(({ address }) => address === "10.0.0.1"),
      "the whole text",
    );
    same(await found({ state: { kind: "usu" } }), [], "half a text");
    same(await found({ state: { transport: "usual" } }), [], "another field");
    same(
      await found({ nodeId: "node-2", state: { kind: "rare" } }),
      those((s, n) => n === "node-2" && s.kind === "rare"),
      "both",
    );
    same(
      await found({ state: { kind: "usual" } }),
      those(({ kind }) => kind === "usual"),
      "a text of the state",
    );
    same(await found({ nodeId: "node-9" }), [], "no node");
    same(
      await found({ nodeId: "node-2" }, { userId: "ann" }),
      those((_, n, u) => n === "node-2" && u === "ann"),
      "ann's there",
    );
    same(await found({ nodeId: "node-1" }, { userId: "ann" }), ["odd", "none"], "ann's elsewhere");
    same(await found({ nodeId: "node-1" }, { socketId: "s0" }), ["s0"], "a session there");
    same(await found({ nodeId: "node-2" }, { socketId: "s0" }), [], "a session elsewhere");
    const page = await store.members(CHANNEL, { limit: 3, where: { nodeId: "node-1" } });
    same(page.total, 42, "the total, which is that of the whole list");
  },
  "finds a session that is asked for with its user, and not with another": async ({ store }) => {
    await store.put(CHANNEL, member("s1"));
    await store.put(CHANNEL, member("s2", { userId: "bob" }));
    const found = async (userId: string) => {
      const { entries, total } = await store.members(CHANNEL, { limit: 10, socketId: "s1", userId });
      return [entries.map(({ socketId }) => socketId), total];
    };
    same(await found("ann"), [["s1"], 1], "its user's");
    same(await found("bob"), [[], 0], "another's");
  },
};
