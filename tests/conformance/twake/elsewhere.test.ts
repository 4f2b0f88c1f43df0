import { describe, expect, it } from "vitest";
import { unique } from "../native/suite.ts";
import { NAMESPACE, plazerUser, received } from "../plazer/plazer.ts";
import { NOT_AUTHORIZED, useTwake } from "./suite.ts";

const suite = useTwake("main");
const { native } = suite;

/** Names that ask for a room token; the last by a rule of the configuration. */
const ROOMS = ["/companies/1/", "/x?type=public:", "/users/bob:", "room:"];

describe("17. a room without its token", () => {
  it.each(ROOMS)("%s… is closed to native clients", async (prefix) => {
    const room = unique(prefix);
    const reader = await native.user("ann");
    await native.broadcast(room, "secret");
    for (const token of [undefined, "", "twake", native.token("ann"), suite.roomToken("bob", room)]) {
      const shown = token === undefined || token === "" ? {} : { token };
      await reader.refused("subscribe", { topic: room, ...shown }, "FORBIDDEN");
      await reader.refused("join", { channel: room, ...shown }, "FORBIDDEN");
      await reader.refused("publish", { channel: room, event: "e", data: 1, ...shown }, "FORBIDDEN");
      await reader.refused("history", { channel: room, ...shown }, "FORBIDDEN");
      await reader.refused("members", { channel: room, ...shown }, "FORBIDDEN");
    }
    // A native publication takes no token: one follows, or does not publish.
    await reader.refused("publish", { channel: room, event: "e", token: suite.roomToken("ann", room) }, "FORBIDDEN");
    await reader.refused("state", { channel: room, state: 1 }, "NOT_FOUND");
    await native.fence(reader);
    expect(reader.events(room)).toEqual([]);
    // With its token it is open.
    await reader.ok("subscribe", { topic: room, token: suite.roomToken("ann", room) });
    await reader.ok("publish", { channel: room, event: "e", data: 1 });
    expect((await reader.eventsOf(room, 1)).map(({ payload }) => payload)).toEqual([1]);
  });

  it.each(ROOMS)("%s… is closed to Plazer's clients", async (prefix) => {
    const room = unique(prefix);
    const [client, member] = [await plazerUser(native, "ann"), await suite.user("carol")];
    await member.join(room, suite.roomToken("carol", room));
    const refused = { ok: false, error: { code: "FORBIDDEN", message: expect.any(String), retryable: false } };
    expect(await client.ask("join", { room, token: suite.roomToken("ann", room) })).toEqual(refused);
    expect(await client.ask("join", { room })).toEqual(refused);
    expect(await client.ask("message", { room, data: 1 })).toEqual(refused);
    expect(await client.ask("message", { room, data: 1, token: suite.roomToken("ann", room) })).toEqual(refused);
    await native.broadcast(room, "secret");
    await suite.fence(member);
    expect(member.events(room)).toEqual([{ _type: "message", value: "secret" }]);
    expect(received(client, "message")).toEqual([]);
  });

  it.each(ROOMS)("%s… is closed to REST by a client's token", async (prefix) => {
    const room = unique(prefix);
    const name = encodeURIComponent(room);
    for (const token of [native.token("ann"), native.token("ann", { permissions: ["client"] })]) {
      for (const [path, body] of [
        [`/api/socket/channels/${name}/history`, undefined],
        [`/api/socket/channels/${name}/members`, undefined],
        ["/api/socket/channels?prefix=/", undefined],
        ["/api/socket/broadcast", { channel: room, event: "e", data: 1 }],
      ] as const) {
        const { status } = await native.call(path, { token, ...(body === undefined ? undefined : { body }) });
        expect([path, status]).toEqual([path, 403]);
      }
    }
  });

  it("is closed to visitors", async () => {
    const room = unique("/companies/");
    const visitor = await native.connect({ token: null });
    await visitor.refused("subscribe", { topic: room, token: suite.roomToken("ann", room) }, "FORBIDDEN");
    await visitor.refused("subscribe", { topic: "/ping", token: native.token("ann") }, "FORBIDDEN");
  });

  it("is open to a grant for it, and to no grant beside", async () => {
    const room = unique("/companies/");
    const granted = await native.user("ann", { claims: { channels: { [room]: ["subscribe"] } } });
    await granted.ok("subscribe", { topic: room });
    await granted.refused("publish", { channel: room, event: "e", data: 1 }, "FORBIDDEN");
    await granted.refused("subscribe", { topic: `${room}/` }, "FORBIDDEN");
    const there = await suite.user("ann", { claims: { channels: { [room]: ["subscribe", "presence"] } } });
    await there.join(room);
    expect(await there.tryJoin(`${room}/`)).toEqual([
      "realtime:join:error",
      { name: `${room}/`, error: NOT_AUTHORIZED, message: NOT_AUTHORIZED },
    ]);
    there.emit("realtime:event", { name: room, data: 1 });
    expect(await there.hears("realtime:event:error")).toEqual([{ name: room, message: NOT_AUTHORIZED }]);
  });

  it("what Twake's clients may not have, they get by no other name", async () => {
    const client = await suite.user("ann");
    for (const name of [
      "user:bob",
      "notifications:bob",
      `org:${unique("t-")}`,
      "@notifications",
      "@metadata",
      "@global",
    ]) {
      expect((await client.tryJoin(name, suite.roomToken("ann", name)))[0]).toBe("realtime:join:error");
      client.emit("realtime:event", { name, data: 1, token: suite.roomToken("ann", name) });
    }
    await client.hears("realtime:event:error", 6);
    // Its own it may read, and only back ends write.
    await client.join("user:ann");
    client.emit("realtime:event", { name: "user:ann", data: 1 });
    await client.hears("realtime:event:error", 7);
  });
});

describe("18. tokens in the wrong place", () => {
  it("a room token issued in another tenant", async () => {
    const [room, tenantId] = [unique("/companies/"), unique("t-")];
    const token = suite.roomToken("ann", room);
    const there = await suite.user("ann", { tenantId });
    expect((await there.tryJoin(room, token))[0]).toBe("realtime:join:error");
    there.emit("realtime:event", { name: room, data: 1, token });
    await there.hears("realtime:event:error");
    const reader = await native.user("ann", { tenantId });
    await reader.refused("subscribe", { topic: room, token }, "FORBIDDEN");
    await reader.refused("join", { channel: room, token }, "FORBIDDEN");
  });

  it("an access token as a room token", async () => {
    const room = unique("/companies/");
    const client = await suite.user("ann");
    const reader = await native.user("ann");
    for (const token of [
      native.token("ann"),
      native.token("ann", { name: room }),
      native.token("ann", { name: room, aud: "roomcast:room" }),
      native.token("ann", { permissions: ["service", "admin"] }),
    ]) {
      expect((await client.tryJoin(room, token))[0]).toBe("realtime:join:error");
      await reader.refused("subscribe", { topic: room, token }, "FORBIDDEN");
    }
  });

  it("a room token as a login: here, native, Plazer and REST", async () => {
    const tokens = [
      suite.roomToken("ann", "/companies/1"),
      suite.roomToken("ann", "/companies/1", { permissions: ["service", "admin"] }),
      suite.roomToken("ann", "/ping", { aud: undefined }),
      suite.roomToken("ann", "/ping", { aud: undefined, name: undefined }),
      native.token("ann", { aud: "roomcast:room" }),
      native.token("ann", { aud: ["roomcast:room", "other"], permissions: ["service"] }),
    ];
    for (const token of tokens) {
      expect(await suite.unauthorized([{ token }])).toMatchObject({ err: { name: "JsonWebTokenError" } });
      await native.expectRefused({ token }, "UNAUTHENTICATED");
      expect((await native.refusal({ token, namespace: NAMESPACE })).message).toBe("Authentication error");
      expect((await native.call("/api/socket/connections", { token })).status).toBe(401);
      const { body } = await native.call("/auth/verify", { body: { token } });
      expect(body).toEqual({ valid: false, error: "UNAUTHENTICATED" });
    }
    const reader = await native.user("ann");
    await reader.refused("refresh", { token: tokens[0] }, "UNAUTHENTICATED");
  });
});
