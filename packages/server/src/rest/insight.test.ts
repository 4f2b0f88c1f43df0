import { MemoryPresenceStore, MemoryRevocations, systemClock, type Broker, type ChannelRule } from "@roomcast/core";
import { TestCluster } from "@roomcast/core/testing";
import { SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { ACME_KEY, KEY, next, SECRET, TestNode } from "../../test/harness.ts";
import { RawClient } from "../../test/raw-client.ts";

const T = "t-insight";
const BACKLOG_BYTES = 64 * 1024;
const PATIENCE = { timeout: 15_000, interval: 20 };
const headers = { "X-Api-Key": KEY, "X-Tenant-Id": T };

const channels: readonly ChannelRule[] = [
  { match: "closed:**", subscribe: "nobody" },
  { match: "feed", slow: "disconnect", keep: false },
  { match: "board", slow: "resync" },
  {
    match: "orders:{id}",
    subscribe: (_principal, { id }) => id === "open",
    publish: "service",
    keep: { size: 5, seconds: 60 },
    events: { created: z.object({ total: z.number() }) },
  },
];

let cluster: TestCluster;
let one: TestNode;
let two: TestNode;
/** Whether node two keeps its answers to itself. */
let mute = false;
const raw: RawClient[] = [];

beforeAll(async () => {
  cluster = new TestCluster({ clock: systemClock });
  const presence = new MemoryPresenceStore();
  const revocations = new MemoryRevocations({ clock: systemClock });
  const start = async (nodeId: string, broker: Broker): Promise<TestNode> =>
    await TestNode.start({
      limits: { backlogBytes: BACKLOG_BYTES },
      gateway: { broker, presence, revocations, nodeId, channels },
    });
  one = await start("one", cluster.broker());
  const broker = cluster.broker();
  two = await start("two", {
    start: (nodeId, reader) => broker.start(nodeId, reader),
    publish: (address, draft, options) => broker.publish(address, draft, options),
    subscribe: (address) => broker.subscribe(address),
    history: (address, keep, query) => broker.history(address, keep, query),
    signal: async (address, signal) => {
      if (!mute || signal.type !== "answer") await broker.signal(address, signal);
    },
  });
  for (const { gateway } of [one, two]) await gateway.ready();
});
afterEach(() => {
  for (const client of raw.splice(0)) client.close();
});
afterAll(async () => {
  await one.close();
  await two.close();
  await cluster.close();
});

interface Incident {
  readonly kind: string;
  readonly code: string;
  readonly at: number;
}
interface User {
  readonly connections: readonly { readonly socketId: string }[];
  readonly incidents: readonly Incident[];
}

async function get<Body>(node: TestNode, path: string): Promise<Body> {
  const answer = await node.call(path, { headers });
  expect(answer, path).toMatchObject({ status: 200 });
  return answer.body as Body;
}

const user = async (userId: string): Promise<User> => await get(one, `/api/socket/users/${userId}`);

describe("a user who says that notifications stopped", () => {
  it("is not connected: when it went and why, on any node; or nothing is known", async () => {
    const socket = await two.connect(await two.token("gone", { tenantId: T }));
    const { id } = socket;
    const before = Date.now();
    socket.disconnect();
    await vi.waitFor(async () => expect((await user("gone")).incidents.length).toBe(1), PATIENCE);
    const report = await user("gone");
    expect(report).toEqual({
      userId: "gone",
      connections: [],
      revokedAt: null,
      incidents: [
        { at: expect.any(Number), nodeId: "two", kind: "ended", code: "client", socketId: id, dialect: "native" },
      ],
      unreachable: [],
    });
    expect(Math.abs((report.incidents[0]?.at ?? 0) - before)).toBeLessThan(10_000);
    expect(await user("4712")).toEqual({
      userId: "4712",
      connections: [],
      revokedAt: null,
      incidents: [],
      unreachable: [],
    });
  });

  it("is not connected: its tokens were revoked, and the next arrival was refused", async () => {
    const token = await two.token("voided", { tenantId: T });
    const socket = await two.connect(token);
    const closed = next(socket, "closing");
    await one.call("/api/socket/revoke", { headers, json: { userId: "voided" } });
    await closed;
    await expect(two.connect(token)).rejects.toMatchObject({ data: { code: "UNAUTHENTICATED" } });
    expect(await user("voided")).toMatchObject({
      connections: [],
      revokedAt: expect.any(Number),
      incidents: [
        { kind: "refused", code: "UNAUTHENTICATED", command: "connect", message: "The token has been revoked" },
        { kind: "ended", code: "REVOKED", message: "The connection was ended by an operator" },
      ],
    });
  });

  it("is not connected: its client shows a token that has expired, and no forged one counts", async () => {
    const now = Math.floor(Date.now() / 1000);
    const expired = async (secret: string, audience = "any"): Promise<string> =>
      await new SignJWT({ tenantId: T })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject("late")
        .setAudience(audience)
        .setIssuedAt(now - 600)
        .setExpirationTime(now - 60)
        .sign(new TextEncoder().encode(secret));
    await expect(two.connect(await expired("somebody else's secret, of more than 32"))).rejects.toMatchObject({
      data: { code: "UNAUTHENTICATED" },
    });
    await expect(two.connect(await expired(SECRET, "roomcast:room"))).rejects.toMatchObject({ data: {} });
    expect((await user("late")).incidents).toEqual([]);
    for (let i = 0; i < 2; i++) {
      await expect(two.connect(await expired(SECRET))).rejects.toMatchObject({ data: { code: "TOKEN_EXPIRED" } });
    }
    expect(await user("late")).toMatchObject({
      connections: [],
      incidents: [
        { nodeId: "two", kind: "refused", code: "TOKEN_EXPIRED", command: "connect", dialect: "native", times: 2 },
      ],
    });
  });

  it("is connected and not subscribed", async () => {
    const socket = await two.connect(await two.token("idle", { tenantId: T }));
    const { connections, incidents } = await user("idle");
    expect([connections.map(({ socketId }) => socketId), incidents]).toEqual([[socket.id], []]);
    const path = `/api/socket/connections/${socket.id}`;
    expect(await get(one, path)).toMatchObject({ userId: "idle", subscriptions: [], incidents: [] });
    await socket.emitWithAck("subscribe", { topic: "notifications:idle" });
    expect(await get(one, path)).toMatchObject({
      subscriptions: [
        { channel: "notifications:idle", own: false, subscriptionId: "subscription_1", joined: false, by: "rule" },
      ],
    });
  });

  it("is refused by a rule, which one, and that one again", async () => {
    const socket = await two.connect(await two.token("refused", { tenantId: T }));
    for (let i = 0; i < 3; i++) {
      expect(await socket.emitWithAck("subscribe", { topic: "closed:x" })).toMatchObject({ ok: false });
    }
    const message = "You may not follow this channel";
    expect(await user("refused")).toMatchObject({
      connections: [{ socketId: socket.id }],
      incidents: [
        {
          nodeId: "two",
          kind: "refused",
          code: "FORBIDDEN",
          command: "subscribe",
          channel: "closed:x",
          message,
          times: 3,
        },
      ],
    });
    expect(await get(one, `/api/socket/connections/${socket.id}`)).toMatchObject({
      totals: { commands: 3, refused: 3 },
      incidents: [{ kind: "refused", channel: "closed:x" }],
    });
    const no = { allowed: false, code: "FORBIDDEN", message: expect.stringMatching(/^You may not /) };
    const json = { channel: "closed:x", socketId: socket.id };
    expect(await one.call("/api/socket/rules/test", { headers, json })).toMatchObject({
      status: 200,
      body: {
        kind: "rule",
        index: 0,
        match: "closed:**",
        rights: { subscribe: "nobody", presence: "nobody", history: "nobody", publish: "member" },
        decisions: { subscribe: { ...no, message }, presence: no, history: no, publish: no },
      },
    });
  });

  /** A client that follows a channel on node two and then reads nothing; its id. */
  const stuck = async (userId: string, topic: string): Promise<string> => {
    const token = await two.token(userId, { tenantId: T });
    const client = await RawClient.connect({
      port: Number(new URL(two.url).port),
      transport: "websocket",
      auth: { token },
      onEvent: () => undefined,
    });
    raw.push(client);
    expect(await client.ask("subscribe", { topic })).toMatchObject({ ok: true });
    client.stop();
    return (await user(userId)).connections[0]?.socketId ?? "";
  };

  /** Publishes until the user has an incident. */
  const overwhelm = async (userId: string, name: string): Promise<void> => {
    const data = "x".repeat(32 * 1024);
    for (let n = 0; n < 2000; n++) {
      await one.gateway.publish({ tenantId: T, name }, "e", data);
      if (n % 20 === 0 && (await user(userId)).incidents.length > 0) return;
    }
    throw new Error("The client kept up with everything");
  };

  it("is slow and was dropped", { timeout: 30_000 }, async () => {
    const socketId = await stuck("slow", "feed");
    await overwhelm("slow", "feed");
    expect(await user("slow")).toMatchObject({
      connections: [],
      incidents: [{ nodeId: "two", kind: "ended", code: "SLOW_CONSUMER", socketId, message: expect.any(String) }],
    });
    expect((await one.call(`/api/socket/connections/${socketId}`, { headers })).status).toBe(404);
  });

  it("is slow, and misses events until it reads", { timeout: 30_000 }, async () => {
    const socketId = await stuck("lagging", "board");
    await overwhelm("lagging", "board");
    expect(await user("lagging")).toMatchObject({
      connections: [{ socketId }],
      incidents: [{ nodeId: "two", kind: "dropped", code: "SLOW_CONSUMER", socketId, channel: "board" }],
    });
    const details = await get<{
      backlog: { bytes: number };
      totals: { events: number; dropped: number; bytes: number };
    }>(one, `/api/socket/connections/${socketId}`);
    expect(details).toMatchObject({
      subscriptions: [{ channel: "board", lagging: true }],
      backlog: { limit: BACKLOG_BYTES, overloaded: true },
      incidents: [{ kind: "dropped" }],
    });
    const { backlog, totals } = details;
    expect(backlog.bytes).toBeGreaterThan(BACKLOG_BYTES);
    expect(Math.min(totals.events, totals.dropped)).toBeGreaterThan(0);
    expect(totals.bytes).toBeGreaterThan(totals.events * 32 * 1024);
    raw[0]?.resume();
    await vi.waitFor(async () => {
      expect(await get(one, `/api/socket/connections/${socketId}`)).toMatchObject({
        subscriptions: [{ lagging: false }],
        backlog: { bytes: 0, overloaded: false },
      });
    }, PATIENCE);
  });
});

describe("details of a connection", () => {
  it("tell of its principal, and what else its token said, and of no secret", async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({
      tenantId: T,
      permissions: ["client", "other"],
      channels: { "x:**": ["subscribe"] },
      info: { name: "Ann" },
      email: "ann@example.com",
      type: "access",
      department: "sales",
      nested: { a: 1, refresh_token: "hidden-1" },
      access_token: "hidden-2",
      password: "hidden-3",
    })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject("ann")
      .setIssuer("https://issuer.example")
      .setIssuedAt(now)
      .setExpirationTime(now + 600)
      .sign(new TextEncoder().encode(SECRET));
    const socket = await two.connect(token, ["polling"]);
    const filter = { status: ["open", "new"], total: { gte: 5, lt: 9 } };
    await socket.emitWithAck("subscribe", { topic: "x:1", filter });
    await socket.emitWithAck("join", { channel: "room" });
    for (const node of [one, two]) {
      const details = await get(node, `/api/socket/connections/${socket.id}`);
      expect(details).toMatchObject({
        socketId: socket.id,
        userId: "ann",
        transport: "polling",
        channels: ["x:1", "room"],
        principal: {
          userId: "ann",
          tenantId: T,
          roles: ["client"],
          anonymous: false,
          grants: { "x:**": ["subscribe"] },
          grantsOnly: false,
          info: { name: "Ann" },
          email: "ann@example.com",
          issuedAt: now * 1000,
          expiresAt: (now + 600) * 1000,
        },
        subscriptions: [
          { channel: "x:1", filter, joined: false, by: "rule", lagging: false },
          { channel: "room", subscriptionId: "", joined: true },
        ],
        backlog: { limit: BACKLOG_BYTES, overloaded: false },
      });
      expect((details as { claims: unknown }).claims).toEqual({
        department: "sales",
        nested: { a: 1 },
        iss: "https://issuer.example",
      });
      const text = JSON.stringify(details);
      expect(text).not.toContain("hidden");
      expect(text).not.toContain(token);
      expect((details as { totals: { bytes: number } }).totals.bytes).toBeGreaterThan(100);
    }
    const plain = await two.connect(await two.token("plain", { tenantId: T }));
    expect(await get(one, `/api/socket/connections/${plain.id}`)).not.toHaveProperty("claims");
  });

  it("are nobody's of another tenant, nor the user's incidents", async () => {
    const socket = await two.connect(await two.token("mine", { tenantId: T }));
    await socket.emitWithAck("subscribe", { topic: "closed:x" });
    const token = await one.token("boss", { tenantId: "t-else", roles: ["admin"] });
    for (const other of [{ "X-Api-Key": KEY, "X-Tenant-Id": "t-else" }, { Authorization: `Bearer ${token}` }]) {
      const paths = [`connections/${socket.id}`, "connections/nobody"];
      for (const path of paths) expect((await one.call(`/api/socket/${path}`, { headers: other })).status).toBe(404);
      const json = { channel: "x", socketId: socket.id };
      expect((await one.call("/api/socket/rules/test", { headers: other, json })).status).toBe(404);
      expect((await one.call("/api/socket/users/mine", { headers: other })).body).toMatchObject({
        connections: [],
        incidents: [],
      });
    }
    const stranger = { "X-Api-Key": ACME_KEY, "X-Tenant-Id": "acme" };
    expect((await one.call(`/api/socket/connections/${socket.id}`, { headers: stranger })).status).toBe(403);
  });

  it(
    "are UNAVAILABLE while its node does not answer, which the report of its user names",
    { timeout: 20_000 },
    async () => {
      const socket = await two.connect(await two.token("away", { tenantId: T }));
      const path = `/api/socket/connections/${socket.id}`;
      mute = true;
      try {
        const begun = performance.now();
        const json = { channel: "x", socketId: socket.id };
        const answers = await Promise.all([
          one.call(path, { headers }),
          one.call("/api/socket/rules/test", { headers, json }),
        ]);
        for (const answer of answers) expect(answer).toMatchObject({ status: 503, body: { error: "UNAVAILABLE" } });
        expect(await user("away")).toMatchObject({ connections: [{ socketId: socket.id }], unreachable: ["two"] });
        expect(performance.now() - begun).toBeLessThan(8000);
        // It knows its own.
        await get(two, path);
      } finally {
        mute = false;
      }
      await get(one, path);
    },
  );
});

describe("rules", () => {
  const schema = {
    type: "object",
    properties: { total: { type: "number" } },
    required: ["total"],
  };

  it("are told of a channel, with what may be published as JSON Schemas", async () => {
    await one.gateway.publish({ tenantId: T, name: "orders:open" }, "created", { total: 1 });
    const socket = await two.connect(await two.token("buyer", { tenantId: T }));
    await socket.emitWithAck("join", { channel: "orders:open" });
    const rule = {
      kind: "rule",
      index: 3,
      match: "orders:{id}",
      params: { id: "open" },
      rights: { subscribe: "function", presence: "function", history: "function", publish: "service" },
      keep: { size: 5, seconds: 60 },
      slow: "disconnect",
      events: { created: schema },
    };
    await vi.waitFor(async () => {
      expect(await get(one, "/api/socket/channels/orders:open")).toEqual({
        name: "orders:open",
        memberCount: 1,
        subscriberCount: 1,
        position: { epoch: expect.any(String), offset: 1 },
        rule,
      });
    }, PATIENCE);
    expect(await get(one, "/api/socket/channels/feed")).toEqual({
      name: "feed",
      memberCount: 0,
      subscriberCount: 0,
      position: null,
      rule: expect.objectContaining({ index: 1, keep: false, events: null }),
    });
    expect(await get(one, "/api/socket/channels/%2Fa%2Fb")).toMatchObject({
      name: "/a/b",
      rule: { kind: "none", index: null, match: null, rights: { subscribe: "authenticated", publish: "member" } },
    });
  });

  it("are tried for a user, a visitor and nobody", async () => {
    const test = async (json: object): Promise<unknown> =>
      (await one.call("/api/socket/rules/test", { headers, json })).body;
    const yes = { allowed: true, by: "rule" };
    const no = { allowed: false, code: "FORBIDDEN" };
    expect(await test({ channel: "orders:open" })).toMatchObject({ index: 3, decisions: null });
    expect(await test({ channel: "orders:open", userId: "u" })).toMatchObject({
      decisions: { subscribe: yes, presence: yes, history: yes, publish: no },
    });
    expect(await test({ channel: "orders:shut", userId: "u" })).toMatchObject({ decisions: { subscribe: no } });
    expect(await test({ channel: "orders:open", userId: "u", roles: ["service"] })).toMatchObject({
      decisions: { publish: yes },
    });
    expect(await test({ channel: "chat", userId: "u" })).toMatchObject({ kind: "none", decisions: { publish: yes } });
    expect(await test({ channel: "chat", anonymous: true })).toMatchObject({
      decisions: { subscribe: no, publish: no },
    });
    expect(await test({ channel: "user:u", userId: "u" })).toMatchObject({
      kind: "builtIn",
      match: "user:{userId}",
      params: { userId: "u" },
      decisions: { subscribe: yes, publish: no },
    });
    expect(await test({ channel: "user:v", userId: "u" })).toMatchObject({ decisions: { subscribe: no } });
  });

  it("are listed in order for operators", async () => {
    const rules = await get<readonly { kind: string; match: string; index: number | null }[]>(
      one,
      "/api/cluster/rules",
    );
    expect(rules.map(({ kind, match, index }) => [kind, match, index])).toEqual([
      ["builtIn", "user:{userId}", null],
      ["builtIn", "notifications:{userId}", null],
      ["builtIn", "org:{tenantId}", null],
      ["rule", "closed:**", 0],
      ["rule", "feed", 1],
      ["rule", "board", 2],
      ["rule", "orders:{id}", 3],
    ]);
    expect(rules.at(-1)).toMatchObject({ params: {}, events: { created: schema } });
  });
});
