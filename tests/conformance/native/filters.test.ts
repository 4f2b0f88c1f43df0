import { describe, expect, it } from "vitest";
import { unique, useTarget } from "./suite.ts";

const suite = useTarget("main");

const PAYLOADS = {
  open: { status: "open", price: 10, order: { customer: { id: "c1" } }, tags: ["a"], done: false, note: null },
  closed: { status: "closed", price: 20.5, order: { customer: { id: 1 } }, done: true },
  odd: { status: 10, price: "15", order: null, "": 1 },
  nothing: {},
  text: "open",
  list: ["open"],
  none: null,
} as const;

type Name = keyof typeof PAYLOADS;
const ALL = Object.keys(PAYLOADS) as Name[];
const others = (...names: Name[]): Name[] => ALL.filter((name) => !names.includes(name));

/** Each filter, and the payloads that it matches. */
const MATCHES: readonly (readonly [filter: object, matches: readonly Name[]])[] = [
  [{}, ALL],
  [{ status: "open" }, ["open"]],
  [{ status: "OPEN" }, []],
  [{ price: 10 }, ["open"]],
  [{ price: "10" }, []],
  [{ status: 10 }, ["odd"]],
  [{ done: false }, ["open"]],
  [{ done: 0 }, []],
  [{ note: null }, ["open"]],
  [{ order: null }, ["odd"]],
  [{ missing: null }, []],
  [{ status: ["open", "closed"] }, ["open", "closed"]],
  [{ status: ["open", 10] }, ["open", "odd"]],
  [{ status: "open", price: 10 }, ["open"]],
  [{ status: "open", price: 11 }, []],
  [{ "order.customer.id": "c1" }, ["open"]],
  [{ "order.customer.id": 1 }, ["closed"]],
  [{ "order.customer": "c1" }, []],
  [{ "tags.0": "a" }, ["open"]],
  [{ "0": "open" }, ["list"]],
  [{ length: 4 }, []],
  [{ "status.length": 4 }, []],
  [{ toString: { exists: true } }, []],
  [{ constructor: { exists: true } }, []],
  [{ __proto__x: { exists: false } }, ALL],
  [{ status: { eq: "open" } }, ["open"]],
  [{ status: { ne: "open" } }, others("open")],
  [{ note: { ne: null } }, others("open")],
  [{ price: { gt: 10 } }, ["closed"]],
  [{ price: { gte: 10 } }, ["open", "closed"]],
  [{ price: { lt: 20.5 } }, ["open"]],
  [{ price: { lte: 20.5 } }, ["open", "closed"]],
  [{ price: { gt: 10, lt: 15 } }, []],
  [{ price: { gte: 10, lt: 15 } }, ["open"]],
  [{ price: { gt: "1" } }, ["odd"]],
  [{ status: { lt: "d" } }, ["closed"]],
  [{ done: { gt: 0 } }, []],
  [{ status: { in: ["open", 10] } }, ["open", "odd"]],
  [{ status: { exists: true } }, ["open", "closed", "odd"]],
  [{ status: { exists: false } }, others("open", "closed", "odd")],
  [{ note: { exists: true } }, ["open"]],
  [{ note: { exists: false } }, others("open")],
  [{ status: { prefix: "o" } }, ["open"]],
  [{ status: { prefix: "" } }, ["open", "closed"]],
  [{ price: { prefix: "1" } }, ["odd"]],
  [{ status: { ne: "closed", prefix: "" } }, ["open"]],
  [{ status: { exists: true }, price: { gte: 10 } }, ["open", "closed"]],
  [{ missing: { gt: 1 } }, []],
  [{ missing: { in: [null] } }, []],
  [{ missing: { prefix: "" } }, []],
];

describe("6. filters", () => {
  it("match what the specification says, each", async () => {
    const topic = unique("topic:");
    const readers = await Promise.all(
      MATCHES.map(async ([filter]) => {
        const client = await suite.user();
        await client.ok("subscribe", { topic, filter });
        return client;
      }),
    );
    for (const name of ALL) await suite.broadcast(topic, PAYLOADS[name], { event: name });
    for (const [n, [filter, matches]] of MATCHES.entries()) {
      const reader = readers[n];
      if (reader === undefined) throw new Error("There is a reader for each filter");
      await suite.fence(reader);
      expect(
        reader.events(topic).map(({ event }) => event),
        JSON.stringify(filter),
      ).toEqual(matches);
    }
  });

  it("look at own properties only, `__proto__` too", async () => {
    const client = await suite.user();
    const topic = unique("topic:");
    const filter = JSON.parse(`{ "__proto__.polluted": { "exists": true } }`) as object;
    await client.ok("subscribe", { topic, filter });
    await suite.call("/api/socket/broadcast", { text: `{ "channel": "${topic}", "event": "plain", "data": {} }` });
    await suite.call("/api/socket/broadcast", {
      text: `{ "channel": "${topic}", "event": "own", "data": { "__proto__": { "polluted": 1 } } }`,
    });
    await suite.fence(client);
    expect(
      client
        .events(topic)
        .map(({ event }) => event)
        .filter((event) => event === "plain"),
    ).toEqual([]);
    const all = await suite.user();
    await all.ok("subscribe", { topic, filter: { polluted: { exists: false } } });
    await suite.broadcast(topic, {});
    await all.eventsOf(topic, 1);
  });

  it("of one session that match together give an event once", async () => {
    const client = await suite.user();
    const topic = unique("topic:");
    await client.ok("subscribe", { topic, filter: { status: "open" } });
    await client.ok("subscribe", { topic, filter: { status: ["open", "closed"] } });
    await client.ok("subscribe", { topic, filter: { price: { gt: 1 } } });
    await suite.broadcast(topic, PAYLOADS.open);
    await suite.broadcast(topic, PAYLOADS.nothing);
    await suite.broadcast(topic, PAYLOADS.closed);
    await suite.fence(client);
    expect(client.payloads(topic)).toEqual([PAYLOADS.open, PAYLOADS.closed]);
  });

  it("end with their subscription", async () => {
    const client = await suite.user();
    const topic = unique("topic:");
    await client.ok("subscribe", { topic, filter: { status: "open" }, subscriptionId: "open" });
    await client.ok("subscribe", { topic, filter: { price: { gt: 15 } }, subscriptionId: "dear" });
    await client.ok("unsubscribe", { subscriptionId: "open" });
    await suite.broadcast(topic, PAYLOADS.open);
    await suite.broadcast(topic, PAYLOADS.closed);
    await suite.fence(client);
    expect(client.payloads(topic)).toEqual([PAYLOADS.closed]);
  });

  it.for<[string, unknown]>([
    ["null", null],
    ["an array", []],
    ["a text", "status=open"],
    ["a number", 1],
    ["an empty path", { "": 1 }],
    ["a path with an empty piece", { "a..b": 1 }],
    ["a path that begins with a dot", { ".a": 1 }],
    ["a path of 9 pieces", { "a.b.c.d.e.f.g.h.i": 1 }],
    ["a path of 129 characters", { ["a".repeat(129)]: 1 }],
    ["17 keys", Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, 1]))],
    ["65 values", { a: Array.from({ length: 65 }, (_, n) => n) }],
    ["65 values of `in`", { a: { in: Array.from({ length: 65 }, (_, n) => n) } }],
    ["an array in an array", { a: [[1]] }],
    ["an object in an array", { a: [{}] }],
    ["no operator", { a: {} }],
    ["an unknown operator", { a: { regex: ".*" } }],
    ["an unknown operator beside a known one", { a: { eq: 1, or: 2 } }],
    ["`__proto__` as an operator", { a: JSON.parse(`{ "__proto__": 1 }`) as object }],
    ["`constructor` as an operator", { a: { constructor: 1 } }],
    ["`eq` an object", { a: { eq: {} } }],
    ["`ne` an array", { a: { ne: [1] } }],
    ["`gt` null", { a: { gt: null } }],
    ["`lt` true", { a: { lt: true } }],
    ["`in` a scalar", { a: { in: 1 } }],
    ["`exists` 1", { a: { exists: 1 } }],
    ["`prefix` a number", { a: { prefix: 1 } }],
    ["operators nested", { a: { eq: { eq: 1 } } }],
    ["a huge one", { a: Array.from({ length: 5000 }, (_, n) => n) }],
  ])("refuses %s with INVALID_PAYLOAD", async ([, filter]) => {
    const client = await suite.user();
    await client.refused("subscribe", { topic: unique("topic:"), filter }, "INVALID_PAYLOAD");
  });

  it("may have 16 keys of 64 values, and paths of 128 characters and 8 pieces", async () => {
    const client = await suite.user();
    const values = Array.from({ length: 64 }, (_, n) => n);
    await client.ok("subscribe", {
      topic: unique("topic:"),
      filter: Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`k${n}`, values])),
    });
    await client.ok("subscribe", { topic: unique("topic:"), filter: { ["a".repeat(128)]: 1, "a.b.c.d.e.f.g.h": 1 } });
  });

  it("that are not pure equality: 16 different ones for a user on one topic", async () => {
    const userId = unique("u-");
    // Each node counts its own.
    const url = suite.target.urls[0];
    const [one, two] = [await suite.user(userId, { url }), await suite.user(userId, { url })];
    const topic = unique("topic:");
    for (let n = 0; n < 8; n++) await one.ok("subscribe", { topic, filter: { price: { gt: n } } });
    for (let n = 8; n < 16; n++) await two.ok("subscribe", { topic, filter: { price: { gt: n } } });
    const error = await two.refused("subscribe", { topic, filter: { price: { gt: 16 } } }, "LIMIT_REACHED");
    expect(error.details).toMatchObject({ limit: expect.any(String) });
    await one.refused("subscribe", { topic, filter: { price: { gt: 17 } } }, "LIMIT_REACHED");
    // The same again, equalities, other topics and other users are free.
    await one.ok("subscribe", { topic, filter: { price: { gt: 3 } } });
    for (let n = 0; n < 20; n++) await one.ok("subscribe", { topic, filter: { price: n } });
    await one.ok("subscribe", { topic: unique("topic:"), filter: { price: { gt: 16 } } });
    await (await suite.user()).ok("subscribe", { topic, filter: { price: { gt: 16 } } });
  });

  it("that are not pure equality: 500 different ones for a topic", async () => {
    const topic = unique("topic:");
    const user = async (n: number, count: number): Promise<void> => {
      const client = await suite.user(unique("u-"), { url: suite.target.urls[0] });
      await Promise.all(
        Array.from({ length: count }, (_, k) =>
          client.ok("subscribe", { topic, filter: { price: { gt: n * 16 + k } } }),
        ),
      );
    };
    for (let n = 0; n < 31; n++) await user(n, 16);
    await user(31, 4);
    const last = await suite.user(unique("u-"), { url: suite.target.urls[0] });
    const { details } = await last.refused("subscribe", { topic, filter: { price: { gt: 5000 } } }, "LIMIT_REACHED");
    expect(details).toMatchObject({ limit: expect.any(String) });
    await last.ok("subscribe", { topic, filter: { price: { gt: 5 } } });
    await last.ok("subscribe", { topic, filter: { price: 5 } });
    await last.ok("subscribe", { topic });
  });
});
