import { testPrincipal, trustingAuthenticator } from "@roomcast/core/testing";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, TestNode } from "../../test/harness.ts";

const tenantId = "acme";
const headers = { "X-Api-Key": KEY, "X-Tenant-Id": tenantId, Origin: "https://app.example" };

let node: TestNode;
const sockets: Socket[] = [];

beforeAll(async () => {
  node = await TestNode.start({
    attach: {
      dialects: { native: true, steedos: true, twake: true, plazer: true },
      trustProxy: true,
      cors: ["https://app.example"],
    },
    gateway: {
      nodeId: "node-7",
      auth: {
        // A token is the user; cookies name the tenant too.
        authenticate: async (credentials) =>
          credentials.kind === "none"
            ? await trustingAuthenticator.authenticate(credentials)
            : { principal: testPrincipal({ userId: String(credentials.token), tenantId }) },
      },
    },
  });
  await open("", "ann", "10.0.0.1");
  await open("", "bob", "10.0.0.12", { transports: ["polling"] });
  await open("/events", "cid", "::ffff:10.0.0.2");
  await open("", "dan", "2001:db8::7", { cookie: `X-Space-Id=${tenantId}; X-Auth-Token=dan` });
  const late = connect("", "192.0.2.1", { path: "/socket/" });
  late.emit("authenticate", { token: "eve" });
  await heard(late, "authenticated");
});
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await node.close();
});

interface Extra {
  readonly path?: string;
  readonly transports?: ("websocket" | "polling")[];
  readonly cookie?: string;
  readonly auth?: Record<string, unknown>;
}

function connect(namespace: string, from: string, { cookie, ...extra }: Extra): Socket {
  const socket = io(node.url + namespace, {
    path: "/socket.io/",
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
    extraHeaders: { "x-forwarded-for": from, ...(cookie === undefined ? undefined : { cookie }) },
    ...extra,
  });
  sockets.push(socket);
  return socket;
}

async function open(namespace: string, token: string, from: string, extra: Extra = {}): Promise<Socket> {
  const socket = connect(namespace, from, {
    ...(extra.cookie === undefined ? { auth: { token } } : undefined),
    ...extra,
  });
  await heard(socket, "connect");
  return socket;
}

async function heard(socket: Socket, event: string): Promise<void> {
  await new Promise<void>((resolve, reject) => socket.once(event, resolve).once("connect_error", reject));
}

interface Connection {
  readonly socketId: string;
  readonly userId: string;
}

async function list<Entry>(
  path: string,
): Promise<{ readonly entries: readonly Entry[]; readonly total: string | null }> {
  const answer = await node.call(`/api/socket/${path}`, { headers });
  expect(answer).toMatchObject({ status: 200 });
  return { entries: answer.body as Entry[], total: answer.headers.get("x-total-count") };
}

async function users(query: string): Promise<readonly string[]> {
  return (await list<Connection>(`connections/list?${query}`)).entries.map(({ userId }) => userId);
}

describe("GET /api/socket/connections/list", () => {
  it("tells the node, the dialect and the address of each connection, in every dialect", async () => {
    const { entries, total } = await list("connections/list");
    expect(total).toBe("5");
    const common = { socketId: expect.any(String), nodeId: "node-7", connectedAt: expect.any(Number), channels: [] };
    expect(entries).toEqual([
      { ...common, userId: "ann", dialect: "native", transport: "websocket", address: "10.0.0.1" },
      { ...common, userId: "bob", dialect: "native", transport: "polling", address: "10.0.0.12" },
      {
        ...common,
        userId: "cid",
        dialect: "plazer",
        transport: "websocket",
        address: "10.0.0.2",
        channels: expect.any(Array),
      },
      { ...common, userId: "dan", dialect: "steedos", transport: "websocket", address: "2001:db8::7" },
      { ...common, userId: "eve", dialect: "twake", transport: "websocket", address: "192.0.2.1" },
    ]);
  });

  it("looks for an address by how it begins, for all else as it is", async () => {
    expect(await users("address=10.0.0.1")).toEqual(["ann", "bob"]);
    expect(await users("address=10.")).toEqual(["ann", "bob", "cid"]);
    expect(await users("address=2001%3Adb8%3A")).toEqual(["dan"]);
    expect(await users("address=0.0.1")).toEqual([]);
    expect(await users("dialect=native")).toEqual(["ann", "bob"]);
    expect(await users("dialect=nat")).toEqual([]);
    expect(await users("nodeId=node-7&dialect=twake")).toEqual(["eve"]);
    expect(await users("nodeId=node")).toEqual([]);
    expect(await users("userId=bob&address=10.0.0.1&dialect=native")).toEqual(["bob"]);
    expect(await users("userId=bob&address=192")).toEqual([]);
    const { entries } = await list<Connection>("connections/list?dialect=plazer");
    const { socketId } = entries[0] as Connection;
    expect(await users(`socketId=${socketId}`)).toEqual(["cid"]);
    expect(await users(`socketId=${socketId}&userId=cid&address=10.`)).toEqual(["cid"]);
    expect(await users(`socketId=${socketId}&userId=ann`)).toEqual([]);
    expect((await list("connections/list?dialect=native&limit=1")).total).toBe("5");
    expect((await list("connections/list?userId=ann&dialect=native")).total).toBe("1");
  });

  it.each(["address=", `address=${"1".repeat(256)}`, "dialect=", "nodeId=", "socketId=", `dialect=${"é".repeat(200)}`])(
    "refuses ?%s",
    async (query) => {
      const answer = await node.call(`/api/socket/connections/list?${query}`, { headers });
      expect(answer).toMatchObject({ status: 400, body: { error: "INVALID_PAYLOAD" } });
    },
  );

  it("shows another tenant nothing", async () => {
    const stranger = { ...headers, "X-Tenant-Id": "other" };
    for (const query of ["", "?address=10.", "?nodeId=node-7", "?userId=ann"]) {
      const answer = await node.call(`/api/socket/connections/list${query}`, { headers: stranger });
      expect([answer.body, answer.headers.get("x-total-count")]).toEqual([[], "0"]);
    }
  });
});

describe("GET /api/socket/channels", () => {
  const names = ["Chat:1", "chat:2", "chat:3", "room", "ROOM:9"];

  beforeAll(async () => {
    for (const [n, topic] of names.entries())
      for (let reader = 0; reader <= n % 3; reader++) {
        const socket = await open("", `reader-${n}-${reader}`, "198.51.100.1");
        expect(await socket.emitWithAck("subscribe", { topic })).toMatchObject({ ok: true });
        if (n === 4) expect(await socket.emitWithAck("join", { channel: topic })).toMatchObject({ ok: true });
      }
  });

  async function found(query: string): Promise<readonly string[]> {
    const seen: string[] = [];
    let path: string | undefined = `/api/socket/channels?limit=2&${query}`;
    while (path !== undefined) {
      const page = await node.call(path, { headers });
      expect(page).toMatchObject({ status: 200 });
      seen.push(...(page.body as { name: string }[]).map(({ name }) => name).filter((name) => names.includes(name)));
      path = /^<(.*)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1];
    }
    return seen;
  }

  it("sorts by name, members and subscribers, both ways, page by page", async () => {
    const byName = ["Chat:1", "ROOM:9", "chat:2", "chat:3", "room"];
    expect(await found("")).toEqual(byName);
    expect(await found("sort=name&order=desc")).toEqual(byName.toReversed());
    expect(await found("sort=subscribers")).toEqual(["chat:3", "ROOM:9", "chat:2", "Chat:1", "room"]);
    expect(await found("sort=subscribers&order=asc")).toEqual(["Chat:1", "room", "ROOM:9", "chat:2", "chat:3"]);
    expect(await found("sort=members")).toEqual(["ROOM:9", "Chat:1", "chat:2", "chat:3", "room"]);
  });

  it("searches in upper and lower case, and counts what it finds", async () => {
    expect(await found("search=CHAT%3A")).toEqual(["Chat:1", "chat:2", "chat:3"]);
    expect(await found("search=oom&sort=subscribers&order=asc")).toEqual(["room", "ROOM:9"]);
    expect(await found("search=a&prefix=C")).toEqual(["Chat:1"]);
    expect((await list("channels?search=CHAT%3A&limit=1")).total).toBe("3");
    expect(await list("channels?search=nothing-is-called-so")).toEqual({ entries: [], total: "0" });
  });

  it("refuses what is no sort and no order, and a cursor of another list", async () => {
    const page = await node.call("/api/socket/channels?limit=1&sort=members", { headers });
    const cursor = new URL(/<(.*)>/.exec(page.headers.get("link") ?? "")?.[1] ?? "", node.url).searchParams.get(
      "cursor",
    );
    const other = encodeURIComponent(cursor ?? "");
    for (const query of [
      "sort=size",
      "order=up",
      "sort=",
      `search=${"x".repeat(256)}`,
      `cursor=${other}`,
      `cursor=${other}&sort=members&order=asc`,
      `cursor=${other}&sort=members&search=a`,
    ]) {
      const answer = await node.call(`/api/socket/channels?${query}`, { headers });
      expect(answer, query).toMatchObject({ status: 400, body: { error: "INVALID_PAYLOAD" } });
    }
    expect(await node.call(`/api/socket/channels?cursor=${other}&sort=members`, { headers })).toMatchObject({
      status: 200,
    });
  });

  it("lets pages of listed origins read the total", async () => {
    const { headers: answered } = await node.call("/api/socket/channels", { headers });
    expect(answered.get("access-control-expose-headers")?.split(",")).toContain("X-Total-Count");
  });

  it("says the total of members too", async () => {
    const answer = await node.call("/api/socket/channels/ROOM%3A9/members", { headers });
    expect(answer.headers.get("x-total-count")).toBe("2");
  });
});
