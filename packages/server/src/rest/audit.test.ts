import { MemoryBroker, systemClock, DEFAULT_LIMITS } from "@roomcast/core";
import type { RealtimeEvent } from "@roomcast/protocol";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ACME_ADMIN_KEY, ACME_KEY, KEY, TestNode } from "../../test/harness.ts";

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start();
});
afterAll(() => node.close());

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

async function log(tenantId: string): Promise<unknown[]> {
  const headers = { "X-Api-Key": KEY, "X-Tenant-Id": tenantId };
  const { body } = await node.call("/api/socket/audit", { headers });
  return (body as { events: RealtimeEvent[] }).events.map(({ event, payload }) => {
    const { action, ...rest } = payload as { action: string };
    expect(event).toBe("audit");
    return [action, rest];
  });
}

/** Signs in; the headers of requests by that session. */
async function session(json: unknown): Promise<Record<string, string>> {
  const answer = await node.call("/auth/session", { headers: {}, json });
  const { csrf } = answer.body as { csrf: string };
  const cookie = answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  return { Cookie: cookie, "X-CSRF-Token": csrf, Origin: node.url };
}

describe("the audit", () => {
  it("has what a session did, and who it was", async () => {
    const tenantId = "a-session";
    const alice = await node.connect(await node.token("alice", { tenantId }));
    const socketId = alice.id;
    await alice.emitWithAck("subscribe", { topic: "notifications:alice" });
    const headers = await session({ token: await node.token("root", { tenantId, roles: ["admin"] }) });
    const post = async (path: string, json: unknown): Promise<Record<string, unknown>> => {
      const { status, body } = await node.call(path, { headers, json });
      expect(status, path).toBe(200);
      return body as Record<string, unknown>;
    };
    const sent = await post("/api/socket/broadcast", { channel: "news", event: "posted", data: "a secret" });
    const direct = await post("/api/socket/direct", { userId: "alice", event: "hi", data: "a secret" });
    const other = await post("/api/socket/direct", { socketId, event: "hi", data: "a secret" });
    await post("/api/socket/notify", { users: ["alice"], message: "a secret" });
    const users = Array.from({ length: 25 }, (_, n) => `u${n}`);
    await post("/api/socket/notify", { users, message: "a secret" });
    const issued = await post("/auth/token", { userId: "bob" });
    const room = await post("/auth/room-token", { userId: "bob", room: "/r" });
    const ended = await node.call(`/api/socket/connections/${socketId}`, { method: "DELETE", headers });
    expect(ended.status).toBe(204);
    await post("/api/socket/revoke", { userId: "carol" });
    expect((await node.call("/auth/session", { method: "DELETE", headers })).status).toBe(204);

    const by = { userId: "root", via: "session" };
    expect(await log(tenantId)).toEqual([
      ["signIn", { target: null, by, details: { address: "127.0.0.1", expiresAt: expect.any(Number) } }],
      ["broadcast", { target: "news", by, details: { event: "posted", id: sent["id"] } }],
      ["direct", { target: "alice", by, details: { to: "user", event: "hi", id: direct["id"], delivered: 1 } }],
      ["direct", { target: socketId, by, details: { to: "socket", event: "hi", id: other["id"], delivered: 1 } }],
      ["notify", { target: "alice", by, details: { users: ["alice"], count: 1, delivered: 1 } }],
      ["notify", { target: null, by, details: { users: users.slice(0, 20), count: 25, delivered: 0 } }],
      ["issueToken", { target: "bob", by, details: { permissions: ["client"], expiresAt: issued["expiresAt"] } }],
      ["issueToken", { target: "bob", by, details: { room: "/r", expiresAt: room["expiresAt"] } }],
      ["disconnect", { target: socketId, by, details: null }],
      ["revoke", { target: "carol", by, details: { disconnected: 0 } }],
      ["signOut", { target: null, by, details: null }],
    ]);
  });

  it("has of back ends what they ended, and not what they sent", async () => {
    const tenantId = "a-back-end";
    const service = bearer(await node.token("robot", { tenantId, roles: ["service"] }));
    const key = { "X-Api-Key": KEY, "X-Tenant-Id": tenantId };
    for (const headers of [service, key]) {
      await node.call("/api/socket/broadcast", { headers, json: { channel: "news", event: "posted" } });
      await node.call("/api/socket/notify", { headers, json: { users: ["u"], message: 1 } });
      await node.call("/api/socket/revoke", { headers, json: { userId: "carol" } });
    }
    await node.call("/auth/token", { headers: key, json: { userId: "u" } });
    // What did not come about is not written down.
    expect((await node.call("/api/socket/connections/none", { method: "DELETE", headers: key })).status).toBe(404);
    const details = { disconnected: 0 };
    expect(await log(tenantId)).toEqual([
      ["revoke", { target: "carol", by: { userId: "robot", via: "token" }, details }],
      ["revoke", { target: "carol", by: { userId: null, via: "key" }, details }],
    ]);
  });

  it("of an operator stands in the tenant where it acted", async () => {
    const headers = await session({ token: await node.token("op", { tenantId: "a-home", roles: ["operator"] }) });
    const far = { ...headers, "X-Tenant-Id": "a-far" };
    await node.call("/api/socket/revoke", { headers: far, json: { userId: "carol" } });
    expect(await log("a-far")).toMatchObject([["revoke", { by: { userId: "op", via: "session" } }]]);
    expect(await log("a-home")).toMatchObject([["signIn", {}]]);
  });

  it("is read by admins of the tenant and operators, in parts, and by nobody else", async () => {
    const tenantId = "acme";
    for (const userId of ["u1", "u2", "u3"])
      await node.call("/api/socket/revoke", {
        headers: { "X-Api-Key": KEY, "X-Tenant-Id": tenantId },
        json: { userId },
      });
    const admin = bearer(await node.token("root", { tenantId, roles: ["admin"] }));
    const operator = bearer(await node.token("op", { tenantId: "home", roles: ["operator"] }));
    const key = { "X-Api-Key": ACME_ADMIN_KEY, "X-Tenant-Id": tenantId };
    for (const headers of [admin, { ...operator, "X-Tenant-Id": tenantId }, key]) {
      const newest = await node.call("/api/socket/audit?limit=2", { headers });
      const { events, position } = newest.body as { events: RealtimeEvent[]; position: { epoch: string } };
      expect(events.map(({ payload }) => (payload as { target: string }).target)).toEqual(["u2", "u3"]);
      const { body } = await node.call(`/api/socket/audit?epoch=${position.epoch}&offset=0&limit=1`, { headers });
      expect((body as { events: RealtimeEvent[] }).events).toMatchObject([{ payload: { target: "u1" } }]);
    }
    const service = bearer(await node.token("robot", { tenantId, roles: ["service"] }));
    const client = bearer(await node.token("alice", { tenantId }));
    for (const headers of [service, client, { "X-Api-Key": ACME_KEY, "X-Tenant-Id": tenantId }])
      expect((await node.call("/api/socket/audit", { headers })).status).toBe(403);
    const elsewhere = { ...admin, "X-Tenant-Id": "other" };
    expect((await node.call("/api/socket/audit", { headers: elsewhere })).status).toBe(403);
    const foreign = bearer(await node.token("root", { tenantId: "other", roles: ["admin"] }));
    expect((await node.call("/api/socket/audit", { headers: foreign })).body).toMatchObject({ events: [] });
  });

  it("that cannot be written undoes nothing, and is told to the observer", async () => {
    const failed = vi.fn();
    const broker = new MemoryBroker({ clock: systemClock, limits: DEFAULT_LIMITS });
    const one = await TestNode.start({ gateway: { broker, observer: { failed } } });
    vi.spyOn(broker, "publish").mockRejectedValue(new Error("away"));
    expect(await one.call("/api/socket/revoke", { json: { userId: "u" } })).toMatchObject({ status: 200 });
    expect(failed).toHaveBeenCalledWith("audit", expect.objectContaining({ message: "away" }));
    await one.close();
  });
});

describe("room tokens by REST", () => {
  it("open their room to their user, in the caller's tenant", async () => {
    const tenantId = "r-tokens";
    const one = await TestNode.start({ gateway: { channels: [{ match: "secret:**", subscribe: "roomToken" }] } });
    const admin = bearer(await one.token("root", { tenantId, roles: ["admin"] }));
    const json = { userId: "alice", room: "secret:1", expiresIn: 60 };
    const issued = await one.call("/auth/room-token", { headers: admin, json });
    const { token, expiresAt } = issued.body as { token: string; expiresAt: number };
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(60_000);
    const [alice, bob, stranger] = [
      await one.connect(await one.token("alice", { tenantId })),
      await one.connect(await one.token("bob", { tenantId })),
      await one.connect(await one.token("alice", { tenantId: "other" })),
    ];
    expect(await alice.emitWithAck("subscribe", { topic: "secret:1", token })).toMatchObject({ ok: true });
    for (const [socket, topic] of [
      [alice, "secret:2"],
      [bob, "secret:1"],
      [stranger, "secret:1"],
    ] as const)
      expect(await socket.emitWithAck("subscribe", { topic, token })).toMatchObject({ ok: false });
    await one.close();
  });

  it("are for those who may issue tokens, and for rooms that there can be", async () => {
    const json = { userId: "alice", room: "/r" };
    const status = async (headers: Record<string, string>, body: unknown = json): Promise<number> =>
      (await node.call("/auth/room-token", { headers, json: body })).status;
    const token = async (...roles: ("service" | "admin" | "operator" | "client")[]) =>
      bearer(await node.token("root", { tenantId: "acme", roles }));
    expect(await status(await token("admin"))).toBe(200);
    expect(await status({ ...(await token("operator")), "X-Tenant-Id": "other" })).toBe(200);
    expect(await status({ "X-Api-Key": ACME_KEY, "X-Tenant-Id": "acme" })).toBe(200);
    expect(await status(await token("service"))).toBe(403);
    expect(await status(await token("client"))).toBe(403);
    expect(await status({ ...(await token("admin")), "X-Tenant-Id": "other" })).toBe(403);
    expect(await status({})).toBe(401);
    const admin = await token("admin");
    expect(await status(admin, { ...json, room: "@audit" })).toBe(403);
    for (const wrong of [{ room: "a b" }, { room: "" }, { userId: "" }, { expiresIn: 0 }, { expiresIn: 1e9 }, { x: 1 }])
      expect(await status(admin, { ...json, ...wrong }), JSON.stringify(wrong)).toBe(400);
  });
});
