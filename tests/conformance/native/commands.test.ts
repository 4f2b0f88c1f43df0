import { describe, expect, it } from "vitest";
import { expectRefusal } from "./client.ts";
import { unique, useTarget } from "./suite.ts";
import { seconds } from "./tokens.ts";
import type { Member, Position } from "./wire.ts";

const suite = useTarget("main");

const position: Position = { epoch: expect.any(String) as string, offset: expect.any(Number) as number };

describe("3. commands", () => {
  describe("subscribe", () => {
    it("answers with the subscription and where the channel stands", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      expect(await client.request("subscribe", { topic })).toEqual({
        ok: true,
        subscriptionId: expect.any(String),
        position: { epoch: expect.any(String), offset: 0 },
      });
    });

    it("gives no position where no history is kept", async () => {
      const client = await suite.user();
      expect(await client.request("subscribe", { topic: unique("plain:") })).toEqual({
        ok: true,
        subscriptionId: expect.any(String),
      });
    });

    it("takes the client's own `subscriptionId`; the same again changes nothing", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      const command = { topic, subscriptionId: "mine", filter: { a: 1, b: [1, 2] } };
      expect(await client.ok("subscribe", command)).toMatchObject({ subscriptionId: "mine" });
      expect(await client.ok("subscribe", command)).toMatchObject({ subscriptionId: "mine" });
      expect(await client.ok("subscribe", { ...command, filter: { b: [1, 2], a: 1 } })).toMatchObject({
        subscriptionId: "mine",
      });
      await suite.broadcast(topic, { a: 1, b: 2 });
      await suite.fence(client);
      expect(client.events(topic)).toHaveLength(1);
      await client.ok("unsubscribe", { subscriptionId: "mine" });
      await client.refused("unsubscribe", { subscriptionId: "mine" }, "NOT_FOUND");
    });

    it.each<[string, object]>([
      ["topic", { topic: "another", filter: { a: 1 } }],
      ["filter", { filter: { a: 2 } }],
      ["topic, and no filter", { filter: undefined }],
    ])("refuses the same `subscriptionId` with another %s", async (_, change) => {
      const client = await suite.user();
      const topic = unique("topic:");
      await client.ok("subscribe", { topic, subscriptionId: "mine", filter: { a: 1 } });
      await client.refused(
        "subscribe",
        { topic, subscriptionId: "mine", filter: { a: 1 }, ...change },
        "INVALID_PAYLOAD",
      );
    });

    it("gives each subscription without one an id of its own", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      const ids = await Promise.all(
        [1, 2, 3].map(() => client.ok("subscribe", { topic }).then(({ subscriptionId }) => subscriptionId)),
      );
      expect(new Set(ids).size).toBe(3);
    });

    it("ids of other sessions are theirs", async () => {
      const [one, other] = [await suite.user(), await suite.user()];
      await one.ok("subscribe", { topic: unique("topic:"), subscriptionId: "mine" });
      await other.refused("unsubscribe", { subscriptionId: "mine" }, "NOT_FOUND");
      await other.ok("subscribe", { topic: unique("topic:"), subscriptionId: "mine" });
    });
  });

  describe("unsubscribe", () => {
    it("ends the subscription, and answers with nothing", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      const { subscriptionId } = await client.ok("subscribe", { topic });
      expect(await client.request("unsubscribe", { subscriptionId })).toEqual({ ok: true });
      await suite.broadcast(topic, 1);
      await suite.fence(client);
      expect(client.events(topic)).toEqual([]);
    });

    it("leaves other subscriptions of the topic", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      const first = await client.ok("subscribe", { topic });
      await client.ok("subscribe", { topic });
      await client.ok("unsubscribe", first);
      await suite.broadcast(topic, 1);
      await client.eventsOf(topic, 1);
    });

    it("answers NOT_FOUND to an unknown one", async () => {
      const client = await suite.user();
      await client.refused("unsubscribe", { subscriptionId: "never" }, "NOT_FOUND");
    });
  });

  describe("join and leave", () => {
    it("answers with the members, oneself among them, and delivers the events", async () => {
      const channel = unique("c:");
      const ann = await suite.user("ann", { claims: { info: { name: "Ann" } } });
      const bob = await suite.user("bob");
      const memberAnn = {
        socketId: ann.session.socketId,
        userId: "ann",
        joinedAt: expect.any(Number),
        info: { name: "Ann" },
        state: { busy: true },
      };
      expect(await ann.request("join", { channel, state: { busy: true } })).toEqual({
        ok: true,
        members: [memberAnn],
        total: 1,
        position: { epoch: expect.any(String), offset: 0 },
      });
      const joined = await bob.ok("join", { channel });
      expect(joined).toEqual({ members: expect.any(Array), total: 2, position });
      expect([...joined.members].sort(byUser)).toEqual([
        memberAnn,
        { socketId: bob.session.socketId, userId: "bob", joinedAt: expect.any(Number) },
      ]);
      await suite.broadcast(channel, "for members");
      await Promise.all([ann.eventsOf(channel, 1), bob.eventsOf(channel, 1)]);
    });

    it("gives no position where no history is kept", async () => {
      const client = await suite.user();
      expect(await client.request("join", { channel: unique("plain:") })).toEqual({
        ok: true,
        members: [expect.anything()],
        total: 1,
      });
    });

    it("is one membership, also when joined twice; the second may bring another state", async () => {
      const channel = unique("c:");
      const client = await suite.user();
      await client.ok("join", { channel, state: 1 });
      const again = await client.ok("join", { channel, state: 2 });
      expect(again).toMatchObject({ total: 1, members: [{ state: 2 }] });
      await suite.broadcast(channel, 1);
      await suite.fence(client);
      expect(client.events(channel)).toHaveLength(1);
    });

    it("counts one member a session", async () => {
      const channel = unique("c:");
      const [one, two] = [await suite.user("ann"), await suite.user("ann")];
      await one.ok("join", { channel });
      const { members, total } = await two.ok("join", { channel });
      expect(total).toBe(2);
      expect(members.map(({ userId }) => userId)).toEqual(["ann", "ann"]);
    });

    it("leave answers with nothing, also when not joined, and ends events and membership", async () => {
      const channel = unique("c:");
      const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
      expect(await ann.request("leave", { channel })).toEqual({ ok: true });
      await ann.ok("join", { channel });
      expect(await ann.request("leave", { channel })).toEqual({ ok: true });
      await suite.broadcast(channel, 1);
      await suite.fence(ann);
      expect(ann.events(channel)).toEqual([]);
      expect(await bob.ok("members", { channel })).toEqual({ members: [], total: 0 });
    });

    it("leave keeps a subscription of the same channel", async () => {
      const channel = unique("c:");
      const client = await suite.user();
      await client.ok("subscribe", { topic: channel });
      await client.ok("join", { channel });
      await client.ok("leave", { channel });
      await suite.broadcast(channel, 1);
      await client.eventsOf(channel, 1);
    });

    it("the end of the connection ends the membership", async () => {
      const channel = unique("c:");
      const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
      await bob.ok("join", { channel });
      await ann.ok("join", { channel });
      await bob.push("presence", ({ joined }) => joined.some(({ userId }) => userId === "ann"));
      ann.close();
      await bob.push("presence", ({ left }) => left.some(({ userId }) => userId === "ann"));
      expect(await bob.ok("members", { channel })).toMatchObject({ total: 1 });
    });
  });

  describe("publish", () => {
    it("answers with id and position, and gives them to readers too", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      const { position: before } = await client.ok("subscribe", { topic });
      const answer = await client.request("publish", { channel: topic, event: "said", data: { text: "hi" } });
      expect(answer).toEqual({
        ok: true,
        id: expect.stringMatching(/./),
        position: { epoch: before?.epoch, offset: 1 },
      });
      const { id } = answer as { id: string };
      expect(await client.eventsOf(topic, 1)).toMatchObject([{ id, event: "said", position: { offset: 1 } }]);
    });

    it("answers with the id alone where no history is kept", async () => {
      const client = await suite.user();
      const topic = unique("plain:");
      await client.ok("subscribe", { topic });
      expect(await client.request("publish", { channel: topic, event: "e", data: 1 })).toEqual({
        ok: true,
        id: expect.any(String),
      });
      const [event] = await client.eventsOf(topic, 1);
      expect(event).not.toHaveProperty("position");
    });

    it("needs a subscription to the channel, or membership", async () => {
      const client = await suite.user();
      const channel = unique("c:");
      await client.refused("publish", { channel, event: "e" }, "FORBIDDEN");
      const { subscriptionId } = await client.ok("subscribe", { topic: channel });
      await client.ok("publish", { channel, event: "e" });
      await client.ok("unsubscribe", { subscriptionId });
      await client.refused("publish", { channel, event: "e" }, "FORBIDDEN");
      await client.ok("join", { channel });
      await client.ok("publish", { channel, event: "e" });
      await client.ok("leave", { channel });
      await client.refused("publish", { channel, event: "e" }, "FORBIDDEN");
    });

    it.each(["service", "admin"])("needs neither for the role %s", async (role) => {
      const client = await suite.user(undefined, { claims: { permissions: [role] } });
      await client.ok("publish", { channel: unique("c:"), event: "e" });
      await client.ok("publish", { channel: unique("closed:"), event: "e" });
      await client.ok("publish", { channel: `user:${unique("u-")}`, event: "e" });
    });

    it.for([
      null,
      false,
      0,
      "",
      "text",
      [],
      {},
      [1, [2, [3]]],
      { a: { b: null } },
      -1.5e-7,
      "\u0000\u2028\ud83d\ude00",
      { "": 1, length: 3 },
    ])("takes %j as data, and any other JSON value", async (data) => {
      const client = await suite.user();
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      await client.ok("publish", { channel: topic, event: "e", data });
      expect((await client.eventsOf(topic, 1))[0]?.payload).toEqual(data);
    });

    it("stamps the sender, whatever the data says", async () => {
      const client = await suite.user("ann");
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      const claims = { sender: { userId: "bob" }, userId: "bob", source: "server" };
      await client.ok("publish", { channel: topic, event: "e", data: claims, ...claims, topic: "other", timestamp: 1 });
      expect(await client.eventsOf(topic, 1)).toMatchObject([
        { topic, source: "socket", sender: { userId: "ann", socketId: client.session.socketId }, payload: claims },
      ]);
    });
  });

  describe("the idempotency key `id`", () => {
    it.each(["topic:", "plain:"])(
      "is stored and delivered once on %s…, and both calls get the first result",
      async (prefix) => {
        const client = await suite.user();
        const channel = unique(prefix);
        await client.ok("subscribe", { topic: channel });
        const command = { channel, event: "e", data: { n: 1 }, id: "key-1" };
        const [first, second] = await Promise.all([client.ok("publish", command), client.ok("publish", command)]);
        const third = await client.ok("publish", command);
        expect(first.id).toBe("key-1");
        expect([second, third]).toEqual([first, first]);
        await suite.fence(client);
        expect(client.events(channel)).toHaveLength(1);
        expect(client.events(channel)[0]?.id).toBe("key-1");
      },
    );

    it("is the sender's, over all its connections", async () => {
      const channel = unique("topic:");
      const [one, two] = [await suite.user("ann"), await suite.user("ann")];
      await one.ok("subscribe", { topic: channel });
      await two.ok("subscribe", { topic: channel });
      const command = { channel, event: "e", data: 1, id: "key" };
      expect(await two.ok("publish", command)).toEqual(await one.ok("publish", command));
      await suite.fence(one);
      expect(one.events(channel)).toHaveLength(1);
    });

    it("is CONFLICT with other content", async () => {
      const client = await suite.user();
      const channel = unique("topic:");
      await client.ok("subscribe", { topic: channel });
      await client.ok("publish", { channel, event: "e", data: { n: 1 }, id: "key" });
      await client.refused("publish", { channel, event: "e", data: { n: 2 }, id: "key" }, "CONFLICT");
      await client.refused("publish", { channel, event: "f", data: { n: 1 }, id: "key" }, "CONFLICT");
      await suite.fence(client);
      expect(client.events(channel)).toHaveLength(1);
    });

    it("of others means nothing: guessed, it neither conflicts nor tells", async () => {
      const channel = unique("topic:");
      const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
      await ann.ok("subscribe", { topic: channel });
      await bob.ok("subscribe", { topic: channel });
      const first = await ann.ok("publish", { channel, event: "e", data: "ann's", id: "key" });
      const second = await bob.ok("publish", { channel, event: "e", data: "bob's", id: "key" });
      const third = await suite.call("/api/socket/broadcast", {
        body: { channel, event: "e", data: "server's", id: "key" },
      });
      expect(third.status).toBe(200);
      expect([first, second].map(({ position: { offset } = { offset: 0 } }) => offset)).toEqual([1, 2]);
      await ann.eventsOf(channel, 3);
      expect(ann.payloads(channel)).toEqual(["ann's", "bob's", "server's"]);
      // Nor is an id unique in its channel any more that two events have.
      expect(new Set(ann.events(channel).map(({ id }) => id)).size).toBe(3);
    });

    it("is of one channel and one tenant", async () => {
      const [channel, other] = [unique("topic:"), unique("topic:")];
      const tenants = [unique("t-"), unique("t-")];
      for (const tenantId of tenants) {
        const client = await suite.user("ann", { tenantId });
        for (const name of [channel, other]) {
          await client.ok("subscribe", { topic: name });
          expect(
            await client.ok("publish", { channel: name, event: "e", data: `${tenantId}${name}`, id: "key" }),
          ).toMatchObject({ position: { offset: 1 } });
        }
      }
    });

    it.for(["", " ", "a b", "x".repeat(65), "é", "a/b", 7, null, {}, ["a"]])("must not be %j", async (id) => {
      const client = await suite.user();
      const channel = unique("topic:");
      await client.ok("subscribe", { topic: channel });
      await client.refused("publish", { channel, event: "e", id }, "INVALID_PAYLOAD");
    });

    it.each(["a", "x".repeat(64), "A-Z_a.z:0-9"])("may be %j", async (id) => {
      const client = await suite.user();
      const channel = unique("topic:");
      await client.ok("subscribe", { topic: channel });
      expect(await client.ok("publish", { channel, event: "e", id })).toMatchObject({ id });
    });
  });

  describe("direct", () => {
    it("reaches one connection by its socketId", async () => {
      const [ann, bob, otherBob] = [await suite.user("ann"), await suite.user("bob"), await suite.user("bob")];
      const answer = await ann.request("direct", {
        to: { socketId: bob.session.socketId },
        event: "psst",
        data: { n: 1 },
      });
      expect(answer).toEqual({ ok: true, id: expect.stringMatching(/./), delivered: 1 });
      expect(await bob.eventsOf("@direct", 1)).toEqual([
        {
          id: (answer as { id: string }).id,
          topic: "@direct",
          event: "psst",
          payload: { n: 1 },
          source: "direct",
          sender: { userId: "ann", socketId: ann.session.socketId },
          timestamp: expect.any(Number),
        },
      ]);
      await suite.fence(otherBob);
      expect(otherBob.events("@direct").filter(({ event }) => event === "psst")).toEqual([]);
    });

    it("reaches all connections of a user", async () => {
      const userId = unique("u-");
      const bobs = [await suite.user(userId), await suite.user(userId), await suite.user(userId)];
      const ann = await suite.user("ann");
      expect(await ann.ok("direct", { to: { userId }, event: "psst" })).toMatchObject({ delivered: 3 });
      await Promise.all(bobs.map((bob) => bob.eventsOf("@direct", 1)));
    });

    it("answers `delivered: 0` for a user without sessions, NOT_FOUND for a socketId that is not there", async () => {
      const ann = await suite.user("ann");
      expect(await ann.request("direct", { to: { userId: unique("u-") }, event: "e" })).toEqual({
        ok: true,
        id: expect.any(String),
        delivered: 0,
      });
      await ann.refused("direct", { to: { socketId: unique("none") }, event: "e" }, "NOT_FOUND");
    });

    it("stays within the tenant", async () => {
      const ann = await suite.user("ann");
      const foreign = await suite.user("bob", { tenantId: unique("t-") });
      await ann.refused("direct", { to: { socketId: foreign.session.socketId }, event: "e" }, "NOT_FOUND");
      const userId = unique("u-");
      const other = await suite.user(userId, { tenantId: unique("t-") });
      expect(await ann.ok("direct", { to: { userId }, event: "e" })).toMatchObject({ delivered: 0 });
      await suite.fence(foreign);
      await suite.fence(other);
      expect([foreign, other].map((client) => client.events("@direct").filter(({ event }) => event === "e"))).toEqual([
        [],
        [],
      ]);
    });

    it.for([
      {},
      { socketId: "a", userId: "b" },
      { userId: "" },
      { socketId: "" },
      { userId: 7 },
      { userId: ["ann"] },
      null,
      "ann",
      [],
    ])("refuses to send to %j", async (to) => {
      const ann = await suite.user("ann");
      await ann.refused("direct", { to, event: "e" }, "INVALID_PAYLOAD");
    });
  });

  describe("members", () => {
    it("answers with members and total, also to those who only may", async () => {
      const channel = unique("c:");
      const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
      expect(await bob.request("members", { channel })).toEqual({ ok: true, members: [], total: 0 });
      await ann.ok("join", { channel });
      expect(await bob.request("members", { channel })).toEqual({
        ok: true,
        members: [{ socketId: ann.session.socketId, userId: "ann", joinedAt: expect.any(Number) }],
        total: 1,
      });
    });

    it("stops at 256 KiB and carries a cursor", async () => {
      const channel = unique("c:");
      const state = "x".repeat(4000);
      const users = await Promise.all(
        Array.from({ length: 80 }, async (_, n) => {
          const client = await suite.user(`${n % 8}-of-many`);
          await client.ok("join", { channel, state });
          return client;
        }),
      );
      const found: Member[] = [];
      let cursor: string | undefined;
      let pages = 0;
      do {
        const page = await (users[0] as (typeof users)[0]).ok("members", {
          channel,
          ...(cursor === undefined ? {} : { cursor }),
        });
        expect(page.total).toBe(80);
        expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThanOrEqual(256 * 1024 + 2048);
        found.push(...page.members);
        ({ cursor } = page);
        pages++;
      } while (cursor !== undefined);
      expect(pages).toBeGreaterThan(1);
      expect(found.map(({ socketId }) => socketId).sort()).toEqual(users.map(({ session }) => session.socketId).sort());
    });

    it.each(["", 7, {}, "x".repeat(5000)])("refuses %j as a cursor", async (cursor) => {
      const client = await suite.user();
      await client.refused("members", { channel: unique("c:"), cursor }, "INVALID_PAYLOAD");
    });
  });

  describe("state", () => {
    it("replaces my presence state", async () => {
      const channel = unique("c:");
      const client = await suite.user("ann");
      await client.ok("join", { channel, state: { a: 1, b: 1 } });
      expect(await client.request("state", { channel, state: { a: 2 } })).toEqual({ ok: true });
      expect((await client.ok("members", { channel })).members).toMatchObject([{ state: { a: 2 } }]);
      expect((await client.ok("members", { channel })).members[0]?.state).toEqual({ a: 2 });
    });

    it("answers NOT_FOUND when not joined, also to a subscriber", async () => {
      const channel = unique("c:");
      const client = await suite.user();
      await client.refused("state", { channel, state: 1 }, "NOT_FOUND");
      await client.ok("subscribe", { topic: channel });
      await client.refused("state", { channel, state: 1 }, "NOT_FOUND");
    });
  });

  describe("history", () => {
    it("answers with the newest 100 events, oldest first", async () => {
      const channel = unique("long:");
      const client = await suite.service();
      await Promise.all(Array.from({ length: 150 }, (_, n) => client.ok("publish", { channel, event: "e", data: n })));
      const { events, position: top } = await client.ok("history", { channel });
      expect(events.map(({ payload }) => payload)).toEqual(Array.from({ length: 100 }, (_, n) => n + 50));
      expect(events.map((event) => event.position?.offset)).toEqual(Array.from({ length: 100 }, (_, n) => n + 51));
      expect(top).toEqual({ epoch: expect.any(String), offset: 150 });
      expect(events[0]).toEqual({
        id: expect.any(String),
        topic: channel,
        event: "e",
        payload: 50,
        source: "socket",
        sender: { userId: client.session.userId, socketId: client.session.socketId },
        timestamp: expect.any(Number),
        position: { epoch: top?.epoch, offset: 51 },
      });
    });

    it("takes a limit up to 1,000, and with `since` gives the oldest after it", async () => {
      const channel = unique("long:");
      const client = await suite.service();
      await Promise.all(Array.from({ length: 1100 }, (_, n) => client.ok("publish", { channel, event: "e", data: n })));
      const offsets = async (query: object): Promise<(number | undefined)[]> =>
        (await client.ok("history", { channel, ...query })).events.map((event) => event.position?.offset);
      const { position: top } = await client.ok("history", { channel, limit: 1 });
      const epoch = top?.epoch;
      expect(await offsets({ limit: 1 })).toEqual([1100]);
      expect(await offsets({ limit: 3 })).toEqual([1098, 1099, 1100]);
      expect(await offsets({ limit: 600 })).toEqual(Array.from({ length: 600 }, (_, n) => n + 501));
      // Or as many as 256 KiB hold.
      expect((await offsets({ limit: 1000 })).length).toBeGreaterThanOrEqual(500);
      expect(await offsets({ limit: 3, since: { epoch, offset: 0 } })).toEqual([1, 2, 3]);
      expect(await offsets({ limit: 3, since: { epoch, offset: 500 } })).toEqual([501, 502, 503]);
      expect(await offsets({ limit: 3, since: { epoch, offset: 1099 } })).toEqual([1100]);
      expect(await offsets({ limit: 3, since: { epoch, offset: 1100 } })).toEqual([]);
    });

    it("of a channel where nothing was published is empty, and stands at 0", async () => {
      const client = await suite.user();
      expect(await client.ok("history", { channel: unique("topic:") })).toEqual({
        events: [],
        position: { epoch: expect.any(String), offset: 0 },
      });
    });

    it("stops at 256 KiB", async () => {
      const channel = unique("topic:");
      const client = await suite.service();
      for (let n = 0; n < 10; n++) await client.ok("publish", { channel, event: "e", data: "x".repeat(60_000) });
      const { events, position: top } = await client.ok("history", { channel });
      expect(Buffer.byteLength(JSON.stringify(events))).toBeLessThanOrEqual(256 * 1024);
      expect(events.at(-1)?.position?.offset).toBe(10);
      expect(events.length).toBeGreaterThan(0);
      const oldest = await client.ok("history", { channel, since: { ...(top as Position), offset: 0 } });
      expect(oldest.events[0]?.position?.offset).toBe(1);
      expect(Buffer.byteLength(JSON.stringify(oldest.events))).toBeLessThanOrEqual(256 * 1024);
    });

    it.for([0, -1, 1001, 1.5, "10", null, [], Number.MAX_SAFE_INTEGER])("refuses the limit %j", async (limit) => {
      const client = await suite.user();
      await client.refused("history", { channel: unique("c:"), limit }, "INVALID_PAYLOAD");
    });

    it.for([
      null,
      7,
      "e:1",
      [],
      {},
      { epoch: "e" },
      { offset: 1 },
      { epoch: 1, offset: 1 },
      { epoch: "", offset: 1 },
      { epoch: "e", offset: -1 },
      { epoch: "e", offset: 1.5 },
      { epoch: "e", offset: "1" },
      { epoch: "e", offset: 2 ** 53 },
    ])("refuses %j as `since`, of every command", async (since) => {
      const client = await suite.user();
      await client.refused("history", { channel: unique("c:"), since }, "INVALID_PAYLOAD");
      await client.refused("subscribe", { topic: unique("c:"), since }, "INVALID_PAYLOAD");
      await client.refused("join", { channel: unique("c:"), since }, "INVALID_PAYLOAD");
    });
  });

  describe("refresh", () => {
    it("answers with the new expiry", async () => {
      const client = await suite.user("ann");
      const exp = seconds() + 1000;
      expect(await client.request("refresh", { token: suite.token("ann", { exp }) })).toEqual({
        ok: true,
        expiresAt: exp * 1000,
      });
    });

    it("gives the new token's rights", async () => {
      const client = await suite.user("ann");
      const channel = unique("c:");
      await client.refused("publish", { channel, event: "e" }, "FORBIDDEN");
      await client.ok("refresh", { token: suite.token("ann", { permissions: ["service"] }) });
      await client.ok("publish", { channel, event: "e" });
      await client.ok("refresh", { token: suite.token("ann") });
      await client.refused("publish", { channel, event: "e" }, "FORBIDDEN");
    });

    it("refuses another `sub` or tenant with FORBIDDEN, bad tokens as a handshake does, and leaves the session as it was", async () => {
      const exp = seconds() + 3;
      const client = await suite.user("ann", { claims: { exp } });
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      await client.refused("refresh", { token: suite.token("bob") }, "FORBIDDEN");
      await client.refused("refresh", { token: suite.token("ann", { tenantId: unique("t-") }) }, "FORBIDDEN");
      await client.refused(
        "refresh",
        { token: suite.token("ann", { exp: seconds() - 10, iat: seconds() - 20 }) },
        "TOKEN_EXPIRED",
      );
      for (const token of [
        "nonsense",
        suite.roomToken({ room: topic, userId: "ann" }),
        suite.token("ann", { type: "refresh" }),
      ]) {
        await client.refused("refresh", { token }, "UNAUTHENTICATED");
      }
      await suite.broadcast(topic, "as before");
      await client.eventsOf(topic, 1);
      expect((await client.push("closing")).code).toBe("TOKEN_EXPIRED");
      expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
    });

    it.for([undefined, null, 7, "", [], {}, true])("refuses %j as a token", async (token) => {
      const client = await suite.user("ann");
      const answer = (await client.ask("refresh", { token })) as { ok: boolean; error: { code: string } };
      expect(answer.ok).toBe(false);
      expect(["UNAUTHENTICATED", "INVALID_PAYLOAD"]).toContain(answer.error.code);
      await client.ok("subscribe", { topic: unique("topic:") });
    });

    it("makes no user of a visitor", async () => {
      const visitor = await suite.connect({ auth: { token: null } });
      await visitor.refused("refresh", { token: suite.token("ann", { tenantId: "default" }) }, "FORBIDDEN");
    });
  });

  describe("answers", () => {
    it("without an acknowledgement a failure is pushed as `error`, and nothing else is", async () => {
      const client = await suite.user();
      client.socket.emit("unsubscribe", { subscriptionId: "never" });
      client.socket.emit("subscribe", { topic: unique("topic:") });
      client.socket.emit("dance", {});
      // Answered in their order, so that this is the last.
      await client.ok("leave", { channel: "a" });
      expect(client.heard.filter(({ event }) => event !== "event" && event !== "session")).toEqual([
        {
          event: "error",
          args: [
            expect.objectContaining({
              command: "unsubscribe",
              code: "NOT_FOUND",
              message: expect.any(String),
              retryable: false,
            }),
          ],
        },
        {
          event: "error",
          args: [
            expect.objectContaining({
              command: "dance",
              code: "UNKNOWN_COMMAND",
              message: expect.any(String),
              retryable: false,
            }),
          ],
        },
      ]);
    });

    it("come for a command that is not known", async () => {
      const client = await suite.user();
      for (const name of ["dance", "Subscribe", "session", "event", "toString", "constructor", "message", "error"]) {
        expectRefusal(await client.ask(name, {}), "UNKNOWN_COMMAND");
      }
    });

    it("`INVALID_PAYLOAD` says where", async () => {
      const client = await suite.user();
      const { details } = await client.refused("subscribe", { topic: 7 }, "INVALID_PAYLOAD");
      expect(JSON.stringify(details)).toContain("topic");
    });

    it("come in the order of the commands, a later one seeing what an earlier one did", async () => {
      const client = await suite.user();
      const channel = unique("c:");
      const order: string[] = [];
      const note = async (name: string, answer: Promise<unknown>): Promise<void> => {
        expect(await answer).toMatchObject({ ok: true });
        order.push(name);
      };
      await Promise.all([
        note("subscribe", client.ask("subscribe", { topic: channel, subscriptionId: "s" })),
        note("publish", client.ask("publish", { channel, event: "e" })),
        note("join", client.ask("join", { channel })),
        note("state", client.ask("state", { channel, state: 1 })),
        note("leave", client.ask("leave", { channel })),
        note("unsubscribe", client.ask("unsubscribe", { subscriptionId: "s" })),
      ]);
      expect(order.filter((name) => name !== "publish")).toEqual([
        "subscribe",
        "join",
        "state",
        "leave",
        "unsubscribe",
      ]);
    });
  });
});

function byUser(one: Member, other: Member): number {
  return String(one.userId).localeCompare(String(other.userId));
}
