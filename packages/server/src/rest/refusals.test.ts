import { DEFAULT_LIMITS, MemoryBroker, systemClock } from "@roomcast/core";
import { ERROR_TABLE, GatewayError, RESERVED_EVENTS, type Role } from "@roomcast/protocol";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACME_KEY, KEY, TestNode, type Answer } from "../../test/harness.ts";

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start({ limits: { transportBytes: 10_000 } });
});
afterAll(() => node.close());

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const JSON_TYPE = { "Content-Type": "application/json" };

function expectError(answer: Answer, error: keyof typeof ERROR_TABLE, hint = ""): void {
  expect(answer, hint).toMatchObject({
    status: (ERROR_TABLE[error] as { http: number }).http,
    body: { error, message: expect.any(String) },
  });
  expect(answer.headers.get("content-type"), hint).toMatch(/^application\/json/);
  expect(answer.headers.get("x-content-type-options"), hint).toBe("nosniff");
}

/** Every route for back ends. */
const ROUTES: readonly [method: string, path: string][] = [
  ["GET", "/api/socket/channels"],
  ["GET", "/api/socket/channels/x"],
  ["GET", "/api/socket/channels/x/members"],
  ["GET", "/api/socket/channels/x/history"],
  ["GET", "/api/socket/connections"],
  ["GET", "/api/socket/connections/list"],
  ["GET", "/api/socket/audit"],
  ["GET", "/api/socket/connections/x"],
  ["DELETE", "/api/socket/connections/x"],
  ["GET", "/api/socket/users/x"],
  ["POST", "/api/socket/rules/test"],
  ["GET", "/api/cluster/rules"],
  ["GET", "/api/cluster/nodes"],
  ["GET", "/api/cluster/stats"],
  ["GET", "/api/cluster/config"],
  ["GET", "/api/socket/stats"],
  ["POST", "/api/socket/broadcast"],
  ["POST", "/api/socket/direct"],
  ["POST", "/api/socket/notify"],
  ["POST", "/api/socket/revoke"],
];
/** Those of them that are for admins, and for operators alone. */
const FOR_ADMINS: readonly [method: string, path: string, json?: object][] = [
  ["GET", "/api/socket/channels/x"],
  ["GET", "/api/socket/connections/x"],
  ["GET", "/api/socket/users/x"],
  ["POST", "/api/socket/rules/test", { channel: "x" }],
  ["GET", "/api/socket/audit"],
  ["GET", "/api/socket/stats"],
];
const FOR_OPERATORS: readonly [method: string, path: string][] = [
  ["GET", "/api/cluster/rules"],
  ["GET", "/api/cluster/nodes"],
  ["GET", "/api/cluster/stats"],
  ["GET", "/api/cluster/config"],
];
const UNKNOWN: readonly [method: string, path: string][] = [
  ["GET", "/api"],
  ["GET", "/api/socket/nothing"],
  ["GET", "/api/cluster"],
  ["GET", "/api/cluster/nothing"],
  ["PUT", "/api/socket/broadcast"],
];

describe("callers", () => {
  it("are asked for credentials everywhere", async () => {
    for (const [method, path] of [...ROUTES, ...UNKNOWN]) {
      const answer = await node.call(path, { method, headers: {} });
      expectError(answer, "UNAUTHENTICATED", `${method} ${path}`);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    }
    for (const headers of [
      { "X-Api-Key": "wrong" },
      bearer("wrong"),
      { Authorization: "Basic YTpi" },
      { "X-Api-Key": "" },
    ]) {
      expectError(await node.call("/api/socket/connections", { headers }), "UNAUTHENTICATED");
    }
  });

  it("that are clients reach nothing", async () => {
    const headers = bearer(await node.token("alice"));
    for (const [method, path] of [...ROUTES, ...UNKNOWN]) {
      expectError(await node.call(path, { method, headers }), "FORBIDDEN", `${method} ${path}`);
    }
  });

  it("may be services and admins, of their own tenant", async () => {
    for (const role of ["service", "admin"] as const) {
      const headers = bearer(await node.token("robot", { tenantId: "mine", roles: [role] }));
      expect((await node.call("/api/socket/connections", { headers })).status).toBe(200);
      expectError(
        await node.call("/api/socket/connections", { headers: { ...headers, "X-Tenant-Id": "theirs" } }),
        "FORBIDDEN",
      );
    }
  });

  it("that are services see no details, and admins nothing of the cluster", async () => {
    const headers = async (...roles: Role[]) => bearer(await node.token("robot", { roles }));
    const [service, admin] = [await headers("service"), await headers("admin")];
    for (const [method, path, json] of [...FOR_ADMINS, ...FOR_OPERATORS]) {
      const hint = `${method} ${path}`;
      expectError(await node.call(path, { method, headers: service, json }), "FORBIDDEN", hint);
      expectError(
        await node.call(path, { method, headers: { "X-Api-Key": ACME_KEY, "X-Tenant-Id": "acme" }, json }),
        "FORBIDDEN",
        hint,
      );
    }
    for (const [method, path, json] of FOR_ADMINS) {
      expect((await node.call(path, { method, headers: admin, json })).status, path).not.toBe(403);
      expectError(
        await node.call(path, { method, headers: { ...admin, "X-Tenant-Id": "theirs" }, json }),
        "FORBIDDEN",
        path,
      );
    }
    for (const [method, path] of FOR_OPERATORS) {
      expectError(await node.call(path, { method, headers: admin }), "FORBIDDEN", path);
    }
    const operator = await headers("operator");
    for (const [method, path] of FOR_OPERATORS) {
      expect((await node.call(path, { method, headers: operator })).status, path).toBe(200);
    }
    for (const [method, path, json] of FOR_ADMINS) {
      const there = { ...operator, "X-Tenant-Id": "theirs" };
      expect((await node.call(path, { method, headers: there, json })).status, path).not.toBe(403);
    }
  });

  it("that are operators are of any tenant, and alone reach what is about the cluster", async () => {
    const operator = bearer(await node.token("op", { tenantId: "mine", roles: ["operator"] }));
    for (const headers of [operator, { ...operator, "X-Tenant-Id": "theirs" }, { "X-Api-Key": KEY }]) {
      expect((await node.call("/api/socket/connections", { headers })).status).toBe(200);
      expectError(await node.call("/api/cluster/none", { headers }), "NOT_FOUND");
    }
    for (const role of ["client", "service", "admin"] as const) {
      const headers = bearer(await node.token("robot", { roles: [role] }));
      for (const path of ["/api/cluster/none", "/api/cluster/nodes", "/api/cluster"])
        expectError(await node.call(path, { headers }), "FORBIDDEN", `${role} ${path}`);
    }
  });

  it("have a token or a key, never both, and a tenant within the key's scope", async () => {
    const token = await node.token("robot", { roles: ["service"] });
    expectError(
      await node.call("/api/socket/connections", { headers: { ...bearer(token), "X-Api-Key": KEY } }),
      "INVALID_PAYLOAD",
    );
    expect(
      (await node.call("/api/socket/connections", { headers: { "X-Api-Key": ACME_KEY, "X-Tenant-Id": "acme" } }))
        .status,
    ).toBe(200);
    expectError(
      await node.call("/api/socket/connections", { headers: { "X-Api-Key": ACME_KEY, "X-Tenant-Id": "other" } }),
      "FORBIDDEN",
    );
    expectError(await node.call("/api/socket/connections", { headers: { "X-Api-Key": ACME_KEY } }), "FORBIDDEN");
    expectError(
      await node.call("/api/socket/connections", { headers: { "X-Api-Key": KEY, "X-Tenant-Id": "a:b" } }),
      "INVALID_PAYLOAD",
    );
  });
});

describe("addresses", () => {
  it("that nobody has, or not for this method", async () => {
    for (const path of [
      "/",
      "/nothing",
      "/api/socket",
      "/api/socket/channels/",
      "/api/socket/channels/x/",
      "/api/socket/channels//members",
      "/api/socket/users",
      "/api/socket/users/",
      "/api/socket/users/x/y",
      "/api/socket/rules",
      "/api/cluster",
      "/auth",
    ]) {
      expectError(await node.call(path), "NOT_FOUND", path);
    }
    const wrong = await node.call("/api/socket/connections/x", { method: "PATCH" });
    expectError(wrong, "NOT_FOUND");
    expect(wrong.headers.get("allow")).toBe("DELETE, GET");
    expect((await node.call("/api/socket/broadcast")).headers.get("allow")).toBe("POST");
  });

  it("that are badly encoded", async () => {
    for (const path of [
      "/api/socket/channels/%/members",
      "/api/socket/channels/%zz/members",
      "/api/socket/channels/%ff/history",
      "/api/socket/channels/%ff",
      "/api/socket/connections/%ff",
      "/api/socket/users/%c3",
      "/api/socket/channels?prefix=%c3",
    ]) {
      expectError(await node.call(path), "INVALID_PAYLOAD", path);
    }
  });

  it("that are no requests", async () => {
    for (const target of ["//", "*", "/\\", "http://", "/api/socket/channels/\u0001"]) {
      const answer = await raw(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer, target).toMatch(/^HTTP\/1\.1 40[04] /);
    }
    expect(await raw("GET /health HTTP/1.1\r\nHost: a b c\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect((await node.call("/health")).status).toBe(200);
  });
});

/** Sends bytes that no client would send, and gives what comes back. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const { hostname, port } = new URL(node.url);
    connect(Number(port), hostname, function (this: Socket) {
      this.end(text);
    })
      .setEncoding("utf8")
      .on("data", (chunk: string) => (answer += chunk))
      .on("end", () => resolve(answer))
      .on("error", reject);
  });
}

describe("queries", () => {
  it("that are not as they should be", async () => {
    for (const query of [
      "channels?limit=0",
      "channels?limit=1001",
      "channels?limit=1e2",
      "channels?limit=-1",
      "channels?limit=",
      "channels?limit=1&limit=2",
      "channels?cursor=",
      `channels?cursor=${"x".repeat(1025)}`,
      "channels/x/members?cursor=nonsense",
      "channels/x/history?limit=0",
      "channels/x/history?epoch=e",
      "channels/x/history?offset=1",
      "channels/x/history?epoch=e&offset=1.5",
      "channels/x/history?epoch=e&offset=9007199254740993",
      "connections/list?limit=x",
      "connections/list?cursor=nonsense",
      "connections/list?userId=",
      "connections/list?userId=a%20b",
      `connections/${"x".repeat(129)}`,
      "users/a%20b",
      "users/a*",
      `users/${"x".repeat(129)}`,
    ]) {
      expectError(await node.call(`/api/socket/${query}`), "INVALID_PAYLOAD", query);
    }
  });
});

const BAD_NAMES = ["", " ", "a b", "a*", "{a}", "a\u200bb", "a\u0000", "\ud800", "x".repeat(256)];

describe("channel names", () => {
  it("that are malformed or reserved", async () => {
    for (const name of BAD_NAMES) {
      expectError(
        await node.call("/api/socket/broadcast", { json: { channel: name, event: "e" } }),
        "INVALID_PAYLOAD",
        JSON.stringify(name),
      );
    }
    for (const name of ["a%20b", "a*", "%7Ba%7D", "a%E2%80%8Bb", "a%00", "x".repeat(256)]) {
      expectError(await node.call(`/api/socket/channels/${name}/members`), "INVALID_PAYLOAD", name);
      expectError(await node.call(`/api/socket/channels/${name}/history`), "INVALID_PAYLOAD", name);
      expectError(await node.call(`/api/socket/channels/${name}`), "INVALID_PAYLOAD", name);
      const json = { channel: decodeURIComponent(name) };
      expectError(await node.call("/api/socket/rules/test", { json }), "INVALID_PAYLOAD", name);
    }
    for (const name of ["@sessions", "$x", "%40sessions"]) {
      expectError(await node.call(`/api/socket/channels/${name}/members`), "FORBIDDEN", name);
      expectError(await node.call(`/api/socket/channels/${name}/history`), "FORBIDDEN", name);
      expectError(await node.call(`/api/socket/channels/${name}`), "FORBIDDEN", name);
      const json = { channel: decodeURIComponent(name) };
      expectError(await node.call("/api/socket/rules/test", { json }), "FORBIDDEN", name);
      expectError(
        await node.call("/api/socket/broadcast", { json: { channel: decodeURIComponent(name), event: "e" } }),
        "FORBIDDEN",
        name,
      );
    }
  });
});

describe("bodies", () => {
  it("that are no JSON, and say so or not", async () => {
    const headers = { "X-Api-Key": KEY, ...JSON_TYPE };
    for (const path of ROUTES.filter(([method]) => method === "POST").map(([, route]) => route)) {
      for (const body of ["", "{", "nonsense", "{'a':1}", "\u{feff}x", "[]", "null", "5", '"text"', "[[]]"]) {
        expectError(await node.call(path, { headers, body }), "INVALID_PAYLOAD", `${path} ${body}`);
      }
      expectError(
        await node.call(path, { headers, body: new Uint8Array([0x22, 0xff, 0x22]) }),
        "INVALID_PAYLOAD",
        path,
      );
      expectError(await node.call(path, { method: "POST" }), "INVALID_PAYLOAD", path);
      for (const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "multipart/form-data",
      ]) {
        const answer = await node.call(path, { headers: { "X-Api-Key": KEY, "Content-Type": type }, body: "{}" });
        expectError(answer, "INVALID_PAYLOAD", type);
      }
    }
    const good = {
      headers: { "X-Api-Key": KEY, "Content-Type": "Application/JSON; charset=utf-8" },
      body: '{"channel":"c","event":"e"}',
    };
    expect((await node.call("/api/socket/broadcast", good)).status).toBe(200);
  });

  it("that are too large, announced or not", async () => {
    const json = { channel: "c", event: "e", data: "x".repeat(10_000) };
    expectError(await node.call("/api/socket/broadcast", { json }), "TOO_LARGE");
    const chunks = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let i = 0; i < 20; i++) controller.enqueue(new Uint8Array(1000).fill(32));
        controller.close();
      },
    });
    const streamed = await fetch(`${node.url}/api/socket/broadcast`, {
      method: "POST",
      headers: { "X-Api-Key": KEY, ...JSON_TYPE },
      body: chunks,
      duplex: "half",
    } as RequestInit);
    expect([streamed.status, await streamed.json()]).toMatchObject([413, { error: "TOO_LARGE" }]);
    expect((await node.call("/health")).status).toBe(200);
  });

  it("that are too deep", async () => {
    const deep = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));
    const post = (json: object, path = "broadcast") => node.call(`/api/socket/${path}`, { json });
    expect((await post({ channel: "c", event: "e", data: deep(32) })).status).toBe(200);
    expectError(await post({ channel: "c", event: "e", data: deep(33) }), "INVALID_PAYLOAD");
    expectError(await post({ channel: "c", event: "e", data: deep(4000) }), "INVALID_PAYLOAD");
    expectError(await post({ userId: "u", event: "e", data: deep(33) }, "direct"), "INVALID_PAYLOAD");
    expectError(await post({ users: ["u"], message: deep(33) }, "notify"), "INVALID_PAYLOAD");
    expectError(await node.call("/auth/token", { json: { userId: "u", info: { deep: deep(33) } } }), "INVALID_PAYLOAD");
  });

  it("with reserved event names, by every way to send", async () => {
    for (const event of [...RESERVED_EVENTS, "", "x".repeat(129), 5, null, ["e"]]) {
      expectError(
        await node.call("/api/socket/broadcast", { json: { channel: "c", event } }),
        "INVALID_PAYLOAD",
        String(event),
      );
      expectError(
        await node.call("/api/socket/direct", { json: { userId: "u", event } }),
        "INVALID_PAYLOAD",
        String(event),
      );
    }
  });

  it("with fields of other types, none of them, or names of prototypes", async () => {
    const bodies: readonly [path: string, body: string][] = [
      ["broadcast", '{"channel":["c"],"event":"e"}'],
      ["broadcast", '{"channel":"c"}'],
      ["broadcast", '{"event":"e"}'],
      ["broadcast", '{"channel":"c","event":"e","id":""}'],
      ["broadcast", '{"channel":"c","event":"e","id":"a b"}'],
      ["broadcast", '{"channel":"c","event":"e","id":7}'],
      ["broadcast", '{"__proto__":{"channel":"c","event":"e"}}'],
      ["broadcast", '{"constructor":{"prototype":{"channel":"c"}},"event":"e"}'],
      ["direct", '{"event":"e"}'],
      ["direct", '{"userId":"u","socketId":"s","event":"e"}'],
      ["direct", '{"userId":"","event":"e"}'],
      ["direct", '{"socketId":"","event":"e"}'],
      ["direct", '{"userId":["u"],"event":"e"}'],
      ["notify", '{"users":"u","message":1}'],
      ["notify", '{"users":["a b"],"message":1}'],
      ["notify", '{"users":["u"]}'],
      ["notify", '{"message":1}'],
      ["rules/test", "{}"],
      ["rules/test", '{"channel":5}'],
      ["rules/test", '{"channel":"c","userid":"u"}'],
      ["rules/test", '{"channel":"c","userId":"a b"}'],
      ["rules/test", '{"channel":"c","userId":null}'],
      ["rules/test", '{"channel":"c","userId":"u","roles":["root"]}'],
      ["rules/test", '{"channel":"c","userId":"u","roles":["client","client","client","client","client"]}'],
      ["rules/test", '{"channel":"c","roles":["client"]}'],
      ["rules/test", '{"channel":"c","userId":"u","anonymous":true}'],
      ["rules/test", '{"channel":"c","userId":"u","socketId":"s"}'],
      ["rules/test", '{"channel":"c","anonymous":false,"socketId":"s"}'],
      ["rules/test", '{"channel":"c","socketId":""}'],
      ["revoke", "{}"],
      ["revoke", '{"userId":"a*"}'],
      ["revoke", '{"userId":null}'],
    ];
    for (const [path, body] of bodies) {
      const answer = await node.call(`/api/socket/${path}`, { headers: { "X-Api-Key": KEY, ...JSON_TYPE }, body });
      expectError(answer, "INVALID_PAYLOAD", body);
    }
  });

  it("are not read of strangers", async () => {
    const answer = await node.call("/api/socket/broadcast", { headers: JSON_TYPE, body: "x".repeat(50_000) });
    expectError(answer, "UNAUTHENTICATED");
  });

  it("tell of what is wrong without repeating it at length", async () => {
    const json = { userId: "u", ["k".repeat(5000)]: 1 };
    const answer = await node.call("/auth/token", { json });
    expectError(answer, "INVALID_PAYLOAD");
    expect(JSON.stringify(answer.body).length).toBeLessThan(600);
  });
});

describe("refusals", () => {
  it("are counted by code", async () => {
    await node.call("/nothing");
    expect(await node.metrics.text()).toMatch(/roomcast_refused_total\{code="NOT_FOUND"\} [1-9]/);
  });
});

describe("failures", () => {
  class AwayBroker extends MemoryBroker {
    override publish(): never {
      throw new GatewayError("UNAVAILABLE", "The broker cannot be reached");
    }
    async check(): Promise<void> {
      throw new Error("connect ECONNREFUSED 10.1.2.3:6379");
    }
  }

  it("of the broker are told as such", async () => {
    const broker = new AwayBroker({ clock: systemClock, limits: DEFAULT_LIMITS });
    const away = await TestNode.start({ gateway: { broker } });
    expectError(await away.call("/api/socket/broadcast", { json: { channel: "c", event: "e" } }), "UNAVAILABLE");
    const ready = await away.call("/ready");
    expectError(ready, "UNAVAILABLE");
    expect(JSON.stringify(ready.body)).not.toContain("10.1.2.3");
    expect((await away.call("/health")).status).toBe(200);
    await away.close();
  });

  it("that nobody foresaw tell the log everything and the caller nothing", async () => {
    const failed: unknown[] = [];
    const revocations = {
      revoke: () => Promise.reject(new Error("the secret reason")),
      revokedAt: () => Promise.resolve(undefined),
    };
    const observer = { failed: (_where: string, error: unknown) => failed.push(error) };
    const broken = await TestNode.start({ gateway: { revocations, observer } });
    const answer = await broken.call("/api/socket/revoke", { json: { userId: "u" } });
    expectError(answer, "INTERNAL");
    expect(JSON.stringify(answer.body)).not.toContain("secret");
    expect(failed).toEqual([expect.objectContaining({ message: "the secret reason" })]);
    await broken.close();
  });
});
