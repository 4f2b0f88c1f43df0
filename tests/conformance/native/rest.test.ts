import { describe, expect, it } from "vitest";
import type { Client } from "./client.ts";
import { unique, useTarget, type CallOptions, type Response } from "./suite.ts";
import { roomKey, seconds, sign, unsigned } from "./tokens.ts";
import { STATUS, type Member, type Position, type RealtimeEvent } from "./wire.ts";

const suite = useTarget("main");

const SERVICE_KEY = "conformance-key-of-a-service";
const ADMIN_KEY = "conformance-key-of-an-admin";
const CLIENT_KEY = "conformance-key-of-a-client";

/** Every call under /api, as it would be right. */
const CALLS: [method: string, path: string, body: object | undefined][] = [
  ["GET", "/api/socket/channels", undefined],
  ["GET", "/api/socket/channels/a/members", undefined],
  ["GET", "/api/socket/channels/a/history", undefined],
  ["GET", "/api/socket/connections", undefined],
  ["GET", "/api/socket/connections/list", undefined],
  ["DELETE", "/api/socket/connections/none", undefined],
  ["POST", "/api/socket/broadcast", { channel: "a", event: "e" }],
  ["POST", "/api/socket/direct", { userId: "a", event: "e" }],
  ["POST", "/api/socket/notify", { users: ["a"], message: 1 }],
  ["POST", "/api/socket/revoke", { userId: "nobody-at-all" }],
];
const AUTH_CALLS: typeof CALLS = [
  ["POST", "/auth/token", { userId: "a" }],
  ["POST", "/auth/verify", { token: "a" }],
];

function expectError(answer: Response, code: string): void {
  expect({ status: answer.status, body: answer.body }).toEqual({
    status: STATUS[code],
    body: expect.toSatisfy((body: unknown) => {
      const { error, message, details, ...others } = body as { error?: unknown; message?: unknown; details?: unknown };
      const fine = details === undefined || (typeof details === "object" && details !== null);
      return (
        error === code && typeof message === "string" && message !== "" && fine && Object.keys(others).length === 0
      );
    }, `an error ${code}`),
  });
}

/** A channel as a piece of a path. */
const piece = (channel: string): string => encodeURIComponent(channel);

/** The address of the next page. */
function next(answer: Response): string | undefined {
  const link = answer.headers.get("link");
  if (link === null) return undefined;
  const [, address, relation] = /^<([^>]+)>; rel="?([^"]+)"?$/.exec(link) ?? [];
  expect(relation).toBe("next");
  const url = new URL(address ?? "", suite.backEndUrl);
  return `${url.pathname}${url.search}`;
}

async function pages<Entry>(path: string, options: CallOptions = {}): Promise<Entry[][]> {
  const found: Entry[][] = [];
  // A cursor of one node is good at the others too.
  const { urls } = suite.target;
  for (let at: string | undefined = path; at !== undefined;) {
    const url = urls[found.length % urls.length] as string;
    const answer: Response<Entry[]> = await suite.call<Entry[]>(at, { url, ...options });
    expect(answer.status).toBe(200);
    found.push(answer.body);
    at = next(answer);
  }
  return found;
}

describe("9. REST", () => {
  describe("who may call", () => {
    it.each([...CALLS, ...AUTH_CALLS])("%s %s takes no caller without credentials", async (method, path, body) => {
      expectError(await suite.call(path, { method, body, token: null }), "UNAUTHENTICATED");
    });

    it.each([...CALLS, ...AUTH_CALLS])(
      "%s %s is forbidden for `client` tokens and keys",
      async (method, path, body) => {
        expectError(await suite.call(path, { method, body, token: suite.token("ann") }), "FORBIDDEN");
        if (path.startsWith("/api"))
          expectError(await suite.call(path, { method, body, apiKey: CLIENT_KEY }), "FORBIDDEN");
      },
    );

    it.each(CALLS)("%s %s takes `service`, `admin` and `operator` tokens", async (method, path, body) => {
      for (const role of ["service", "admin", "operator"]) {
        const { status } = await suite.call(path, {
          method,
          body,
          token: suite.token("ann", { permissions: [role], tenantId: unique("t-") }),
        });
        expect(status).toBe(method === "DELETE" ? 404 : 200);
      }
    });

    it.each<[string, () => string]>([
      [
        "a forged one",
        () => sign(suite.claims("ann", { permissions: ["admin"] }), { secret: "another secret that is long enough" }),
      ],
      ["one of the algorithm none", () => unsigned(suite.claims("ann", { permissions: ["admin"] }))],
      ["a room token", () => suite.roomToken({ room: "a", userId: "ann" }, { permissions: ["admin"] })],
      [
        "one that is signed with the room tokens' key",
        () => sign(suite.claims("ann", { permissions: ["admin"] }), { secret: roomKey(suite.secret) }),
      ],
      ["one without `sub`", () => suite.token("ann", { permissions: ["admin"], sub: undefined })],
      ["one of a malformed tenant", () => suite.token("ann", { permissions: ["admin"], tenantId: "a b" })],
      [
        "an oversized one",
        () => suite.token("ann", { permissions: ["admin"], filler: "x".repeat(8_000) }).slice(0, -2),
      ],
      ["nonsense", () => "nonsense"],
    ])("refuses %s", async (_, token) => {
      expectError(await suite.call("/api/socket/connections", { token: token() }), "UNAUTHENTICATED");
    });

    it("refuses an expired token with TOKEN_EXPIRED", async () => {
      const token = suite.token("ann", { permissions: ["admin"], iat: seconds() - 100, exp: seconds() - 50 });
      expectError(await suite.call("/api/socket/connections", { token }), "TOKEN_EXPIRED");
    });

    it.each([
      "nonsense",
      "",
      "conformance-key-for-everythin",
      "conformance-key-for-everything ".trim().toUpperCase(),
      "x".repeat(5000),
    ])("refuses the key %j", async (apiKey) => {
      expectError(await suite.call("/api/socket/connections", { apiKey }), "UNAUTHENTICATED");
    });

    it.each(["Basic YTpi", "Bearer", "Bearer ", "bearer a b", "Token x"])(
      "refuses `Authorization: %s`",
      async (authorization) => {
        expectError(
          await suite.call("/api/socket/connections", { token: null, headers: { Authorization: authorization } }),
          "UNAUTHENTICATED",
        );
      },
    );

    it("refuses a token and a key at once with 400", async () => {
      const headers = { Authorization: `Bearer ${suite.token("ann", { permissions: ["admin"] })}` };
      expectError(await suite.call("/api/socket/connections", { headers }), "INVALID_PAYLOAD");
      expectError(await suite.call("/auth/token", { headers, body: { userId: "a" } }), "INVALID_PAYLOAD");
    });

    it("takes no token from the query string, a cookie, or the body", async () => {
      const token = suite.token("ann", { permissions: ["admin"] });
      expectError(
        await suite.call(`/api/socket/connections?token=${token}&access_token=${token}`, { token: null }),
        "UNAUTHENTICATED",
      );
      expectError(
        await suite.call("/api/socket/connections", { token: null, headers: { Cookie: `token=${token}` } }),
        "UNAUTHENTICATED",
      );
      expectError(
        await suite.call("/api/socket/broadcast", { token: null, body: { channel: "a", event: "e", token } }),
        "UNAUTHENTICATED",
      );
    });

    it("takes a token's tenant from the token; a header changes nothing, or is refused", async () => {
      const [own, other] = [unique("t-"), unique("t-")];
      const token = suite.token("ann", { permissions: ["service"], tenantId: own });
      await suite.user("bob", { tenantId: other });
      expect((await suite.call("/api/socket/connections", { token })).body).toEqual({ count: 0 });
      const answer = await suite.call("/api/socket/connections", { token, headers: { "X-Tenant-Id": other } });
      if (answer.status === 200) expect(answer.body).toEqual({ count: 0 });
      else expectError(answer, "FORBIDDEN");
    });

    it("takes a key's tenant from `X-Tenant-Id`, else `default`, and only within its scope", async () => {
      const call = (apiKey: string, headers: Record<string, string> = {}): Promise<Response> =>
        suite.call("/api/socket/broadcast", {
          token: null,
          headers: { "X-Api-Key": apiKey, ...headers },
          body: { channel: unique("c:"), event: "e" },
        });
      expect((await call(SERVICE_KEY, { "X-Tenant-Id": "scoped-a" })).status).toBe(200);
      expect((await call(SERVICE_KEY, { "X-Tenant-Id": "scoped-b" })).status).toBe(200);
      expectError(await call(SERVICE_KEY, { "X-Tenant-Id": "scoped-c" }), "FORBIDDEN");
      expectError(await call(SERVICE_KEY), "FORBIDDEN");
      const channel = unique("open:");
      const visitor = await suite.connect({ auth: { token: null } });
      await visitor.ok("subscribe", { topic: channel });
      await suite.call("/api/socket/broadcast", {
        token: null,
        headers: { "X-Api-Key": suite.target.apiKey },
        body: { channel, event: "e" },
      });
      await visitor.eventsOf(channel, 1);
      for (const tenantId of ["a b", "a/b", "*", "é".normalize("NFC"), "t".repeat(129)]) {
        const answer = await call(suite.target.apiKey, { "X-Tenant-Id": tenantId });
        expectError(answer, "INVALID_PAYLOAD");
      }
    });
  });

  describe("GET /api/socket/channels", () => {
    interface Channel {
      readonly name: string;
      readonly memberCount: number;
      readonly subscriberCount: number;
    }

    it("lists channels with their counts, of the own tenant only", async () => {
      const tenantId = unique("t-");
      const [one, two, service] = [
        await suite.user("ann", { tenantId }),
        await suite.user("bob", { tenantId }),
        await suite.user("cid", { tenantId }),
      ];
      const foreign = await suite.user("ann", { tenantId: unique("t-") });
      await one.ok("subscribe", { topic: "a:1" });
      await one.ok("subscribe", { topic: "a:1", filter: { x: 1 } });
      await two.ok("join", { channel: "a:1" });
      await service.ok("subscribe", { topic: "b" });
      await foreign.ok("join", { channel: "a:1" });
      const { status, body } = await suite.call("/api/socket/channels", { tenantId });
      expect({ status, body }).toEqual({
        status: 200,
        body: [
          { name: "a:1", memberCount: 1, subscriberCount: 2 },
          { name: "b", memberCount: 0, subscriberCount: 1 },
        ],
      });
      expect(
        (await suite.call<Channel[]>("/api/socket/channels?prefix=a%3A", { tenantId })).body.map(({ name }) => name),
      ).toEqual(["a:1"]);
      expect((await suite.call<Channel[]>("/api/socket/channels?prefix=zzz", { tenantId })).body).toEqual([]);
      one.close();
      two.close();
      service.close();
      await expect.poll(async () => (await suite.call("/api/socket/channels", { tenantId })).body).toEqual([]);
    });

    it('has `Link: rel="next"` while there is more', async () => {
      const tenantId = unique("t-");
      const client = await suite.user("ann", { tenantId });
      const names = Array.from({ length: 25 }, (_, n) =>
        `c:${String(n).padStart(2, "0")} é/&?#%+`.replaceAll(" ", "_"),
      );
      for (const topic of names) await client.ok("subscribe", { topic });
      await client.ok("subscribe", { topic: "other" });
      const found = await pages<Channel>("/api/socket/channels?prefix=c:&limit=10", { tenantId });
      expect(found.map((page) => page.length)).toEqual([10, 10, 5]);
      expect(found.flat().map(({ name }) => name)).toEqual(names);
      expect(await pages<Channel>("/api/socket/channels?limit=26", { tenantId })).toHaveLength(1);
    });

    it("searches and sorts, page by page, and says how many there are", async () => {
      const tenantId = unique("t-");
      const [one, two] = [await suite.user("ann", { tenantId }), await suite.user("bob", { tenantId })];
      for (const topic of ["Chat:1", "chat:2", "other"]) await one.ok("subscribe", { topic });
      await two.ok("join", { channel: "chat:2" });
      await two.ok("join", { channel: "other" });
      await one.ok("join", { channel: "other" });
      const found = async (query: string) =>
        (await pages<Channel>(`/api/socket/channels?limit=1&${query}`, { tenantId })).flat().map(({ name }) => name);
      expect(await found("search=CHAT")).toEqual(["Chat:1", "chat:2"]);
      expect(await found("order=desc")).toEqual(["other", "chat:2", "Chat:1"]);
      expect(await found("sort=members")).toEqual(["other", "chat:2", "Chat:1"]);
      expect(await found("sort=subscribers&order=asc")).toEqual(["Chat:1", "chat:2", "other"]);
      const page = await suite.call("/api/socket/channels?limit=1&search=chat", { tenantId });
      expect(page.headers.get("x-total-count")).toBe("2");
      const next = /^<([^>]+)>/.exec(page.headers.get("link") ?? "")?.[1] as string;
      for (const other of ["sort=members", "order=desc", "search=other"]) {
        const query = new URLSearchParams(`${next.split("?")[1]}`);
        for (const [name, value] of new URLSearchParams(other)) query.set(name, value);
        expectError(await suite.call(`/api/socket/channels?${query.toString()}`, { tenantId }), "INVALID_PAYLOAD");
      }
    });

    it.each([
      "limit=0",
      "limit=-1",
      "limit=1001",
      "limit=1.5",
      "limit=x",
      "limit=",
      "limit=1e2",
      "limit=0x10",
      "sort=size",
      "order=up",
      `search=${"x".repeat(256)}`,
      `cursor=${"x".repeat(3000)}`,
    ])("refuses ?%s", async (query) => {
      expectError(await suite.call(`/api/socket/channels?${query}`), "INVALID_PAYLOAD");
    });

    it.each(["cursor=nonsense", "cursor=%00", "cursor=__proto__"])(
      "answers ?%s with a page or a refusal",
      async (query) => {
        const { status } = await suite.call(`/api/socket/channels?${query}`);
        expect([200, 400]).toContain(status);
      },
    );
  });

  describe("GET /api/socket/channels/:channel/members", () => {
    it.each([
      "chat:room1",
      "/companies/1/workspaces",
      "a%2Fb",
      "a?b=c&d#e",
      "é名😀",
      "..",
      ".",
      "a+b",
      "a%",
      "constructor",
    ])("lists the members of %j", async (channel) => {
      const ann = await suite.user("ann", { claims: { info: { name: "Ann" } } });
      await ann.ok("join", { channel, state: 1 });
      // A dot alone is nothing that an address can hold.
      const path = channel === "." || channel === ".." ? channel.replaceAll(".", "%2E") : piece(channel);
      const answer = await suite.call<Member[]>(`/api/socket/channels/${path}/members`);
      if (channel === "." || channel === "..") {
        expect([200, 404]).toContain(answer.status);
        return;
      }
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 200,
        body: [
          {
            socketId: ann.session.socketId,
            userId: "ann",
            joinedAt: expect.any(Number),
            info: { name: "Ann" },
            state: 1,
          },
        ],
      });
    });

    it("takes a bare colon", async () => {
      const ann = await suite.user("ann");
      await ann.ok("join", { channel: "bare:colon" });
      expect((await suite.call<Member[]>("/api/socket/channels/bare:colon/members")).body).toMatchObject([
        { userId: "ann" },
      ]);
    });

    it("answers `[]` for an unknown channel", async () => {
      const answer = await suite.call(`/api/socket/channels/${unique("c:")}/members`);
      expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: [] });
    });

    it("pages what is more than 256 KiB", async () => {
      const channel = unique("c:");
      const clients = await Promise.all(Array.from({ length: 70 }, (_, n) => suite.user(`${channel}${n % 5}`)));
      // One after the other: each is answered with the others' states.
      for (const client of clients) await client.ok("join", { channel, state: "x".repeat(4_000) });
      const found = await pages<Member>(`/api/socket/channels/${channel}/members`);
      expect(found.length).toBeGreaterThan(1);
      expect(
        found
          .flat()
          .map(({ socketId }) => socketId)
          .sort(),
      ).toEqual(clients.map(({ session }) => session.socketId).sort());
    });

    it.each(["%FF", "a%20b", "a%0Ab", "a%E2%80%8Bb", "a*b", "%7BuserId%7D", "x".repeat(256), "%", "%zz", "%E0%A4"])(
      "refuses %j",
      async (path) => {
        expectError(await suite.call(`/api/socket/channels/${path}/members`), "INVALID_PAYLOAD");
        expectError(await suite.call(`/api/socket/channels/${path}/history`), "INVALID_PAYLOAD");
      },
    );
  });

  describe("GET /api/socket/channels/:channel/history", () => {
    interface History {
      readonly events: readonly RealtimeEvent[];
      readonly position: Position;
    }
    const offsets = ({ body }: Response<History>): readonly (number | undefined)[] =>
      body.events.map(({ position }) => position?.offset);

    it("answers with events and position, by limit, epoch and offset", async () => {
      const channel = unique("topic:");
      for (let n = 1; n <= 12; n++) await suite.broadcast(channel, n);
      const all = await suite.call<History>(`/api/socket/channels/${channel}/history`);
      expect(all.status).toBe(200);
      expect(all.body).toEqual({ events: expect.any(Array), position: { epoch: expect.any(String), offset: 12 } });
      expect(offsets(all)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect(all.body.events[0]).toMatchObject({ topic: channel, payload: 1, source: "rest", position: { offset: 1 } });
      const { epoch } = all.body.position;
      expect(offsets(await suite.call(`/api/socket/channels/${channel}/history?limit=3`))).toEqual([10, 11, 12]);
      expect(
        offsets(await suite.call(`/api/socket/channels/${channel}/history?limit=3&epoch=${epoch}&offset=4`)),
      ).toEqual([5, 6, 7]);
      expect(offsets(await suite.call(`/api/socket/channels/${channel}/history?epoch=${epoch}&offset=12`))).toEqual([]);
    });

    it("of an unknown channel is empty, at 0", async () => {
      const { status, body } = await suite.call(`/api/socket/channels/${unique("c:")}/history`);
      expect({ status, body }).toEqual({
        status: 200,
        body: { events: [], position: { epoch: expect.any(String), offset: 0 } },
      });
    });

    it("says the same as the command", async () => {
      const channel = unique("topic:");
      for (let n = 1; n <= 3; n++) await suite.broadcast(channel, n);
      const client = await suite.user();
      expect((await suite.call(`/api/socket/channels/${channel}/history`)).body).toEqual(
        await client.ok("history", { channel }),
      );
    });

    it.each([
      "limit=0",
      "limit=1001",
      "limit=x",
      "epoch=a",
      "offset=1",
      "epoch=&offset=1",
      "epoch=a&offset=-1",
      "epoch=a&offset=1.5",
      "epoch=a&offset=x",
      "epoch=a&offset=9007199254740992",
    ])("refuses ?%s", async (query) => {
      expectError(await suite.call(`/api/socket/channels/a/history?${query}`), "INVALID_PAYLOAD");
    });
  });

  describe("GET /api/socket/connections", () => {
    it("counts the tenant's connections", async () => {
      const tenantId = unique("t-");
      expect(await suite.call("/api/socket/connections", { tenantId })).toMatchObject({
        status: 200,
        body: { count: 0 },
      });
      const clients = await Promise.all(["ann", "ann", "bob"].map((user) => suite.user(user, { tenantId })));
      expect((await suite.call("/api/socket/connections", { tenantId })).body).toEqual({ count: 3 });
      for (const client of clients) client.close();
      await expect
        .poll(async () => (await suite.call("/api/socket/connections", { tenantId })).body)
        .toEqual({ count: 0 });
    });
  });

  describe("GET /api/socket/connections/list", () => {
    it("lists them, all or a user's", async () => {
      const tenantId = unique("t-");
      const before = Date.now();
      // Which channels a connection follows is known at its own node alone.
      const url = suite.backEndUrl;
      const ann = await suite.user("a:b@c", { tenantId, url });
      const bob = await suite.user("bob", { tenantId, transports: ["polling"] });
      await ann.ok("subscribe", { topic: "one" });
      await ann.ok("join", { channel: "two" });
      const { status, body } = await suite.call<{ socketId: string; connectedAt: number; channels: unknown }[]>(
        "/api/socket/connections/list",
        { tenantId, url },
      );
      expect(status).toBe(200);
      expect([...body].sort((one) => (one.socketId === ann.session.socketId ? -1 : 1))).toEqual([
        {
          socketId: ann.session.socketId,
          userId: "a:b@c",
          dialect: "native",
          transport: "websocket",
          nodeId: expect.any(String),
          address: expect.any(String),
          connectedAt: expect.any(Number),
          channels: expect.toSatisfy(isTwo),
        },
        {
          socketId: bob.session.socketId,
          userId: "bob",
          dialect: "native",
          transport: "polling",
          nodeId: expect.any(String),
          address: expect.any(String),
          connectedAt: expect.any(Number),
          channels: expect.anything(),
        },
      ]);
      for (const { connectedAt } of body) expect(Math.abs(connectedAt - before)).toBeLessThan(60_000);
      expect((await suite.call("/api/socket/connections/list?userId=a%3Ab%40c", { tenantId })).body).toMatchObject([
        { userId: "a:b@c" },
      ]);
      expect((await suite.call("/api/socket/connections/list?userId=nobody", { tenantId })).body).toEqual([]);
    });

    it("looks for address, dialect, node and socket id, and says how many there are", async () => {
      const tenantId = unique("t-");
      const [ann, bob] = [await suite.user("ann", { tenantId }), await suite.user("bob", { tenantId })];
      const list = async (query: string) =>
        await suite.call<{ socketId: string; address: string; nodeId: string }[]>(
          `/api/socket/connections/list?${query}`,
          { tenantId },
        );
      const found = async (query: string) => (await list(query)).body.map(({ socketId }) => socketId).sort();
      const both = [ann.session.socketId, bob.session.socketId].sort();
      const { body, headers } = await list("");
      expect(headers.get("x-total-count")).toBe("2");
      for (const { socketId, address, nodeId } of body) {
        expect(nodeId).toBe((socketId === ann.session.socketId ? ann : bob).session.nodeId);
        expect(await found(`address=${piece(address)}`)).toEqual(both);
        expect(await found(`address=${piece(address.slice(0, 3))}&dialect=native`)).toEqual(both);
        expect(await found(`nodeId=${piece(nodeId)}&socketId=${piece(socketId)}&dialect=native`)).toEqual([socketId]);
      }
      expect(await found(`socketId=${piece(ann.session.socketId)}&userId=bob`)).toEqual([]);
      for (const query of ["address=203.0.113.9", "dialect=none", "nodeId=none"])
        expect(await found(query)).toEqual([]);
    });

    it("never shows a transport's session id", async () => {
      const tenantId = unique("t-");
      const ann = await suite.user("ann", { tenantId });
      const { id } = ann.socket.io.engine as unknown as { id: string };
      const { body } = await suite.call("/api/socket/connections/list", { tenantId });
      expect(id.length).toBeGreaterThan(5);
      expect(JSON.stringify([body, ann.heard])).not.toContain(id);
    });

    it('has `Link: rel="next"` while there is more', async () => {
      const tenantId = unique("t-");
      const clients = await Promise.all(Array.from({ length: 13 }, () => suite.user("ann", { tenantId })));
      const found = await pages<{ socketId: string }>("/api/socket/connections/list?limit=5&userId=ann", { tenantId });
      expect(found.map((page) => page.length)).toEqual([5, 5, 3]);
      expect(
        found
          .flat()
          .map(({ socketId }) => socketId)
          .sort(),
      ).toEqual(clients.map(({ session }) => session.socketId).sort());
    });

    it.each(["limit=0", "limit=1001", "userId=", "userId=a%20b", "address=", "dialect=", "nodeId=", "socketId="])(
      "refuses ?%s",
      async (query) => {
        expectError(await suite.call(`/api/socket/connections/list?${query}`), "INVALID_PAYLOAD");
      },
    );
  });

  describe("DELETE /api/socket/connections/:socketId", () => {
    it("ends that connection with REVOKED; it is out of every count before the answer", async () => {
      const tenantId = unique("t-");
      const [ann, other] = [await suite.user("ann", { tenantId }), await suite.user("ann", { tenantId })];
      const channel = unique("c:");
      await ann.ok("join", { channel });
      const { socketId } = ann.session;
      const answer = await suite.call(`/api/socket/connections/${piece(socketId)}`, { method: "DELETE", tenantId });
      expect({ status: answer.status, body: answer.body }).toEqual({ status: 204, body: null });
      expect((await suite.call("/api/socket/connections", { tenantId })).body).toEqual({ count: 1 });
      expect((await suite.call("/api/socket/connections/list", { tenantId })).body).toMatchObject([
        { socketId: other.session.socketId },
      ]);
      expect((await suite.call(`/api/socket/channels/${channel}/members`, { tenantId })).body).toEqual([]);
      expect((await suite.call("/api/socket/channels", { tenantId })).body).toEqual([]);
      expect(await ann.push("closing")).toEqual({ code: "REVOKED", message: expect.any(String), reconnect: false });
      expect(await ann.ended()).toBe("io server disconnect");
      expect(other.reason).toBeUndefined();
      expectError(
        await suite.call(`/api/socket/connections/${piece(socketId)}`, { method: "DELETE", tenantId }),
        "NOT_FOUND",
      );
    });

    it("finds no connection of another tenant", async () => {
      const ann = await suite.user("ann");
      expectError(
        await suite.call(`/api/socket/connections/${ann.session.socketId}`, {
          method: "DELETE",
          tenantId: unique("t-"),
        }),
        "NOT_FOUND",
      );
      await suite.fence(ann);
      expect(ann.reason).toBeUndefined();
    });
  });

  describe("POST /api/socket/broadcast", () => {
    it("answers with id and position; without history, with the id", async () => {
      const kept = await suite.call("/api/socket/broadcast", {
        body: { channel: unique("topic:"), event: "e", data: { n: 1 } },
      });
      expect({ status: kept.status, body: kept.body }).toEqual({
        status: 200,
        body: { id: expect.any(String), position: { epoch: expect.any(String), offset: 1 } },
      });
      const plain = await suite.call("/api/socket/broadcast", { body: { channel: unique("plain:"), event: "e" } });
      expect({ status: plain.status, body: plain.body }).toEqual({ status: 200, body: { id: expect.any(String) } });
    });

    it("takes an idempotency key", async () => {
      const channel = unique("topic:");
      const client = await suite.user();
      await client.ok("subscribe", { topic: channel });
      const body = { channel, event: "e", data: { n: 1 }, id: "key" };
      const first = await suite.call("/api/socket/broadcast", { body });
      const second = await suite.call("/api/socket/broadcast", { body });
      expect(first.body).toMatchObject({ id: "key", position: { offset: 1 } });
      expect(second.body).toEqual(first.body);
      expectError(await suite.call("/api/socket/broadcast", { body: { ...body, data: { n: 2 } } }), "CONFLICT");
      await suite.fence(client);
      expect(client.events(channel)).toHaveLength(1);
      expect(client.events(channel)[0]?.id).toBe("key");
    });

    it("reaches the tenant's readers only", async () => {
      const channel = unique("topic:");
      const foreign = await suite.user("ann", { tenantId: unique("t-") });
      await foreign.ok("subscribe", { topic: channel });
      await suite.broadcast(channel, 1);
      await suite.fence(foreign);
      expect(foreign.events(channel)).toEqual([]);
    });
  });

  describe("POST /api/socket/direct", () => {
    it("reaches a connection, or all of a user", async () => {
      const userId = unique("u-");
      const [one, two] = [await suite.user(userId), await suite.user(userId)];
      const direct = async (body: object): Promise<Response> =>
        suite.call("/api/socket/direct", { body: { event: "psst", data: 1, ...body } });
      const first = await direct({ socketId: one.session.socketId });
      expect({ status: first.status, body: first.body }).toEqual({
        status: 200,
        body: { id: expect.any(String), delivered: 1 },
      });
      expect((await direct({ userId })).body).toMatchObject({ delivered: 2 });
      expect((await direct({ userId: unique("u-") })).body).toMatchObject({ delivered: 0 });
      expectError(await direct({ socketId: "none" }), "NOT_FOUND");
      expectError(
        await suite.call("/api/socket/direct", {
          tenantId: unique("t-"),
          body: { event: "e", socketId: one.session.socketId },
        }),
        "NOT_FOUND",
      );
      const [event] = await one.eventsOf("@direct", 2);
      expect(event).toMatchObject({
        id: (first.body as { id: string }).id,
        topic: "@direct",
        event: "psst",
        payload: 1,
        source: "direct",
      });
      await suite.fence(two);
      expect(two.events("@direct").filter(({ event: name }) => name === "psst")).toHaveLength(1);
    });
  });

  describe("POST /api/socket/notify", () => {
    it("reaches each user's `notifications:`, and counts the sessions reached", async () => {
      const [ann, bob, cid] = [unique("u-"), unique("u-"), unique("u-")];
      const clients: Client[] = [
        await suite.user(ann),
        await suite.user(ann),
        await suite.user(bob),
        await suite.user(cid),
      ];
      for (const client of clients.slice(0, 3))
        await client.ok("subscribe", { topic: `notifications:${client.session.userId}` });
      const message = { title: "hi", n: [1] };
      const answer = await suite.call("/api/socket/notify", {
        body: { users: [ann, bob, unique("u-"), ann], message },
      });
      expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: { delivered: 3 } });
      for (const client of clients.slice(0, 3)) {
        const topic = `notifications:${client.session.userId}`;
        await suite.fence(client);
        expect(client.events(topic)).toMatchObject([{ topic, event: "notification", payload: message }]);
      }
      await suite.fence(clients[3] as Client);
      expect(clients[3]?.pushes("event").filter(({ event }) => event === "notification")).toEqual([]);
    });

    it("takes an empty list", async () => {
      expect((await suite.call("/api/socket/notify", { body: { users: [], message: 1 } })).body).toEqual({
        delivered: 0,
      });
    });
  });

  describe("POST /api/socket/revoke", () => {
    it("ends a user's connections, and refuses tokens issued before now, everywhere", async () => {
      const userId = unique("u-");
      const old = suite.token(userId, { permissions: ["admin"] });
      const timeless = suite.token(userId, { iat: undefined, permissions: ["admin"] });
      const room = unique("room:");
      const [one, two, other] = [await suite.user(userId), await suite.user(userId), await suite.user(unique("u-"))];
      const sameNameElsewhere = await suite.user(userId, { tenantId: unique("t-") });
      await one.ok("join", { channel: room, token: suite.roomToken({ room, userId }) });

      const answer = await suite.call("/api/socket/revoke", { body: { userId } });
      expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: { disconnected: 2 } });
      for (const client of [one, two]) {
        expect(await client.push("closing")).toEqual({
          code: "REVOKED",
          message: expect.any(String),
          reconnect: false,
        });
        expect(await client.ended()).toBe("io server disconnect");
      }
      expect((await suite.call(`/api/socket/connections/list?userId=${userId}`)).body).toEqual([]);
      for (const url of suite.target.urls) {
        for (const token of [old, timeless]) {
          await suite.expectRefused({ token, url }, "UNAUTHENTICATED");
          expectError(await suite.call("/api/socket/connections", { token, url }), "UNAUTHENTICATED");
          expect((await suite.call("/auth/verify", { url, body: { token } })).body).toEqual({
            valid: false,
            error: "UNAUTHENTICATED",
          });
        }
      }
      for (const client of [other, sameNameElsewhere]) {
        await suite.fence(client);
        expect(client.reason).toBeUndefined();
      }
      await sameNameElsewhere
        .refused("refresh", { token: old }, "UNAUTHENTICATED")
        .catch(() => sameNameElsewhere.refused("refresh", { token: old }, "FORBIDDEN"));
    });

    it("lets tokens in that are issued after it, at once", async () => {
      const userId = unique("u-");
      await suite.call("/api/socket/revoke", { body: { userId } });
      const { body } = await suite.call<{ token: string }>("/auth/token", {
        body: { userId, tenantId: suite.tenantId },
      });
      const client = await suite.connect({ token: body.token });
      expect(client.session.userId).toBe(userId);
      // And a second revocation ends those too.
      expect((await suite.call("/api/socket/revoke", { body: { userId } })).body).toEqual({ disconnected: 1 });
      await suite.expectRefused({ token: body.token }, "UNAUTHENTICATED");
    });

    it("lets tokens in whose `iat` is after it", async () => {
      const userId = unique("u-");
      await suite.call("/api/socket/revoke", { body: { userId } });
      await suite.user(userId, { claims: { iat: seconds() + 2 } });
    });

    it("voids room tokens of before, too", async () => {
      const [userId, room] = [unique("u-"), unique("room:")];
      const token = suite.roomToken({ room, userId });
      await suite.call("/api/socket/revoke", { body: { userId } });
      const { body } = await suite.call<{ token: string }>("/auth/token", {
        body: { userId, tenantId: suite.tenantId },
      });
      const client = await suite.connect({ token: body.token });
      await client.refused("subscribe", { topic: room, token }, "FORBIDDEN");
    });

    it("of a user without connections answers 0", async () => {
      expect((await suite.call("/api/socket/revoke", { body: { userId: unique("u-") } })).body).toEqual({
        disconnected: 0,
      });
    });

    it("refuses a revoked token as a refresh, and leaves the session", async () => {
      const userId = unique("u-");
      const old = suite.token(userId);
      await suite.call("/api/socket/revoke", { body: { userId } });
      const { body } = await suite.call<{ token: string }>("/auth/token", {
        body: { userId, tenantId: suite.tenantId },
      });
      const client = await suite.connect({ token: body.token });
      await client.refused("refresh", { token: old }, "UNAUTHENTICATED");
      await client.ok("subscribe", { topic: unique("topic:") });
    });
  });

  describe("POST /auth/token", () => {
    const ask = (body: object, options: CallOptions = {}): Promise<Response<{ token: string; expiresAt: number }>> =>
      suite.call("/auth/token", { body: { userId: "ann", ...body }, ...options });

    it("answers with a token that says what was asked", async () => {
      const before = seconds();
      const info = { name: "Ann" };
      const channels = { "closed:x": ["subscribe"] };
      const { status, body } = await ask({
        tenantId: suite.tenantId,
        permissions: ["client"],
        channels,
        info,
        expiresIn: 120,
      });
      expect({ status, body }).toEqual({
        status: 200,
        body: { token: expect.any(String), expiresAt: expect.any(Number) },
      });
      expect(body.expiresAt / 1000 - before).toBeGreaterThanOrEqual(119);
      expect(body.expiresAt / 1000 - before).toBeLessThan(180);
      const client = await suite.connect({ token: body.token });
      expect(client.session).toMatchObject({ userId: "ann", tenantId: suite.tenantId, expiresAt: body.expiresAt });
      await client.ok("subscribe", { topic: "closed:x" });
      expect((await client.ok("join", { channel: unique("c:") })).members[0]?.info).toEqual(info);
    });

    it("is by an API key, within its scope", async () => {
      expect((await ask({}, { token: null, headers: { "X-Api-Key": suite.target.apiKey } })).status).toBe(200);
      expect((await ask({ tenantId: unique("t-"), permissions: ["admin", "operator"] })).status).toBe(200);
      expect((await ask({ tenantId: "scoped-b" }, { apiKey: SERVICE_KEY, tenantId: "scoped-a" })).status).toBe(200);
      expectError(await ask({ tenantId: "scoped-c" }, { apiKey: SERVICE_KEY, tenantId: "scoped-a" }), "FORBIDDEN");
      expectError(await ask({}, { token: null, headers: { "X-Api-Key": SERVICE_KEY } }), "FORBIDDEN");
      expect(
        (await ask({ tenantId: "scoped-a", permissions: ["service"] }, { apiKey: SERVICE_KEY, tenantId: "scoped-a" }))
          .status,
      ).toBe(200);
      expectError(
        await ask({ tenantId: "scoped-a", permissions: ["admin"] }, { apiKey: SERVICE_KEY, tenantId: "scoped-a" }),
        "FORBIDDEN",
      );
      expect(
        (await ask({ tenantId: "scoped-a", permissions: ["admin"] }, { apiKey: ADMIN_KEY, tenantId: "scoped-a" }))
          .status,
      ).toBe(200);
      expectError(
        await ask({ tenantId: "scoped-a", permissions: ["operator"] }, { apiKey: ADMIN_KEY, tenantId: "scoped-a" }),
        "FORBIDDEN",
      );
    });

    it("is by an `admin` token, for its own tenant, and no role above its own", async () => {
      const token = suite.token("root", { permissions: ["admin"] });
      const own = await ask({}, { token });
      expect((await suite.connect({ token: own.body.token })).session.tenantId).toBe(suite.tenantId);
      expect(
        (await ask({ tenantId: suite.tenantId, permissions: ["admin", "service", "client"] }, { token })).status,
      ).toBe(200);
      expectError(await ask({ tenantId: unique("t-") }, { token }), "FORBIDDEN");
      expectError(await ask({ tenantId: "default" }, { token }), "FORBIDDEN");
      expectError(await ask({ permissions: ["operator"] }, { token }), "FORBIDDEN");
      expectError(await ask({}, { token: suite.token("s", { permissions: ["service"] }) }), "FORBIDDEN");
    });

    it.for<[string, object]>([
      ["no user", { userId: undefined }],
      ["an empty user", { userId: "" }],
      ["a user that is a number", { userId: 7 }],
      ["a user that is an array", { userId: ["ann"] }],
      ["a user with a space", { userId: "a b" }],
      ["a user with a zero-width space", { userId: "a\u200B" }],
      ["a user of 129 bytes", { userId: "u".repeat(129) }],
      ["a malformed tenant", { tenantId: "a b" }],
      ["a tenant that is null", { tenantId: null }],
      ["roles that are a text", { permissions: "admin" }],
      ["an unknown role", { permissions: ["root"] }],
      ["grants that are a list", { channels: [] }],
      ["a grant of an unknown action", { channels: { a: ["own"] } }],
      ["a grant with a broken pattern", { channels: { "a{": ["subscribe"] } }],
      ["65 grants", { channels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`g${n}`, ["subscribe"]])) }],
      ["info that is a text", { info: "x" }],
      ["info of more than 1 KiB", { info: { fill: "x".repeat(1024) } }],
      ["a life of 0", { expiresIn: 0 }],
      ["a negative life", { expiresIn: -1 }],
      ["a life that is a text", { expiresIn: "60" }],
      ["half a second", { expiresIn: 0.5 }],
      ["a life of more than 31 days", { expiresIn: 32 * 86_400 }],
      ["a life beyond all numbers", { expiresIn: Number.MAX_SAFE_INTEGER }],
    ])("refuses %s", async ([, change]) => {
      expectError(await ask(change), "INVALID_PAYLOAD");
    });

    it("gives a life of 31 days", async () => {
      const { body } = await ask({ expiresIn: 31 * 86_400, tenantId: suite.tenantId });
      await suite.connect({ token: body.token });
    });
  });

  describe("POST /auth/verify", () => {
    const verify = async (token: unknown, options: CallOptions = {}): Promise<unknown> => {
      const { status, body } = await suite.call("/auth/verify", { body: { token }, ...options });
      expect(status).toBe(200);
      return body;
    };

    it("tells what a token says", async () => {
      const claims = suite.claims("ann", { info: { name: "Ann" }, custom: [1] });
      expect(await verify(sign(claims, { secret: suite.secret }))).toEqual({ valid: true, claims });
    });

    it("tells why one would be refused", async () => {
      expect(await verify("nonsense")).toEqual({ valid: false, error: "UNAUTHENTICATED" });
      expect(await verify(suite.token("ann", { exp: seconds() - 50, iat: seconds() - 60 }))).toEqual({
        valid: false,
        error: "TOKEN_EXPIRED",
      });
      expect(await verify(unsigned(suite.claims("ann")))).toEqual({ valid: false, error: "UNAUTHENTICATED" });
      expect(await verify(suite.roomToken({ room: "a", userId: "ann" }))).toEqual({
        valid: false,
        error: "UNAUTHENTICATED",
      });
      expect(await verify(suite.token("ann", { type: "refresh" }))).toEqual({ valid: false, error: "UNAUTHENTICATED" });
    });

    it("is for the same callers: an admin learns nothing of another tenant's tokens", async () => {
      const token = suite.token("ann");
      const admin = (tenantId: string): CallOptions => ({
        token: suite.token("root", { permissions: ["admin"], tenantId }),
      });
      expect(await verify(token, admin(suite.tenantId))).toMatchObject({ valid: true });
      expect(await verify(token, admin(unique("t-")))).toEqual({ valid: false, error: "UNAUTHENTICATED" });
      expectError(
        await suite.call("/auth/verify", { body: { token }, token: suite.token("s", { permissions: ["service"] }) }),
        "FORBIDDEN",
      );
    });

    it.for([undefined, null, 7, {}, []])("refuses %j as a token", async (token) => {
      expectError(await suite.call("/auth/verify", { body: { token } }), "INVALID_PAYLOAD");
    });
  });

  describe("for operators", () => {
    it("GET /health, /ready: 200 for everybody", async () => {
      for (const path of ["/health", "/ready"]) {
        const { status, body } = await suite.call(path, { token: null });
        expect(status).toBe(200);
        expect(typeof body).toBe("object");
      }
    });

    it("GET /metrics is Prometheus' text, of series from closed sets", async () => {
      const [userId, topic, event] = [unique("metric-user-"), unique("metric-topic:"), unique("metric-event-")];
      const client = await suite.user(userId);
      await client.ok("subscribe", { topic });
      await client.ok("publish", { channel: topic, event });
      await client.ask(unique("metric-command-"), {});
      await client.eventsOf(topic, 1);
      const { status, headers, body } = await suite.call<string>("/metrics", { token: null });
      expect(status).toBe(200);
      expect(headers.get("content-type")).toMatch(/^text\/plain/);
      expect(body).toMatch(/^# TYPE \w+ counter$/m);
      expect(body).toMatch(/^\w+(\{[^}]*\})? [\d.e+-]+$/m);
      for (const text of [userId, topic, event, suite.tenantId, "metric-", client.session.socketId])
        expect(body).not.toContain(text);
    });

    it("GET /openapi.json describes every call", async () => {
      const { status, body } = await suite.call<{ openapi: string; paths: Record<string, Record<string, unknown>> }>(
        "/openapi.json",
        { token: null },
      );
      expect(status).toBe(200);
      expect(body.openapi).toMatch(/^3\./);
      const described = Object.entries(body.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      );
      expect(described).toEqual(
        expect.arrayContaining([
          "GET /api/socket/channels",
          "GET /api/socket/channels/{channel}/members",
          "GET /api/socket/channels/{channel}/history",
          "GET /api/socket/connections",
          "GET /api/socket/connections/list",
          "DELETE /api/socket/connections/{socketId}",
          "POST /api/socket/broadcast",
          "POST /api/socket/direct",
          "POST /api/socket/notify",
          "POST /api/socket/revoke",
          "POST /auth/token",
          "POST /auth/verify",
          "GET /health",
          "GET /ready",
          "GET /metrics",
        ]),
      );
    });
  });

  describe("bad requests", () => {
    it.for<[string, unknown]>([
      ["broadcast", {}],
      ["broadcast", { channel: "a" }],
      ["broadcast", { event: "e" }],
      ["broadcast", { channel: 7, event: "e" }],
      ["broadcast", { channel: ["a"], event: "e" }],
      ["broadcast", { channel: "a b", event: "e" }],
      ["broadcast", { channel: "a", event: "" }],
      ["broadcast", { channel: "a", event: 7 }],
      ["broadcast", { channel: "a", event: "e".repeat(129) }],
      ["broadcast", { channel: "a", event: "e", id: "" }],
      ["broadcast", { channel: "a", event: "e", id: 7 }],
      ["broadcast", { channel: "a", event: "e", id: "x".repeat(65) }],
      ["broadcast", []],
      ["broadcast", "text"],
      ["broadcast", 7],
      ["broadcast", null],
      ["direct", { event: "e" }],
      ["direct", { userId: "a", socketId: "b", event: "e" }],
      ["direct", { userId: "", event: "e" }],
      ["direct", { userId: 7, event: "e" }],
      ["direct", { socketId: {}, event: "e" }],
      ["direct", { userId: "a" }],
      ["notify", { users: ["a"] }],
      ["notify", { users: "a", message: 1 }],
      ["notify", { users: [7], message: 1 }],
      ["notify", { users: ["a b"], message: 1 }],
      ["notify", { users: [["a"]], message: 1 }],
      ["notify", { users: { length: 1 }, message: 1 }],
      ["notify", { message: 1 }],
      ["revoke", {}],
      ["revoke", { userId: 7 }],
      ["revoke", { userId: "" }],
      ["revoke", { userId: "a*" }],
    ])("POST %s refuses %j", async ([call, body]) => {
      expectError(await suite.call(`/api/socket/${call}`, { text: JSON.stringify(body) }), "INVALID_PAYLOAD");
    });

    it.each(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"])(
      "no call publishes the event %s",
      async (event) => {
        expectError(await suite.call("/api/socket/broadcast", { body: { channel: "a", event } }), "INVALID_PAYLOAD");
        expectError(await suite.call("/api/socket/direct", { body: { userId: "a", event } }), "INVALID_PAYLOAD");
      },
    );

    it.each(["", "{", "undefined", '{"channel":"a","event":"e"', "\u0000", `${"[".repeat(100_000)}`])(
      "refuses a body that is no JSON: %j",
      async (text) => {
        expectError(await suite.call("/api/socket/broadcast", { text }), "INVALID_PAYLOAD");
      },
    );

    it("refuses a body of another type", async () => {
      const text = JSON.stringify({ channel: "a", event: "e" });
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
        expectError(
          await suite.call("/api/socket/broadcast", { text, headers: { "Content-Type": type } }),
          "INVALID_PAYLOAD",
        );
      }
    });

    it("takes prototype keys for what they are: data", async () => {
      const topic = unique("topic:");
      const client = await suite.user();
      await client.ok("subscribe", { topic });
      const data = `{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}},"toString":1}`;
      const { status } = await suite.call("/api/socket/broadcast", {
        text: `{"channel":"${topic}","event":"e","data":${data},"__proto__":{"id":"x y"}}`,
      });
      expect([200, 400]).toContain(status);
      if (status === 200)
        expect(JSON.stringify((await client.eventsOf(topic, 1))[0]?.payload)).toContain(
          `"constructor":{"prototype":{"a":1}}`,
        );
      await suite.expectServing();
    });

    it.each([
      "/api/socket",
      "/api/socket/nothing",
      "/api/socket/channels/a/nothing",
      "/api/socket/channels/a/b/members",
      "/api",
      "/nothing",
      "/auth",
      "/auth/nothing",
    ])("answers NOT_FOUND at %s", async (path) => {
      expectError(await suite.call(path), "NOT_FOUND");
    });

    it.each([
      ["PUT", "/api/socket/broadcast"],
      ["GET", "/api/socket/broadcast"],
      ["POST", "/api/socket/channels"],
      ["DELETE", "/api/socket/connections"],
      ["PATCH", "/auth/token"],
    ])("answers %s %s with an error of the table", async (method, path) => {
      const { status, body } = await suite.call<{ error: string }>(path, {
        method,
        ...(method === "GET" || method === "DELETE" ? {} : { text: "{}" }),
      });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(STATUS[body.error]).toBe(status);
    });

    it("never quotes a token, a key or a stack", async () => {
      const token = suite.token("ann");
      for (const answer of [
        await suite.call("/api/socket/connections", { token: `${token}x` }),
        await suite.call("/api/socket/connections", { apiKey: "a-key-that-is-not-known-here" }),
        await suite.call("/api/socket/broadcast", { text: `{"token":"${token}"` }),
        await suite.call("/auth/token", { body: { userId: "ann", [token]: 1, secret: token } }),
      ]) {
        const text = JSON.stringify([answer.body, ...answer.headers]);
        expect(text).not.toContain(token.slice(-20));
        expect(text).not.toContain("a-key-that");
        expect(text).not.toMatch(/\n? +at .+:\d+:\d+|node_modules|\.ts:/);
      }
    });
  });
});

function isTwo(channels: unknown): boolean {
  return (
    channels === 2 ||
    (Array.isArray(channels) && channels.length === 2 && channels.includes("one") && channels.includes("two"))
  );
}
