import type { RealtimeEvent } from "@roomcast/protocol";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ACME_KEY, KEY, next, TestNode } from "../../test/harness.ts";

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start();
});
afterAll(() => node.close());

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe("channels", () => {
  it("lists channels with their counts, page by page, by the Link header", async () => {
    const socket = await node.connect(await node.token("alice", { tenantId: "t-list" }));
    for (const topic of ["a:1", "a:2", "a:3", "b:1"]) await socket.emitWithAck("subscribe", { topic });
    await socket.emitWithAck("join", { channel: "a:2" });
    const headers = { "X-Api-Key": KEY, "X-Tenant-Id": "t-list" };
    const all = await node.call("/api/socket/channels", { headers });
    expect(all.status).toBe(200);
    expect(all.body).toEqual([
      { name: "a:1", memberCount: 0, subscriberCount: 1 },
      { name: "a:2", memberCount: 1, subscriberCount: 1 },
      { name: "a:3", memberCount: 0, subscriberCount: 1 },
      { name: "b:1", memberCount: 0, subscriberCount: 1 },
    ]);
    expect(all.headers.get("link")).toBeNull();
    const names: unknown[] = [];
    let path: string | undefined = "/api/socket/channels?prefix=a:&limit=2";
    while (path !== undefined) {
      const page = await node.call(path, { headers });
      names.push(...(page.body as { name: string }[]).map((channel) => channel.name));
      path = /^<(.*)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1];
    }
    expect(names).toEqual(["a:1", "a:2", "a:3"]);
  });

  it("lists members", async () => {
    const socket = await node.connect(await node.token("alice", { tenantId: "t-members" }));
    await socket.emitWithAck("join", { channel: "/companies/1", state: { typing: true }, token: undefined });
    const headers = { "X-Api-Key": KEY, "X-Tenant-Id": "t-members" };
    const members = await node.call("/api/socket/channels/%2Fcompanies%2F1/members", { headers });
    expect(members).toMatchObject({
      status: 200,
      body: [{ socketId: socket.id, userId: "alice", joinedAt: expect.any(Number), state: { typing: true } }],
    });
    expect(await node.call("/api/socket/channels/unknown/members", { headers })).toMatchObject({
      status: 200,
      body: [],
    });
  });

  it("reads history by name however it is encoded, newest first or after a position", async () => {
    const headers = { "X-Api-Key": KEY, "X-Tenant-Id": "t-history" };
    for (const name of ["chat:room1", "/a/b", "100%41", "größe:日本", "a?b#c&d+e"]) {
      for (const data of [1, 2, 3]) {
        const sent = await node.call("/api/socket/broadcast", { headers, json: { channel: name, event: "e", data } });
        expect(sent).toMatchObject({ status: 200, body: { id: expect.any(String), position: { offset: data } } });
      }
      const path = `/api/socket/channels/${encodeURIComponent(name)}/history`;
      const newest = await node.call(`${path}?limit=2`, { headers });
      const { events, position } = newest.body as {
        events: RealtimeEvent[];
        position: { epoch: string; offset: number };
      };
      expect(events.map((event) => [event.topic, event.payload, event.source])).toEqual([
        [name, 2, "rest"],
        [name, 3, "rest"],
      ]);
      expect(position.offset).toBe(3);
      const after = await node.call(`${path}?limit=1&epoch=${position.epoch}&offset=1`, { headers });
      expect((after.body as { events: RealtimeEvent[] }).events.map((event) => event.payload)).toEqual([2]);
    }
    expect((await node.call("/api/socket/channels/chat:room1/history", { headers })).status).toBe(200);
    expect((await node.call("/api/socket/channels/never/history", { headers })).body).toMatchObject({
      events: [],
      position: { offset: 0 },
    });
  });
});

describe("connections", () => {
  it("counts and lists them, and ends one", async () => {
    const headers = { "X-Api-Key": KEY, "X-Tenant-Id": "t-conn" };
    const alice = await node.connect(await node.token("alice", { tenantId: "t-conn" }));
    const bob = await node.connect(await node.token("bob", { tenantId: "t-conn" }), ["polling"]);
    await alice.emitWithAck("subscribe", { topic: "x" });
    expect(await node.call("/api/socket/connections", { headers })).toMatchObject({ status: 200, body: { count: 2 } });
    const list = await node.call("/api/socket/connections/list?userId=alice", { headers });
    expect(list).toMatchObject({
      status: 200,
      body: [
        {
          socketId: alice.id,
          userId: "alice",
          dialect: "native",
          transport: "websocket",
          connectedAt: expect.any(Number),
        },
      ],
    });
    const first = await node.call("/api/socket/connections/list?limit=1", { headers });
    expect(first.headers.get("link")).toMatch(/^<\/api\/socket\/connections\/list\?limit=1&cursor=.+>; rel="next"$/);

    const closing = next(bob, "closing");
    const ended = await node.call(`/api/socket/connections/${bob.id}`, { method: "DELETE", headers });
    expect(ended).toMatchObject({ status: 204, body: null });
    expect((await node.call("/api/socket/connections", { headers })).body).toEqual({ count: 1 });
    expect(await closing).toMatchObject({ code: "REVOKED", reconnect: false });
    expect(await node.call(`/api/socket/connections/${bob.id}`, { method: "DELETE", headers })).toMatchObject({
      status: 404,
      body: { error: "NOT_FOUND" },
    });
    const stranger = { "X-Api-Key": KEY, "X-Tenant-Id": "t-other" };
    expect(
      (await node.call(`/api/socket/connections/${alice.id}`, { method: "DELETE", headers: stranger })).status,
    ).toBe(404);
    expect((await node.call("/api/socket/connections/list", { headers: stranger })).body).toEqual([]);
  });

  it("revokes a user's sessions and tokens", async () => {
    const headers = { "X-Api-Key": KEY, "X-Tenant-Id": "t-revoke" };
    const token = await node.token("carol", { tenantId: "t-revoke", roles: ["service"] });
    const carol = await node.connect(token);
    const gone = next(carol, "disconnect");
    const revoked = await node.call("/api/socket/revoke", { headers, json: { userId: "carol" } });
    expect(revoked).toMatchObject({ status: 200, body: { disconnected: 1 } });
    await gone;
    await expect(node.connect(token)).rejects.toMatchObject({ data: { code: "UNAUTHENTICATED" } });
    expect((await node.call("/api/socket/connections", { headers: bearer(token) })).status).toBe(401);
  });
});

describe("messages", () => {
  it("broadcasts to readers, once for an id", async () => {
    const headers = { "X-Api-Key": KEY, "X-Tenant-Id": "t-cast" };
    const reader = await node.connect(await node.token("alice", { tenantId: "t-cast" }));
    await reader.emitWithAck("subscribe", { topic: "news" });
    const heard: RealtimeEvent[] = [];
    reader.on("event", (event: RealtimeEvent) => heard.push(event));
    const json = { channel: "news", event: "posted", data: { n: [1, null] }, id: "key-1" };
    const [first, second] = [
      await node.call("/api/socket/broadcast", { headers, json }),
      await node.call("/api/socket/broadcast", { headers, json }),
    ];
    expect(first).toMatchObject({ status: 200, body: { id: "key-1", position: { offset: 1 } } });
    expect(second.body).toEqual(first.body);
    expect(await node.call("/api/socket/broadcast", { headers, json: { ...json, data: 2 } })).toMatchObject({
      status: 409,
      body: { error: "CONFLICT" },
    });
    await node.call("/api/socket/broadcast", { headers, json: { channel: "news", event: "bare" } });
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    expect(heard[0]).toMatchObject({
      id: "key-1",
      topic: "news",
      event: "posted",
      payload: { n: [1, null] },
      source: "rest",
    });
    expect(heard[1]).toMatchObject({ event: "bare", payload: null });
    const plain = await node.call("/api/socket/broadcast", { headers, json: { channel: "plain:x", event: "e" } });
    expect(plain.body).toEqual({ id: expect.any(String) });
  });

  it("sends to one connection or all of a user", async () => {
    const headers = { "X-Api-Key": KEY, "X-Tenant-Id": "t-direct" };
    const alice = await node.connect(await node.token("alice", { tenantId: "t-direct" }));
    const heard = next(alice, "event");
    const sent = await node.call("/api/socket/direct", { headers, json: { socketId: alice.id, event: "hi", data: 1 } });
    expect(sent).toMatchObject({ status: 200, body: { id: expect.any(String), delivered: 1 } });
    expect(await heard).toMatchObject({ topic: "@direct", event: "hi", payload: 1, source: "direct" });
    expect(
      (await node.call("/api/socket/direct", { headers, json: { userId: "alice", event: "hi" } })).body,
    ).toMatchObject({ delivered: 1 });
    expect(
      (await node.call("/api/socket/direct", { headers, json: { userId: "nobody", event: "hi" } })).body,
    ).toMatchObject({ delivered: 0 });
    expect((await node.call("/api/socket/direct", { headers, json: { socketId: "nobody", event: "hi" } })).status).toBe(
      404,
    );
  });

  it("notifies users", async () => {
    const headers = { "X-Api-Key": KEY, "X-Tenant-Id": "t-notify" };
    const alice = await node.connect(await node.token("alice", { tenantId: "t-notify" }));
    await alice.emitWithAck("subscribe", { topic: "notifications:alice" });
    const heard = next(alice, "event");
    const sent = await node.call("/api/socket/notify", {
      headers,
      json: { users: ["alice", "bob"], message: { text: "hi" } },
    });
    expect(sent).toMatchObject({ status: 200, body: { delivered: 1 } });
    expect(await heard).toMatchObject({ topic: "notifications:alice", event: "notification", payload: { text: "hi" } });
    const users = Array.from({ length: 1001 }, (_, i) => `u${i}`);
    expect(await node.call("/api/socket/notify", { headers, json: { users, message: 1 } })).toMatchObject({
      body: { error: "LIMIT_REACHED", details: { limit: "usersPerNotify" } },
      status: 429,
    });
  });
});

describe("tokens", () => {
  it("issues tokens that connect, and verifies them", async () => {
    const json = {
      userId: "dave",
      tenantId: "acme",
      permissions: ["client"],
      channels: { "x:**": ["subscribe"] },
      info: { n: 1 },
      expiresIn: 60,
    };
    const issued = await node.call("/auth/token", { headers: { "X-Api-Key": ACME_KEY }, json });
    expect(issued).toMatchObject({ status: 200, body: { token: expect.any(String), expiresAt: expect.any(Number) } });
    expect(issued.headers.get("cache-control")).toBe("no-store");
    const { token } = issued.body as { token: string };
    const socket = await node.connect(token);
    expect(await socket.emitWithAck("subscribe", { topic: "x:1" })).toMatchObject({ ok: true });
    const headers = { "X-Api-Key": KEY, "X-Tenant-Id": "acme" };
    expect(await node.call("/auth/verify", { headers, json: { token } })).toMatchObject({
      status: 200,
      body: { valid: true, claims: { sub: "dave", tenantId: "acme" } },
    });
    expect((await node.call("/auth/verify", { headers, json: { token: `${token}x` } })).body).toEqual({
      valid: false,
      error: "UNAUTHENTICATED",
    });
  });

  it("gives nobody more than they have", async () => {
    const admin = bearer(await node.token("root", { tenantId: "acme", roles: ["admin"] }));
    const service = bearer(await node.token("robot", { tenantId: "acme", roles: ["service"] }));
    const acme = { "X-Api-Key": ACME_KEY };
    const cases: [Record<string, string>, object, number][] = [
      [admin, { userId: "u" }, 200],
      [admin, { userId: "u", permissions: ["admin"] }, 200],
      [admin, { userId: "u", permissions: ["operator"] }, 403],
      [admin, { userId: "u", tenantId: "other" }, 403],
      [service, { userId: "u" }, 403],
      [acme, { userId: "u", tenantId: "acme", permissions: ["service"] }, 200],
      [acme, { userId: "u", tenantId: "acme", permissions: ["admin"] }, 403],
      [acme, { userId: "u", tenantId: "other" }, 403],
      [acme, { userId: "u" }, 403],
      [{ "X-Api-Key": KEY }, { userId: "u", tenantId: "any", permissions: ["operator"] }, 200],
      [{}, { userId: "u" }, 401],
    ];
    for (const [headers, json, status] of cases) {
      expect((await node.call("/auth/token", { headers, json })).status, JSON.stringify(json)).toBe(status);
    }
    expect((await node.call("/auth/verify", { headers: service, json: { token: "x" } })).status).toBe(403);
    expect((await node.call("/auth/verify", { headers: {}, json: { token: "x" } })).status).toBe(401);
    const foreign = await node.token("u", { tenantId: "other" });
    expect((await node.call("/auth/verify", { headers: admin, json: { token: foreign } })).body).toMatchObject({
      valid: false,
    });
  });

  it("refuses what no token may say", async () => {
    for (const json of [
      { userId: "" },
      { userId: ["u"] },
      { userId: "a b" },
      { userId: "u", tenantId: "a:b" },
      { userId: "u", permissions: ["root"] },
      { userId: "u", permissions: "admin" },
      { userId: "u", channels: { "x:**": ["fly"] } },
      { userId: "u", channels: { "{": ["subscribe"] } },
      { userId: "u", channels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`c${i}`, ["subscribe"]])) },
      { userId: "u", info: "text" },
      { userId: "u", info: { text: "x".repeat(1025) } },
      { userId: "u", expiresIn: 0 },
      { userId: "u", expiresIn: 1.5 },
      { userId: "u", expiresIn: "60" },
      { userId: "u", expiresIn: 32 * 24 * 3600 },
      { userId: "u", chanels: {} },
    ]) {
      expect(await node.call("/auth/token", { json }), JSON.stringify(json)).toMatchObject({
        status: 400,
        body: { error: "INVALID_PAYLOAD" },
      });
    }
  });
});
