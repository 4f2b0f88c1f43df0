import { describe, expect, it } from "vitest";
import { TestGateway, type TestClient } from "./testing/index.ts";

const OK = { ok: true };
const epoch = expect.any(String) as string;
const at = (offset: number) => ({ epoch, offset });
const failed = (code: string, retryable = false) => ({
  ok: false,
  error: expect.objectContaining({ code, retryable, message: expect.any(String) as string }) as unknown,
});

async function setUp(options: ConstructorParameters<typeof TestGateway>[0] = {}) {
  const test = new TestGateway(options);
  const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
  return { test, alice, bob };
}

const payloads = (client: TestClient): readonly unknown[] => client.events().map(({ payload }) => payload);

describe("commands", () => {
  it("subscribe: tells its id and where the channel stands, and delivers what follows", async () => {
    const { test, alice } = await setUp();
    expect(await alice.request("subscribe", { topic: "a" })).toStrictEqual({
      ...OK,
      subscriptionId: "subscription_1",
      position: at(0),
    });
    await test.gateway.publish({ tenantId: "default", name: "a" }, "e", { n: 1 });
    expect(alice.events()).toStrictEqual([
      {
        id: expect.any(String),
        topic: "a",
        event: "e",
        payload: { n: 1 },
        source: "server",
        timestamp: test.clock.now(),
        position: at(1),
      },
    ]);
    expect(await alice.request("subscribe", { topic: "a", subscriptionId: "mine" })).toStrictEqual({
      ...OK,
      subscriptionId: "mine",
      position: at(1),
    });
    await test.gateway.publish({ tenantId: "default", name: "a" }, "e", { n: 2 });
    expect(payloads(alice)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("subscribe: the same id again changes nothing, another topic or filter is refused", async () => {
    const { alice } = await setUp();
    const same = { topic: "a", subscriptionId: "s", filter: { x: 1, y: 2 } };
    await alice.request("subscribe", same);
    expect(await alice.request("subscribe", { ...same, filter: { y: 2, x: 1 } })).toMatchObject({
      ...OK,
      subscriptionId: "s",
    });
    for (const other of [
      { ...same, topic: "b" },
      { ...same, filter: { x: 1 } },
      { topic: "a", subscriptionId: "s" },
    ]) {
      expect(await alice.request("subscribe", other)).toEqual(failed("INVALID_PAYLOAD"));
    }
    expect(await alice.request("unsubscribe", { subscriptionId: "s" })).toStrictEqual(OK);
    expect(await alice.request("unsubscribe", { subscriptionId: "s" })).toEqual(failed("NOT_FOUND"));
    expect(await alice.request("subscribe", { ...same, topic: "b" })).toMatchObject(OK);
  });

  it("subscribe: several of one topic bring a matching event once, and the union of what they ask for", async () => {
    const { test, alice } = await setUp();
    const publish = (data: unknown) => test.gateway.publish({ tenantId: "default", name: "a" }, "e", data);
    await alice.request("subscribe", { topic: "a", filter: { x: 1 }, subscriptionId: "1" });
    await alice.request("subscribe", { topic: "a", filter: { y: { gt: 1 } }, subscriptionId: "2" });
    for (const data of [{ x: 1, y: 2 }, { x: 1 }, { y: 2 }, { x: 2, y: 1 }, null]) await publish(data);
    expect(payloads(alice)).toEqual([{ x: 1, y: 2 }, { x: 1 }, { y: 2 }]);
    await alice.request("subscribe", { topic: "a", filter: {}, subscriptionId: "all" });
    await publish(3);
    await alice.request("unsubscribe", { subscriptionId: "all" });
    await publish(4);
    await alice.request("unsubscribe", { subscriptionId: "1" });
    await publish({ x: 1 });
    await publish({ y: 5 });
    expect(payloads(alice).slice(3)).toEqual([3, { y: 5 }]);
  });

  it("unsubscribe: stops the events, and knows only one's own", async () => {
    const { test, alice, bob } = await setUp();
    await alice.request("subscribe", { topic: "a", subscriptionId: "s" });
    expect(await bob.request("unsubscribe", { subscriptionId: "s" })).toEqual(failed("NOT_FOUND"));
    expect(await alice.request("unsubscribe", { subscriptionId: "s" })).toStrictEqual(OK);
    await test.gateway.publish({ tenantId: "default", name: "a" }, "e", 1);
    expect([alice.events(), test.gateway.channelCount]).toEqual([[], 0]);
  });

  it("join: tells the members, with state and info, and delivers events", async () => {
    const test = new TestGateway();
    const alice = await test.connect({ info: { name: "Alice" } });
    const bob = await test.connect({ userId: "bob" });
    const first = {
      socketId: alice.id,
      userId: "alice",
      joinedAt: test.clock.now(),
      info: { name: "Alice" },
      state: { on: 1 },
    };
    expect(await alice.request("join", { channel: "a", state: { on: 1 } })).toStrictEqual({
      ...OK,
      members: [first],
      total: 1,
      position: at(0),
    });
    await test.advance(500);
    const second = { socketId: bob.id, userId: "bob", joinedAt: test.clock.now() };
    expect(await bob.request("join", { channel: "a" })).toStrictEqual({
      ...OK,
      members: [first, second],
      total: 2,
      position: at(0),
    });
    expect(await bob.request("publish", { channel: "a", event: "hi", data: 1 })).toMatchObject(OK);
    expect(payloads(alice)).toEqual([1]);
    expect(alice.events()[0]).toMatchObject({ source: "socket", sender: { userId: "bob", socketId: bob.id } });
    // Joining again keeps the moment and the state, unless another is given.
    await test.advance(500);
    expect(await alice.request("join", { channel: "a" })).toMatchObject({ members: [first, second] });
    const again = await alice.request("join", { channel: "a", state: null });
    expect(again["members"]).toStrictEqual([{ ...first, state: null }, second]);
  });

  it("leave: ends the membership, also where there is none, and no other subscription", async () => {
    const { test, alice, bob } = await setUp();
    expect(await alice.request("leave", { channel: "a" })).toStrictEqual(OK);
    await alice.request("subscribe", { topic: "a" });
    await alice.request("join", { channel: "a" });
    await bob.request("join", { channel: "a" });
    expect(await alice.request("leave", { channel: "a" })).toStrictEqual(OK);
    expect(await bob.request("members", { channel: "a" })).toMatchObject({ total: 1, members: [{ userId: "bob" }] });
    await test.gateway.publish({ tenantId: "default", name: "a" }, "e", 1);
    expect(payloads(alice)).toEqual([1]);
    await bob.request("leave", { channel: "a" });
    await test.gateway.publish({ tenantId: "default", name: "a" }, "e", 2);
    expect([payloads(alice), payloads(bob)]).toEqual([[1, 2], [1]]);
  });

  it("publish: needs a subscription for a client, none for service, admin and operator", async () => {
    const { test, alice } = await setUp();
    const publish = { channel: "a", event: "e", data: 1 };
    expect(await alice.request("publish", publish)).toEqual(failed("FORBIDDEN"));
    await alice.request("subscribe", { topic: "a" });
    expect(await alice.request("publish", publish)).toStrictEqual({ ...OK, id: expect.any(String), position: at(1) });
    for (const [n, role] of (["service", "admin", "operator"] as const).entries()) {
      const other = await test.connect({ userId: role, roles: [role] });
      expect(await other.request("publish", publish)).toMatchObject({ ...OK, position: at(n + 2) });
    }
  });

  it("publish: the same id is published once, and CONFLICT with other content; another's guess is its own", async () => {
    const { alice, bob } = await setUp({ channels: [{ match: "quiet", keep: false }] });
    for (const channel of ["a", "quiet"]) {
      await alice.request("join", { channel });
      await bob.request("join", { channel });
      const first = await alice.request("publish", { channel, event: "e", data: 1, id: "k" });
      expect(first).toMatchObject({ ...OK, id: "k" });
      expect(await alice.request("publish", { channel, event: "e", data: 1, id: "k" })).toEqual(first);
      expect(await alice.request("publish", { channel, event: "e", data: 2, id: "k" })).toEqual(failed("CONFLICT"));
      expect(await bob.request("publish", { channel, event: "e", data: 3, id: "k" })).toMatchObject(OK);
    }
    expect(payloads(alice)).toEqual([1, 3, 1, 3]);
  });

  it("publish: what a client says of itself proves nothing", async () => {
    const { alice, bob } = await setUp();
    await alice.request("join", { channel: "a" });
    await bob.request("join", { channel: "a" });
    const lies = {
      sender: { userId: "bob" },
      source: "server",
      timestamp: 1,
      position: { epoch: "x", offset: 9 },
      tenantId: "x",
    };
    await alice.request("publish", { channel: "a", event: "e", data: lies, ...lies });
    expect(bob.events()[0]).toMatchObject({
      source: "socket",
      sender: { userId: "alice", socketId: alice.id },
      payload: lies,
    });
    expect(bob.events()[0]?.position).toEqual(at(1));
  });

  it("direct: reaches one session or all of a user, with the sender's stamp", async () => {
    const { test, alice, bob } = await setUp();
    const bob2 = await test.connect({ userId: "bob" });
    const toBob = { to: { userId: "bob" }, event: "hi", data: { n: 1 } };
    expect(await alice.request("direct", toBob)).toStrictEqual({ ...OK, id: expect.any(String), delivered: 2 });
    for (const one of [bob, bob2]) {
      expect(one.events()).toStrictEqual([
        {
          id: expect.any(String),
          topic: "@direct",
          event: "hi",
          payload: { n: 1 },
          source: "direct",
          sender: { userId: "alice", socketId: alice.id },
          timestamp: test.clock.now(),
        },
      ]);
    }
    expect(await alice.request("direct", { to: { socketId: bob.id }, event: "hi" })).toMatchObject({
      ...OK,
      delivered: 1,
    });
    expect([bob.events().length, bob2.events().length]).toEqual([2, 1]);
    expect(await alice.request("direct", { to: { userId: "nobody" }, event: "hi" })).toMatchObject({
      ...OK,
      delivered: 0,
    });
    expect(await alice.request("direct", { to: { socketId: "none" }, event: "hi" })).toEqual(failed("NOT_FOUND"));
    bob.leave();
    expect(await alice.request("direct", { to: { socketId: bob.id }, event: "hi" })).toEqual(failed("NOT_FOUND"));
  });

  it("direct: keeps to its rule", async () => {
    const test = new TestGateway();
    const [alice, visitor] = [await test.connect(), await test.connect(null)];
    const to = { to: { userId: "alice" }, event: "hi" };
    expect(await visitor.request("direct", to)).toEqual(failed("FORBIDDEN"));
    expect(await visitor.request("direct", { ...to, to: { socketId: alice.id } })).toEqual(failed("NOT_FOUND"));
    const only = await test.connect({ userId: "only", grantsOnly: true, grants: { "**": ["publish"] } });
    expect(await only.request("direct", to)).toEqual(failed("FORBIDDEN"));
    expect(alice.events()).toEqual([]);
    const asked: unknown[] = [];
    const rule = new TestGateway({
      direct: (principal, params) => (asked.push({ ...params }), principal.userId === "bob"),
    });
    const bob = await rule.connect({ userId: "bob" });
    const eve = await rule.connect({ userId: "eve" });
    expect(await bob.request("direct", { to: { userId: "eve" }, event: "hi" })).toMatchObject({ delivered: 1 });
    expect(await eve.request("direct", { to: { socketId: bob.id }, event: "hi" })).toEqual(failed("NOT_FOUND"));
    expect(asked).toEqual([{ userId: "eve" }, { socketId: bob.id }]);
  });

  it("members: lists them in pages, for who may see them", async () => {
    const test = new TestGateway({
      channels: [{ match: "shy", presence: "service" }],
      limits: { connectionsPerUser: 0 },
    });
    const alice = await test.connect();
    expect(await alice.request("members", { channel: "a" })).toStrictEqual({ ...OK, members: [], total: 0 });
    expect(await alice.request("members", { channel: "shy" })).toEqual(failed("FORBIDDEN"));
    expect(await alice.request("join", { channel: "shy" })).toEqual(failed("FORBIDDEN"));
    for (let n = 0; n < 1050; n++) await (await test.connect({ userId: `u${n}` })).request("join", { channel: "a" });
    const first = await alice.request("members", { channel: "a" });
    expect(first).toMatchObject({ ...OK, total: 1050, cursor: expect.any(String) as string });
    const second = await alice.request("members", { channel: "a", cursor: first["cursor"] });
    const ids = [first, second].flatMap((page) =>
      (page["members"] as { userId: string }[]).map(({ userId }) => userId),
    );
    expect([(first["members"] as unknown[]).length, new Set(ids).size, "cursor" in second]).toEqual([
      1000,
      1050,
      false,
    ]);
    expect(await alice.request("members", { channel: "a", cursor: "nonsense" })).toEqual(failed("INVALID_PAYLOAD"));
  });

  it("state: replaces one's own, and needs a membership", async () => {
    const { test, alice, bob } = await setUp();
    expect(await alice.request("state", { channel: "a", state: 1 })).toEqual(failed("NOT_FOUND"));
    await alice.request("subscribe", { topic: "a" });
    expect(await alice.request("state", { channel: "a", state: 1 })).toEqual(failed("NOT_FOUND"));
    await alice.request("join", { channel: "a", state: { a: 1, b: 2 } });
    await bob.request("join", { channel: "a" });
    await test.advance(100);
    expect(await alice.request("state", { channel: "a", state: { a: 3 } })).toStrictEqual(OK);
    expect(await bob.request("members", { channel: "a" })).toMatchObject({ members: [{ state: { a: 3 } }, {}] });
    await test.advance(100);
    expect(bob.received("presence").at(-1)).toMatchObject({
      joined: [],
      left: [],
      updated: [{ userId: "alice", state: { a: 3 } }],
    });
    await alice.request("leave", { channel: "a" });
    expect(await alice.request("state", { channel: "a", state: 1 })).toEqual(failed("NOT_FOUND"));
  });

  it("state: bounds its bytes, on join too", async () => {
    const { alice } = await setUp();
    expect(await alice.request("join", { channel: "a", state: "é".repeat(2048) })).toEqual(failed("TOO_LARGE"));
    expect(await alice.request("members", { channel: "a" })).toMatchObject({ total: 0 });
    expect(await alice.request("join", { channel: "a", state: "é".repeat(2047) })).toMatchObject(OK);
    expect(await alice.request("state", { channel: "a", state: "x".repeat(4095) })).toEqual(failed("TOO_LARGE"));
    expect(await alice.request("state", { channel: "a", state: "x".repeat(4094) })).toStrictEqual(OK);
  });

  it("history: the newest, or the oldest after a position; for who may read it", async () => {
    const { test, alice } = await setUp({
      channels: [
        { match: "shy", history: "service" },
        { match: "quiet", keep: false },
      ],
    });
    for (let n = 1; n <= 120; n++) await test.gateway.publish({ tenantId: "default", name: "a" }, "e", n);
    const read = async (query: object): Promise<unknown[]> => {
      const { events, position, ok } = await alice.request("history", { channel: "a", ...query });
      expect([ok, position]).toEqual([true, at(120)]);
      return (events as { payload: unknown }[]).map(({ payload }) => payload);
    };
    expect((await read({})).length).toBe(100);
    expect(await read({ limit: 3 })).toEqual([118, 119, 120]);
    const { position } = await alice.request("history", { channel: "a", limit: 1 });
    expect(await read({ limit: 2, since: { ...(position as object), offset: 50 } })).toEqual([51, 52]);
    expect(await read({ since: position })).toEqual([]);
    expect(await alice.request("history", { channel: "shy" })).toEqual(failed("FORBIDDEN"));
    expect(await alice.request("history", { channel: "quiet" })).toMatchObject({ ...OK, events: [] });
    expect(await alice.request("history", { channel: "new" })).toStrictEqual({ ...OK, events: [], position: at(0) });
  });

  it("pushes a failure where no answer was asked for, and nothing for a success", async () => {
    const { test, alice } = await setUp();
    alice.send("leave", { channel: "a" });
    alice.send("unsubscribe", { subscriptionId: "none" });
    alice.send("nope", {});
    await test.settle();
    expect(alice.received("error")).toEqual([
      { command: "unsubscribe", code: "NOT_FOUND", message: expect.any(String), retryable: false },
      { command: "nope", code: "UNKNOWN_COMMAND", message: expect.any(String), retryable: false },
    ]);
  });
});
