import { describe, expect, it } from "vitest";
import { TestGateway, testPrincipal } from "./testing/index.ts";

const address = (name: string) => ({ tenantId: "default", name });

describe("lists", () => {
  it("channels: the active ones of a tenant, in pages, with counts; nobody's own and none of the gateway's", async () => {
    const test = new TestGateway();
    const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
    for (const topic of ["a", "b:1", "b:2", "user:alice"]) await alice.request("subscribe", { topic });
    await bob.request("join", { channel: "b:1" });
    expect(await test.gateway.channels("default")).toEqual({
      entries: [
        { name: "a", memberCount: 0, subscriberCount: 1 },
        { name: "b:1", memberCount: 1, subscriberCount: 2 },
        { name: "b:2", memberCount: 0, subscriberCount: 1 },
        { name: "user:alice", memberCount: 0, subscriberCount: 1 },
      ],
      total: 4,
    });
    const first = await test.gateway.channels("default", { prefix: "b:", limit: 1 });
    expect([first.entries[0]?.name, first.total]).toEqual(["b:1", 2]);
    const second = await test.gateway.channels("default", { prefix: "b:", limit: 1, cursor: first.cursor as string });
    expect([second.entries[0]?.name, second.cursor]).toEqual(["b:2", undefined]);
    expect(await test.gateway.channels("other")).toEqual({ entries: [], total: 0 });
  });

  it("connections: who is here, by what, since when, following what", async () => {
    const test = new TestGateway();
    const [alice, visitor] = [await test.connect(), await test.connect(null)];
    await alice.request("subscribe", { topic: "a" });
    await alice.request("join", { channel: "b" });
    const common = {
      dialect: "native",
      transport: "memory",
      nodeId: "test",
      address: null,
      connectedAt: test.clock.now(),
    };
    expect(await test.gateway.connections("default")).toEqual({
      entries: [
        { socketId: alice.id, userId: "alice", ...common, channels: ["a", "b"] },
        { socketId: visitor.id, userId: null, ...common, channels: [] },
      ],
      total: 2,
    });
    expect((await test.gateway.connections("default", { userId: "alice" })).total).toBe(1);
    expect((await test.gateway.connections("other")).total).toBe(0);
    alice.leave();
    await test.settle();
    expect((await test.gateway.connections("default")).entries.map(({ socketId }) => socketId)).toEqual([visitor.id]);
  });
});

describe("back ends", () => {
  it("publish with an idempotency key of their own scope", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    await alice.request("join", { channel: "a" });
    const publish = (data: unknown, sender?: string) =>
      test.gateway.publish(address("a"), "e", data, { id: "k", source: "rest", ...(sender && { sender }) });
    const first = await publish(1);
    expect([first.id, await publish(1)]).toEqual(["k", first]);
    await expect(publish(2)).rejects.toMatchObject({ code: "CONFLICT" });
    await publish(3, "another");
    // A client cannot stand in the place of a back end, whatever its user is called.
    const server = await test.connect({ userId: "server" });
    await server.request("join", { channel: "a" });
    expect(await server.request("publish", { channel: "a", event: "e", data: 4, id: "k" })).toMatchObject({ ok: true });
    expect(alice.events().map(({ payload, source }) => [payload, source])).toEqual([
      [1, "rest"],
      [3, "rest"],
      [4, "socket"],
    ]);
  });

  it("publish what was given then, also where the address is used again for another channel", async () => {
    const test = new TestGateway();
    const again = { ...address("a") };
    await test.gateway.publish(again, "e", 1);
    again.name = "b";
    await test.gateway.publish(again, "e", 2);
    const topics = async (name: string) =>
      (await test.gateway.history(address(name))).events.map((event) => [event.address.name, event.data]);
    expect([await topics("a"), await topics("b")]).toEqual([[["a", 1]], [["b", 2]]]);
  });

  it("notify: each user once, and tell how many sessions were reached", async () => {
    const test = new TestGateway();
    const clients = [await test.connect(), await test.connect(), await test.connect({ userId: "bob" })];
    for (const [n, client] of clients.entries()) {
      const topic = `notifications:${n < 2 ? "alice" : "bob"}`;
      expect(await client.request("subscribe", { topic })).toMatchObject({ ok: true });
    }
    expect(await test.gateway.notify("default", ["alice", "bob", "alice", "carol"], { n: 1 })).toEqual({
      delivered: 3,
    });
    for (const client of clients) {
      expect(client.events()).toMatchObject([{ event: "notification", payload: { n: 1 }, source: "server" }]);
    }
    expect(await test.gateway.notify("default", [], 1)).toEqual({ delivered: 0 });
    expect(await test.gateway.notify("other", ["alice"], 1)).toEqual({ delivered: 0 });
  });

  it("write to channels of one user, which nobody shares", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    await alice.request("subscribe", { topic: "a" });
    await test.gateway.publish({ ...address("a"), userId: "alice" }, "e", "own");
    await test.gateway.publish(address("a"), "e", "shared");
    expect(alice.events().map(({ payload }) => payload)).toEqual(["shared"]);
    const own = await test.gateway.history({ ...address("a"), userId: "alice" });
    expect(own.events.map(({ data }) => data)).toEqual(["own"]);
  });
});

describe("visitors", () => {
  it("reach what a rule opens to anyone, and nothing else", async () => {
    const test = new TestGateway({
      channels: [
        { match: "open:**", subscribe: "anyone" },
        { match: "mine:{userId}", subscribe: "owner" },
      ],
    });
    const [one, two] = [await test.connect(null), await test.connect(null)];
    expect(one.received("session")[0]).toMatchObject({ userId: null, tenantId: "default", expiresAt: null });
    for (const topic of ["a", "user:null", "notifications:null", "org:default", "mine:null", "mine:"]) {
      expect([topic, (await one.request("subscribe", { topic }))["ok"]]).toEqual([topic, false]);
    }
    expect(await one.request("join", { channel: "open:1" })).toMatchObject({ ok: true, members: [{ userId: null }] });
    await two.request("join", { channel: "open:1" });
    // Two visitors are two senders: neither finds the other's key.
    for (const [n, client] of [one, two].entries()) {
      const publish = { channel: "open:1", event: "e", data: n, id: "k" };
      expect(await client.request("publish", publish)).toMatchObject({ ok: true });
    }
    expect(two.events().map(({ payload, sender }) => [payload, sender])).toEqual([
      [0, { userId: null, socketId: one.id }],
      [1, { userId: null, socketId: two.id }],
    ]);
    const refresh = await one.request("refresh", { token: testPrincipal() });
    expect(refresh).toMatchObject({ ok: false, error: { code: "FORBIDDEN" } });
  });
});

describe("draining", () => {
  it("refuses new connections, and ends all within the time, at 2,000 a second or as the time asks", async () => {
    const test = new TestGateway({ limits: { connectionsPerUser: 0 } });
    const clients = await Promise.all(Array.from({ length: 250 }, () => test.connect()));
    await test.gateway.ready();
    let drained = false;
    const draining = test.gateway.drain({ seconds: 10 }).then(() => (drained = true));
    const ended = () => clients.filter(({ closed }) => closed === "reconnect").length;
    await test.settle();
    expect([ended(), test.gateway.draining]).toEqual([100, true]);
    await expect(test.connect()).rejects.toMatchObject({ code: "SHUTTING_DOWN", retryable: true });
    await expect(test.gateway.ready()).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
    await test.advance(50);
    expect([ended(), drained]).toEqual([200, false]);
    await test.advance(50);
    expect([ended(), drained]).toEqual([250, true]);
    await draining;
    expect(clients[0]?.received("closing")).toEqual([
      { code: "SHUTTING_DOWN", message: expect.any(String), reconnect: true },
    ]);
    expect([test.gateway.sessionCount, test.gateway.channelCount]).toEqual([0, 0]);
  });

  it("drops links that do not go when the time is up, and connections that open meanwhile", async () => {
    const test = new TestGateway();
    const admission = await test.gateway.admit({ kind: "token", token: testPrincipal({ userId: "late" }) });
    const alice = await test.connect();
    // Plays a link that hangs: it is told to close, and does not.
    const told: string[] = [];
    alice.close = (how) => void told.push(how);
    const draining = test.gateway.drain({ seconds: 3 });
    await test.settle();
    const late = await Promise.resolve(test.gateway.open(alice, admission));
    expect(late.ended).toBe(true);
    await test.advance(2999);
    expect(told).toEqual(["reconnect", "reconnect"]);
    await test.advance(1);
    await draining;
    expect(told.slice(2)).toContain("destroy");
  });
});
