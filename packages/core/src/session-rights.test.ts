import { GatewayError, type Principal } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import type { Authenticator, RoomTokenVerifier } from "./auth.ts";
import { TestGateway, testPrincipal, trustingAuthenticator, type TestClient } from "./testing/index.ts";

const failed = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) as unknown });
const address = (name: string) => ({ tenantId: "default", name });
const token = (fields: Partial<Principal> = {}): unknown => testPrincipal(fields);
const payloads = (client: TestClient): readonly unknown[] => client.events().map(({ payload }) => payload);

/** Room tokens are texts: `room until`; they are valid while the clock is before `until`. */
function roomTokens(now: () => number): Authenticator & RoomTokenVerifier {
  return {
    ...trustingAuthenticator,
    async verifyRoomToken(text, _principal, room) {
      const [name, until] = text.split(" ");
      if (name !== room || Number(until) <= now()) throw new GatewayError("FORBIDDEN", "The room token is not valid");
      return { expiresAt: Number(until) };
    },
  };
}

function roomGateway(rules: object = {}) {
  let now = (): number => 0;
  const auth = roomTokens(() => now());
  const test = new TestGateway({ auth, channels: [{ match: "room:**", subscribe: "roomToken", ...rules }] });
  now = () => test.clock.now();
  return test;
}

describe("refresh", () => {
  it("replaces expiry and rights, and tells when it ends", async () => {
    const test = new TestGateway();
    const start = test.clock.now();
    const alice = await test.connect({ expiresAt: start + 120_000 });
    expect(await alice.request("refresh", { token: token({ expiresAt: start + 500_000 }) })).toStrictEqual({
      ok: true,
      expiresAt: start + 500_000,
    });
    await test.advance(439_999);
    expect([alice.received("token:expiring"), alice.closed]).toEqual([[], undefined]);
    await test.advance(1);
    expect(alice.received("token:expiring")).toEqual([{ expiresAt: start + 500_000 }]);
    expect(await alice.request("refresh", { token: token() })).toStrictEqual({ ok: true, expiresAt: null });
    await test.advance(24 * 3_600_000);
    expect(alice.closed).toBeUndefined();
  });

  it("leaves the session as it was when it fails", async () => {
    const auth: Authenticator = {
      authenticate: async (credentials) => {
        if (credentials.kind === "token" && typeof credentials.token === "string") {
          throw new GatewayError(credentials.token === "old" ? "TOKEN_EXPIRED" : "UNAUTHENTICATED", "No");
        }
        return await trustingAuthenticator.authenticate(credentials);
      },
    };
    const test = new TestGateway({ auth });
    const expiresAt = test.clock.now() + 100_000;
    const alice = await test.connect({ expiresAt });
    await alice.request("subscribe", { topic: "a" });
    expect(await alice.request("refresh", { token: token({ userId: "bob" }) })).toEqual(failed("FORBIDDEN"));
    expect(await alice.request("refresh", { token: token({ tenantId: "other" }) })).toEqual(failed("FORBIDDEN"));
    expect(await alice.request("refresh", { token: "old" })).toEqual(failed("TOKEN_EXPIRED"));
    expect(await alice.request("refresh", { token: "bad" })).toEqual(failed("UNAUTHENTICATED"));
    expect(await alice.request("refresh", {})).toEqual(failed("UNAUTHENTICATED"));
    expect(await alice.request("refresh", { token: token({ expiresAt: test.clock.now() }) })).toEqual(
      failed("TOKEN_EXPIRED"),
    );
    expect(alice.session.principal.expiresAt).toBe(expiresAt);
    await test.gateway.publish(address("a"), "e", 1);
    expect(payloads(alice)).toEqual([1]);
    await test.advance(100_000);
    expect([alice.closed, alice.received("closing")]).toEqual([
      "reconnect",
      [{ code: "TOKEN_EXPIRED", message: expect.any(String), reconnect: true }],
    ]);
  });

  it("ends what the new token does not allow, and says so", async () => {
    const test = new TestGateway({ channels: [{ match: "**", subscribe: "nobody" }] });
    const alice = await test.connect({ grants: { a: ["subscribe", "presence"], b: ["subscribe", "publish"] } });
    await alice.request("join", { channel: "a" });
    await alice.request("subscribe", { topic: "a", subscriptionId: "s" });
    await alice.request("subscribe", { topic: "b" });
    await alice.request("refresh", { token: token({ grants: { a: ["subscribe"], b: ["subscribe"] } }) });
    await test.settle();
    expect(alice.received("error")).toMatchObject([{ code: "FORBIDDEN", channel: "a" }]);
    expect((await test.gateway.members(address("a"))).total).toBe(0);
    await test.gateway.publish(address("a"), "e", 1);
    expect(await alice.request("publish", { channel: "b", event: "e" })).toEqual(failed("FORBIDDEN"));
    await alice.request("refresh", { token: token() });
    await test.settle();
    expect(
      alice
        .received("error")
        .map(({ channel }) => String(channel))
        .toSorted(),
    ).toEqual(["a", "a", "b"]);
    await test.gateway.publish(address("a"), "e", 2);
    expect([payloads(alice), test.gateway.channelCount]).toEqual([[1], 0]);
  });
});

describe("rules that are functions", () => {
  it("are asked again every recheckSeconds, and a lost right ends the subscription", async () => {
    let allow = true;
    let asked = 0;
    const test = new TestGateway({ channels: [{ match: "f", subscribe: () => (asked++, allow) }] });
    const alice = await test.connect();
    await alice.request("subscribe", { topic: "f" });
    const before = asked;
    await test.advance(299_999);
    expect(asked).toBe(before);
    await test.advance(1);
    expect(asked).toBe(before + 1);
    allow = false;
    await test.advance(299_999);
    await test.gateway.publish(address("f"), "e", "still");
    await test.advance(1);
    await test.gateway.publish(address("f"), "e", "no more");
    expect(payloads(alice)).toEqual(["still"]);
    expect(alice.received("error")).toEqual([
      { code: "FORBIDDEN", message: expect.any(String), retryable: false, channel: "f" },
    ]);
    await test.advance(24 * 3_600_000);
    expect(asked).toBe(before + 2);
  });

  it("hold later commands back, in order, and other sessions not at all", async () => {
    let decide!: (allowed: boolean) => void;
    const decision = new Promise<boolean>((resolve) => (decide = resolve));
    const test = new TestGateway({ channels: [{ match: "slow", subscribe: () => decision }] });
    const [alice, bob] = [await test.connect(), await test.connect({ userId: "bob" })];
    const answers: string[] = [];
    const ask = (name: string, ...frame: readonly unknown[]): void =>
      void alice.request(...frame).then((answer) => answers.push(`${name} ${String(answer["ok"])}`));
    ask("slow", "subscribe", { topic: "slow" });
    ask("join", "join", { channel: "a" });
    ask("publish", "publish", { channel: "slow", event: "e", data: 1 });
    ask("bad", "nope", {});
    ask("leave", "leave", { channel: "a" });
    await test.settle();
    expect(answers).toEqual([]);
    expect(await bob.request("join", { channel: "a" })).toMatchObject({ ok: true, total: 1 });
    decide(true);
    await test.settle();
    // The broker answers for a publication in its own time; the others keep their order.
    expect(answers.filter((answer) => answer !== "publish true")).toEqual([
      "slow true",
      "join true",
      "bad false",
      "leave true",
    ]);
    expect(payloads(alice)).toEqual([1]);
  });

  it("have no effect when the session has ended, or its principal was replaced, meanwhile", async () => {
    const asked: Principal[] = [];
    const answers: ((allowed: boolean) => void)[] = [];
    const test = new TestGateway({
      channels: [
        {
          match: "slow",
          subscribe: (principal) => {
            asked.push(principal);
            return new Promise<boolean>((resolve) => answers.push(resolve));
          },
        },
      ],
    });
    const alice = await test.connect();
    void alice.request("subscribe", { topic: "slow" });
    alice.leave();
    answers[0]?.(true);
    await test.settle();
    expect([test.gateway.channelCount, test.gateway.sessionCount]).toEqual([0, 0]);
    const bob = await test.connect({ userId: "bob" });
    const subscribed = bob.request("subscribe", { topic: "slow" });
    const next = testPrincipal({ userId: "bob", info: { second: true } });
    await bob.session.refresh({ kind: "token", token: next });
    answers[1]?.(true);
    await test.settle();
    expect(asked.length).toBe(3);
    expect(asked[2]).toBe(next);
    answers[2]?.(false);
    expect(await subscribed).toEqual(failed("FORBIDDEN"));
  });
});

describe("room tokens", () => {
  it("open one channel until they expire; then the subscription ends with FORBIDDEN", async () => {
    const test = roomGateway();
    const until = test.clock.now() + 60_000;
    const alice = await test.connect();
    expect(await alice.request("subscribe", { topic: "room:1" })).toEqual(failed("FORBIDDEN"));
    expect(await alice.request("subscribe", { topic: "room:1", token: `room:2 ${until}` })).toEqual(
      failed("FORBIDDEN"),
    );
    expect(await alice.request("join", { channel: "room:1", token: `room:1 ${until}` })).toMatchObject({ ok: true });
    expect(await alice.request("publish", { channel: "room:1", event: "e", data: 1 })).toMatchObject({ ok: true });
    expect(await alice.request("members", { channel: "room:1" })).toMatchObject({ total: 1 });
    await test.advance(59_999);
    expect(alice.received("error")).toEqual([]);
    await test.advance(1);
    expect(alice.received("error")).toMatchObject([{ code: "FORBIDDEN", channel: "room:1" }]);
    expect((await test.gateway.members(address("room:1"))).total).toBe(0);
    expect(await alice.request("publish", { channel: "room:1", event: "e" })).toEqual(failed("FORBIDDEN"));
  });

  it("are not prolonged by following the channel again without one", async () => {
    const test = roomGateway();
    const until = test.clock.now() + 60_000;
    const alice = await test.connect();
    const first = { topic: "room:1", subscriptionId: "first" };
    await alice.request("subscribe", { ...first, token: `room:1 ${until}` });
    await alice.request("subscribe", first);
    await alice.request("subscribe", { topic: "room:1", subscriptionId: "second" });
    await alice.request("join", { channel: "room:1" });
    await test.advance(60_000);
    await test.gateway.publish(address("room:1"), "e", "secret");
    expect([payloads(alice), (await test.gateway.members(address("room:1"))).total]).toEqual([[], 0]);
    expect(test.gateway.channelCount).toBe(0);
  });

  it("are asked for where following is open and only presence is not", async () => {
    const test = roomGateway({ subscribe: "anyone", presence: "roomToken" });
    const alice = await test.connect();
    await alice.request("subscribe", { topic: "room:1" });
    expect(await alice.request("join", { channel: "room:1" })).toEqual(failed("FORBIDDEN"));
    const until = test.clock.now() + 60_000;
    expect(await alice.request("join", { channel: "room:1", token: `room:1 ${until}` })).toMatchObject({ ok: true });
    expect(await alice.request("members", { channel: "room:1" })).toMatchObject({ total: 1 });
  });

  it("are prolonged by a later one", async () => {
    const test = roomGateway();
    const now = test.clock.now();
    const alice = await test.connect();
    const first = { topic: "room:1", subscriptionId: "s" };
    await alice.request("subscribe", { ...first, token: `room:1 ${now + 60_000}` });
    await alice.request("subscribe", { ...first, token: `room:1 ${now + 90_000}` });
    await test.advance(89_999);
    await test.gateway.publish(address("room:1"), "e", 1);
    await test.advance(1);
    await test.gateway.publish(address("room:1"), "e", 2);
    expect(payloads(alice)).toEqual([1]);
  });

  it("survive a refresh of the session", async () => {
    const test = roomGateway();
    const alice = await test.connect();
    await alice.request("subscribe", { topic: "room:1", token: `room:1 ${test.clock.now() + 60_000}` });
    await alice.request("refresh", { token: token() });
    await test.settle();
    await test.gateway.publish(address("room:1"), "e", 1);
    expect(payloads(alice)).toEqual([1]);
    await test.advance(60_000);
    expect(alice.received("error")).toMatchObject([{ code: "FORBIDDEN" }]);
  });
});
