import { describe, expect, it } from "vitest";
import type { Limits } from "./limits.ts";
import { MemoryBroker } from "./memory-broker.ts";
import { MemoryPresenceStore } from "./memory-presence.ts";
import { ManualClock, TestGateway, type TestClient } from "./testing/index.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const address = (name: string) => ({ tenantId: "default", name });
const payloads = (client: TestClient): readonly unknown[] => client.events().map(({ payload }) => payload);

describe("twenty-four hours in less than sixty seconds: the borders", () => {
  it("token expiry: notice at −60 s, the end at the very moment", async () => {
    const test = new TestGateway();
    const expiresAt = test.clock.now() + HOUR;
    const alice = await test.connect({ expiresAt });
    expect(alice.received("session")[0]).toMatchObject({ expiresAt });
    await test.advance(HOUR - MINUTE - 1);
    expect(alice.received("token:expiring")).toEqual([]);
    await test.advance(1);
    expect(alice.received("token:expiring")).toEqual([{ expiresAt }]);
    await test.advance(MINUTE - 1);
    expect([alice.closed, alice.received("token:expiring").length]).toEqual([undefined, 1]);
    await test.advance(1);
    expect(alice.closed).toBe("reconnect");
    expect(alice.received("closing")).toEqual([
      { code: "TOKEN_EXPIRED", message: expect.any(String), reconnect: true },
    ]);
  });

  it("token expiry: the notice comes at once for a shorter life, behind the greeting", async () => {
    for (const life of [1, 1000, MINUTE - 1, MINUTE]) {
      const test = new TestGateway();
      const expiresAt = test.clock.now() + life;
      const alice = await test.connect({ expiresAt });
      await test.advance(0);
      expect(alice.frames.map(([event]) => event)).toEqual(["session", "token:expiring"]);
      await test.advance(life - 1);
      expect(alice.closed).toBeUndefined();
      await test.advance(1);
      expect(alice.closed).toBe("reconnect");
    }
  });

  it("token expiry: a life beyond the longest timer is waited for", async () => {
    const test = new TestGateway();
    const alice = await test.connect({ expiresAt: test.clock.now() + 31 * DAY });
    await test.advance(31 * DAY - 1);
    expect(alice.closed).toBeUndefined();
    await test.advance(1);
    expect(alice.closed).toBe("reconnect");
  });

  it("presence windows: 99 ms and 100 ms", async () => {
    const test = new TestGateway();
    const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
    await alice.request("join", { channel: "a" });
    await test.advance(100);
    await bob.request("join", { channel: "a" });
    await test.advance(99);
    expect(alice.received("presence")).toEqual([]);
    await test.advance(1);
    expect(alice.received("presence")).toMatchObject([{ joined: [{ userId: "bob" }], left: [] }]);
    bob.leave();
    await test.advance(99);
    expect(alice.received("presence").length).toBe(1);
    await test.advance(1);
    expect(alice.received("presence")[1]).toMatchObject({ joined: [], left: [{ userId: "bob" }] });
  });

  it("history ageing: 299.999 s and 300 s, each event by itself", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    const { position } = await alice.request("subscribe", { topic: "a" });
    await test.gateway.publish(address("a"), "e", 1);
    await test.advance(100);
    await test.gateway.publish(address("a"), "e", 2);
    const kept = async () => (await test.gateway.history(address("a"))).events.map(({ data }) => data);
    const recovery = async () => {
      const bob = await test.connect({ userId: "bob" });
      const { recovered, events } = await bob.request("subscribe", { topic: "a", since: position });
      bob.leave();
      return [recovered, (events as unknown[] | undefined)?.length];
    };
    await test.advance(300 * SECOND - 101);
    expect([await kept(), await recovery()]).toEqual([
      [1, 2],
      [true, 2],
    ]);
    await test.advance(1);
    expect([await kept(), await recovery()]).toEqual([[2], [false, undefined]]);
    await test.advance(99);
    expect(await kept()).toEqual([2]);
    await test.advance(1);
    expect(await kept()).toEqual([]);
  });

  it("idempotency: 299.999 s and 300 s", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    await alice.request("join", { channel: "a" });
    const publish = (data: unknown) => alice.request("publish", { channel: "a", event: "e", data, id: "k" });
    const first = await publish(1);
    await test.advance(5 * MINUTE - 1);
    expect(await publish(1)).toEqual(first);
    expect(await publish(2)).toMatchObject({ ok: false, error: { code: "CONFLICT" } });
    await test.advance(1);
    expect(await publish(2)).toMatchObject({ ok: true, position: { offset: 2 } });
    expect(payloads(alice)).toEqual([1, 2]);
  });

  it("rates: the burst, 9 ms and 10 ms after it, and a full bucket 2 s later", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    const ask = async () => (await alice.request("leave", { channel: "x" }))["ok"];
    const spend = async () => {
      let count = 0;
      while (await ask()) count++;
      return count;
    };
    expect(await spend()).toBe(200);
    await test.advance(9);
    expect(await ask()).toBe(false);
    await test.advance(1);
    expect([await ask(), await ask()]).toEqual([true, false]);
    await test.advance(1990);
    expect(await spend()).toBe(199);
    await test.advance(2000);
    expect(await spend()).toBe(200);
    await test.advance(HOUR);
    expect(await spend()).toBe(200);
  });

  it("epoch memory: 24 hours after the log has aged, then another epoch", async () => {
    const test = new TestGateway();
    const { position } = await test.gateway.publish(address("a"), "e", 1);
    const stands = async () => (await test.gateway.history(address("a"), { limit: 1 })).position;
    await test.advance(300 * SECOND + DAY - 1);
    expect(await stands()).toEqual(position);
    // Being asked for it counts as use.
    await test.advance(300 * SECOND + DAY - 1);
    expect(await stands()).toEqual(position);
    await test.advance(300 * SECOND + DAY);
    const next = await stands();
    expect([next?.offset, next?.epoch === position?.epoch]).toEqual([0, false]);
  });

  it("epoch memory: an idle reader sees no false gap, for days", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    await alice.request("subscribe", { topic: "a" });
    await test.gateway.publish(address("a"), "e", 1);
    await test.advance(3 * DAY);
    await test.gateway.publish(address("a"), "e", 2);
    const [first, second] = alice.events();
    expect(second?.position).toEqual({ epoch: first?.position?.epoch, offset: 2 });
  });

  it("rechecks: 299.999 s and 300 s, or what recheckSeconds says", async () => {
    for (const recheckSeconds of [undefined, 7]) {
      let asked = 0;
      const channels = [{ match: "f", subscribe: () => ++asked > 0 }];
      const test = new TestGateway({ channels, ...(recheckSeconds === undefined ? undefined : { recheckSeconds }) });
      await (await test.connect()).request("subscribe", { topic: "f" });
      const every = (recheckSeconds ?? 300) * SECOND;
      for (let times = 1; times <= 3; times++) {
        const before = asked;
        await test.advance(every - 1);
        expect(asked).toBe(before);
        await test.advance(1);
        expect(asked).toBe(before + 1);
      }
    }
  });

  it("hooks: a rule may take 4.999 s, and not 5 s", async () => {
    for (const [takes, allowed] of [
      [4999, true],
      [5000, false],
    ] as const) {
      const clock = new ManualClock();
      const slow = () => new Promise<boolean>((resolve) => clock.after(takes + (allowed ? 0 : 1), () => resolve(true)));
      const test = new TestGateway({ clock, channels: [{ match: "f", subscribe: slow }] });
      const alice = await test.connect();
      const asking = alice.request("subscribe", { topic: "f" });
      await test.advance(5001);
      expect((await asking)["ok"]).toBe(allowed);
    }
  });
});

describe("a whole day with load", () => {
  it("ends with everything given back: sessions, channels, members, logs, keys, deadlines", async () => {
    const clock = new ManualClock();
    const limits: Partial<Limits> = { connectionsPerUser: 0 };
    const broker = new MemoryBroker({ clock });
    const presence = new MemoryPresenceStore();
    let connected = 0;
    let subscriptions = 0;
    const failures: unknown[] = [];
    const test = new TestGateway({
      clock,
      limits,
      broker,
      presence,
      channels: [
        { match: "checked:**", subscribe: async () => true },
        { match: "quiet:**", keep: false },
      ],
      observer: {
        connected: () => connected++,
        disconnected: () => connected--,
        subscriptions: (change) => (subscriptions += change),
        failed: (where, error) => failures.push([where, error]),
      },
    });
    const start = clock.now();
    let clients: TestClient[] = [];
    let events = 0;
    for (let minute = 0; minute < DAY / MINUTE; minute += 10) {
      const expiresAt = clock.now() + 20 * MINUTE + (minute % 7) * SECOND;
      for (let n = 0; n < 4; n++) {
        const tenantId = `tenant-${minute % 50}`;
        const client = await test.connect({ tenantId, userId: `user-${minute}-${n}`, expiresAt });
        clients.push(client);
        const names = [`chat:${minute % 100}`, `checked:${n}`, `quiet:${n}`];
        await client.request("join", { channel: names[0], state: { minute } });
        for (const topic of names) await client.request("subscribe", { topic, filter: { n: { gte: 0 } } });
        for (const channel of names) {
          await client.request("publish", { channel, event: "e", data: { n }, id: `k${minute}-${n}` });
        }
        if (n === 0) client.leave();
        if (n === 1) await test.gateway.revoke(tenantId, `user-${minute}-${n}`);
      }
      await test.advance(10 * MINUTE);
      events += clients.reduce((sum, client) => sum + client.events().length, 0);
      clients = clients.filter(({ closed }) => closed === undefined);
      // Whoever had a token for twenty minutes has gone after thirty.
      expect(clients.length).toBeLessThanOrEqual(12);
    }
    expect(events).toBeGreaterThan(1000);
    expect(clock.now() - start).toBe(DAY);
    await test.advance(HOUR);
    expect([test.gateway.sessionCount, test.gateway.channelCount, connected, subscriptions]).toEqual([0, 0, 0, 0]);
    for (let tenant = 0; tenant < 50; tenant += 10) {
      const tenantId = `tenant-${tenant}`;
      const { entries } = await presence.channels(tenantId, { prefix: "", limit: 1000 });
      const { total } = await presence.members({ tenantId, name: "@sessions" }, { limit: 0 });
      expect([entries, total]).toEqual([[], 0]);
    }
    const records = [...broker.records()];
    expect(records.filter(({ kind }) => kind === "key")).toEqual([]);
    expect(records.flatMap((record) => (record.kind === "log" ? record.publications : []))).toEqual([]);
    expect(records.length).toBeGreaterThan(0);
    await test.advance(DAY + HOUR);
    // The node takes its own numbers from time to time.
    expect([[...broker.records()], clock.pending, failures]).toEqual([[], 1, []]);
    expect(test.gateway.stats.tenantSamples("tenant-0")).toEqual([]);
    expect(test.gateway.stats.nodeSamples()).toHaveLength(180);
  });
});
