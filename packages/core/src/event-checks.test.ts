import { defineChannels, plazerDialect, twakeDialect, type StandardSchema } from "@roomcast/protocol";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ManualClock, TestGateway, testPrincipal, type TestClient } from "./testing/index.ts";

const order = z.object({ order: z.object({ id: z.int() }) });
const chat = { tenantId: "default", name: "chat:1" };

function schema(validate: (value: unknown) => unknown): StandardSchema {
  return { "~standard": { version: 1, vendor: "own", validate: validate as () => { value: unknown } } };
}

/** A schema that answers when it is told to. */
function slowSchema() {
  const waiting: { readonly value: unknown; answer: (result: unknown) => void }[] = [];
  return {
    waiting,
    schema: schema((value) => new Promise((answer) => waiting.push({ value, answer }))),
    accept: (index: number) => waiting[index]?.answer({ value: waiting[index]?.value }),
    refuse: (index: number) => waiting[index]?.answer({ issues: [{ message: "no" }] }),
  };
}

async function reader(test: TestGateway, topic = "chat:1"): Promise<TestClient> {
  const client = await test.connect({ userId: "reader" });
  expect(await client.request("subscribe", { topic })).toMatchObject({ ok: true });
  return client;
}

async function writer(test: TestGateway, channel = "chat:1"): Promise<TestClient> {
  const client = await test.connect();
  expect(await client.request("join", { channel })).toMatchObject({ ok: true });
  return client;
}

function payloads(client: TestClient): unknown[] {
  return client.events().map(({ payload }) => payload);
}

describe("a publication on a channel of the contract", () => {
  it("is refused with the path of what is wrong, and nobody hears of it", async () => {
    for (const own of [
      order,
      v.object({ order: v.object({ id: v.pipe(v.number(), v.integer()) }) }),
      type({ order: { id: "number.integer" } }),
    ]) {
      const test = new TestGateway({ channels: defineChannels({ "chat:{room}": { events: { order: own } } }) });
      const [alice, bob] = [await writer(test), await reader(test)];
      const data = { order: { id: "seven" } };
      const answer = await alice.request("publish", { channel: "chat:1", event: "order", data });
      expect(answer).toMatchObject({
        ok: false,
        error: { code: "INVALID_PAYLOAD", retryable: false, details: { path: "payload.order.id" } },
      });
      await expect(test.gateway.publish(chat, "order", data)).rejects.toMatchObject({
        code: "INVALID_PAYLOAD",
        details: { path: "payload.order.id", problem: expect.any(String) as unknown },
      });
      const good = { order: { id: 7 } };
      expect(await alice.request("publish", { channel: "chat:1", event: "order", data: good })).toMatchObject({
        ok: true,
      });
      await test.settle();
      expect(payloads(bob)).toEqual([good]);
      expect((await test.gateway.history(chat)).events).toHaveLength(1);
    }
  });

  it("must be an event that the contract has there", async () => {
    const events = { order, message: z.string() };
    const test = new TestGateway({ channels: defineChannels({ "chat:{room}": { events } }) });
    const alice = await writer(test);
    for (const event of ["mesage", "toString", "__proto__"]) {
      expect(await alice.request("publish", { channel: "chat:1", event, data: 1 })).toMatchObject({
        ok: false,
        error: {
          code: "INVALID_PAYLOAD",
          message: '"event" must be one of order, message',
          details: { path: "event", expected: "one of order, message" },
        },
      });
    }
    expect(
      await writer(test, "other").then((c) => c.request("publish", { channel: "other", event: "any" })),
    ).toMatchObject({ ok: true });
  });

  it("arrives as the schema made it, as JSON", async () => {
    const when = z.object({ when: z.coerce.date(), by: z.string().default("nobody") });
    const test = new TestGateway({ channels: defineChannels({ "chat:{room}": { events: { at: when } } }) });
    const [alice, bob] = [await writer(test), await reader(test)];
    const data = { when: 0, more: true };
    await alice.request("publish", { channel: "chat:1", event: "at", data });
    await test.gateway.publish(chat, "at", data);
    await test.settle();
    const made = { when: "1970-01-01T00:00:00.000Z", by: "nobody" };
    expect(payloads(bob)).toEqual([made, made]);
  });

  it("is what the schema said, whatever it does with it later", async () => {
    const kept: { text: string }[] = [];
    const events = {
      message: schema((value) => {
        kept.push(value as { text: string });
        return { value };
      }),
    };
    const test = new TestGateway({ channels: [{ match: "chat:{room}", events }] });
    const bob = await reader(test);
    await test.gateway.publish(chat, "message", { text: "hi" });
    for (const value of kept) value.text = "changed";
    await test.settle();
    expect(payloads(bob)).toEqual([{ text: "hi" }]);
    expect((await test.gateway.history(chat)).events[0]?.data).toEqual({ text: "hi" });
  });

  it("is refused where the schema makes something that is no JSON", async () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    let deep: unknown = 1;
    for (let i = 0; i < 40; i++) deep = [deep];
    for (const value of [cycle, 1n, () => 1, Symbol("a"), deep]) {
      const test = new TestGateway({ channels: [{ match: "chat:**", events: { it: schema(() => ({ value })) } }] });
      await expect(test.gateway.publish(chat, "it", 1)).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
    }
  });

  it("tells several problems, bounded in number and length", async () => {
    const issues = Array.from({ length: 100 }, (_, index) => ({
      message: "m".repeat(5000),
      path: [{ key: "list" }, index, Symbol("s")],
    }));
    const test = new TestGateway({ channels: [{ match: "chat:**", events: { it: schema(() => ({ issues })) } }] });
    const alice = await writer(test);
    const answer = await alice.request("publish", { channel: "chat:1", event: "it" });
    expect(answer).toMatchObject({ error: { details: { path: "payload.list.0.Symbol(s)" } } });
    const { problems } = (answer as { error: { details: { problems: unknown[] } } }).error.details;
    expect([problems.length, JSON.stringify(answer).length < 3000]).toEqual([8, true]);
  });
});

describe("every door", () => {
  const contract = defineChannels({
    "chat:{room}": { events: { message: z.object({ text: z.string() }), event: z.object({ text: z.string() }) } },
    "things:{id}": {
      events: { created: z.object({ type: z.literal("thing"), path: z.null(), resource: z.object({ id: z.int() }) }) },
    },
    "notifications:{userId}": { events: { notification: z.object({ title: z.string() }) } },
    "**": { events: { nothing: z.never() } },
  });

  it("of clients of other languages is checked", async () => {
    const test = new TestGateway({ channels: contract });
    const bob = await reader(test);
    const plazer = await test.connect({}, plazerDialect());
    await plazer.request("join", { room: "chat:1" });
    expect(await plazer.request("message", { room: "chat:1", data: { txt: 1 } })).toMatchObject({
      ok: false,
      error: { code: "INVALID_PAYLOAD" },
    });
    const twake = test.open(twakeDialect());
    twake.send("authenticate", { token: testPrincipal({ userId: "tom" }) });
    await test.settle();
    twake.send("realtime:join", { name: "chat:1" });
    await test.settle();
    twake.send("realtime:event", { name: "chat:1", data: { txt: 1 } });
    await test.settle();
    expect(twake.received("realtime:event:error")).toMatchObject([{ name: "chat:1" }]);
    expect(payloads(bob)).toEqual([]);

    expect(await plazer.request("message", { room: "chat:1", data: { text: "a", more: 1 } })).toEqual({ ok: true });
    twake.send("realtime:event", { name: "chat:1", data: { text: "b", more: 1 } });
    await test.settle();
    expect(payloads(bob)).toEqual([{ text: "a" }, { text: "b" }]);
    expect(plazer.received("message")).toMatchObject([{ data: { text: "a" } }]);
  });

  it("of resources is checked for events that the contract has", async () => {
    const test = new TestGateway({ channels: contract });
    const bob = await reader(test, "things:1");
    const address = { tenantId: "default", name: "things:1" };
    const change = (action: string, id: unknown) => ({ action, type: "thing", resource: { id, more: 1 } });
    await expect(test.gateway.publishResource(address, change("created", "1"))).rejects.toMatchObject({
      code: "INVALID_PAYLOAD",
      details: { path: "payload.resource.id" },
    });
    await test.gateway.publishResource(address, change("created", 1));
    await test.gateway.publishResource(address, change("deleted", "any"));
    await test.settle();
    expect(bob.events().map(({ event, payload }) => [event, payload])).toEqual([
      ["created", { type: "thing", path: null, resource: { id: 1 } }],
      ["deleted", { type: "thing", path: null, resource: { id: "any", more: 1 } }],
    ]);
  });

  it("of notifications is checked, for all users before any", async () => {
    const test = new TestGateway({ channels: contract });
    const alice = await test.connect({}, plazerDialect());
    await expect(test.gateway.notify("default", ["alice", "bob"], { titel: "hi" })).rejects.toMatchObject({
      code: "INVALID_PAYLOAD",
      details: { path: "payload.title" },
    });
    await test.gateway.notify("default", ["alice", "bob"], { title: "hi", more: 1 });
    await test.settle();
    expect(alice.received("notification")).toEqual([{ title: "hi" }]);
    const kept = await test.gateway.history({ tenantId: "default", name: "notifications:bob" });
    expect(kept.events.map(({ data }) => data)).toEqual([{ title: "hi" }]);
  });

  it("of built-in names is open where only a pattern for the rest meets them", async () => {
    const test = new TestGateway({ channels: contract });
    await test.gateway.publish({ tenantId: "default", name: "user:alice" }, "anything", 1);
    await test.gateway.publish({ tenantId: "default", name: "org:default" }, "anything", 1);
    await expect(test.gateway.publish({ tenantId: "default", name: "else" }, "anything", 1)).rejects.toMatchObject({
      code: "INVALID_PAYLOAD",
    });
  });
});

it("knows by what was said, not by what a schema made of it in place, that the same is published again", async () => {
  const stamping = schema((value) => {
    Object.assign(value as object, { stamp: Math.random() });
    return { value };
  });
  const test = new TestGateway({ channels: defineChannels({ "chat:{room}": { events: { order: stamping } } }) });
  const first = await test.gateway.publish(chat, "order", { n: 1 }, { id: "once" });
  expect(await test.gateway.publish(chat, "order", { n: 1 }, { id: "once" })).toEqual(first);
});

describe("a schema that takes its time", () => {
  it("keeps the order of a session and lets others go on", async () => {
    const slow = slowSchema();
    const events = { slow: slow.schema, fast: z.unknown() };
    const test = new TestGateway({ channels: [{ match: "chat:{room}", events }] });
    const [alice, bob, carol] = [await writer(test), await reader(test), await test.connect({ userId: "carol" })];
    await carol.request("join", { channel: "chat:1" });
    const answers = ["slow", "fast", "slow", "fast"].map((event, data) =>
      alice.request("publish", { channel: "chat:1", event, data }),
    );
    await test.settle();
    expect(await carol.request("publish", { channel: "chat:1", event: "fast", data: "carol" })).toMatchObject({
      ok: true,
    });
    slow.accept(0);
    await test.settle();
    slow.refuse(1);
    expect((await Promise.all(answers)).map(({ ok }) => ok)).toEqual([true, true, false, true]);
    await test.settle();
    expect(payloads(bob)).toEqual(["carol", 0, 1, 3]);
  });

  it("keeps the order of what back ends give a channel", async () => {
    const slow = slowSchema();
    const events = { slow: slow.schema, fast: z.unknown() };
    const test = new TestGateway({ channels: [{ match: "chat:{room}", events }] });
    const bob = await reader(test);
    const other = { tenantId: "default", name: "chat:2" };
    const published = ["slow", "slow", "fast", "slow"].map((event, data) => test.gateway.publish(chat, event, data));
    const settled = Promise.allSettled(published);
    // All are looked at side by side, and another channel waits for none.
    await test.gateway.publish(other, "fast", 0);
    expect(slow.waiting).toHaveLength(3);
    slow.accept(2);
    slow.refuse(1);
    await test.settle();
    expect(payloads(bob)).toEqual([]);
    slow.accept(0);
    expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    await test.settle();
    expect(payloads(bob)).toEqual([0, 2, 3]);
  });

  it("changes nothing when the right or the session has gone meanwhile", async () => {
    const slow = slowSchema();
    const channels = [
      { match: "chat:{room}", events: { it: slow.schema }, subscribe: "anyone", publish: "authenticated" },
    ];
    const test = new TestGateway({ channels: channels as never });
    const [alice, bob] = [await writer(test), await reader(test)];
    const answer = alice.request("publish", { channel: "chat:1", event: "it", data: 1 });
    await test.settle();
    await alice.session.refresh({ kind: "token", token: testPrincipal({ grantsOnly: true }) });
    await test.settle();
    slow.accept(0);
    expect(await answer).toMatchObject({ ok: false, error: { code: "FORBIDDEN" } });

    const carol = await test.connect({ userId: "carol" });
    await carol.request("join", { channel: "chat:1" });
    carol.send("publish", { channel: "chat:1", event: "it", data: 2 });
    await test.settle();
    await test.gateway.revoke("default", "carol");
    slow.accept(1);
    await test.settle();
    expect([slow.waiting.length, payloads(bob)]).toEqual([2, []]);
  });

  it("may make something new each time: who publishes again is known by what was said", async () => {
    let count = 0;
    const events = { it: schema(async () => ({ value: ++count })) };
    const test = new TestGateway({ channels: [{ match: "chat:{room}", events }] });
    const [alice, bob] = [await writer(test), await reader(test)];
    const command = { channel: "chat:1", event: "it", data: "a", id: "once" };
    const first = await alice.request("publish", command);
    expect(await alice.request("publish", command)).toEqual(first);
    expect(await alice.request("publish", { ...command, data: "b" })).toMatchObject({ error: { code: "CONFLICT" } });
    await test.settle();
    expect([payloads(bob), count]).toEqual([[1], 3]);
  });
});

describe("a schema that fails", () => {
  const never = new Promise<never>(() => {});
  const BAD: readonly (readonly [string, () => unknown])[] = [
    ["throws", () => raise(new Error("secret of the application"))],
    ["throws nothing", () => raise(undefined)],
    ["rejects", () => Promise.reject(new Error("secret of the application"))],
    ["hangs", () => never],
    ["returns nothing", () => undefined],
    ["returns text", () => "yes"],
    ["returns an empty object", () => ({})],
    ["returns issues that are none", () => ({ issues: "secret" })],
    ["returns an issue that is none", () => ({ issues: [null] })],
    ["resolves to nonsense", async () => 1],
    ["returns a trap", () => new Proxy({}, { get: () => raise(new Error("trap")) })],
  ];

  function raise(thrown: unknown): never {
    throw thrown;
  }

  it.each(BAD)("%s: refuses with UNAVAILABLE, tells nothing, and stops nobody else", async (_what, validate) => {
    const failures: unknown[] = [];
    const clock = new ManualClock();
    const test = new TestGateway({
      clock,
      channels: [{ match: "chat:{room}", events: { bad: schema(validate), good: z.unknown() } }],
      observer: { failed: (where) => failures.push(where) },
    });
    const [alice, bob] = [await writer(test), await reader(test)];
    const asked = alice.request("publish", { channel: "chat:1", event: "bad", data: 1 });
    const published = test.gateway.publish(chat, "bad", 1).catch((error: unknown) => error);
    await test.settle();
    await test.gateway.publish({ tenantId: "default", name: "chat:2" }, "good", 1);
    await test.advance(5000);
    const answer = await asked;
    expect(answer).toMatchObject({ ok: false, error: { code: "UNAVAILABLE", retryable: true } });
    expect(JSON.stringify(answer)).not.toContain("secret");
    expect(await published).toMatchObject({ code: "UNAVAILABLE" });
    expect(failures).toEqual(["schema", "schema"]);
    expect(await alice.request("publish", { channel: "chat:1", event: "good", data: 2 })).toMatchObject({ ok: true });
    await test.settle();
    expect(payloads(bob)).toEqual([2]);
  });
});

describe("a contract and the rights", () => {
  it("has its rights as rules have them", async () => {
    const contract = defineChannels({ "chat:{room}": { events: { it: z.unknown() } }, "rest:**": {} }).withRights({
      "chat:{room}": { subscribe: (_principal, { room }) => room === "1" },
      "rest:**": { subscribe: "nobody" },
    });
    const test = new TestGateway({ channels: contract });
    const alice = await test.connect();
    expect(await alice.request("subscribe", { topic: "chat:1" })).toMatchObject({ ok: true });
    for (const topic of ["chat:2", "rest:1"]) {
      expect(await alice.request("subscribe", { topic })).toMatchObject({ error: { code: "FORBIDDEN" } });
    }
    expect(test.gateway.rules).toBe(contract.rules);
  });

  it("opens nothing by saying what is published", async () => {
    const events = { it: z.unknown() };
    const test = new TestGateway({ channels: defineChannels({ "/rooms/{id}": { events }, "/open/{id}": {} }) });
    test.gateway.requireRoomTokens("/");
    const alice = await test.connect();
    for (const topic of ["/rooms/1", "/other"]) {
      expect(await alice.request("subscribe", { topic })).toMatchObject({ error: { code: "FORBIDDEN" } });
    }
    expect(await alice.request("subscribe", { topic: "/open/1" })).toMatchObject({ ok: true });
  });

  it("lets whoever may not publish learn nothing of the schema", async () => {
    let asked = 0;
    const it = schema((value) => ({ value: (asked++, value) }));
    const test = new TestGateway({ channels: [{ match: "chat:{room}", events: { it }, publish: "service" }] });
    const alice = await writer(test);
    for (const event of ["it", "other"]) {
      expect(await alice.request("publish", { channel: "chat:1", event })).toMatchObject({
        error: { code: "FORBIDDEN" },
      });
    }
    expect(asked).toBe(0);
  });

  it("refuses rules whose events are none", () => {
    expect(() => new TestGateway({ channels: [{ match: "a", events: {} }] })).toThrow(/at least one event/);
  });
});
