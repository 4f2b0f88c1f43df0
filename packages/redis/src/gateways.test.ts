import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Limits, NodeSample } from "@roomcast/core";
import { ManualClock, TestGateway, testPrincipal, type TestClient } from "@roomcast/core/testing";
import { GatewayError, nativeDialect, type Member, type Position } from "@roomcast/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { RedisServer } from "../test/redis-server.ts";
import { redisParts } from "./parts.ts";

const PATIENCE_MS = 20_000;
/** Less than anybody would wait for a Redis that is away, and enough for a machine with much else to do. */
const AT_ONCE_MS = 10_000;
const address = { tenantId: "default", name: "a" };

let server: RedisServer;
let prefix: string;
let gateways: TestGateway[];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(async () => {
  await server.stop();
});
beforeEach(() => {
  prefix = randomUUID();
  gateways = [];
});
afterEach(async () => {
  for (const { gateway } of gateways) await gateway.close();
});

/** A node of its own, which shares nothing with others but Redis. */
async function start(nodeId: string, limits: Partial<Limits> = {}, url = server.url): Promise<TestGateway> {
  const test = new TestGateway({ ...redisParts({ url, prefix, nodeId }), limits });
  gateways.push(test);
  await test.gateway.ready();
  return test;
}

/** Waits until something holds, while time passes for the nodes. */
async function until(condition: () => void | Promise<void>): Promise<void> {
  const work = async (): Promise<void> => {
    for (const { clock } of gateways) if (clock instanceof ManualClock) await clock.advance(20);
    await condition();
  };
  await vi.waitFor(work, { timeout: PATIENCE_MS, interval: 10 });
}

/** Ends when the promise does, while time passes for the nodes. */
async function meanwhile<Value>(promise: Promise<Value>): Promise<Value> {
  let ended = false;
  const end = (): void => void (ended = true);
  promise.then(end, end);
  while (!ended) {
    for (const { clock } of gateways) await clock.advance(20);
    await delay(5);
  }
  return await promise;
}

async function pair(limits: Partial<Limits> = {}, url = server.url) {
  const [one, two] = await Promise.all([start("one", limits, url), start("two", limits, url)]);
  const alice = await one.connect();
  const bob = await two.connect({ userId: "bob" });
  return { one, two, alice, bob };
}

const payloads = (client: TestClient): readonly unknown[] => client.events().map(({ payload }) => payload);

const pushed = (client: TestClient, kind: "joined" | "left"): readonly (string | null)[] =>
  client.received("presence").flatMap((push) => (push[kind] as readonly Member[]).map(({ userId }) => userId));

describe("two gateways on one Redis", { timeout: 60_000 }, () => {
  it("tell followers on either node what both do, and how Redis is", async () => {
    const { one, two, bob } = await pair();
    const operator = await one.connect({ userId: "op", roles: ["operator"] });
    await operator.request("subscribe", { topic: "@cluster" });
    const sums = (): Record<string, number> => {
      const all: Record<string, number> = {};
      for (const { topic, payload } of operator.events()) {
        const { nodeId, in: in_, seconds } = payload as NodeSample;
        if (topic === "@cluster") all[nodeId] = Math.round((all[nodeId] ?? 0) + in_ * seconds);
      }
      return all;
    };
    await until(() => expect(Object.keys(sums()).sort()).toEqual(["one", "two"]));
    await bob.request("subscribe", { topic: "a" });
    for (let n = 0; n < 5; n++) await two.gateway.publish(address, "e", n);
    await one.gateway.publish(address, "e", 5);
    await until(() => expect(sums()).toEqual({ one: 1, two: 5 }));
    const { answers, unreachable } = await meanwhile(one.gateway.insight.askAll({ kind: "node" }));
    expect(unreachable).toEqual([]);
    expect(answers.map(({ nodeId, value }) => [nodeId, value.broker])).toEqual(
      ["one", "two"].map((nodeId) => [
        nodeId,
        { kind: "redis", healthy: true, latencyMs: expect.any(Number) as unknown, error: null },
      ]),
    );
  });

  it.each(["stalled", "gone"])("know of themselves that Redis is %s, in time", async (how) => {
    const own = await RedisServer.start();
    try {
      const node = await start("lonely", {}, own.url);
      if (how === "stalled") own.stall();
      else await own.kill();
      const { broker } = await meanwhile(node.gateway.insight.ask("lonely", { kind: "node" }));
      expect(broker).toEqual({ kind: "redis", healthy: false, latencyMs: null, error: expect.any(String) as unknown });
      expect(broker.error).not.toContain("127.0.0.1");
    } finally {
      await own.stop();
    }
  });

  it("carry events, and let a reader go on at the other where it was", async () => {
    const { one, two, alice, bob } = await pair();
    await alice.request("subscribe", { topic: "a" });
    const { position } = await bob.request("subscribe", { topic: "a" });
    expect(await alice.request("publish", { channel: "a", event: "e", data: 1 })).toMatchObject({ ok: true });
    await two.gateway.publish(address, "e", 2);
    await until(() =>
      expect([payloads(alice), payloads(bob)]).toEqual([
        [1, 2],
        [1, 2],
      ]),
    );
    expect(alice.events()).toEqual(bob.events());
    bob.leave();
    for (const data of [3, 4]) await two.gateway.publish(address, "e", data);
    const again = await one.connect({ userId: "bob" });
    const since = bob.events().at(-1)?.position as Position;
    const recovery = await again.request("subscribe", { topic: "a", since });
    expect(recovery).toMatchObject({ recovered: true, events: [{ payload: 3 }, { payload: 4 }] });
    expect(await again.request("history", { channel: "a", since: position })).toMatchObject({
      events: [1, 2, 3, 4].map((payload) => ({ payload })),
    });
    await two.gateway.publish(address, "e", 5);
    await until(() => expect(payloads(again)).toEqual([5]));
  });

  it("show members to each other, and list channels and connections of both", async () => {
    const { one, two, alice, bob } = await pair();
    await alice.request("join", { channel: "a" });
    expect(await bob.request("join", { channel: "a" })).toMatchObject({ ok: true, total: 2 });
    await until(() => expect(pushed(alice, "joined")).toEqual(["bob"]));
    await bob.request("subscribe", { topic: "b" });
    await until(async () => {
      const summaries = [
        { name: "a", memberCount: 2, subscriberCount: 2 },
        { name: "b", memberCount: 0, subscriberCount: 1 },
      ];
      for (const { gateway } of [one, two]) expect((await gateway.channels("default")).entries).toEqual(summaries);
    });
    for (const { gateway } of [one, two]) {
      const { entries, total } = await gateway.connections("default");
      expect([total, entries.map(({ socketId }) => socketId).toSorted()]).toEqual([2, [alice.id, bob.id]]);
      expect((await gateway.connections("default", { userId: "bob" })).entries).toMatchObject([{ socketId: bob.id }]);
      for (const [client, nodeId] of [
        [alice, one.gateway.nodeId],
        [bob, two.gateway.nodeId],
      ] as const) {
        // What it follows only its own node knows.
        const channels = gateway.nodeId === nodeId ? (client === alice ? ["a"] : ["a", "b"]) : [];
        expect((await gateway.connections("default", { nodeId, dialect: "native" })).entries).toMatchObject([
          { socketId: client.id, nodeId, channels },
        ]);
      }
    }
    bob.leave();
    await until(() => expect(pushed(alice, "left")).toEqual(["bob"]));
    await until(async () => expect((await one.gateway.channels("default")).entries).toMatchObject([{ name: "a" }]));
    expect((await one.gateway.connections("default")).total).toBe(1);
  });

  it("announce who goes with a node that closes", async () => {
    const { two, alice, bob } = await pair();
    await alice.request("join", { channel: "a" });
    await bob.request("join", { channel: "a" });
    await until(() => expect(pushed(alice, "joined")).toEqual(["bob"]));
    await two.gateway.close();
    await until(() => expect(pushed(alice, "left")).toEqual(["bob"]));
    expect(await alice.request("members", { channel: "a" })).toMatchObject({ total: 1 });
  });

  it("announce who goes with a node that dies, and forget its sessions", async () => {
    const one = await start("one");
    const parts = redisParts({ url: server.url, prefix, nodeId: "two", leaseMs: 1200 });
    const two = new TestGateway(parts);
    gateways.push(two);
    await two.gateway.ready();
    const alice = await one.connect();
    const bob = await two.connect({ userId: "bob" });
    await alice.request("join", { channel: "a" });
    await bob.request("join", { channel: "a" });
    await until(() => expect(pushed(alice, "joined")).toEqual(["bob"]));
    // Its connections break, and it says no more.
    await parts.broker.close();
    await until(() => expect(pushed(alice, "left")).toEqual(["bob"]));
    await until(async () => expect((await one.gateway.connections("default")).total).toBe(1));
    expect(await alice.request("direct", { to: { userId: "bob" }, event: "e" })).toMatchObject({ delivered: 0 });
    expect(await alice.request("members", { channel: "a" })).toMatchObject({ total: 1 });
  });

  it("ask each other, and do without one that dies", async () => {
    const one = await start("one");
    const parts = redisParts({ url: server.url, prefix, nodeId: "two", leaseMs: 1200 });
    const two = new TestGateway({ ...parts, node: { version: "1.0.0", pid: 2 } });
    gateways.push(two);
    await two.gateway.ready();
    const question = { kind: "incidents", tenantId: "default", userId: "alice" } as const;
    const incident = { at: 1, nodeId: "two", kind: "ended", code: "client" } as const;
    one.gateway.insight.answer("incidents", () => []);
    two.gateway.insight.answer("incidents", () => [incident]);
    await until(async () =>
      expect(await one.gateway.insight.nodes()).toMatchObject([{ nodeId: "one" }, { nodeId: "two", pid: 2 }]),
    );
    expect(await one.gateway.insight.ask("two", question)).toEqual([incident]);
    expect(await two.gateway.insight.askAll(question)).toEqual({
      answers: [
        { nodeId: "one", value: [] },
        { nodeId: "two", value: [incident] },
      ],
      unreachable: [],
    });
    two.gateway.insight.answer("incidents", () => {
      throw new GatewayError("NOT_FOUND", "There is none");
    });
    await expect(one.gateway.insight.ask("two", question)).rejects.toMatchObject({ code: "NOT_FOUND" });
    // Its connections break while it is asked, and it says no more.
    const dying = new Promise<void>((resolve) =>
      two.gateway.insight.answer("incidents", async () => {
        await parts.broker.close();
        resolve();
        return [];
      }),
    );
    const asked = meanwhile(one.gateway.insight.askAll(question));
    await dying;
    expect(await asked).toMatchObject({ answers: [{ nodeId: "one" }], unreachable: ["two"] });
    await until(async () => expect(await one.gateway.insight.nodes()).toMatchObject([{ nodeId: "one" }]));
  });

  it("tell of each other's connections, users and rights", async () => {
    const { one, bob } = await pair();
    await bob.request("subscribe", { topic: "a" });
    await bob.request("subscribe", { topic: "user:alice" });
    const { insight } = one.gateway;
    expect(await insight.connection("default", bob.id)).toMatchObject({
      userId: "bob",
      subscriptions: [{ channel: "a", by: "rule" }],
      totals: { commands: 2, refused: 1 },
      incidents: [{ nodeId: "two", code: "FORBIDDEN", channel: "user:alice" }],
    });
    const { decisions } = await insight.test("default", { channel: "user:bob", socketId: bob.id });
    expect(decisions).toMatchObject({ subscribe: { allowed: true }, publish: { allowed: false } });
    bob.leave();
    await until(async () =>
      expect(await insight.user("default", "bob")).toMatchObject({
        connections: [],
        incidents: [{ kind: "ended", code: "client" }, { kind: "refused" }],
        unreachable: [],
      }),
    );
  });

  it("reach users and sessions of each other", async () => {
    const { one, two, alice, bob } = await pair();
    const too = await one.connect({ userId: "bob" });
    await bob.request("subscribe", { topic: "notifications:bob" });
    expect(await alice.request("direct", { to: { userId: "bob" }, event: "e", data: 1 })).toMatchObject({
      ok: true,
      delivered: 2,
    });
    expect(await one.gateway.direct("default", { socketId: bob.id }, "e", 2)).toMatchObject({ delivered: 1 });
    await expect(one.gateway.direct("other", { socketId: bob.id }, "e", 2)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await one.gateway.notify("default", ["alice", "bob", "nobody"], 3)).toEqual({ delivered: 1 });
    await until(() => expect([payloads(bob), payloads(too)]).toEqual([[1, 2, 3], [1]]));
    await one.gateway.disconnect("default", bob.id);
    expect((await one.gateway.connections("default", { userId: "bob" })).total).toBe(1);
    await until(() => expect([bob.closed, two.gateway.sessionCount]).toEqual(["stay-away", 0]));
    expect([alice.closed, too.closed]).toEqual([undefined, undefined]);
  });

  it("end a user's sessions and tokens on each other", async () => {
    const { one, two, alice, bob } = await pair();
    const also = await two.connect();
    expect(await two.gateway.revoke("default", "alice")).toEqual({ disconnected: 2 });
    await until(() => expect([alice.closed, also.closed, bob.closed]).toEqual(["stay-away", "stay-away", undefined]));
    for (const node of [one, two]) {
      await expect(node.connect({ issuedAt: 1 })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
    const after = (await one.gateway.revokedAt("default", "alice")) as number;
    await two.connect({ issuedAt: after });
  });

  it("hold the limits of connections together", async () => {
    const [one, two] = await Promise.all([
      start("one", { connectionsPerUser: 3, connectionsPerTenant: 5 }),
      start("two", { connectionsPerUser: 3, connectionsPerTenant: 5 }),
    ]);
    const refused = { code: "LIMIT_REACHED" };
    const clients: TestClient[] = [];
    for (const node of [one, two, one]) clients.push(await node.connect());
    for (const node of [one, two]) {
      await expect(node.connect()).rejects.toMatchObject({ ...refused, details: { limit: "connectionsPerUser" } });
    }
    for (const node of [two, one]) await node.connect({ userId: "bob" });
    for (const node of [one, two]) {
      await expect(node.connect({ userId: "carol" })).rejects.toMatchObject({
        ...refused,
        details: { limit: "connectionsPerTenant" },
      });
      await node.connect({ userId: "carol", tenantId: "other" });
    }
    clients[1]?.leave();
    await until(async () => expect((await one.gateway.connections("default")).total).toBe(4));
    await one.connect();
    await expect(two.connect()).rejects.toMatchObject(refused);
  });

  it.each(["connectionsPerUser", "connectionsPerTenant"] as const)(
    "let in as many of a crowd as there are places by %s, also when it comes to both at once",
    async (limit) => {
      const limits = { connectionsPerUser: 0, [limit]: 4 };
      const both = await Promise.all([start("one", limits), start("two", limits)]);
      const [one, two] = both;
      /** Those of a crowd that may stay. */
      const crowd = async (...nodes: readonly TestGateway[]): Promise<readonly TestClient[]> => {
        const logins = nodes.flatMap((node) => Array.from({ length: 12 }, async () => await node.connect()));
        const clients: TestClient[] = [];
        for (const outcome of await Promise.allSettled(logins)) {
          if (outcome.status === "rejected") expect(outcome.reason.code).toBe("LIMIT_REACHED");
          else clients.push(outcome.value);
        }
        await until(() => {
          for (const client of clients) {
            if (client.closed === undefined) expect(client.received("session").length).toBe(1);
            else expect(client.frames).toMatchObject([["closing", { code: "LIMIT_REACHED", reconnect: false }]]);
          }
        });
        return clients.filter(({ closed }) => closed === undefined);
      };
      for (let round = 0; round < 8; round++) {
        const staying = await crowd(...(round === 0 ? [one] : both));
        expect(staying.length).toBe(4);
        await until(async () => expect((await two.gateway.connections("default")).total).toBe(4));
        expect((await crowd(...both)).length).toBe(0);
        for (const client of staying) client.leave();
        await until(async () => expect((await two.gateway.connections("default")).total).toBe(0));
      }
    },
  );

  it("find a session from when it is greeted: to tell it something, and to end it", async () => {
    const [one, two] = await Promise.all([start("one"), start("two")]);
    const each = Array.from({ length: 30 }, async (_, n) => {
      const userId = `u${n}`;
      const client = one.open(
        nativeDialect,
        await one.gateway.admit({ kind: "token", token: testPrincipal({ userId }) }),
      );
      while (client.received("session").length === 0) await new Promise((resolve) => setImmediate(resolve));
      const { id: socketId } = client;
      expect(await two.gateway.direct("default", { socketId }, "e", n)).toMatchObject({ delivered: 1 });
      if (n % 2 === 0) await two.gateway.disconnect("default", socketId);
      else expect(await two.gateway.revoke("default", userId)).toEqual({ disconnected: 1 });
      return client;
    });
    const clients = await Promise.all(each);
    await until(() => expect(clients.every(({ closed }) => closed === "stay-away")).toBe(true));
    for (const { frames } of clients) expect(frames.map(([event]) => event)).toEqual(["session", "event", "closing"]);
  });
});

describe("a crowd that joins a channel at once, each with a large state", () => {
  it(
    "is not let down by what its members weigh: Redis is asked for them a few times",
    { timeout: 60_000 },
    async () => {
      const one = await start("one", { connectionsPerUser: 0 });
      const crowd = await Promise.all(Array.from({ length: 200 }, async () => await one.connect()));
      await until(() => expect(crowd.every((client) => client.received("session").length === 1)).toBe(true));
      const sent = async (): Promise<number> =>
        Number(/total_net_output_bytes:(\d+)/.exec(await server.cli("info", "stats"))?.[1]);
      const before = await sent();
      const join = { channel: "a", state: "x".repeat(4000) };
      const answers = await Promise.all(crowd.map(async (client) => await client.request("join", join)));
      expect(answers.filter(({ ok }) => ok !== true)).toEqual([]);
      expect(answers.filter(({ total }) => total === 200).length).toBeGreaterThan(0);
      // A page for each of them is more than 50 MB.
      expect((await sent()) - before).toBeLessThan(8_000_000);
    },
  );
});

describe("two gateways whose Redis is killed", { timeout: 60_000 }, () => {
  it("greet who had been admitted, whom the others find when it is back", async () => {
    const own = await RedisServer.start();
    try {
      const [one, two] = await Promise.all([start("one", {}, own.url), start("two", {}, own.url)]);
      const admission = await one.gateway.admit({ kind: "token", token: testPrincipal() });
      await own.kill();
      const begun = performance.now();
      const alice = one.open(nativeDialect, admission);
      await until(() => expect(alice.received("session").length).toBe(1));
      expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
      await own.resume();
      await until(async () => expect((await two.gateway.connections("default")).total).toBe(1));
      await until(async () => await two.gateway.ready());
      expect(await two.gateway.direct("default", { socketId: alice.id }, "e", 1)).toMatchObject({ delivered: 1 });
      await until(() => expect(payloads(alice)).toEqual([1]));
      for (const { gateway } of [one, two]) await gateway.close();
    } finally {
      await own.stop();
    }
  });

  it("keep their sessions, say that it is away, and work again when it is back", async () => {
    const own = await RedisServer.start();
    try {
      const { one, two, alice, bob } = await pair({}, own.url);
      await alice.request("join", { channel: "a" });
      await bob.request("join", { channel: "a" });
      await one.gateway.publish(address, "e", 1);
      await one.gateway.revoke("default", "dave");
      await until(() => expect(payloads(bob)).toEqual([1]));
      await own.kill();
      for (const { gateway } of [one, two]) {
        const begun = performance.now();
        await expect(gateway.publish(address, "e", 2)).rejects.toMatchObject({ code: "UNAVAILABLE" });
        expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
        await expect(gateway.ready()).rejects.toMatchObject({ code: "UNAVAILABLE" });
      }
      const answer = await meanwhile(alice.request("publish", { channel: "a", event: "e", data: 2 }));
      expect(answer).toMatchObject({ ok: false, error: { code: "UNAVAILABLE" } });
      await expect(one.connect({ userId: "carol" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
      expect([alice.closed, bob.closed]).toEqual([undefined, undefined]);
      await own.resume();
      await until(async () => {
        for (const { gateway } of [one, two]) await gateway.ready();
      });
      await until(async () => {
        const { total } = await two.gateway.members(address);
        expect([total, (await one.gateway.connections("default")).total]).toEqual([2, 2]);
        expect((await one.gateway.channels("default")).entries).toMatchObject([{ name: "a", subscriberCount: 2 }]);
      });
      await until(async () => expect(await two.gateway.revokedAt("default", "dave")).toBeGreaterThan(0));
      await one.gateway.publish(address, "e", 3);
      await two.gateway.publish(address, "e", 4);
      await until(() => expect([payloads(alice).slice(-1), payloads(bob).slice(-1)]).toEqual([[4], [4]]));
      for (const client of [alice, bob]) expect(payloads(client)).not.toContain(2);
      const carol = await one.connect({ userId: "carol" });
      expect(await carol.request("join", { channel: "a" })).toMatchObject({ ok: true, total: 3 });
      await until(() => expect(pushed(bob, "joined")).toContain("carol"));
      expect(await bob.request("direct", { to: { userId: "alice" }, event: "e", data: 5 })).toMatchObject({
        delivered: 1,
      });
      await until(() => expect(payloads(alice)).toContain(5));
      for (const { gateway } of [one, two]) await gateway.close();
    } finally {
      await own.stop();
    }
  });
});
