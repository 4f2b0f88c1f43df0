import { describe, expect, it } from "vitest";
import type { Client } from "./client.ts";
import { unique, useTarget } from "./suite.ts";
import { seconds } from "./tokens.ts";
import type { Member } from "./wire.ts";

const suite = useTarget("main");

describe("4. pushes", () => {
  describe("`event`, a RealtimeEvent", () => {
    it("of a client has source `socket` and its sender", async () => {
      const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
      const topic = unique("topic:");
      await ann.ok("subscribe", { topic });
      await bob.ok("subscribe", { topic });
      const before = Date.now();
      const { id, position } = await ann.ok("publish", { channel: topic, event: "said", data: { text: "hi" } });
      const expected = {
        id,
        topic,
        event: "said",
        payload: { text: "hi" },
        source: "socket",
        sender: { userId: "ann", socketId: ann.session.socketId },
        timestamp: expect.any(Number),
        position,
      };
      const [event] = await bob.eventsOf(topic, 1);
      expect(event).toEqual(expected);
      expect(Math.abs((event?.timestamp ?? 0) - before)).toBeLessThan(60_000);
      // Its author follows the channel too, and sees what everybody sees.
      expect(await ann.eventsOf(topic, 1)).toEqual([event]);
    });

    it("of REST has source `rest`", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      const { id, position } = await suite.broadcast(topic, [1], { event: "told" });
      const [event] = await client.eventsOf(topic, 1);
      expect({ ...event, sender: undefined }).toEqual({
        id,
        topic,
        event: "told",
        payload: [1],
        source: "rest",
        timestamp: expect.any(Number),
        position,
        sender: undefined,
      });
    });

    it("of a notification is `notification` on `notifications:<user>`", async () => {
      const userId = unique("u-");
      const client = await suite.user(userId);
      const topic = `notifications:${userId}`;
      await client.ok("subscribe", { topic });
      await suite.call("/api/socket/notify", { body: { users: [userId], message: { n: 1 } } });
      expect(await client.eventsOf(topic, 1)).toMatchObject([
        { event: "notification", payload: { n: 1 }, position: { offset: 1 } },
      ]);
    });

    it("without data has payload null", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      await client.ok("publish", { channel: topic, event: "e" });
      expect((await client.eventsOf(topic, 1))[0]).toMatchObject({ payload: null });
    });

    it("has an id that is unique in its channel", async () => {
      const client = await suite.service();
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      await Promise.all(
        Array.from({ length: 50 }, (_, data) => client.ok("publish", { channel: topic, event: "e", data })),
      );
      const events = await client.eventsOf(topic, 50);
      expect(new Set(events.map(({ id }) => id)).size).toBe(50);
    });

    it("reaches a session once, however many subscriptions it has", async () => {
      const client = await suite.user();
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      await client.ok("subscribe", { topic });
      await client.ok("join", { channel: topic });
      await suite.broadcast(topic, 1);
      await suite.fence(client);
      expect(client.events(topic)).toHaveLength(1);
    });

    it("reaches nobody of another tenant, whatever is called the same", async () => {
      const topic = unique("topic:");
      const [ours, theirs] = [await suite.user("ann"), await suite.user("ann", { tenantId: unique("t-") })];
      await ours.ok("join", { channel: topic });
      const joined = await theirs.ok("join", { channel: topic });
      expect(joined).toMatchObject({ total: 1, position: { offset: 0 } });
      await ours.ok("publish", { channel: topic, event: "e", data: "ours" });
      await theirs.ok("publish", { channel: topic, event: "e", data: "theirs" });
      await suite.fence(ours);
      await suite.fence(theirs);
      expect([ours.payloads(topic), theirs.payloads(topic)]).toEqual([["ours"], ["theirs"]]);
      expect((await theirs.ok("history", { channel: topic })).events.map(({ payload }) => payload)).toEqual(["theirs"]);
    });
  });

  describe("`presence`", () => {
    const watching = async (channel: string): Promise<Client> => {
      const watcher = await suite.user("watcher");
      await watcher.ok("join", { channel });
      return watcher;
    };
    const all = (client: Client, kind: "joined" | "left" | "updated"): readonly Member[] =>
      client.pushes("presence").flatMap((push) => push[kind]);

    it("tells members of joins, changes and leaves", async () => {
      const channel = unique("c:");
      const watcher = await watching(channel);
      const ann = await suite.user("ann", { claims: { info: { name: "Ann" } } });
      const member = {
        socketId: ann.session.socketId,
        userId: "ann",
        joinedAt: expect.any(Number),
        info: { name: "Ann" },
      };

      const { members } = await ann.ok("join", { channel, state: 1 });
      const joined = await watcher.push("presence", (push) => push.joined.some(({ userId }) => userId === "ann"));
      expect({ ...joined, joined: joined.joined.filter(({ userId }) => userId === "ann") }).toEqual({
        channel,
        joined: [{ ...member, state: 1 }],
        left: [],
        updated: [],
      });
      const joinedAt = members.find(({ userId }) => userId === "ann")?.joinedAt;

      await ann.ok("state", { channel, state: 2 });
      expect(await watcher.push("presence", ({ updated }) => updated.length > 0)).toEqual({
        channel,
        joined: [],
        left: [],
        updated: [{ ...member, joinedAt, state: 2 }],
      });

      await ann.ok("leave", { channel });
      const { left, ...others } = await watcher.push("presence", (push) => push.left.length > 0);
      expect(others).toEqual({ channel, joined: [], updated: [] });
      expect(left).toMatchObject([{ socketId: ann.session.socketId, userId: "ann" }]);
    });

    it("tells of a connection that broke", async () => {
      const channel = unique("c:");
      const watcher = await watching(channel);
      const ann = await suite.user("ann");
      await ann.ok("join", { channel });
      await watcher.push("presence", ({ joined }) => joined.some(({ userId }) => userId === "ann"));
      ann.socket.io.engine.close();
      await watcher.push("presence", ({ left }) => left.some(({ userId }) => userId === "ann"));
    });

    it("gathers what happens at once, the same for every member", async () => {
      const channel = unique("c:");
      const watchers = [await watching(channel), await watching(channel)];
      const users = await Promise.all(Array.from({ length: 20 }, (_, n) => suite.user(`one-of-many-${n}`)));
      await Promise.all(users.map((user) => user.ok("join", { channel })));
      const ids = users.map(({ session }) => session.socketId).sort();
      for (const watcher of watchers) {
        await watcher.until(
          () => ids.every((id) => all(watcher, "joined").some(({ socketId }) => socketId === id)),
          "all joins",
        );
        // Of twenty at once, far fewer pushes than twenty.
        expect(watcher.pushes("presence").length).toBeLessThan(10);
        const found = all(watcher, "joined").map(({ socketId }) => socketId);
        expect(new Set(found).size).toBe(found.length);
      }
      const last = (client: Client | undefined): string | undefined =>
        JSON.stringify(client?.pushes("presence").at(-1));
      expect(last(watchers[0])).toBe(last(watchers[1]));
    });

    it("is no news to a member that is all that happened", async () => {
      const channel = unique("c:");
      const ann = await suite.user("ann");
      await ann.ok("join", { channel });
      await ann.ok("state", { channel, state: 1 });
      const watcher = await watching(channel);
      await ann.push("presence", ({ joined }) => joined.some(({ userId }) => userId === "watcher"));
      await ann.ok("state", { channel, state: 2 });
      await watcher.push("presence", ({ updated }) => updated.length > 0);
      await suite.fence(ann);
      // A push may name it beside another, and none is about it alone.
      for (const { joined, left, updated } of ann.pushes("presence")) {
        const named = [...joined, ...left, ...updated].map(({ userId }) => userId);
        expect(named).toContain("watcher");
      }
    });

    it("does not tell of a session that comes and goes inside one window", async () => {
      const channel = unique("c:");
      const watcher = await watching(channel);
      // Its own window is over when something later was announced.
      const first = await suite.user("first");
      await first.ok("join", { channel });
      await watcher.push("presence", ({ joined }) => joined.some(({ userId }) => userId === "first"));
      const brief = await suite.user("brief");
      await Promise.all([brief.ok("join", { channel }), brief.ok("leave", { channel })]);
      const later = await suite.user("later");
      await later.ok("join", { channel });
      await watcher.push("presence", ({ joined }) => joined.some(({ userId }) => userId === "later"));
      const named = watcher.pushes("presence").flatMap(({ joined, left, updated }) => [...joined, ...left, ...updated]);
      expect(named.filter(({ userId }) => userId === "brief")).toEqual([]);
    });

    it("goes to members, not to subscribers", async () => {
      const channel = unique("c:");
      const subscriber = await suite.user("subscriber");
      await subscriber.ok("subscribe", { topic: channel });
      const watcher = await watching(channel);
      await (await suite.user("ann")).ok("join", { channel });
      await watcher.push("presence");
      await suite.fence(subscriber);
      expect(subscriber.pushes("presence")).toEqual([]);
    });

    it("stays within the tenant", async () => {
      const channel = unique("c:");
      const foreign = await suite.user("watcher", { tenantId: unique("t-") });
      await foreign.ok("join", { channel });
      const watcher = await watching(channel);
      await (await suite.user("ann")).ok("join", { channel });
      await watcher.push("presence");
      await suite.fence(foreign);
      expect(foreign.pushes("presence")).toEqual([]);
      expect(await foreign.ok("members", { channel })).toMatchObject({ total: 1 });
    });
  });

  describe("`error`", () => {
    it("tells of a subscription that ended because its right was lost", async () => {
      const client = await suite.user("ann");
      const topic = unique("room:");
      const token = suite.roomToken({ room: topic, userId: "ann", lifeSeconds: 2 });
      await client.ok("subscribe", { topic, token });
      expect(await client.push("error")).toEqual({
        code: "FORBIDDEN",
        message: expect.any(String),
        retryable: false,
        channel: topic,
      });
      await suite.broadcast(topic, 1);
      await suite.fence(client);
      expect(client.events(topic)).toEqual([]);
      expect(client.reason).toBeUndefined();
    });
  });

  describe("`closing`", () => {
    it("without coming back ends by Socket.IO's disconnect", async () => {
      const client = await suite.user();
      await suite.call(`/api/socket/connections/${client.session.socketId}`, { method: "DELETE" });
      expect(await client.push("closing")).toEqual({ code: "REVOKED", message: expect.any(String), reconnect: false });
      expect(await client.ended()).toBe("io server disconnect");
    });

    it("says nothing more afterwards", async () => {
      const exp = seconds() + 1;
      const client = await suite.user("ann", { claims: { exp } });
      const topic = unique("topic:");
      await client.ok("subscribe", { topic });
      await client.ended();
      expect(client.heard.at(-1)?.event).toBe("closing");
      await suite.broadcast(topic, 1);
      expect(client.events(topic)).toEqual([]);
    });
  });
});
