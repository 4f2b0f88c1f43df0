import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TestGateway, testPrincipal, type TestClient } from "./testing/index.ts";

const address = (name: string) => ({ tenantId: "default", name });
const payloads = (client: TestClient): readonly unknown[] => client.events().map(({ payload }) => payload);

/** Lets exactly `count` steps of settled promises pass. */
async function microtasks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

describe("a session that ends", () => {
  it("leaves nothing behind, whenever it ends in the middle of a command", async () => {
    const commands = [
      ["join", { channel: "a" }],
      ["subscribe", { topic: "a" }],
      ["subscribe", { topic: "a", since: { epoch: "e", offset: 0 }, filter: { x: { gt: 1 } } }],
      ["state", { channel: "b", state: 1 }],
      ["join", { channel: "b", state: 2 }],
      ["leave", { channel: "b" }],
      ["publish", { channel: "b", event: "e" }],
      ["history", { channel: "b" }],
      ["direct", { to: { userId: "alice" }, event: "e" }],
      ["refresh", { token: testPrincipal() }],
    ] as const;
    for (const command of commands) {
      for (let steps = 0; steps < 24; steps++) {
        const test = new TestGateway();
        const alice = await test.connect();
        await alice.request("join", { channel: "b" });
        alice.send(...command);
        await microtasks(steps);
        if (steps % 2) alice.leave();
        else alice.session.end("REVOKED", "Ended by the test");
        await test.settle();
        const counts = [test.gateway.sessionCount, test.gateway.channelCount];
        const channels = await test.gateway.channels("default");
        const connections = await test.gateway.connections("default");
        expect([command, steps, counts, channels.entries, connections.total]).toEqual([command, steps, [0, 0], [], 0]);
        await test.advance(10_000);
        expect((await test.gateway.members(address("a"))).total).toBe(0);
      }
    }
  });

  it("says closing once, with the reason, and leaves everything before the call returns", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    await alice.request("join", { channel: "a" });
    expect(alice.session.end("PROTOCOL_ERROR", "Text")).toBe(true);
    expect(alice.session.end("REVOKED", "Text")).toBe(false);
    expect(test.gateway.channelCount).toBe(0);
    expect(alice.received("closing")).toEqual([{ code: "PROTOCOL_ERROR", message: "Text", reconnect: false }]);
    expect(alice.closed).toBe("stay-away");
  });

  it("is REVOKED by an operator, out of every count at once, and stays away", async () => {
    const test = new TestGateway();
    const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
    await alice.request("join", { channel: "a" });
    await test.gateway.disconnect("default", alice.id);
    expect([alice.closed, alice.received("closing")[0]?.["code"]]).toEqual(["stay-away", "REVOKED"]);
    expect((await test.gateway.connections("default")).entries.map(({ socketId }) => socketId)).toEqual([bob.id]);
    expect((await test.gateway.members(address("a"))).total).toBe(0);
    for (const id of [alice.id, "none"]) {
      await expect(test.gateway.disconnect("default", id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    await expect(test.gateway.disconnect("other", bob.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("is REVOKED with its user, whose older tokens are refused from then on", async () => {
    const test = new TestGateway();
    const issuedAt = test.clock.now();
    const clients = [await test.connect({ issuedAt }), await test.connect()];
    const bob = await test.connect({ userId: "bob" });
    const other = await test.connect({ tenantId: "other" });
    await test.advance(1000);
    expect(await test.gateway.revoke("default", "alice")).toEqual({ disconnected: 2 });
    expect(clients.map(({ closed }) => closed)).toEqual(["stay-away", "stay-away"]);
    expect([bob.closed, other.closed]).toEqual([undefined, undefined]);
    for (const fields of [{ issuedAt }, { issuedAt: issuedAt + 999 }, {}]) {
      await expect(test.connect(fields)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
    await test.connect({ issuedAt: issuedAt + 1001 });
    await test.connect({ userId: "bob", issuedAt });
  });

  it("is REVOKED when its user is between admission and opening", async () => {
    const test = new TestGateway();
    const token = testPrincipal({ issuedAt: test.clock.now() - 1 });
    const admission = await test.gateway.admit({ kind: "token", token });
    await test.gateway.revoke("default", "alice");
    const client = await test.connect({ userId: "bob" });
    const session = test.gateway.open(client, admission);
    expect([session.ended, client.received("closing")[0]?.["code"]]).toEqual([true, "REVOKED"]);
  });
});

describe("a slow reader", () => {
  const setUp = async (slow: "disconnect" | "resync", keep?: false) => {
    const test = new TestGateway({ channels: [{ match: "a", slow, ...(keep === false ? { keep } : undefined) }] });
    const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
    for (const one of [alice, bob]) await one.request("subscribe", { topic: "a" });
    const publish = (data: unknown) => test.gateway.publish(address("a"), "e", data);
    return { test, alice, bob, publish };
  };

  it("is disconnected where the channel says so, and may come back", async () => {
    const { test, alice, bob, publish } = await setUp("disconnect");
    alice.overloaded = true;
    await publish(1);
    expect(alice.closed).toBe("destroy");
    expect(alice.received("closing")).toEqual([
      { code: "SLOW_CONSUMER", message: expect.any(String), reconnect: true },
    ]);
    await publish(2);
    expect([payloads(alice), payloads(bob), test.gateway.sessionCount]).toEqual([[], [1, 2], 1]);
  });

  it("is told of one gap when it has drained, where the channel resyncs, and follows from there", async () => {
    const { alice, bob, publish } = await setUp("resync");
    await publish(1);
    alice.overloaded = true;
    await publish(2);
    await publish(3);
    expect([payloads(alice), alice.received("gap")]).toEqual([[1], []]);
    alice.drain();
    expect(alice.received("gap")).toEqual([{ channel: "a", position: { epoch: expect.any(String), offset: 3 } }]);
    await publish(4);
    expect([payloads(alice), payloads(bob)]).toEqual([
      [1, 4],
      [1, 2, 3, 4],
    ]);
    alice.overloaded = true;
    alice.drain();
    expect(alice.received("gap").length).toBe(1);
  });

  it("is told of a gap without a position where the channel keeps no history", async () => {
    const { alice, publish } = await setUp("resync", false);
    alice.overloaded = true;
    await publish(1);
    alice.drain();
    expect(alice.received("gap")).toEqual([{ channel: "a" }]);
  });

  it("is told of a gap when what it lost was presence", async () => {
    const test = new TestGateway({ channels: [{ match: "a", slow: "resync" }] });
    const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
    await alice.request("join", { channel: "a" });
    alice.overloaded = true;
    await bob.request("join", { channel: "a" });
    await test.advance(100);
    alice.drain();
    expect([alice.received("presence"), alice.received("gap").length]).toEqual([[], 1]);
  });

  it("has its commands wait until it reads, and ends when too many do", async () => {
    const { test, alice, bob } = await setUp("resync");
    alice.overloaded = true;
    const answers: number[] = [];
    for (let n = 0; n < 50; n++) void alice.request("leave", { channel: "x" }).then(() => answers.push(n));
    await test.settle();
    expect(answers).toEqual([]);
    alice.drain();
    await test.settle();
    expect(answers).toEqual(Array.from({ length: 50 }, (_, n) => n));
    await test.advance(10_000);
    alice.overloaded = true;
    for (let n = 0; n < 400; n++) alice.send("leave", { channel: "x" });
    expect([alice.closed, alice.received("closing")[0]?.["code"]]).toEqual(["destroy", "SLOW_CONSUMER"]);
    expect(await bob.request("members", { channel: "a" })).toMatchObject({ ok: true });
  });

  it("hears of every publication that it was not sent: by a gap, by a recovery, or by its end", async () => {
    const step = fc.constantFrom("publish", "publish", "publish", "stick", "drain", "again");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { test, alice, publish } = await setUp("resync");
        let published = 0;
        for (const one of steps) {
          if (one === "publish") await publish(++published);
          else if (one === "stick") alice.overloaded = true;
          else if (one === "drain") alice.drain();
          else {
            alice.send("subscribe", { topic: "a", subscriptionId: "again" });
            await test.settle();
          }
        }
        alice.drain();
        await test.settle();
        await publish(++published);
        let reached = 0;
        for (const [event, argument] of alice.frames) {
          const { position } = argument as { position?: { offset: number } };
          if (event === "event") {
            expect(position?.offset).toBe(reached + 1);
            reached++;
          } else if (event === "gap") {
            expect(position?.offset).toBeGreaterThan(reached);
            reached = position?.offset ?? 0;
          }
        }
        expect(reached).toBe(published);
      }),
      { numRuns: 100 },
    );
  });
});
