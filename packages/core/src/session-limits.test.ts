import { describe, expect, it } from "vitest";
import { TestGateway, testPrincipal, type TestClient } from "./testing/index.ts";

const failed = (code: string, details?: object) => ({
  ok: false,
  error: expect.objectContaining({ code, ...(details === undefined ? undefined : { details }) }) as unknown,
});
const limit = (name: string) => failed("LIMIT_REACHED", { limit: name });
const refusedTo = (code: string, name: string) => ({ code, details: { limit: name } });

async function flood(client: TestClient, count: number): Promise<number> {
  const answers = await Promise.all(Array.from({ length: count }, () => client.request("leave", { channel: "x" })));
  return answers.filter(({ ok }) => ok === true).length;
}

async function publishMany(client: TestClient, count: number): Promise<number> {
  const publish = ["publish", { channel: "x", event: "e" }];
  const answers = await Promise.all(Array.from({ length: count }, () => client.request(...publish)));
  return answers.filter(({ ok }) => ok === true).length;
}

describe("rates", () => {
  it("lets a session send its burst, then 100 a second, and says how long to wait", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    expect(await flood(alice, 200)).toBe(200);
    const refused = await alice.request("leave", { channel: "x" });
    expect(refused).toEqual({
      ok: false,
      error: { code: "RATE_LIMITED", message: expect.any(String), retryable: true, details: { retryAfterMs: 10 } },
    });
    await test.advance(9);
    expect(await flood(alice, 1)).toBe(0);
    await test.advance(1);
    expect(await flood(alice, 2)).toBe(1);
    await test.advance(1000);
    expect(await flood(alice, 150)).toBe(100);
    await test.advance(60_000);
    expect(await flood(alice, 250)).toBe(200);
  });

  it("counts malformed and unknown commands too", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    const bad = [["nope", {}], ["join", null], [1], [{}], ["publish", { channel: " " }]] as const;
    for (let n = 0; n < 200; n++) void alice.request(...(bad[n % bad.length] as readonly unknown[]));
    expect(await alice.request("leave", { channel: "x" })).toEqual(failed("RATE_LIMITED", { retryAfterMs: 10 }));
    expect(alice.closed).toBeUndefined();
  });

  it("gives a user four times the rate over all sessions, and ten times to the privileged", async () => {
    const test = new TestGateway();
    const sessions = await Promise.all(Array.from({ length: 6 }, () => test.connect()));
    const counts = [];
    for (const session of sessions) counts.push(await flood(session, 200));
    expect(counts).toEqual([200, 200, 200, 200, 0, 0]);
    // The session that was refused for its user's sake has lost nothing of its own.
    await test.advance(1000);
    expect(await flood(sessions[5] as TestClient, 250)).toBe(200);
    const bob = await test.connect({ userId: "bob" });
    expect(await flood(bob, 250)).toBe(200);
    for (const roles of [["service"], ["admin"], ["operator"]] as const) {
      const client = await test.connect({ userId: roles[0], roles });
      expect(await publishMany(client, 2100)).toBe(2000);
      await test.advance(100);
      expect(await publishMany(client, 200)).toBe(100);
    }
  });

  it("gives no new burst to who leaves and comes back", async () => {
    const test = new TestGateway();
    for (let n = 0; n < 4; n++) {
      const alice = await test.connect();
      expect(await flood(alice, 200)).toBe(200);
      alice.leave();
    }
    expect(await flood(await test.connect(), 10)).toBe(0);
    await test.advance(2000);
    // The node takes its own numbers from time to time.
    expect(test.clock.pending).toBe(1);
  });

  it("survives 10,000 commands in one burst, and serves the others on", async () => {
    const test = new TestGateway();
    const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
    await bob.request("join", { channel: "a" });
    const flooding = flood(alice, 10_000);
    expect(await bob.request("publish", { channel: "a", event: "e", data: 1 })).toMatchObject({ ok: true });
    expect(await flooding).toBe(200);
    expect([bob.events().length, alice.closed]).toEqual([1, undefined]);
  });
});

describe("limits", () => {
  it("bounds the subscriptions of a session, joins counted", async () => {
    const test = new TestGateway({ limits: { subscriptionsPerSession: 3 } });
    const alice = await test.connect();
    await alice.request("subscribe", { topic: "a" });
    await alice.request("subscribe", { topic: "a" });
    await alice.request("join", { channel: "b" });
    expect(await alice.request("subscribe", { topic: "c" })).toEqual(limit("subscriptionsPerSession"));
    expect(await alice.request("join", { channel: "a" })).toEqual(limit("subscriptionsPerSession"));
    // What is there may be asked for again.
    expect(await alice.request("join", { channel: "b" })).toMatchObject({ ok: true });
    await alice.request("leave", { channel: "b" });
    expect(await alice.request("subscribe", { topic: "c" })).toMatchObject({ ok: true });
    expect(test.gateway.channelCount).toBe(2);
  });

  it("bounds the channels of a tenant, and no other's", async () => {
    const test = new TestGateway({ limits: { channelsPerTenant: 2 } });
    const alice = await test.connect();
    const other = await test.connect({ tenantId: "other" });
    for (const topic of ["a", "b"]) await alice.request("subscribe", { topic });
    expect(await alice.request("subscribe", { topic: "c" })).toEqual(limit("channelsPerTenant"));
    expect(await other.request("subscribe", { topic: "c" })).toMatchObject({ ok: true });
    expect(await alice.request("subscribe", { topic: "a" })).toMatchObject({ ok: true });
  });

  it("bounds the connections of a user and of a tenant, also when many come at once", async () => {
    const test = new TestGateway({ limits: { connectionsPerUser: 3, connectionsPerTenant: 5 } });
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => test.connect()));
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(3);
    await expect(test.connect()).rejects.toMatchObject(refusedTo("LIMIT_REACHED", "connectionsPerUser"));
    await test.connect({ userId: "bob" });
    await test.connect(null);
    await expect(test.connect({ userId: "carol" })).rejects.toMatchObject(
      refusedTo("LIMIT_REACHED", "connectionsPerTenant"),
    );
    await test.connect({ userId: "carol", tenantId: "other" });
    for (const outcome of outcomes) if (outcome.status === "fulfilled") outcome.value.leave();
    await test.connect();
    // A place that was kept and given back can be had again.
    const kept = await test.gateway.admit({ kind: "token", token: testPrincipal() });
    const second = await test.gateway.admit({ kind: "token", token: testPrincipal({ userId: "dan" }) });
    await expect(test.connect({ userId: "carol" })).rejects.toMatchObject({ code: "LIMIT_REACHED" });
    second.release();
    second.release();
    kept.release();
    await test.connect({ userId: "carol" });
  });

  it("bounds the filters that are not pure equality, of a user on a topic and of a topic", async () => {
    const test = new TestGateway({ limits: { connectionsPerUser: 0, subscriptionsPerSession: 1000 } });
    const alice = [await test.connect(), await test.connect()];
    const ask = (client: TestClient, n: number, topic = "a") =>
      client.request("subscribe", { topic, filter: { n: { gt: n } } });
    for (let n = 0; n < 16; n++) expect(await ask(alice[n % 2] as TestClient, n)).toMatchObject({ ok: true });
    for (const one of alice) expect(await ask(one, 16)).toEqual(limit("filtersPerUser"));
    expect(await ask(alice[0] as TestClient, 3)).toMatchObject({ ok: true });
    expect(await ask(alice[0] as TestClient, 16, "b")).toMatchObject({ ok: true });
    for (let n = 0; n < 50; n++) {
      const pure = await alice[0]?.request("subscribe", { topic: "a", filter: { n } });
      expect(pure).toMatchObject({ ok: true });
    }
    let granted = 16;
    for (let user = 0; granted < 500; user++) {
      const client = await test.connect({ userId: `u${user}` });
      for (let n = 0; n < 16 && granted < 500; n++) {
        expect(await ask(client, 1000 + granted++)).toMatchObject({ ok: true });
      }
    }
    const last = await test.connect({ userId: "last" });
    expect(await ask(last, 5000)).toEqual(limit("filtersPerTopic"));
    expect(await ask(last, 1016)).toMatchObject({ ok: true });
  });

  it("bounds depth and refuses binary data, wherever it is", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    await alice.request("join", { channel: "a" });
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    const publish = (data: unknown) => alice.request("publish", { channel: "a", event: "e", data });
    expect(await publish(nested(31))).toMatchObject({ ok: true });
    expect(await publish(nested(32))).toEqual(failed("INVALID_PAYLOAD"));
    for (const binary of [new Uint8Array(3), new ArrayBuffer(3)]) {
      for (const frame of [
        ["join", binary],
        ["state", { channel: "a", state: [binary] }],
        ["leave", { channel: "a" }, binary],
      ]) {
        expect(await alice.request(...frame)).toEqual(failed("INVALID_PAYLOAD"));
      }
    }
  });

  it("answers what was too large to be parsed", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    const answer = await new Promise((resolve) => {
      alice.session.receive(["publish"], { bytes: 70_000, tooLarge: true, acknowledge: ([first]) => resolve(first) });
    });
    expect(answer).toEqual(failed("TOO_LARGE", { limit: 65_536 }));
    alice.session.receive(["publish"], { bytes: 70_000, tooLarge: true });
    expect(alice.received("error")).toMatchObject([{ command: "publish", code: "TOO_LARGE" }]);
  });

  it("replies with no more than 256 KiB: history cuts, members page, a recovery fails", async () => {
    const test = new TestGateway({ limits: { connectionsPerUser: 0 } });
    const alice = await test.connect();
    const { position } = await alice.request("subscribe", { topic: "a" });
    for (let n = 1; n <= 20; n++) {
      await test.gateway.publish({ tenantId: "default", name: "a" }, "e", { n, text: "x".repeat(30_000) });
    }
    const numbers = (answer: Record<string, unknown>): number[] =>
      (answer["events"] as { payload: { n: number } }[]).map(({ payload }) => payload.n);
    const newest = await alice.request("history", { channel: "a" });
    expect([JSON.stringify(newest).length <= 262_144, numbers(newest).at(-1), newest["position"]]).toEqual([
      true,
      20,
      { ...(position as object), offset: 20 },
    ]);
    const oldest = await alice.request("history", { channel: "a", since: position });
    expect([JSON.stringify(oldest).length <= 262_144, numbers(oldest)[0]]).toEqual([true, 1]);
    const bob = await test.connect({ userId: "bob" });
    const recovered = await bob.request("subscribe", { topic: "a", since: position });
    expect(recovered).toMatchObject({ recovered: false, position: { offset: 20 } });
    expect(recovered).not.toHaveProperty("events");
    for (let n = 0; n < 80; n++) {
      await (await test.connect({ userId: `u${n}` })).request("join", { channel: "b", state: "é".repeat(2000) });
    }
    const seen = new Set<string>();
    let cursor: unknown;
    do {
      const page = await bob.request("members", { channel: "b", ...(cursor === undefined ? undefined : { cursor }) });
      expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThanOrEqual(262_144 + 200);
      for (const { socketId } of page["members"] as { socketId: string }[]) seen.add(socketId);
      cursor = page["cursor"];
    } while (cursor !== undefined);
    expect(seen.size).toBe(80);
  });

  it("bounds what waits for a slow rule", async () => {
    const never = new Promise<boolean>(() => {});
    const test = new TestGateway({ channels: [{ match: "slow", subscribe: () => never }] });
    const alice = await test.connect({ roles: ["service"] });
    void alice.request("subscribe", { topic: "slow" });
    const codes = new Map<unknown, number>();
    const sent = 40;
    for (let n = 0; n < sent; n++) {
      void alice.request("publish", { channel: "c", event: "e", data: "x".repeat(60_000) }).then((answer) => {
        const code = (answer["error"] as { code?: string } | undefined)?.code ?? "ok";
        codes.set(code, (codes.get(code) ?? 0) + 1);
      });
    }
    await test.settle();
    // As many as one message of the transport may bring wait; the others are told at once.
    const refused = codes.get("RATE_LIMITED") ?? 0;
    expect([...codes.keys()]).toEqual(["RATE_LIMITED"]);
    expect(sent - refused).toBe(Math.ceil(test.gateway.limits.transportBytes / 60_050));
    await test.advance(5000);
    expect(codes.get("ok")).toBe(sent - refused);
    expect(alice.closed).toBeUndefined();
  });
});
