import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Broker } from "../broker.ts";
import { MemoryBroker } from "../memory-broker.ts";
import { MemoryPresenceStore } from "../memory-presence.ts";
import { ManualClock, TestGateway, testPrincipal, type TestClient } from "../testing/index.ts";
import { TestCluster } from "../testing/test-cluster.ts";
import type { HostMeters } from "./host-meter.ts";
import type { NodeSample, TenantSample } from "./samples.ts";

const OPERATOR = { userId: "op", roles: ["operator"] } as const;
const ADMIN = { userId: "admin", roles: ["admin"] } as const;

const samples = <Sample = NodeSample>(client: TestClient, topic = "@cluster"): readonly Sample[] =>
  client
    .events()
    .filter((event) => event.topic === topic)
    .map(({ payload }) => payload as Sample);

async function follow(client: TestClient, topic: string, subscriptionId = topic): Promise<void> {
  expect(await client.request("subscribe", { topic, subscriptionId })).toMatchObject({ ok: true });
}

/** Nodes of one cluster, and what each of them had published by the gateway itself. */
function cluster(...names: string[]) {
  const clock = new ManualClock();
  const shared = new TestCluster({ clock });
  const presence = new MemoryPresenceStore();
  const published: string[] = [];
  const add = (nodeId: string): TestGateway => {
    const broker = shared.broker();
    const watched: Broker = {
      ...broker,
      publish: async (address, draft, options) => {
        if (draft.event === "stats") published.push(`${nodeId} ${address.tenantId} ${address.name}`);
        return await broker.publish(address, draft, options);
      },
    };
    return new TestGateway({ clock, broker: watched, presence, nodeId });
  };
  return { clock, nodes: names.map(add) as [TestGateway, ...TestGateway[]], add, published };
}

describe("the numbers of a node, live", () => {
  it("come once a second from every node while somebody follows on any, and stop then", async () => {
    const { clock, nodes, published } = cluster("one", "two");
    const operator = await nodes[0].connect(OPERATOR);
    await clock.advance(20_000);
    expect(published).toEqual([]);
    await follow(operator, "@cluster");
    await clock.advance(10_000);
    const of = (nodeId: string) => samples(operator).filter((sample) => sample.nodeId === nodeId);
    expect([of("one").length, of("two").length]).toEqual([10, 10]);
    expect(of("one").map(({ seconds }) => seconds)).toEqual(Array.from({ length: 10 }, () => 1));
    expect(of("one").map(({ connections }) => connections)).toEqual(Array.from({ length: 10 }, () => 1));
    expect(new Set(published)).toEqual(new Set(["one $ @cluster", "two $ @cluster"]));
    await operator.request("unsubscribe", { subscriptionId: "@cluster" });
    published.length = 0;
    await clock.advance(1000);
    // The other node hears of the end within a second.
    expect(published.length).toBeLessThanOrEqual(1);
    published.length = 0;
    await clock.advance(60_000);
    expect(published).toEqual([]);
    await follow(operator, "@cluster");
    await clock.advance(2000);
    expect(published.length).toBe(4);
  });

  it("go on for those who follow still, and end with a node that died without a word", async () => {
    const { clock, nodes, published } = cluster("one", "two");
    const [first, second] = [await nodes[0].connect(OPERATOR), await nodes[0].connect(OPERATOR)];
    for (const client of [first, second]) await follow(client, "@cluster");
    await clock.advance(2000);
    first.leave();
    published.length = 0;
    await clock.advance(20_000);
    expect(published.filter((line) => line.startsWith("two")).length).toBe(20);
    await nodes[0].gateway.close();
    await clock.advance(16_000);
    published.length = 0;
    await clock.advance(10_000);
    expect(published).toEqual([]);
  });

  it("are asked of a node that comes later, within seconds", async () => {
    const { clock, nodes, add, published } = cluster("one");
    const operator = await nodes[0].connect(OPERATOR);
    await follow(operator, "@cluster");
    await clock.advance(2000);
    add("late");
    await clock.advance(8000);
    expect(published.filter((line) => line.startsWith("late")).length).toBeGreaterThan(2);
    expect(samples(operator).at(-1)?.nodeId).toBe("late");
  });

  it("say what happened: events, refusals, channels, the busiest first", async () => {
    const { clock, nodes } = cluster("one");
    const [node] = nodes;
    const operator = await node.connect(OPERATOR);
    const readers = await Promise.all([1, 2, 3].map(async (n) => await node.connect({ userId: `u${n}` })));
    await follow(operator, "@cluster");
    await follow(operator, "@stats");
    for (const reader of readers) await follow(reader, "busy");
    await follow(readers[0] as TestClient, "quiet");
    for (let n = 0; n < 20; n++) await node.gateway.publish({ tenantId: "default", name: "busy" }, "e", n);
    await node.gateway.publish({ tenantId: "default", name: "quiet" }, "e", 1);
    await node.gateway.publish({ tenantId: "elsewhere", name: "unread" }, "e", 1);
    await readers[0]?.request("publish", { channel: "nobody's", event: "e" });
    await readers[0]?.request("subscribe", { topic: "@cluster" });
    await clock.advance(1000);
    expect(samples(operator)).toEqual([
      {
        t: clock.now(),
        nodeId: "one",
        seconds: 1,
        connections: 4,
        channels: 2,
        subscriptions: 6,
        in: 22,
        out: 61,
        bytes: 0,
        latency: null,
        refused: { FORBIDDEN: 2 },
        dropped: 0,
        backlog: 0,
        slow: 0,
        rss: 0,
        heap: 0,
        loop: [0, 0],
        cpu: 0,
        draining: false,
        busiest: [
          ["default", "busy", 20, 60],
          ["default", "quiet", 1, 1],
          ["elsewhere", "unread", 1, 0],
        ],
      },
    ]);
    expect(samples<TenantSample>(operator, "@stats")).toEqual([
      {
        t: clock.now(),
        nodeId: "one",
        seconds: 1,
        connections: 4,
        channels: 2,
        in: 21,
        out: 61,
        refused: { FORBIDDEN: 2 },
        busiest: [
          ["busy", 20, 60],
          ["quiet", 1, 1],
        ],
      },
    ]);
    for (const event of operator.events()) {
      expect(event).toMatchObject({ event: "stats", source: "server", timestamp: clock.now() });
      expect(event).not.toHaveProperty("position");
    }
    await clock.advance(1000);
    // What is said of the traffic is none.
    expect(samples(operator).at(-1)).toMatchObject({ in: 0, out: 0, refused: {}, busiest: [] });
  });

  it("tell the observer which events have readers here, whose writing can be measured", async () => {
    const published: unknown[] = [];
    const node = new TestGateway({ observer: { published: (...said) => published.push(said) } });
    const alice = await node.connect();
    await follow(alice, "a");
    for (const name of ["a", "b"]) await node.gateway.publish({ tenantId: "default", name }, "e", 1);
    expect(published).toEqual([
      ["server", true],
      ["server", false],
    ]);
  });

  it("tell ten channels at most, and none of single users or of the gateway's own", async () => {
    const { clock, nodes } = cluster("one");
    const [node] = nodes;
    const operator = await node.connect(OPERATOR);
    await follow(operator, "@cluster");
    for (let n = 0; n < 30; n++) {
      for (let i = 0; i <= n; i++) await node.gateway.publish({ tenantId: "default", name: `c${n}` }, "e");
    }
    await node.gateway.publish({ tenantId: "default", name: "own", userId: "u" }, "e");
    await node.gateway.broadcastMetadata({});
    await clock.advance(1000);
    const busiest = samples(operator)[0]?.busiest ?? [];
    expect(busiest.map(([, channel, in_]) => [channel, in_])).toEqual(
      Array.from({ length: 10 }, (_, n) => [`c${29 - n}`, 30 - n]),
    );
    expect(samples(operator)[0]?.in).toBe(467);
  });

  it("of a tenant tell nothing of another's", async () => {
    const { clock, nodes } = cluster("one", "two");
    const [one, two] = nodes as [TestGateway, TestGateway];
    const [mine, other] = [
      await one.connect({ ...ADMIN, tenantId: "mine" }),
      await two.connect({ ...ADMIN, tenantId: "other" }),
    ];
    for (const admin of [mine, other]) await follow(admin, "@stats");
    await two.gateway.publish({ tenantId: "other", name: "secret" }, "e", 1);
    await clock.advance(1000);
    const ofMine = samples<TenantSample>(mine, "@stats");
    expect(ofMine.map(({ nodeId, connections, in: in_, busiest }) => [nodeId, connections, in_, busiest])).toEqual([
      ["one", 1, 0, []],
      ["two", 0, 0, []],
    ]);
    const ofOther = samples<TenantSample>(other, "@stats").find(({ nodeId }) => nodeId === "two");
    expect(ofOther).toMatchObject({ connections: 1, in: 1, busiest: [["secret", 1, 0]] });
  });

  it("end for a session whose refresh has fewer roles", async () => {
    const { clock, nodes, published } = cluster("one");
    const operator = await nodes[0].connect(OPERATOR);
    await follow(operator, "@cluster");
    await operator.request("refresh", { token: testPrincipal({ ...OPERATOR, roles: ["admin"] }) });
    await clock.advance(5000);
    expect([samples(operator).length, published]).toEqual([0, []]);
    expect(operator.received("error")).toMatchObject([{ code: "FORBIDDEN", channel: "@cluster" }]);
  });

  it("count what waits for those who do not read, and what they lose", async () => {
    const clock = new ManualClock();
    const node = new TestGateway({
      clock,
      limits: { backlogBytes: 1000 },
      channels: [{ match: "**", slow: "resync" }],
    });
    const operator = await node.connect(OPERATOR);
    const slow = await node.connect({ userId: "slow" });
    await follow(slow, "a");
    await follow(operator, "@cluster");
    slow.pause();
    for (let n = 0; n < 20; n++) await node.gateway.publish({ tenantId: "default", name: "a" }, "e", "x".repeat(100));
    await clock.advance(1000);
    const [sample] = samples(operator) as [NodeSample];
    expect(sample.backlog).toBeGreaterThan(1000);
    expect(sample).toMatchObject({ slow: 1 });
    expect(sample.dropped).toBeGreaterThan(5);
    slow.resume();
    await clock.advance(1000);
    expect(samples(operator).at(-1)).toMatchObject({ backlog: 0, slow: 0, dropped: 0 });
  });

  it("wait for no broker that is away: what it does not take is not sent, and told once", async () => {
    const clock = new ManualClock();
    const memory = new MemoryBroker({ clock });
    let away = false;
    let hanging = 0;
    const broker: Broker = {
      start: (nodeId, reader) => memory.start(nodeId, reader),
      signal: (address, signal) => memory.signal(address, signal),
      subscribe: (address) => memory.subscribe(address),
      history: (address, keep, query) => memory.history(address, keep, query),
      publish: async (address, draft, options) => {
        if (!away) return await memory.publish(address, draft, options);
        hanging++;
        return await new Promise((_resolve, reject) => clock.after(30_000, () => reject(new Error("away"))));
      },
    };
    const failures: string[] = [];
    const node = new TestGateway({ clock, broker, observer: { failed: (where) => failures.push(where) } });
    const operator = await node.connect(OPERATOR);
    await follow(operator, "@cluster");
    await clock.advance(1000);
    away = true;
    await clock.advance(60_000);
    expect(hanging).toBeLessThan(7);
    expect(failures).toEqual(["stats"]);
    away = false;
    await clock.advance(60_000);
    expect(samples(operator).length).toBeGreaterThan(25);
  });

  it("take what only the host can measure, at a pace of its own for each reader", async () => {
    let open = 0;
    const meters: HostMeters = {
      open: () => {
        open++;
        let reads = 0;
        return {
          read: () => {
            reads++;
            return { bytes: 500, latency: [1, 2, 3], rss: reads, heap: 4, loop: [5, 6], cpu: 0.5 };
          },
          close: () => open--,
        };
      },
    };
    const clock = new ManualClock();
    const node = new TestGateway({ clock, meters });
    const operator = await node.connect(OPERATOR);
    await follow(operator, "@cluster");
    await clock.advance(10_000);
    const host = { latency: [1, 2, 3], heap: 4, loop: [5, 6], cpu: 0.5 };
    expect(samples(operator).at(-1)).toMatchObject({ ...host, bytes: 500, rss: 10 });
    expect(node.gateway.stats.latest).toMatchObject({ ...host, bytes: 100, rss: 2 });
    await operator.request("unsubscribe", { subscriptionId: "@cluster" });
    await clock.advance(1000);
    expect(open).toBe(1);
    await node.gateway.close();
    await clock.advance(10_000);
    expect([open, clock.pending]).toEqual([0, 0]);
  });
});

describe("the numbers of a node, kept", () => {
  it("are a quarter of an hour in steps of five seconds, whoever looks", async () => {
    const { clock, nodes } = cluster("one");
    const { gateway } = nodes[0];
    await nodes[0].settle();
    expect([gateway.stats.latest, gateway.stats.nodeSamples()]).toEqual([null, []]);
    await gateway.publish({ tenantId: "default", name: "a" }, "e", 1);
    await clock.advance(5000);
    expect(gateway.stats.latest).toMatchObject({ seconds: 5, in: 0.2, nodeId: "one" });
    expect(gateway.stats.latest).not.toHaveProperty("busiest");
    await clock.advance(3_600_000);
    const kept = gateway.stats.nodeSamples();
    expect(kept.length).toBe(180);
    expect(kept.at(-1)?.t).toBe(clock.now());
    expect(kept[0]?.t).toBe(clock.now() - 895_000);
    expect(gateway.stats.nodeSamples(60).map(({ t }) => t)).toEqual(kept.slice(-12).map(({ t }) => t));
  });

  it("of a tenant begin when it is first heard of, and are forgotten when it had nothing for so long", async () => {
    const { clock, nodes } = cluster("one");
    const [node] = nodes;
    const { stats } = node.gateway;
    await clock.advance(60_000);
    const alice = await node.connect({ tenantId: "mine" });
    await follow(alice, "a");
    await clock.advance(5000);
    await alice.request("publish", { channel: "a", event: "e" });
    await alice.request("publish", { channel: "b", event: "e" });
    await clock.advance(5000);
    alice.leave();
    await clock.advance(5000);
    const every = { nodeId: "one", t: expect.any(Number) as unknown, seconds: 5 };
    expect(stats.tenantSamples("mine")).toEqual([
      { ...every, connections: 1, channels: 1, in: 0, out: 0, refused: {} },
      { ...every, connections: 1, channels: 1, in: 0.2, out: 0.2, refused: { FORBIDDEN: 0.2 } },
      { ...every, connections: 0, channels: 0, in: 0, out: 0, refused: {} },
    ]);
    expect(stats.tenantSamples("mine", 5).length).toBe(1);
    expect(stats.tenantSamples("another")).toEqual([]);
    await clock.advance(890_000);
    expect(stats.tenantSamples("mine").length).toBe(180);
    await clock.advance(10_000);
    expect(stats.tenantSamples("mine")).toEqual([]);
    const again = await node.connect({ tenantId: "mine" });
    await again.request("publish", { channel: "b", event: "e" });
    await clock.advance(5000);
    expect(stats.tenantSamples("mine")).toMatchObject([{ connections: 1, in: 0, refused: { FORBIDDEN: 0.2 } }]);
  });

  it("are right where the clock is set back", async () => {
    const clock = new ManualClock();
    let offset = 0;
    const node = new TestGateway({ clock });
    await node.settle();
    const now = clock.now.bind(clock);
    clock.now = () => now() + offset;
    offset = -60_000;
    await node.gateway.publish({ tenantId: "default", name: "a" }, "e", 1);
    await clock.advance(5000);
    expect(node.gateway.stats.latest).toMatchObject({ seconds: 5, in: 0.2 });
  });
});

describe("rates", () => {
  it("sum up to what was published, refused and delivered, whatever happens when", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("publish" as const), tenant: fc.nat(2), channel: fc.nat(3), node: fc.nat(1) }),
      fc.record({ kind: fc.constant("say" as const), tenant: fc.nat(2), channel: fc.nat(3), node: fc.nat(1) }),
      fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 7000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, nodes } = cluster("one", "two");
        const tenants = ["t0", "t1", "t2"];
        const operator = await nodes[0].connect({ ...OPERATOR, tenantId: "t0" });
        await follow(operator, "@cluster");
        await follow(operator, "@stats");
        const clients = await Promise.all(
          nodes.map(
            async (node) => await Promise.all(tenants.map(async (tenantId) => await node.connect({ tenantId }))),
          ),
        );
        // On each node, each tenant's client follows the channels 0 and 1.
        for (const client of clients.flat()) for (const topic of ["c0", "c1"]) await follow(client, topic);
        const said = { in: 0, out: 0, refused: 0, t0: 0 };
        for (const one of steps) {
          if (one.kind === "wait") {
            await clock.advance(one.ms);
            continue;
          }
          const [tenantId, name] = [tenants[one.tenant] as string, `c${one.channel}`];
          if (one.kind === "publish") await nodes[one.node]?.gateway.publish({ tenantId, name }, "e", 1);
          else await clients[one.node]?.[one.tenant]?.request("publish", { channel: name, event: "e" });
          if (one.kind === "say" && one.channel > 1) {
            said.refused++;
            continue;
          }
          said.in++;
          if (one.tenant === 0) said.t0++;
          if (one.channel <= 1) said.out += 2;
        }
        await clock.advance(5000);
        const sum = (all: readonly (number | undefined)[]) =>
          Math.round(all.reduce<number>((total, one) => total + (one ?? 0), 0));
        const sums = (all: readonly (NodeSample | TenantSample)[]) => ({
          in: sum(all.map((one) => one.in * one.seconds)),
          out: sum(all.map((one) => one.out * one.seconds)),
          refused: sum(all.map((one) => (one.refused.FORBIDDEN ?? 0) * one.seconds)),
        });
        const { t0, ...all } = said;
        const live = samples(operator);
        expect(sums(live)).toEqual(all);
        const busiest = live.flatMap(({ busiest: list = [], seconds }) =>
          list.map(([, , in_, out]) => [in_ * seconds, out * seconds] as const),
        );
        expect([sum(busiest.map(([in_]) => in_)), sum(busiest.map(([, out]) => out))]).toEqual([all.in, all.out]);
        expect(sums(samples<TenantSample>(operator, "@stats")).in).toBe(t0);
        const kept = nodes.flatMap(({ gateway }) => gateway.stats.nodeSamples());
        expect(sums(kept)).toEqual(all);
        const ofTenants = nodes.flatMap(({ gateway }) => tenants.flatMap((id) => gateway.stats.tenantSamples(id)));
        expect(sums(ofTenants)).toEqual(all);
      }),
      { numRuns: 40 },
    );
  });
});
