import { nativeDialect, type Dialect } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import { MemoryRevocations } from "./memory-revocations.ts";
import { ManualClock, TestGateway, testPrincipal, turn } from "./testing/index.ts";
import { SlowStore } from "./testing/slow-store.ts";
import { TestCluster } from "./testing/test-cluster.ts";

/** Two nodes behind a store that takes its time. */
function pair() {
  const clock = new ManualClock();
  const cluster = new TestCluster({ clock });
  const revocations = new MemoryRevocations({ clock });
  const presence = new SlowStore();
  const node = (nodeId: string) => new TestGateway({ clock, broker: cluster.broker(), presence, revocations, nodeId });
  return { presence, one: node("one"), two: node("two") };
}

const late: Dialect = {
  ...nativeDialect,
  name: "late",
  login: "late",
  greeting: () => [],
  decode: (frame) =>
    frame[0] === "login"
      ? { kind: "command", event: "login", command: { type: "login", token: frame[1] } }
      : nativeDialect.decode(frame),
};

describe("the greeting of a session", () => {
  it("comes when other nodes find the session, which they then reach and end", async () => {
    const { presence, one, two } = pair();
    const alice = await one.connect();
    // The store has it, and has not said so: nobody knows yet.
    presence.next();
    await one.settle();
    expect(alice.frames).toEqual([]);
    presence.next();
    while (alice.received("session").length === 0) await turn();
    const socketId = alice.id;
    expect(await two.gateway.direct("default", { socketId }, "e", 1)).toMatchObject({ delivered: 1 });
    expect(await two.gateway.direct("default", { userId: "alice" }, "e", 2)).toMatchObject({ delivered: 1 });
    expect((await two.gateway.connections("default")).total).toBe(1);
    await two.gateway.disconnect("default", socketId);
    await one.settle();
    expect(alice.frames.map(([event]) => event)).toEqual(["session", "event", "event", "closing"]);
    expect(alice.closed).toBe("stay-away");
  });

  it("comes before the answers to all that was sent meanwhile, which keep their order", async () => {
    const { presence, one } = pair();
    const alice = await one.connect();
    const answers = ["a", "b", "c"].map((topic) => alice.request("subscribe", { topic, subscriptionId: topic }));
    await one.settle();
    expect(alice.log).toEqual([]);
    for (let step = 0; step < 2; step++) {
      presence.next();
      await one.settle();
    }
    expect((await Promise.all(answers)).map(({ subscriptionId }) => subscriptionId)).toEqual(["a", "b", "c"]);
    expect(alice.log.map(({ kind }) => kind)).toEqual([
      "event",
      "acknowledgement",
      "acknowledgement",
      "acknowledgement",
    ]);
    expect(alice.frames.map(([event]) => event)).toEqual(["session"]);
  });

  it("comes before what another node sends to the session that it found first", async () => {
    const { presence, one, two } = pair();
    const alice = await one.connect();
    presence.next();
    await one.settle();
    expect(await two.gateway.direct("default", { userId: "alice" }, "e", 1)).toMatchObject({ delivered: 1 });
    await one.settle();
    expect(alice.frames.map(([event]) => event)).toEqual(["session", "event"]);
    presence.next();
    await one.settle();
    expect(alice.frames.map(([event]) => event)).toEqual(["session", "event"]);
    expect(await alice.request("subscribe", { topic: "a" })).toMatchObject({ ok: true });
  });

  it("waits two seconds for a store that does not answer, and no longer", async () => {
    const { one } = pair();
    const alice = await one.connect();
    const answer = alice.request("subscribe", { topic: "a" });
    await one.advance(1999);
    expect(alice.log).toEqual([]);
    await one.advance(1);
    expect(await answer).toMatchObject({ ok: true });
    expect(alice.frames.map(([event]) => event)).toEqual(["session"]);
  });

  it("comes at once where the store fails: the session works, and is put when the store is back", async () => {
    const presence = new SlowStore();
    presence.put = async () => await Promise.reject(new Error("away"));
    const failures: string[] = [];
    const node = new TestGateway({ presence, observer: { failed: (where) => failures.push(where) } });
    const alice = await node.connect();
    expect(await alice.request("subscribe", { topic: "a" })).toMatchObject({ ok: true });
    // The node's own entry fails too.
    const failed = ["presence", "presence"];
    expect([alice.received("session").length, alice.closed, failures]).toEqual([1, undefined, failed]);
  });

  it("never comes to a session that ended meanwhile, and nothing waits for it", async () => {
    const { presence, one, two } = pair();
    const [gone, revoked] = [await one.connect(), await one.connect()];
    gone.leave();
    for (let step = 0; step < 4; step++) {
      if (step === 2) await two.gateway.revoke("default", "alice");
      presence.next();
      await one.settle();
    }
    expect(gone.frames).toEqual([]);
    expect(revoked.frames.map(([event]) => event)).toEqual(["closing"]);
    expect(one.gateway.sessionCount).toBe(0);
    await one.advance(5000);
    // Each node takes its own numbers from time to time.
    expect([gone.frames.length, revoked.frames.length, one.clock.pending]).toEqual([0, 1, 2]);
  });

  it("is the answer to the login where a dialect logs in late", async () => {
    const { presence, one, two } = pair();
    const client = one.open(late);
    const answer = client.request("login", testPrincipal());
    await one.settle();
    expect(client.log).toEqual([]);
    for (let step = 0; step < 2; step++) {
      presence.next();
      await one.settle();
    }
    expect(await answer).toEqual({ ok: true, expiresAt: null });
    expect(await two.gateway.direct("default", { socketId: client.id }, "e")).toMatchObject({ delivered: 1 });
  });

  it("of a late login that is one too many is its refusal", async () => {
    const presence = new SlowStore();
    const clock = new ManualClock();
    const cluster = new TestCluster({ clock });
    const node = (nodeId: string) =>
      new TestGateway({ clock, broker: cluster.broker(), presence, nodeId, limits: { connectionsPerUser: 1 } });
    const clients = [node("one").open(late), node("two").open(late)];
    const answers = clients.map((client) => client.request("login", testPrincipal()));
    for (let step = 0; step < 40; step++) {
      await turn();
      if (step % 10 === 9) presence.next();
    }
    await clock.advance(0);
    expect(await Promise.all(answers)).toMatchObject([{ ok: true }, { ok: false, error: { code: "LIMIT_REACHED" } }]);
    await turn();
    expect(clients.map(({ closed }) => closed)).toEqual([undefined, "stay-away"]);
  });
});
