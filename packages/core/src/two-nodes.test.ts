import type { Member, Position, RealtimeEvent } from "@roomcast/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryPresenceStore } from "./memory-presence.ts";
import { MemoryRevocations } from "./memory-revocations.ts";
import { brokerCases, ManualClock, TestGateway, turn, type TestClient } from "./testing/index.ts";
import { TestCluster, type Delay } from "./testing/test-cluster.ts";

const address = { tenantId: "default", name: "a" };

function nodes(delay?: Delay) {
  const clock = new ManualClock();
  const cluster = new TestCluster({ clock, ...(delay === undefined ? undefined : { delay }) });
  const presence = new MemoryPresenceStore();
  const revocations = new MemoryRevocations({ clock });
  const node = (nodeId: string) => {
    const test = new TestGateway({ clock, broker: cluster.broker(), presence, revocations, nodeId });
    return test;
  };
  return { clock, one: node("one"), two: node("two") };
}

async function setUp() {
  const { clock, one, two } = nodes();
  const alice = await one.connect();
  const bob = await two.connect({ userId: "bob" });
  return { clock, one, two, alice, bob };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

describe("TestCluster", () => {
  for (const { name, run } of brokerCases({
    make: async (limits) => {
      const clock = new ManualClock();
      const cluster = new TestCluster({ clock, delay: turn, ...(limits === undefined ? undefined : { limits }) });
      return {
        node: () => cluster.broker(),
        nodes: 2,
        now: () => clock.now(),
        advance: (ms) => clock.advance(ms),
        settle,
        close: () => cluster.close(),
      };
    },
  })) {
    it(name, run);
  }
});

describe("two nodes", () => {
  it("carry events, members and counts between them", async () => {
    const { clock, one, two, alice, bob } = await setUp();
    await alice.request("join", { channel: "a" });
    await clock.advance(100);
    expect(await bob.request("join", { channel: "a" })).toMatchObject({ total: 2 });
    await clock.advance(100);
    await settle();
    expect(alice.received("presence")).toMatchObject([{ joined: [{ userId: "bob", socketId: bob.id }] }]);
    expect(alice.received("presence")[0]).not.toHaveProperty("joined.0.nodeId");
    await bob.request("publish", { channel: "a", event: "e", data: 1 });
    await one.gateway.publish(address, "e", 2);
    await settle();
    const seen = (client: TestClient) => client.events().map(({ payload, position }) => [payload, position?.offset]);
    expect([seen(alice), seen(bob)]).toEqual([
      [
        [1, 1],
        [2, 2],
      ],
      [
        [1, 1],
        [2, 2],
      ],
    ]);
    const summary = [{ name: "a", memberCount: 2, subscriberCount: 2 }];
    expect((await one.gateway.channels("default")).entries).toEqual(summary);
    expect((await two.gateway.connections("default")).total).toBe(2);
  });

  it("carry direct messages and notifications", async () => {
    const { one, alice, bob } = await setUp();
    expect(await alice.request("direct", { to: { socketId: bob.id }, event: "e", data: 1 })).toMatchObject({
      delivered: 1,
    });
    expect(await one.gateway.direct("default", { userId: "bob" }, "e", 2)).toMatchObject({ delivered: 1 });
    await bob.request("subscribe", { topic: "notifications:bob" });
    expect(await one.gateway.notify("default", ["bob", "alice"], 3)).toEqual({ delivered: 1 });
    await settle();
    expect(bob.events().map(({ payload }) => payload)).toEqual([1, 2, 3]);
    expect(alice.events()).toEqual([]);
  });

  it("end sessions of one another: one, or all of a user", async () => {
    const { one, two, alice, bob } = await setUp();
    await one.gateway.disconnect("default", bob.id);
    await settle();
    expect([bob.closed, alice.closed, two.gateway.sessionCount]).toEqual(["stay-away", undefined, 0]);
    const again = await two.connect({ userId: "alice" });
    expect(await two.gateway.revoke("default", "alice")).toEqual({ disconnected: 2 });
    await settle();
    expect([alice.closed, again.closed]).toEqual(["stay-away", "stay-away"]);
    await expect(one.connect()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("recovery by position, over two nodes that take their time", () => {
  const step = fc.oneof(
    {
      arbitrary: fc.record({
        kind: fc.constant("publish" as const),
        node: fc.nat(1),
        times: fc.integer({ min: 1, max: 3 }),
      }),
      weight: 5,
    },
    {
      arbitrary: fc.record({
        kind: fc.constantFrom("drop", "again", "other", "settle"),
        node: fc.nat(1),
        times: fc.constant(1),
      }),
      weight: 4,
    },
  );

  it("gives each reader each event once and in order: in its answer, or live behind it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.nat(3)), async (steps, hops) => {
        const delay: Delay = async () => {
          for (let left = hops.next().value ?? 0; left > 0; left--) await turn();
        };
        const { one, two } = nodes(delay);
        const tests = [one, two] as const;
        const seen: RealtimeEvent[] = [];
        let since: Position | undefined;
        let reader: TestClient | undefined;
        let published = 0;
        let under: Promise<unknown>[] = [];
        /** What the reader has been told until now, in the order in which it was told. */
        const collect = (client: TestClient): void => {
          for (const told of client.log.splice(0)) {
            if (told.kind === "event") {
              if (told.frame[0] === "event") seen.push(told.frame[1] as RealtimeEvent);
              continue;
            }
            const answer = told.args[0] as {
              ok: boolean;
              recovered?: boolean;
              events?: RealtimeEvent[];
              position?: Position;
            };
            expect(answer.ok).toBe(true);
            if (since !== undefined && answer.recovered !== undefined) expect(answer.recovered).toBe(true);
            seen.push(...(answer.events ?? []));
            if (seen.length === 0) since = answer.position;
          }
          since = seen.at(-1)?.position ?? since;
        };
        const follow = async (node: number): Promise<void> => {
          reader = await (tests[node] ?? one).connect({ userId: "reader" });
          void reader.request("subscribe", { topic: "a", subscriptionId: "s", ...(since && { since }) });
        };
        // The first position is taken before anything is published, so that every event is owed.
        await follow(0);
        while (since === undefined) {
          await turn();
          if (reader !== undefined) collect(reader);
        }
        for (const { kind, node, times } of steps) {
          if (kind === "publish") {
            for (let n = 0; n < times; n++) {
              under.push((tests[node] ?? one).gateway.publish(address, "e", ++published));
            }
          } else if (kind === "drop") {
            if (reader === undefined) continue;
            collect(reader);
            reader.leave();
            reader = undefined;
          } else if (kind === "again") {
            if (reader === undefined) await follow(node);
          } else if (kind === "other") {
            // Another subscription of the same session, whose answer holds events back too.
            reader?.send("subscribe", { topic: "a", filter: { none: { gt: 0 } } });
          } else {
            await Promise.all(under);
            under = [];
          }
        }
        if (reader === undefined) await follow(1);
        await Promise.all(under);
        await settle();
        await one.gateway.publish(address, "e", ++published);
        for (let i = 0; i < 30 && seen.length < published; i++) {
          await settle();
          if (reader !== undefined) collect(reader);
        }
        expect(seen.map(({ position }) => position?.offset)).toEqual(
          Array.from({ length: published }, (_, n) => n + 1),
        );
        const payloads = seen.map(({ payload }) => payload as number).toSorted((a, b) => a - b);
        expect(payloads).toEqual(Array.from({ length: published }, (_, n) => n + 1));
      }),
      { numRuns: 60 },
    );
  });

  it("gives the true members to who joins while others come and go", async () => {
    const members = fc.array(fc.tuple(fc.nat(1), fc.nat(3), fc.constantFrom("join", "leave", "wait")), {
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(members, fc.infiniteStream(fc.nat(2)), async (steps, hops) => {
        const delay: Delay = async () => {
          for (let left = hops.next().value ?? 0; left > 0; left--) await turn();
        };
        const { clock, one, two } = nodes(delay);
        const others: TestClient[] = [];
        for (let n = 0; n < 4; n++) others.push(await (n % 2 ? one : two).connect({ userId: `u${n}` }));
        const watcher = await two.connect({ userId: "watcher" });
        const seen = new Map<string, Member>();
        await watcher.request("join", { channel: "a" });
        for (const [, who, what] of steps) {
          if (what === "wait") await clock.advance(70);
          else others[who]?.send(what, { channel: "a" });
        }
        await settle();
        await clock.advance(200);
        await settle();
        for (const told of watcher.log) {
          if (told.kind === "acknowledgement") {
            for (const one of (told.args[0] as { members?: Member[] }).members ?? []) seen.set(one.socketId, one);
          } else if (told.frame[0] === "presence") {
            const { joined, left, updated } = told.frame[1] as Record<string, Member[]>;
            for (const one of [...(joined ?? []), ...(updated ?? [])]) seen.set(one.socketId, one);
            for (const one of left ?? []) seen.delete(one.socketId);
          }
        }
        const { members: list } = await two.gateway.members(address);
        expect([...seen.keys()].toSorted()).toEqual(list.map(({ socketId }) => socketId).toSorted());
      }),
      { numRuns: 60 },
    );
  });
});
