import { RESERVED_EVENTS } from "@roomcast/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TestGateway, testPrincipal } from "./testing/index.ts";

const failed = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) as unknown });
const address = (name: string) => ({ tenantId: "default", name });

describe("user ids with separators", () => {
  const users = [
    "john.doe@x.com",
    "a:b",
    "a/b",
    "a.b",
    "user:alice",
    "alice:x",
    "__proto__",
    "constructor",
    "żółw",
    ":",
  ];

  it("reach their own channels and messages, and nobody else's", async () => {
    const test = new TestGateway({ channels: [{ match: "inbox:{userId}", subscribe: "owner" }] });
    const clients = await Promise.all(users.map((userId) => test.connect({ userId })));
    for (const [n, client] of clients.entries()) {
      for (const [m, userId] of users.entries()) {
        for (const topic of [`user:${userId}`, `notifications:${userId}`, `inbox:${userId}`]) {
          const answer = await client.request("subscribe", { topic });
          expect([topic, users[n], answer["ok"]]).toEqual([topic, users[n], n === m]);
        }
      }
    }
    for (const userId of users) {
      expect(await test.gateway.notify("default", [userId], { for: userId })).toEqual({ delivered: 1 });
      expect(await test.gateway.direct("default", { userId }, "hi", userId)).toMatchObject({ delivered: 1 });
      expect((await test.gateway.connections("default", { userId })).entries.map((one) => one.userId)).toEqual([
        userId,
      ]);
    }
    for (const [n, client] of clients.entries()) {
      expect(client.events().map(({ payload }) => payload)).toEqual([{ for: users[n] }, users[n]]);
    }
    for (const [n, userId] of users.entries()) {
      expect(await test.gateway.revoke("default", userId)).toEqual({ disconnected: 1 });
      expect(test.gateway.sessionCount).toBe(users.length - n - 1);
    }
  });
});

describe("what back ends give", () => {
  const test = new TestGateway();
  const { gateway } = test;
  const refused = async (call: () => Promise<unknown>): Promise<string> => {
    try {
      await call();
      return "taken";
    } catch (thrown) {
      const { name, code } = thrown as { name?: string; code?: string };
      return name === "GatewayError" ? String(code) : `not ours: ${String(thrown)}`;
    }
  };

  it("no reserved event passes, by any way", async () => {
    const alice = await test.connect();
    await alice.request("join", { channel: "a" });
    for (const event of RESERVED_EVENTS) {
      expect(await refused(() => gateway.publish(address("a"), event))).toBe("INVALID_PAYLOAD");
      expect(await refused(() => gateway.direct("default", { userId: "alice" }, event))).toBe("INVALID_PAYLOAD");
      expect(await alice.request("publish", { channel: "a", event })).toEqual(failed("INVALID_PAYLOAD"));
      expect(await alice.request("direct", { to: { userId: "alice" }, event })).toEqual(failed("INVALID_PAYLOAD"));
    }
    await gateway.notify("default", ["alice"], "connect");
    expect(alice.events()).toEqual([]);
  });

  it("is checked as a client's input is", async () => {
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    const text = "x" as string;
    const bad: readonly (readonly [() => Promise<unknown>, string])[] = [
      [() => gateway.publish(address("a b"), "e"), "INVALID_PAYLOAD"],
      [() => gateway.publish(address("@sessions"), "e"), "FORBIDDEN"],
      [() => gateway.publish(address("$x"), "e"), "FORBIDDEN"],
      [() => gateway.publish({ tenantId: "a/b", name: "a" }, "e"), "INVALID_PAYLOAD"],
      [() => gateway.publish({ tenantId: "$", name: "@nodes" }, "e"), "INVALID_PAYLOAD"],
      [() => gateway.publish({ tenantId: "t", name: "a", userId: "a b" }, "e"), "INVALID_PAYLOAD"],
      [() => gateway.publish(address("a"), ""), "INVALID_PAYLOAD"],
      [() => gateway.publish(address("a"), 1 as unknown as string), "INVALID_PAYLOAD"],
      [() => gateway.publish(address("a"), "e", cyclic), "INVALID_PAYLOAD"],
      [() => gateway.publish(address("a"), "e", 1n), "INVALID_PAYLOAD"],
      [() => gateway.publish(address("a"), "e", () => 1), "INVALID_PAYLOAD"],
      [() => gateway.publish(address("a"), "e", new Uint8Array(1)), "INVALID_PAYLOAD"],
      [() => gateway.publish(address("a"), "e", 1, { id: "a b" }), "INVALID_PAYLOAD"],
      [() => gateway.direct("default", {} as { userId: string }, "e"), "INVALID_PAYLOAD"],
      [() => gateway.direct("default", { userId: undefined as unknown as string }, "e"), "INVALID_PAYLOAD"],
      [() => gateway.direct("default", { userId: "a", socketId: "b" } as { userId: string }, "e"), "INVALID_PAYLOAD"],
      [() => gateway.direct("a b", { userId: "a" }, "e"), "INVALID_PAYLOAD"],
      [() => gateway.notify("default", text as unknown as string[], 1), "INVALID_PAYLOAD"],
      [() => gateway.notify("default", ["a b"], 1), "INVALID_PAYLOAD"],
      [() => gateway.notify("default", ["alice"], cyclic), "INVALID_PAYLOAD"],
      [
        () =>
          gateway.notify(
            "default",
            Array.from({ length: 1001 }, (_, n) => `u${n}`),
            1,
          ),
        "LIMIT_REACHED",
      ],
      [() => gateway.members(address("a b")), "INVALID_PAYLOAD"],
      [() => gateway.members(address("@sessions")), "FORBIDDEN"],
      [() => gateway.members(address("a"), { cursor: "none" }), "INVALID_PAYLOAD"],
      [() => gateway.history(address("a"), { limit: 0 }), "INVALID_PAYLOAD"],
      [() => gateway.history(address("a"), { limit: 1001 }), "INVALID_PAYLOAD"],
      [() => gateway.channels("a b"), "INVALID_PAYLOAD"],
      [() => gateway.channels("default", { limit: 1.5 }), "INVALID_PAYLOAD"],
      [() => gateway.channels("default", { sort: "size" as "name" }), "INVALID_PAYLOAD"],
      [() => gateway.channels("default", { order: "up" as "asc" }), "INVALID_PAYLOAD"],
      [() => gateway.channels("default", { search: 7 as unknown as string }), "INVALID_PAYLOAD"],
      [() => gateway.channels("default", { search: "é".repeat(128) }), "INVALID_PAYLOAD"],
      [() => gateway.channels("default", { prefix: {} as string }), "INVALID_PAYLOAD"],
      [() => gateway.channels("default", { cursor: "none" }), "INVALID_PAYLOAD"],
      [() => gateway.channels("default", { cursor: 7 as unknown as string }), "INVALID_PAYLOAD"],
      [() => gateway.connections("default", { address: "1".repeat(256) }), "INVALID_PAYLOAD"],
      [() => gateway.connections("default", { nodeId: null as unknown as string }), "INVALID_PAYLOAD"],
      [() => gateway.connections("default", { dialect: ["native"] as unknown as string }), "INVALID_PAYLOAD"],
      [() => gateway.connections("default", { socketId: 7 as unknown as string }), "INVALID_PAYLOAD"],
      [() => gateway.connections("a/b"), "INVALID_PAYLOAD"],
      [() => gateway.connections("default", { cursor: "none" }), "INVALID_PAYLOAD"],
      [() => gateway.revoke("default", ""), "INVALID_PAYLOAD"],
      [() => gateway.disconnect("a b", "x"), "INVALID_PAYLOAD"],
      [() => gateway.disconnect("default", undefined as unknown as string), "NOT_FOUND"],
    ];
    for (const [call, code] of bad) expect([call.toString(), await refused(call)]).toEqual([call.toString(), code]);
  });

  it("is kept as it was when it was published", async () => {
    const data = { n: 1, when: new Date(0) };
    await gateway.publish(address("kept"), "e", data);
    data.n = 2;
    const { events } = await gateway.history(address("kept"));
    expect(events[0]?.data).toEqual({ n: 1, when: "1970-01-01T00:00:00.000Z" });
  });
});

describe("frames of clients", () => {
  const keys = JSON.parse(
    '{"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":1,"hasOwnProperty":null}',
  ) as object;

  it("with prototype keys are data like any other, and change nothing", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    await alice.request("join", { channel: "a", state: keys });
    expect(await alice.request("publish", { channel: "a", event: "__proto__", data: keys })).toMatchObject({
      ok: true,
    });
    expect(JSON.stringify(alice.events()[0]?.payload)).toBe(JSON.stringify(keys));
    const { members } = await alice.request("members", { channel: "a" });
    expect(JSON.stringify((members as { state: unknown }[])[0]?.state)).toBe(JSON.stringify(keys));
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect(await alice.request("join", { channel: name })).toMatchObject({ ok: true, total: 1 });
      expect(await alice.request("subscribe", { topic: "a", subscriptionId: name })).toMatchObject({ ok: true });
      expect(await alice.request("unsubscribe", { subscriptionId: name })).toEqual({ ok: true });
      expect(await alice.request("publish", { channel: name, event: "e", data: 1, id: "__proto__" })).toMatchObject({
        ok: true,
      });
    }
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it("of any kind get an answer each, and never end the session", async () => {
    const commands = [
      "subscribe",
      "unsubscribe",
      "join",
      "leave",
      "publish",
      "direct",
      "members",
      "state",
      "history",
      "refresh",
    ];
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom("a", "chat:1", "\u200b", keys, [], { epoch: "e", offset: 1 }),
    );
    const field = fc.constantFrom(
      "topic",
      "channel",
      "event",
      "data",
      "id",
      "state",
      "since",
      "filter",
      "to",
      "token",
      "limit",
      "cursor",
      "subscriptionId",
    );
    const payload = fc.oneof(
      fc.jsonValue(),
      fc.array(fc.tuple(field, value), { maxLength: 5 }).map(Object.fromEntries),
    );
    const first = fc.oneof(
      { arbitrary: fc.constantFrom(...commands), weight: 5 },
      { arbitrary: fc.jsonValue(), weight: 1 },
    );
    const hostile = fc.constantFrom<unknown>({ toString: 1 }, [{ toString: 1, valueOf: 2 }], { toString: null });
    const frame = fc.tuple(fc.oneof({ arbitrary: first, weight: 9 }, { arbitrary: hostile, weight: 1 }), payload);
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 20 }), async (frames) => {
        const failures: string[] = [];
        const test = new TestGateway({
          observer: { failed: (where, error) => failures.push(`${where} ${String(error)}`) },
        });
        const alice = await test.connect();
        const answers = frames.map((one) => alice.request(...one));
        await test.settle();
        for (const answer of await Promise.all(answers)) expect(typeof answer["ok"]).toBe("boolean");
        for (const one of frames) alice.send(...one);
        await test.settle();
        // Only a token that is no principal is nobody's fault but the test authenticator's.
        expect(failures.filter((failure) => !failure.startsWith("authenticate"))).toEqual([]);
        expect(alice.closed).toBeUndefined();
        alice.leave();
        await test.settle();
        expect([test.gateway.sessionCount, test.gateway.channelCount]).toEqual([0, 0]);
      }),
      { numRuns: 150 },
    );
  });

  it("that are empty or nested without end are answered", async () => {
    const test = new TestGateway();
    const alice = await test.connect();
    let deep: unknown = 1;
    for (let n = 0; n < 50_000; n++) deep = [deep];
    const ask = (frame: readonly unknown[]): Promise<unknown> =>
      new Promise((resolve) => {
        alice.session.receive(frame, { bytes: 10, acknowledge: ([answer]) => resolve(answer) });
      });
    expect(await ask([])).toMatchObject(failed("UNKNOWN_COMMAND"));
    expect(await ask([deep])).toMatchObject(failed("UNKNOWN_COMMAND"));
    expect(await ask(["publish", deep])).toMatchObject(failed("INVALID_PAYLOAD"));
    expect(await ask(["publish", { channel: "a", event: "e", data: deep }])).toMatchObject(failed("INVALID_PAYLOAD"));
    expect(await ask([Symbol("x"), 1n])).toMatchObject(failed("UNKNOWN_COMMAND"));
  });

  it("tokens of any kind are the authenticator's to judge", async () => {
    const test = new TestGateway();
    for (const token of [null, 0, "x", [], {}, testPrincipal({ userId: "" })]) {
      await expect(test.gateway.admit({ kind: "token", token })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });
});
