import { describe, expect, it } from "vitest";
import type { Client } from "./client.ts";
import { unique, useTarget } from "./suite.ts";
import { seconds, sign } from "./tokens.ts";

const suite = useTarget("main");

const visitor = (): Promise<Client> => suite.connect({ auth: { token: null } });

describe("7. channel rules", () => {
  describe("rights", () => {
    it("are for the authenticated where no rule matches: they read, join, and publish as members", async () => {
      const channel = unique("no-rule-");
      const [ann, anyone] = [await suite.user("ann"), await visitor()];
      await anyone.refused("subscribe", { topic: channel }, "FORBIDDEN");
      await ann.ok("subscribe", { topic: channel });
      await ann.ok("join", { channel });
      await ann.ok("history", { channel });
      await ann.ok("members", { channel });
      await ann.ok("publish", { channel, event: "e" });
    });

    it('"anyone" opens to visitors; what presence and history are not said to be, they are as `subscribe`', async () => {
      const channel = unique("open:");
      const anyone = await visitor();
      await anyone.ok("subscribe", { topic: channel });
      const { members } = await anyone.ok("join", { channel, state: "hello" });
      expect(members).toEqual([
        { socketId: anyone.session.socketId, userId: null, joinedAt: expect.any(Number), state: "hello" },
      ]);
      await anyone.ok("history", { channel });
      await anyone.ok("members", { channel });
    });

    it('"anyone" may publish where `publish` says so; all the same a client must follow the channel', async () => {
      const channel = unique("wall:");
      const anyone = await visitor();
      await anyone.refused("publish", { channel, event: "e" }, "FORBIDDEN");
      await anyone.ok("subscribe", { topic: channel });
      await anyone.ok("publish", { channel, event: "e" });
      expect(await anyone.eventsOf(channel, 1)).toMatchObject([
        { sender: { userId: null, socketId: anyone.session.socketId } },
      ]);
    });

    it.each(["ann", "john.doe@x.com", "a:b", "a/b.c:d"])(
      '"owner" is for the user %s whom the name means, and nobody else',
      async (userId) => {
        const [owner, other] = [await suite.user(userId), await suite.user("mallory")];
        for (const channel of [`inbox:${userId}`, `mailbox/${userId}/drafts`]) {
          await owner.ok("subscribe", { topic: channel });
          await owner.ok("publish", { channel, event: "e" });
          for (const command of ["subscribe", "join", "history", "members", "publish"]) {
            await other.refused(command, { topic: channel, channel, event: "e" }, "FORBIDDEN");
          }
        }
      },
    );

    it('"owner" means whole names, not what begins or ends alike', async () => {
      const ann = await suite.user("ann");
      for (const topic of [
        "inbox:annette",
        "inbox:joann",
        "inbox:an",
        "inbox:ann:x",
        "inbox:",
        "mailbox/ann:drafts/x",
      ]) {
        await ann.refused("subscribe", { topic }, "FORBIDDEN").catch((error: unknown) => {
          // A name that no rule matches is everybody's; an inbox never is.
          if (topic.startsWith("inbox:") && topic !== "inbox:" && topic !== "inbox:ann:x") throw error;
        });
      }
      await ann.refused("subscribe", { topic: "inbox:annette" }, "FORBIDDEN");
    });

    it('"owner" of a {tenantId} is for the whole tenant', async () => {
      const ann = await suite.user("ann");
      await ann.ok("subscribe", { topic: `floor:${suite.tenantId}` });
      await ann.refused("subscribe", { topic: "floor:default" }, "FORBIDDEN").catch(() => undefined);
      await (await visitor()).refused("subscribe", { topic: "floor:default" }, "FORBIDDEN");
    });

    it('"owner" without {userId} or {tenantId} in the pattern is nobody', async () => {
      await (await suite.user("ann")).refused("subscribe", { topic: "nameless:ann" }, "FORBIDDEN");
    });

    it('"service" is for the roles service, admin and operator', async () => {
      const channel = unique("ops:");
      await (await suite.user()).refused("subscribe", { topic: channel }, "FORBIDDEN");
      await (
        await suite.user(undefined, { claims: { permissions: ["operator"] } })
      ).ok("subscribe", { topic: channel });
      await (await suite.service()).ok("subscribe", { topic: channel });
      await (await suite.user(undefined, { claims: { permissions: ["admin"] } })).ok("join", { channel });
    });

    it('"nobody" is nobody', async () => {
      const channel = unique("closed:");
      for (const client of [await suite.user(), await visitor(), await suite.service()]) {
        await client.refused("subscribe", { topic: channel }, "FORBIDDEN");
        await client.refused("join", { channel }, "FORBIDDEN");
        await client.refused("history", { channel }, "FORBIDDEN");
        await client.refused("members", { channel }, "FORBIDDEN");
      }
    });

    it("`join` needs `subscribe` and `presence`; `members` too", async () => {
      const channel = unique("secretive:");
      const client = await suite.user();
      await client.ok("subscribe", { topic: channel });
      await client.refused("join", { channel }, "FORBIDDEN");
      await client.refused("members", { channel }, "FORBIDDEN");
      await client.ok("history", { channel });
      await (await suite.service()).ok("join", { channel });
    });

    it("`history` is a right of its own", async () => {
      const channel = unique("forgetful:");
      const client = await suite.user();
      await client.ok("join", { channel });
      await client.refused("history", { channel }, "FORBIDDEN");
    });

    it("`publish` may be narrower than `subscribe`", async () => {
      const client = await suite.user();
      const service = await suite.service();
      for (const channel of [unique("news:"), unique("frozen:")]) {
        await client.ok("join", { channel });
        await client.refused("publish", { channel, event: "e" }, "FORBIDDEN");
        await service.ok("publish", { channel, event: "e" });
      }
      const channel = unique("megaphone:");
      await client.ok("subscribe", { topic: channel });
      await client.ok("publish", { channel, event: "e" });
    });

    it("come from the first rule that matches", async () => {
      const client = await suite.user();
      await client.refused("subscribe", { topic: "first:match" }, "FORBIDDEN");
      await client.ok("subscribe", { topic: "first:other" });
    });

    it("{name} is one piece between :, . and /; ** is the rest, also none", async () => {
      const client = await suite.user();
      await client.ok("subscribe", { topic: "piece:a:b" });
      for (const topic of ["piece:a:b:c", "piece:a", "piece:a:b.c", "piece:a:b/c", "piece::b", "piece:"]) {
        await client.refused("subscribe", { topic }, "FORBIDDEN");
      }
    });
  });

  describe("functions", () => {
    it("decide by their answer, also a promise's", async () => {
      const client = await suite.user();
      await client.ok("subscribe", { topic: "ask:yes" });
      await client.refused("subscribe", { topic: "ask:no" }, "FORBIDDEN");
      await client.refused("join", { channel: "ask:no" }, "FORBIDDEN");
    });

    it.each(["throws", "rejects", "nothing", "text", "object"])(
      "that misbehave refuse: one that answers by %s",
      async (behaviour) => {
        const client = await suite.user();
        await client.refused("subscribe", { topic: `odd:${behaviour}` }, "UNAVAILABLE");
        await client.refused("history", { channel: `odd:${behaviour}` }, "UNAVAILABLE");
        await suite.expectServing();
      },
    );

    it("that take over 5 s refuse, and hold nobody else", async () => {
      const client = await suite.user();
      const slow = client.refused("subscribe", { topic: "odd:hangs" }, "UNAVAILABLE");
      const other = await suite.user();
      await other.ok("subscribe", { topic: "ask:yes" });
      await slow;
      await client.ok("subscribe", { topic: "ask:yes" });
    });

    it("are asked again on `refresh`; what is no longer allowed ends with `error` FORBIDDEN", async () => {
      const client = await suite.user("ann", { claims: { info: { vip: true } } });
      const topic = unique("vip:");
      await client.ok("subscribe", { topic });
      await client.ok("join", { channel: topic });
      await client.ok("refresh", { token: suite.token("ann", { info: { vip: true } }) });
      await suite.broadcast(topic, "still");
      await client.eventsOf(topic, 1);
      await client.ok("refresh", { token: suite.token("ann") });
      expect(await client.push("error")).toMatchObject({ code: "FORBIDDEN", channel: topic, retryable: false });
      const watcher = await suite.user("watcher", { claims: { info: { vip: true } } });
      await watcher.ok("join", { channel: topic });
      await suite.broadcast(topic, "no more");
      await watcher.eventsOf(topic, 1);
      await suite.fence(client);
      expect(client.payloads(topic)).toEqual(["still"]);
      expect(await watcher.ok("members", { channel: topic })).toMatchObject({ total: 1 });
      await client.refused("publish", { channel: topic, event: "e" }, "FORBIDDEN");
    });
  });

  describe("built-in names", () => {
    it("`user:` and `notifications:` of one's own are to read; a service publishes", async () => {
      const userId = unique("u:");
      const [client, service] = [await suite.user(userId), await suite.service()];
      for (const channel of [`user:${userId}`, `notifications:${userId}`]) {
        await client.ok("subscribe", { topic: channel });
        await client.ok("join", { channel });
        await client.ok("history", { channel });
        await client.refused("publish", { channel, event: "e" }, "FORBIDDEN");
        await service.ok("publish", { channel, event: "e", data: 1 });
        await client.eventsOf(channel, 1);
      }
    });

    it("`org:` of one's tenant is to read and to publish to", async () => {
      const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
      const channel = `org:${suite.tenantId}`;
      await ann.ok("subscribe", { topic: channel });
      await bob.ok("join", { channel });
      await bob.ok("publish", { channel, event: "e", data: 1 });
      await ann.eventsOf(channel, 1);
    });

    it("of others are nobody's", async () => {
      const client = await suite.user("ann");
      for (const prefix of ["user", "notifications", "org"]) {
        for (const id of ["bob", "ann2", "an", "ann:x", "ann/x", "{userId}".replace(/[{}]/g, ""), "default", "Ann"]) {
          for (const command of ["subscribe", "join", "history", "members", "publish"]) {
            await client.refused(
              command,
              { topic: `${prefix}:${id}`, channel: `${prefix}:${id}`, event: "e" },
              "FORBIDDEN",
            );
          }
        }
      }
    });

    it("are not reached by the bare prefix, or by another user's id that holds ours", async () => {
      const client = await suite.user("ann");
      for (const topic of ["user:bob:ann", "notifications:x/ann", "org:ann"])
        await client.refused("subscribe", { topic }, "FORBIDDEN");
    });
  });

  describe("a token's `channels`", () => {
    it("add to what rules allow", async () => {
      const [closed, other] = [unique("closed:"), unique("closed:")];
      const client = await suite.user(undefined, { claims: { channels: { [closed]: ["subscribe"] } } });
      await client.ok("subscribe", { topic: closed });
      await client.refused("subscribe", { topic: other }, "FORBIDDEN");
      await client.ok("subscribe", { topic: unique("topic:") });
    });

    it("give each action for itself", async () => {
      const channel = unique("closed:");
      const grant = (...actions: string[]): Promise<Client> =>
        suite.user(undefined, { claims: { channels: { [channel]: actions } } });
      const reader = await grant("subscribe");
      await reader.ok("subscribe", { topic: channel });
      await reader.refused("join", { channel }, "FORBIDDEN");
      await reader.refused("history", { channel }, "FORBIDDEN");
      const member = await grant("subscribe", "presence");
      await member.ok("join", { channel });
      await member.refused("history", { channel }, "FORBIDDEN");
      const historian = await grant("subscribe", "history");
      await historian.ok("history", { channel });
      await historian.refused("members", { channel }, "FORBIDDEN");
      const blind = await grant("presence", "history", "publish");
      for (const command of ["subscribe", "join", "history", "members"])
        await blind.refused(command, { topic: channel, channel }, "FORBIDDEN");
    });

    it("a subscription that is owed to a grant publishes only if the grant lists `publish`", async () => {
      const channel = unique("closed:");
      const reader = await suite.user(undefined, { claims: { channels: { [channel]: ["subscribe"] } } });
      await reader.ok("subscribe", { topic: channel });
      await reader.refused("publish", { channel, event: "e" }, "FORBIDDEN");
      const writer = await suite.user(undefined, { claims: { channels: { [channel]: ["subscribe", "publish"] } } });
      await writer.refused("publish", { channel, event: "e" }, "FORBIDDEN");
      await writer.ok("subscribe", { topic: channel });
      await writer.ok("publish", { channel, event: "e" });
    });

    it("are patterns, of which {userId} is one's own", async () => {
      const area = unique("closed:");
      const client = await suite.user("a:b", { claims: { channels: { [`${area}/{userId}/**`]: ["subscribe"] } } });
      await client.ok("subscribe", { topic: `${area}/a:b/x/y` });
      await client.refused("subscribe", { topic: `${area}/c/x` }, "FORBIDDEN");
    });

    it("stay within the tenant", async () => {
      const channel = unique("closed:");
      const claims = { channels: { "**": ["subscribe", "publish", "presence", "history"] } };
      const [ours, theirs] = [
        await suite.user("ann", { claims }),
        await suite.user("ann", { claims, tenantId: unique("t-") }),
      ];
      await ours.ok("subscribe", { topic: channel });
      await theirs.ok("join", { channel });
      await ours.ok("publish", { channel, event: "e", data: "ours" });
      await suite.fence(theirs);
      expect(theirs.payloads(channel)).toEqual([]);
    });

    it("never open the gateway's own names", async () => {
      const client = await suite.user(undefined, {
        claims: { permissions: ["admin"], channels: { "**": ["subscribe", "publish"] } },
      });
      for (const name of ["@direct", "@sessions", "$internal"]) {
        for (const command of ["subscribe", "join", "publish", "history", "members"])
          await client.refused(command, { topic: name, channel: name, event: "e" }, "FORBIDDEN");
      }
    });

    it("end with the token that granted them", async () => {
      const topic = unique("closed:");
      const client = await suite.user("ann", { claims: { channels: { [topic]: ["subscribe"] } } });
      await client.ok("subscribe", { topic });
      await client.ok("refresh", { token: suite.token("ann") });
      expect(await client.push("error")).toMatchObject({ code: "FORBIDDEN", channel: topic });
      await suite.broadcast(topic, 1);
      await suite.fence(client);
      expect(client.events(topic)).toEqual([]);
    });
  });

  describe("`channelsOnly`", () => {
    it("makes the grants all that a token reaches", async () => {
      const mine = unique("topic:");
      const userId = unique("u-");
      const client = await suite.user(userId, { claims: { channelsOnly: true, channels: { [mine]: ["subscribe"] } } });
      await client.ok("subscribe", { topic: mine });
      await client.refused("publish", { channel: mine, event: "e" }, "FORBIDDEN");
      for (const topic of [
        unique("topic:"),
        unique("open:"),
        `user:${userId}`,
        `notifications:${userId}`,
        `org:${suite.tenantId}`,
        `inbox:${userId}`,
      ]) {
        for (const command of ["subscribe", "join", "history", "members", "publish"]) {
          await client.refused(command, { topic, channel: topic, event: "e" }, "FORBIDDEN");
        }
      }
    });

    it("with no grants reaches nothing", async () => {
      const client = await suite.user(undefined, { claims: { channelsOnly: true } });
      await client.refused("subscribe", { topic: unique("open:") }, "FORBIDDEN");
    });
  });

  describe("room tokens", () => {
    it("open their room to their user, for subscribe and join", async () => {
      const room = unique("room:");
      const client = await suite.user("ann");
      await client.refused("subscribe", { topic: room }, "FORBIDDEN");
      const token = suite.roomToken({ room, userId: "ann" });
      await client.ok("subscribe", { topic: room, token });
      await client.ok("publish", { channel: room, event: "e" });
      await client.ok("join", { channel: room, token });
      await client.eventsOf(room, 1);
    });

    it.each<[string, (room: string) => string]>([
      ["another room's", () => suite.roomToken({ room: unique("room:"), userId: "ann" })],
      ["another user's", (room) => suite.roomToken({ room, userId: "bob" })],
      ["another tenant's", (room) => suite.roomToken({ room, userId: "ann", tenantId: unique("t-") })],
      [
        "one without a tenant, which is of `default`",
        (room) => suite.roomToken({ room, userId: "ann" }, { tenantId: undefined }),
      ],
      [
        "an expired one",
        (room) => suite.roomToken({ room, userId: "ann" }, { iat: seconds() - 100, exp: seconds() - 50 }),
      ],
      ["one that is not valid yet", (room) => suite.roomToken({ room, userId: "ann" }, { nbf: seconds() + 50 })],
      ["one that never ends", (room) => suite.roomToken({ room, userId: "ann" }, { exp: undefined })],
      [
        "one that lives for more than 31 days",
        (room) => suite.roomToken({ room, userId: "ann" }, { exp: seconds() + 32 * 86_400 }),
      ],
      ["one with another audience", (room) => suite.roomToken({ room, userId: "ann" }, { aud: "other" })],
      [
        "one that is signed with the secret itself",
        (room) =>
          sign(
            {
              name: room,
              sub: "ann",
              tenantId: suite.tenantId,
              aud: "roomcast:room",
              iat: seconds(),
              exp: seconds() + 60,
            },
            { secret: suite.secret },
          ),
      ],
      ["the access token", () => suite.token("ann")],
      ["an access token that names the room", (room) => suite.token("ann", { name: room })],
      ["twake", () => "twake"],
    ])("do not open it where it is %s", async (_, token) => {
      const room = unique("room:");
      const client = await suite.user("ann");
      await client.refused("subscribe", { topic: room, token: token(room) }, "FORBIDDEN");
      await client.refused("join", { channel: room, token: token(room) }, "FORBIDDEN");
    });

    it.for([null, 7, "", [], {}, "x".repeat(10_000)])("must be texts: %j is INVALID_PAYLOAD", async (token) => {
      const client = await suite.user("ann");
      await client.refused("subscribe", { topic: unique("room:"), token }, "INVALID_PAYLOAD");
      await client.refused("join", { channel: unique("room:"), token }, "INVALID_PAYLOAD");
    });

    it("end membership and subscription when they do", async () => {
      const room = unique("room:");
      const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
      await bob.ok("join", { channel: room, token: suite.roomToken({ room, userId: "bob" }) });
      await ann.ok("join", { channel: room, token: suite.roomToken({ room, userId: "ann", lifeSeconds: 2 }) });
      expect(await ann.push("error")).toMatchObject({ code: "FORBIDDEN", channel: room });
      await bob.push("presence", ({ left }) => left.some(({ userId }) => userId === "ann"));
      await ann.refused("publish", { channel: room, event: "e" }, "FORBIDDEN");
      await ann.ok("subscribe", { topic: room, token: suite.roomToken({ room, userId: "ann" }) });
    });

    it("outlive a refresh of the login", async () => {
      const room = unique("room:");
      const client = await suite.user("ann");
      await client.ok("subscribe", { topic: room, token: suite.roomToken({ room, userId: "ann" }) });
      await client.ok("refresh", { token: suite.token("ann") });
      await suite.broadcast(room, 1);
      await client.eventsOf(room, 1);
    });
  });

  describe("`direct` has a rule of its own", () => {
    it("which refuses a user with FORBIDDEN, and a socketId with NOT_FOUND", async () => {
      const [mute, bob] = [await suite.user("mute"), await suite.user("bob")];
      await mute.refused("direct", { to: { userId: "bob" }, event: "e" }, "FORBIDDEN");
      await mute.refused("direct", { to: { socketId: bob.session.socketId }, event: "e" }, "NOT_FOUND");
      const hermit = unique("hermit-");
      await suite.user(hermit);
      await bob.refused("direct", { to: { userId: hermit }, event: "e" }, "FORBIDDEN");
      await bob.ok("direct", { to: { userId: "mute" }, event: "e" });
    });
  });

  it("REST passes them on the structured address: names are one tenant's, and the gateway's own are nobody's", async () => {
    for (const channel of ["@direct", "$x"]) {
      const { status, body } = await suite.call("/api/socket/broadcast", { body: { channel, event: "e" } });
      expect({ status, body }).toEqual({ status: 403, body: { error: "FORBIDDEN", message: expect.any(String) } });
      expect((await suite.call(`/api/socket/channels/${encodeURIComponent(channel)}/members`)).status).toBe(403);
      expect((await suite.call(`/api/socket/channels/${encodeURIComponent(channel)}/history`)).status).toBe(403);
    }
    // A service publishes anywhere in its tenant.
    expect(
      (await suite.call("/api/socket/broadcast", { body: { channel: unique("closed:"), event: "e" } })).status,
    ).toBe(200);
  });
});
