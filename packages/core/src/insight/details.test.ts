import { GatewayError, steedosDialect, type Principal } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import type { Authenticator } from "../auth.ts";
import type { GatewayOptions } from "../gateway.ts";
import type { ChannelPolicy } from "../policy.ts";
import { TestGateway, testPrincipal } from "../testing/index.ts";

const T = "default";

describe("details of a connection", () => {
  it("tell by what each subscription is, whose channel it is and when it ends", async () => {
    const until = Date.UTC(2030, 0, 1) + 60_000;
    const auth: Authenticator & { verifyRoomToken(): Promise<{ expiresAt: number }> } = {
      authenticate: async () => ({
        principal: testPrincipal({ grants: { "granted:**": ["subscribe"] } }),
        channels: ["given"],
      }),
      verifyRoomToken: async () => ({ expiresAt: until }),
    };
    const test = new TestGateway({
      auth,
      channels: [
        { match: "granted:**", subscribe: "nobody" },
        { match: "given", subscribe: "nobody" },
        { match: "room", subscribe: "roomToken" },
      ],
    });
    const alice = await test.connect();
    await alice.request("subscribe", { topic: "granted:1", filter: { a: 1, b: { gt: 2, exists: true } } });
    await alice.request("subscribe", { topic: "room", token: "x" });
    const { subscriptions } = await test.gateway.insight.connection(T, alice.id);
    const plain = { own: false, joined: false, lagging: false };
    expect(subscriptions).toEqual([
      { ...plain, channel: "given", subscriptionId: "", joined: true, by: "given" },
      {
        ...plain,
        channel: "granted:1",
        subscriptionId: "subscription_1",
        by: "grant",
        filter: { a: 1, b: { gt: 2, exists: true } },
      },
      { ...plain, channel: "room", subscriptionId: "subscription_2", by: "rule", until },
    ]);
  });

  it("tell how long a filter is that is too long to show, so that no client hides by them", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    const filter = { a: Array.from({ length: 60 }, (_, n) => `${n}`.padEnd(800, "x")) };
    for (let n = 0; n < 30; n++)
      expect(await alice.request("subscribe", { topic: `t${n}`, filter })).toMatchObject({ ok: true });
    const details = await test.gateway.insight.connection(T, alice.id);
    expect(details.subscriptions[0]).not.toHaveProperty("filter");
    expect(details.subscriptions[0]?.filterBytes).toBeGreaterThan(48_000);
    expect(JSON.stringify(details).length).toBeLessThan(20_000);
  });

  it("name a user's own channels as such, and none that the gateway speaks to all on", async () => {
    const test = new TestGateway();
    const alice = await test.connect({}, steedosDialect());
    await alice.request("subscribe", { roomParts: "notification-change", individual: true });
    await alice.request("subscribe", { roomParts: "inbox" });
    const { subscriptions } = await test.gateway.insight.connection(T, alice.id);
    expect(subscriptions.map(({ channel, own }) => [channel, own])).toEqual([
      ["notification-change", true],
      ["@notifications", true],
      ["inbox", false],
    ]);
  });

  it("count commands, refusals, events and losses, also of channels that it has left", async () => {
    const test = new TestGateway({ channels: [{ match: "r:**", slow: "resync" }] });
    const alice = await test.connect();
    const totals = async () => (await test.gateway.insight.connection(T, alice.id)).totals;
    const publish = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await test.gateway.publish({ tenantId: T, name: "r:1" }, "e", n);
    };
    const { subscriptionId } = await alice.request("subscribe", { topic: "r:1" });
    await alice.request("publish", { channel: "elsewhere", event: "e" });
    await publish(3);
    expect(await totals()).toMatchObject({ commands: 2, refused: 1, events: 3, dropped: 0 });
    expect((await totals()).bytes).toBeGreaterThan(3 * '{"event":"e"}'.length);
    alice.overloaded = true;
    await publish(2);
    expect(await totals()).toMatchObject({ events: 3, dropped: 2 });
    alice.drain();
    await publish(1);
    await test.gateway.direct(T, { socketId: alice.id }, "e");
    await alice.request("unsubscribe", { subscriptionId });
    expect(await totals()).toMatchObject({ commands: 3, refused: 1, events: 5, dropped: 2 });
    const { incidents } = await test.gateway.insight.connection(T, alice.id);
    expect(incidents).toMatchObject([
      { kind: "dropped", channel: "r:1" },
      { kind: "refused", command: "publish", channel: "elsewhere" },
    ]);
    expect(incidents[0]).not.toHaveProperty("times");
  });

  it("have rates of the last ten seconds: of a new connection at once, of others from the second question on", async () => {
    const test = new TestGateway({ channels: [{ match: "a", keep: false }] });
    const alice = await test.connect();
    const rates = async () => (await test.gateway.insight.connection(T, alice.id)).rates;
    const work = async (seconds: number, each: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        for (let n = 0; n < each; n++) {
          await alice.request("ping");
          await test.gateway.publish({ tenantId: T, name: "a" }, "e", n);
        }
        await test.advance(1000);
      }
    };
    await alice.request("subscribe", { topic: "a" });
    await work(4, 5);
    const first = await rates();
    expect(first).toMatchObject({ seconds: 4, commandsPerSecond: 5.25, eventsPerSecond: 5 });
    expect(first.bytesPerSecond).toBe((await test.gateway.insight.connection(T, alice.id)).totals.bytes / 4);
    await work(90, 1);
    expect(await rates()).toMatchObject({ seconds: 0, commandsPerSecond: 0, eventsPerSecond: 0 });
    await work(5, 4);
    expect(await rates()).toMatchObject({ seconds: 5, commandsPerSecond: 4, eventsPerSecond: 4 });
    await work(20, 2);
    expect(await rates()).toMatchObject({ seconds: 10, commandsPerSecond: 2, eventsPerSecond: 2 });
    // Nobody asks any more: nothing is looked at.
    alice.leave();
    await test.advance(120_000);
    const fresh = new TestGateway();
    await fresh.advance(120_000);
    expect(test.clock.pending).toBe(fresh.clock.pending);
  });

  it("follow a refresh: other claims, and other rights", async () => {
    const auth: Authenticator = {
      authenticate: async (credentials) => {
        const { claims, ...principal } = (credentials as { token: Principal & { claims: object } }).token;
        return { principal, claims: claims as Readonly<Record<string, unknown>> };
      },
    };
    const test = new TestGateway({ auth });
    const token = (fields: object) => ({ ...testPrincipal(), ...fields });
    const alice = await test.connect(token({ claims: { plan: "free" } }));
    expect(await test.gateway.insight.connection(T, alice.id)).toMatchObject({ claims: { plan: "free" } });
    await alice.request("refresh", { token: token({ claims: {}, email: "a@b", expiresAt: Date.UTC(2031, 0, 1) }) });
    const details = await test.gateway.insight.connection(T, alice.id);
    expect(details).toMatchObject({ principal: { email: "a@b", expiresAt: Date.UTC(2031, 0, 1) } });
    expect(details).not.toHaveProperty("claims");
    const bad = token({ claims: "text" });
    await expect(test.connect(bad)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("the incidents of a user", () => {
  it("have a right that a function took back, and the commands that a queue did not take", async () => {
    let open = true;
    const test = new TestGateway({ channels: [{ match: "a", subscribe: () => open }], recheckSeconds: 10 });
    const alice = await test.connect();
    await alice.request("subscribe", { topic: "a" });
    open = false;
    await test.advance(10_000);
    alice.send("no-such-command", {});
    await test.settle();
    const { incidents } = await test.gateway.insight.user(T, "alice");
    expect(incidents).toMatchObject([
      { kind: "refused", code: "UNKNOWN_COMMAND", command: "no-such-command" },
      { kind: "refused", code: "FORBIDDEN", command: "subscribe", channel: "a" },
    ]);
  });

  it("have, of a command for several channels, the one that it was refused for", async () => {
    const test = new TestGateway({ channels: [{ match: "closed", subscribe: "nobody" }] });
    const alice = await test.connect({}, steedosDialect());
    await alice.request("subscribe", { roomParts: ["open", "closed", "also"] });
    expect((await test.gateway.insight.user(T, "alice")).incidents).toMatchObject([
      { kind: "refused", code: "FORBIDDEN", command: "all", channel: "closed" },
    ]);
  });

  it("have arrivals that were refused when it was known who came", async () => {
    const origin = { dialect: "native", headers: {}, auth: {} };
    const options: Partial<GatewayOptions> = {
      limits: { connectionsPerUser: 1 },
      arriving: ({ principal }) => {
        if (principal.email === "bad") throw new GatewayError("FORBIDDEN", "Not today");
      },
    };
    const test = new TestGateway(options);
    const come = async (fields: Partial<Principal>): Promise<void> => {
      const admission = test.gateway.admit({ kind: "token", token: testPrincipal(fields) }, undefined, origin);
      await expect(admission).rejects.toBeInstanceOf(GatewayError);
    };
    await test.connect();
    await come({});
    await come({ email: "bad" });
    await come({ expiresAt: 1 });
    const arrival = { nodeId: "test", kind: "refused", command: "connect", dialect: "native" };
    expect((await test.gateway.insight.user(T, "alice")).incidents).toMatchObject([
      { ...arrival, code: "TOKEN_EXPIRED" },
      { ...arrival, code: "FORBIDDEN", message: "Not today" },
      { ...arrival, code: "LIMIT_REACHED" },
    ]);
  });

  it("have the end of a session once, with its reason", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    await test.gateway.disconnect(T, alice.id);
    const message = "The connection was ended by an operator";
    expect((await test.gateway.insight.user(T, "alice")).incidents).toEqual([
      expect.objectContaining({ kind: "ended", code: "REVOKED", socketId: alice.id, message }),
    ]);
  });
});

describe("rules", () => {
  it("of a policy of one's own are told as such, with its settings", async () => {
    const policy: ChannelPolicy = {
      settings: () => ({ keep: { size: 3, seconds: 4 }, slow: "resync" }),
      decide: (_principal, action) => (action === "history" ? { allowed: false } : { allowed: true, by: "grant" }),
    };
    const { insight } = new TestGateway({ channels: policy }).gateway;
    const rule = {
      kind: "policy",
      index: null,
      match: null,
      params: {},
      rights: { subscribe: "function", presence: "function", history: "function", publish: "function" },
      keep: { size: 3, seconds: 4 },
      slow: "resync",
      events: null,
    };
    expect((await insight.channel(T, "x")).rule).toEqual(rule);
    expect(insight.rules()).toMatchObject([{ kind: "policy" }]);
    expect(await insight.test(T, { channel: "x", userId: "u" })).toMatchObject({
      rule,
      decisions: {
        subscribe: { allowed: true, by: "grant" },
        history: { allowed: false, code: "FORBIDDEN", message: "You may not read the history of this channel" },
      },
    });
  });

  it("ask for a room token where nothing else is said, and once it was shown no more", async () => {
    const auth = {
      authenticate: async () => ({ principal: testPrincipal() }),
      verifyRoomToken: async () => ({ expiresAt: Date.UTC(2031, 0, 1) }),
    };
    const test = new TestGateway({ auth });
    test.gateway.requireRoomTokens("/");
    const { insight } = test.gateway;
    const alice = await test.connect();
    const ask = { channel: "/room", socketId: alice.id };
    const no = {
      rule: { kind: "none", rights: { subscribe: "roomToken" } },
      decisions: { subscribe: { allowed: false } },
    };
    expect(await insight.test(T, ask)).toMatchObject(no);
    await alice.request("join", { channel: "/room", token: "x" });
    expect(await insight.test(T, ask)).toMatchObject({
      decisions: { subscribe: { allowed: true, by: "rule" }, publish: { allowed: true } },
    });
    expect(await insight.test(T, { channel: "/room", userId: "alice" })).toMatchObject(no);
  });

  it("whose functions throw or hang are told as clients are", async () => {
    const test = new TestGateway({
      channels: [
        {
          match: "throws",
          subscribe: () => {
            throw new Error("the secret reason");
          },
        },
        { match: "hangs", subscribe: async () => await new Promise<never>(() => {}) },
      ],
    });
    const { insight } = test.gateway;
    const thrown = await insight.test(T, { channel: "throws", userId: "u" });
    expect(thrown.decisions?.subscribe).toMatchObject({ allowed: false, code: "UNAVAILABLE" });
    expect(JSON.stringify(thrown)).not.toContain("secret");
    const hanging = insight.test(T, { channel: "hangs", userId: "u" });
    await test.advance(60_000);
    expect((await hanging).decisions?.subscribe).toMatchObject({ allowed: false, code: "UNAVAILABLE" });
  });

  it("are tried for whoever is meant, and nothing is made of nonsense", async () => {
    const { insight } = new TestGateway().gateway;
    const bad = { code: "INVALID_PAYLOAD" };
    await expect(insight.test(T, { channel: "x", userId: "a b" })).rejects.toMatchObject(bad);
    await expect(insight.test(T, { channel: "x", userId: "u", anonymous: true })).rejects.toMatchObject(bad);
    await expect(insight.test(T, { channel: "x", roles: ["client"] })).rejects.toMatchObject(bad);
    await expect(insight.test("a:b", { channel: "x" })).rejects.toMatchObject(bad);
    await expect(insight.user(T, "")).rejects.toMatchObject(bad);
    await expect(insight.channel(T, "@sessions")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(insight.connection(T, "nobody")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(insight.connection(T, 5 as unknown as string)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
