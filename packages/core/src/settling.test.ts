import { nativeDialect, type Dialect, type Principal } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import { MemoryBroker } from "./memory-broker.ts";
import { TestGateway, testPrincipal, trustingAuthenticator } from "./testing/index.ts";

/** The native dialect, with rooms that a session is put into, and ears for what is said to all. */
const listening: Dialect = {
  ...nativeDialect,
  name: "listening",
  follows: [
    { name: "@metadata", of: "everybody" },
    { name: "@metadata", of: "tenant" },
    { name: "@global", of: "everybody" },
    { name: "@notifications", of: "user" },
  ],
  rooms: ({ userId, tenantId }) => [{ name: `user:${userId}` }, { name: `org:${tenantId}` }, { name: "forbidden" }],
  decode: (frame) =>
    frame[0] === "all"
      ? {
          kind: "command",
          event: "all",
          command: {
            type: "all",
            commands: (frame[1] as string[]).map((name) => ({
              type: "subscribe",
              channel: { name },
              subscriptionId: name,
            })),
          },
        }
      : nativeDialect.decode(frame),
};
const channels = [{ match: "forbidden", subscribe: "nobody" }] as const;

describe("a session that begins", () => {
  it("is in the rooms of its dialect that the rules allow, before any command of its own", async () => {
    const test = new TestGateway({ channels });
    const alice = await test.connect({ tenantId: "acme" }, listening);
    expect(await alice.request("publish", { channel: "org:acme", event: "e" })).toMatchObject({ ok: true });
    const { entries } = await test.gateway.connections("acme");
    expect(entries[0]?.channels).toEqual(["user:alice", "org:acme"]);
    expect((await test.gateway.members({ tenantId: "acme", name: "org:acme" })).total).toBe(1);
    expect(alice.events()).toMatchObject([{ topic: "org:acme" }]);
  });

  it("is in the channels that its authenticator gave, in any dialect, and stays there over a refresh", async () => {
    const auth = {
      authenticate: async (credentials: Parameters<typeof trustingAuthenticator.authenticate>[0]) => ({
        ...(await trustingAuthenticator.authenticate(credentials)),
        channels: ["forbidden", "given"],
      }),
    };
    const test = new TestGateway({ auth, channels });
    const alice = await test.connect();
    await alice.request("refresh", { token: testPrincipal() });
    await test.gateway.publish({ tenantId: "default", name: "forbidden" }, "e", 1);
    expect(alice.events()).toMatchObject([{ topic: "forbidden", payload: 1 }]);
    expect((await test.gateway.members({ tenantId: "default", name: "given" })).total).toBe(1);
  });

  it("hears nothing of its user's own where its credential reaches its grants alone", async () => {
    const test = new TestGateway({ channels });
    const alice = await test.connect({ grantsOnly: true }, listening);
    await test.gateway.notify("default", ["alice"], "psst");
    await test.settle();
    expect(alice.events()).toEqual([]);
  });

  it("hears what is for everybody, for its tenant and for its user, and nothing of others", async () => {
    const test = new TestGateway({ channels });
    const [alice, bob] = [
      await test.connect({ tenantId: "a" }, listening),
      await test.connect({ tenantId: "b", userId: "bob" }, listening),
    ];
    const plain = await test.connect({ tenantId: "a" });
    await test.settle();
    await test.gateway.broadcastMetadata("all");
    await test.gateway.broadcastMetadata("a", "a");
    await test.gateway.emitGlobally("hello", "x");
    expect(await test.gateway.notify("b", ["bob"], "for bob")).toEqual({ delivered: 1 });
    const heard = (client: typeof alice): readonly unknown[] =>
      client.events().map(({ topic, payload }) => [topic, payload]);
    expect(heard(alice)).toEqual([
      ["@metadata", "all"],
      ["@metadata", "a"],
      ["@global", "x"],
    ]);
    expect(heard(bob)).toEqual([
      ["@metadata", "all"],
      ["@global", "x"],
      ["@notifications", "for bob"],
    ]);
    expect(heard(plain)).toEqual([]);
    expect((await test.gateway.channels("a")).entries.map(({ name }) => name)).toEqual(["org:a", "user:alice"]);
  });

  it("counts nothing of that against its limits", async () => {
    const test = new TestGateway({ channels, limits: { subscriptionsPerSession: 3 } });
    const alice = await test.connect({}, listening);
    expect(await alice.request("subscribe", { topic: "one" })).toMatchObject({ ok: true });
    expect(await alice.request("subscribe", { topic: "two" })).toMatchObject({ error: { code: "LIMIT_REACHED" } });
  });
});

describe("commands that are carried out together", () => {
  it("are all done, or none of them", async () => {
    const test = new TestGateway({ channels, limits: { subscriptionsPerSession: 4 } });
    const alice = await test.connect({}, listening);
    const followed: string[] = [];
    test.gateway.onFollow(({ address }) => followed.push(address.name));
    expect(await alice.request("all", ["a", "forbidden"])).toMatchObject({ error: { code: "FORBIDDEN" } });
    expect(await alice.request("all", ["a", "b", "c"])).toMatchObject({ error: { code: "LIMIT_REACHED" } });
    expect((await test.gateway.channels("default")).entries.map(({ name }) => name)).toEqual([
      "org:default",
      "user:alice",
    ]);
    expect(followed).toEqual([]);
    expect(await alice.request("all", ["a", "b", "a"])).toEqual({ ok: true });
    expect(await alice.request("all", ["a"])).toEqual({ ok: true });
    expect(followed).toEqual(["a", "b", "a", "a"]);
    await test.gateway.publish({ tenantId: "default", name: "a" }, "e", 1);
    expect(alice.events()).toHaveLength(1);
  });

  it("are decided anew where the session's principal is replaced while they are carried out", async () => {
    let next = testPrincipal({ info: { second: true } });
    const broker = new MemoryBroker();
    const subscribe = broker.subscribe.bind(broker);
    const second: Principal[] = [];
    const test = new TestGateway({
      broker,
      channels: [
        {
          match: "b",
          subscribe: (principal) => {
            second.push(principal);
            return principal.info?.["third"] !== true;
          },
        },
      ],
    });
    const alice = await test.connect({}, { ...listening, rooms: () => [] });
    broker.subscribe = async (address) => {
      if (address.name === "a") await alice.session.refresh({ kind: "token", token: next });
      return await subscribe(address);
    };
    const names = async (): Promise<readonly string[]> =>
      (await test.gateway.channels("default")).entries.map(({ name }) => name);
    expect(await alice.request("all", ["a", "b"])).toEqual({ ok: true });
    expect(second.at(-1)).toBe(next);
    expect(await names()).toEqual(["a", "b"]);
    for (const subscriptionId of ["a", "b"]) await alice.request("unsubscribe", { subscriptionId });
    next = testPrincipal({ info: { third: true } });
    expect(await alice.request("all", ["a", "b"])).toMatchObject({ error: { code: "FORBIDDEN" } });
    expect(await names()).toEqual([]);
  });

  it.each(["all", "subscribe", "join"])("leave nothing of a right that is lost at any moment of `%s`", async (how) => {
    for (let moment = 0; moment < 40; moment++) {
      let lose = (): void => undefined;
      const right = async ({ info }: Principal): Promise<boolean> => {
        if (info?.["lost"] === true) return false;
        lose();
        return await Promise.resolve(true);
      };
      const test = new TestGateway({ channels: [{ match: "b", subscribe: right, presence: right }] });
      const alice = await test.connect({}, { ...listening, rooms: () => [] });
      const lost = testPrincipal({ info: { lost: true } });
      let refreshed: Promise<unknown> = Promise.resolve();
      lose = () => {
        lose = () => undefined;
        refreshed = (async () => {
          for (let turn = 0; turn < moment; turn++) await Promise.resolve();
          await alice.session.refresh({ kind: "token", token: lost });
        })();
      };
      await alice.request(how, how === "all" ? ["a", "b"] : { topic: "b", channel: "b" });
      await refreshed;
      await test.settle();
      const names = (await test.gateway.channels("default")).entries.map(({ name }) => name);
      expect([moment, names.includes("b")]).toEqual([moment, false]);
    }
  });

  it("are refused without a question where they are more than a session may have", async () => {
    let asked = 0;
    const asking = { match: "ask:**", subscribe: () => ++asked > 0 };
    const test = new TestGateway({ channels: [asking], limits: { subscriptionsPerSession: 5 } });
    const alice = await test.connect({}, { ...listening, rooms: () => [] });
    const names = Array.from({ length: 6 }, (_, i) => `ask:${i}`);
    expect(await alice.request("all", names)).toMatchObject({
      error: { code: "LIMIT_REACHED", details: { limit: "subscriptionsPerSession" } },
    });
    expect(asked).toBe(0);
    expect(await alice.request("all", names.slice(1))).toMatchObject({ ok: true });
    expect(asked).toBe(5);
  });
});
