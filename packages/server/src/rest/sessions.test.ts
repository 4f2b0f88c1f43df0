import { type Revocations } from "@roomcast/core";
import { ERROR_TABLE } from "@roomcast/protocol";
import { request } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ACME_ADMIN_KEY, ACME_KEY, KEY, TestNode, type Answer, type CallOptions } from "../../test/harness.ts";

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start({ attach: { trustProxy: true, cors: "*" } });
});
afterAll(() => node.close());

/** Another address for each, so that no test pays for the wrong tries of another. */
let lastAddress = 0;
function fromElsewhere(): Record<string, string> {
  lastAddress++;
  return { "X-Forwarded-For": `192.0.2.${lastAddress}` };
}

interface SignedIn {
  readonly answer: Answer;
  readonly session: { readonly csrf: string; readonly expiresAt: number; readonly [name: string]: unknown };
  readonly cookie: string;
}

async function signIn(json: unknown, headers: Record<string, string> = {}, on: TestNode = node): Promise<SignedIn> {
  const answer = await on.call("/auth/session", { headers: { ...fromElsewhere(), ...headers }, json });
  const cookie = answer.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  return { answer, session: answer.body as SignedIn["session"], cookie };
}

/** What the page sends along. */
function page({ cookie, session }: SignedIn, more: Record<string, string> = {}): Record<string, string> {
  return {
    Cookie: cookie,
    "X-CSRF-Token": session.csrf,
    "Sec-Fetch-Site": "same-origin",
    Origin: node.url,
    ...more,
  };
}

function without(headers: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}

function expectError(answer: Answer, error: keyof typeof ERROR_TABLE, hint = ""): void {
  const { http } = ERROR_TABLE[error] as { http: number };
  expect(answer, hint).toMatchObject({ status: http, body: { error, message: expect.any(String) } });
}

describe("signing in", () => {
  it("answers with the session and a cookie that no script reads and no other page sends", async () => {
    const token = await node.token("root", { tenantId: "acme", roles: ["admin"] });
    const { answer, session } = await signIn({ token });
    expect(answer.status).toBe(200);
    expect(session).toEqual({
      userId: "root",
      tenantId: "acme",
      tenants: ["acme"],
      roles: ["admin"],
      expiresAt: expect.any(Number),
      csrf: expect.stringMatching(/^[\w-]{22}$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      nodeId: node.gateway.nodeId,
      capabilities: {
        tokens: true,
        roomTokens: true,
        socketPath: "/socket.io/",
        usersPerNotify: 1000,
        dialects: { native: true, steedos: false, twake: false, plazer: false },
      },
    });
    const [value, ...settings] = (answer.headers.get("set-cookie") ?? "").split("; ");
    expect(value).toMatch(/^roomcast-admin=[\w.-]+$/);
    expect(settings.toSorted()).toEqual([
      "HttpOnly",
      expect.stringMatching(/^Max-Age=\d+$/),
      "Path=/",
      "SameSite=Strict",
    ]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("by https sets a cookie that is bound to the host", async () => {
    const token = await node.token("root", { roles: ["operator"] });
    const https = { "X-Forwarded-Proto": "https" };
    const signedIn = await signIn({ token }, https);
    const header = signedIn.answer.headers.get("set-cookie") ?? "";
    expect(header).toMatch(/^__Host-roomcast-admin=/);
    expect(header.split("; ")).toEqual(expect.arrayContaining(["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]));
    expect(header).not.toMatch(/domain/i);
    const headers = page(signedIn, { ...https, Origin: node.url.replace("http:", "https:") });
    expect((await node.call("/api/socket/connections", { headers })).status).toBe(200);
    // The other name is somebody else's over https, and the same name means nothing without it.
    const renamed = { ...headers, Cookie: signedIn.cookie.replace("__Host-", "") };
    expectError(await node.call("/api/socket/connections", { headers: renamed }), "UNAUTHENTICATED");
    const plain = page(signedIn);
    expectError(await node.call("/api/socket/connections", { headers: plain }), "UNAUTHENTICATED");
    // A page that came by http is of another origin.
    expectError(await node.call("/api/socket/connections", { headers: { ...headers, Origin: node.url } }), "FORBIDDEN");
  });

  it("by an API key is for the tenants of its scope", async () => {
    const signedIn = await signIn({ apiKey: ACME_ADMIN_KEY });
    expect(signedIn.session).toMatchObject({ userId: null, tenantId: "acme", tenants: ["acme", "beta"] });
    expect((await signIn({ apiKey: ACME_ADMIN_KEY, tenantId: "beta" })).session).toMatchObject({ tenantId: "beta" });
    expectError((await signIn({ apiKey: ACME_ADMIN_KEY, tenantId: "other" })).answer, "FORBIDDEN");
    for (const [tenant, status] of [
      ["acme", 200],
      ["beta", 200],
      ["other", 403],
      ["a/b", 400],
    ] as const) {
      const headers = page(signedIn, { "X-Tenant-Id": tenant });
      expect((await node.call("/api/socket/connections", { headers })).status, tenant).toBe(status);
    }
  });

  it("refuses clients, services and strangers, and sets no cookie", async () => {
    const cases: [unknown, "FORBIDDEN" | "UNAUTHENTICATED"][] = [
      [{ token: await node.token("alice") }, "FORBIDDEN"],
      [{ token: await node.token("robot", { roles: ["service"] }) }, "FORBIDDEN"],
      [{ apiKey: ACME_KEY }, "FORBIDDEN"],
      [{ token: "x.y.z" }, "UNAUTHENTICATED"],
      [{ token: "" }, "UNAUTHENTICATED"],
      [{ apiKey: "x".repeat(40) }, "UNAUTHENTICATED"],
    ];
    for (const [json, error] of cases) {
      const { answer, cookie } = await signIn(json);
      expectError(answer, error, JSON.stringify(json));
      expect(cookie).toBe("");
    }
  });

  it("takes JSON of one of its two forms, and not too much of it", async () => {
    for (const json of [{}, { token: 5 }, { token: "a", apiKey: "b" }, { apiKey: KEY, tenantId: "a/b" }, [], null, "x"])
      expectError((await signIn(json)).answer, "INVALID_PAYLOAD", JSON.stringify(json));
    const headers = fromElsewhere();
    const form = { ...headers, "Content-Type": "application/x-www-form-urlencoded" };
    const text = { ...headers, "Content-Type": "text/plain" };
    for (const type of [form, text])
      expectError(
        await node.call("/auth/session", { headers: type, body: JSON.stringify({ apiKey: KEY }) }),
        "INVALID_PAYLOAD",
      );
    expectError((await signIn({ token: "x".repeat(100_000) })).answer, "TOO_LARGE");
  });

  it("is for pages of this server, and for programs", async () => {
    const json = { apiKey: KEY };
    expect((await signIn(json, { Origin: node.url, "Sec-Fetch-Site": "same-origin" })).answer.status).toBe(200);
    for (const headers of [
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site", Origin: node.url },
      { "Sec-Fetch-Site": "same-origin" },
    ]) {
      const { answer, cookie } = await signIn(json, headers);
      expectError(answer, "FORBIDDEN", JSON.stringify(headers));
      expect(cookie).toBe("");
    }
  });

  it("slows down after five wrong tries of an address, and only that one; a right one is free again", async () => {
    const address = fromElsewhere();
    const client = { token: await node.token("alice") };
    for (const json of [client, { apiKey: "wrong" }, client, { token: "x" }, client])
      expect([401, 403]).toContain((await signIn(json, address)).answer.status);
    // Now the right one waits, too.
    const { answer } = await signIn({ apiKey: KEY }, address);
    expectError(answer, "RATE_LIMITED");
    const { retryAfterMs } = (answer.body as { details: { retryAfterMs: number } }).details;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(5000);
    expect(answer.headers.get("retry-after")).toBe(String(Math.ceil(retryAfterMs / 1000)));
    expect((await signIn({ apiKey: KEY })).answer.status).toBe(200);

    const other = fromElsewhere();
    for (let n = 0; n < 12; n++) {
      const json = n % 4 === 3 ? { apiKey: KEY } : { apiKey: "wrong" };
      expect((await signIn(json, other)).answer.status).toBe(n % 4 === 3 ? 200 : 401);
    }
  });
});

describe("a session", () => {
  it("serves REST in its tenant, and is read without its CSRF token", async () => {
    const signedIn = await signIn({ token: await node.token("root", { tenantId: "s-rest", roles: ["admin"] }) });
    const headers = page(signedIn);
    const read = await node.call("/auth/session", { headers: { Cookie: signedIn.cookie } });
    expect(read).toMatchObject({ status: 200, body: signedIn.session });
    const sent = await node.call("/api/socket/broadcast", { headers, json: { channel: "a", event: "e", data: 1 } });
    expect(sent.status).toBe(200);
    const kept = await node.gateway.history({ tenantId: "s-rest", name: "a" });
    expect(kept.events.map(({ data }) => data)).toEqual([1]);
    // Another tenant is beyond an admin.
    const foreign = page(signedIn, { "X-Tenant-Id": "other" });
    expectError(await node.call("/api/socket/connections", { headers: foreign }), "FORBIDDEN");
    const issued = await node.call("/auth/token", { headers, json: { userId: "u" } });
    expect(issued).toMatchObject({ status: 200, body: { token: expect.any(String) } });
    expectError(await node.call("/auth/token", { headers, json: { userId: "u", tenantId: "other" } }), "FORBIDDEN");
    expectError(
      await node.call("/auth/token", { headers, json: { userId: "u", permissions: ["operator"] } }),
      "FORBIDDEN",
    );
  });

  it("of an operator serves every tenant", async () => {
    const signedIn = await signIn({ token: await node.token("root", { tenantId: "home", roles: ["operator"] }) });
    expect(signedIn.session).toMatchObject({ tenantId: "home", tenants: "*" });
    const headers = page(signedIn, { "X-Tenant-Id": "s-far" });
    await node.call("/api/socket/broadcast", { headers, json: { channel: "a", event: "e", data: 1 } });
    expect((await node.gateway.history({ tenantId: "s-far", name: "a" })).events).toHaveLength(1);
    const issued = await node.call("/auth/token", { headers, json: { userId: "u", tenantId: "s-far" } });
    expect(issued.status).toBe(200);
  });

  it("serves nobody who does not prove to be its own page", async () => {
    const signedIn = await signIn({ apiKey: KEY });
    const headers = page(signedIn);
    const calls: CallOptions[] = [{}, { json: { userId: "nobody" } }];
    for (const options of calls) {
      const path = options.json === undefined ? "/api/socket/connections" : "/api/socket/revoke";
      expect((await node.call(path, { ...options, headers })).status).toBe(200);
      const strange: Record<string, string>[] = [
        without(headers, "X-CSRF-Token"),
        { ...headers, "X-CSRF-Token": "x" },
        { ...headers, "X-CSRF-Token": "x".repeat(signedIn.session.csrf.length) },
        { ...headers, Origin: "https://evil.example" },
        { ...headers, Origin: "null" },
        { ...headers, Origin: `${node.url}1` },
        { ...headers, "Sec-Fetch-Site": "cross-site" },
        { ...headers, "Sec-Fetch-Site": "same-site" },
        { ...headers, "Sec-Fetch-Site": "none" },
      ];
      for (const wrong of strange)
        expectError(await node.call(path, { ...options, headers: wrong }), "FORBIDDEN", JSON.stringify(wrong));
    }
    // Reading, a browser leaves out its own origin; writing, it never does.
    const silent = without(headers, "Origin");
    expect((await node.call("/api/socket/connections", { headers: silent })).status).toBe(200);
    expectError(await node.call("/api/socket/revoke", { headers: silent, json: { userId: "nobody" } }), "FORBIDDEN");
    const crossSite = { Cookie: signedIn.cookie, "Sec-Fetch-Site": "cross-site" };
    expectError(await node.call("/auth/session", { headers: crossSite }), "FORBIDDEN");
  });

  it("is nothing that CORS could open, though any origin may call", async () => {
    const signedIn = await signIn({ apiKey: KEY });
    const asked = await node.call("/api/socket/connections", {
      method: "OPTIONS",
      headers: {
        Origin: "https://evil.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-csrf-token",
      },
    });
    expect(asked.headers.get("access-control-allow-origin")).toBe("*");
    expect(asked.headers.get("access-control-allow-headers")).not.toMatch(/csrf/i);
    const answer = await node.call("/api/socket/connections", {
      headers: page(signedIn, { Origin: "https://evil.example" }),
    });
    expectError(answer, "FORBIDDEN");
    for (const { headers } of [asked, answer]) expect(headers.get("access-control-allow-credentials")).toBeNull();
  });

  it("counts for nothing beside other credentials, which other pages of the host may bring", async () => {
    const signedIn = await signIn({ apiKey: KEY });
    const token = await node.token("robot", { roles: ["service"] });
    const [service, stranger] = [
      { Authorization: `Bearer ${token}` },
      { "X-Api-Key": "a key that nobody has made ever" },
    ];
    const headers = { Cookie: signedIn.cookie, ...service };
    expect((await node.call("/api/socket/connections", { headers })).status).toBe(200);
    expectError(await node.call("/api/socket/audit", { headers: page(signedIn, service) }), "FORBIDDEN");
    for (const path of ["/api/socket/connections", "/auth/session"])
      expectError(await node.call(path, { headers: page(signedIn, stranger) }), "UNAUTHENTICATED");
    expectError(await node.call("/auth/session", { headers: page(signedIn, service) }), "UNAUTHENTICATED");
    // What a proxy before the gateway asks for itself is none of its credentials.
    const basic = page(signedIn, { Authorization: "Basic b3BzOm9wcw==" });
    for (const path of ["/api/socket/audit", "/auth/session"])
      expect((await node.call(path, { headers: basic })).status).toBe(200);
    expectError(
      await node.call("/api/socket/audit", { headers: { ...basic, "X-CSRF-Token": "another" } }),
      "FORBIDDEN",
    );
  });

  it("that is tampered with, doubled, huge or nothing is none", async () => {
    const signedIn = await signIn({ apiKey: KEY });
    const { cookie } = signedIn;
    const [name = "", value = ""] = cookie.split("=");
    const wrong = [
      `${cookie}x`,
      `${name}=`,
      `${name}=${value.slice(1)}`,
      `${name}=${"x".repeat(10_000)}`,
      `${cookie}; ${cookie}`,
      `other=1; ${name}=x; ${cookie}`,
      `${name}2=${value}`,
      "",
    ];
    for (const shown of wrong) {
      const headers = page(signedIn, { Cookie: shown });
      expectError(await node.call("/api/socket/connections", { headers }), "UNAUTHENTICATED", shown.slice(0, 50));
      expectError(await node.call("/auth/session", { headers }), "UNAUTHENTICATED", shown.slice(0, 50));
    }
    const among = page(signedIn, { Cookie: `a=b; ${cookie}; c=d` });
    expect((await node.call("/api/socket/connections", { headers: among })).status).toBe(200);
  });

  it("ends by signing out", async () => {
    const signedIn = await signIn({ apiKey: KEY });
    expectError(
      await node.call("/auth/session", { method: "DELETE", headers: without(page(signedIn), "X-CSRF-Token") }),
      "FORBIDDEN",
    );
    const out = await node.call("/auth/session", { method: "DELETE", headers: page(signedIn) });
    expect(out).toMatchObject({ status: 204, body: null });
    expect(out.headers.get("set-cookie")).toMatch(/^roomcast-admin=;.*Max-Age=0/);
    for (const path of ["/auth/session", "/api/socket/connections"])
      expectError(await node.call(path, { headers: page(signedIn) }), "UNAUTHENTICATED");
    expectError(await node.call("/auth/session", { method: "DELETE", headers: page(signedIn) }), "UNAUTHENTICATED");
  });

  it("ends when its user is revoked", async () => {
    const signedIn = await signIn({ token: await node.token("fired", { tenantId: "s-gone", roles: ["admin"] }) });
    await node.gateway.revoke("s-gone", "fired");
    expectError(await node.call("/api/socket/connections", { headers: page(signedIn) }), "UNAUTHENTICATED");
    expectError(await node.call("/auth/session", { headers: page(signedIn) }), "UNAUTHENTICATED");
  });

  it("answers HEAD as GET, and nobody who is not signed in", async () => {
    const signedIn = await signIn({ apiKey: KEY });
    const head = await node.call("/auth/session", { method: "HEAD", headers: without(page(signedIn), "Origin") });
    expect(head).toMatchObject({ status: 200, body: null });
    expectError(await node.call("/auth/session", { headers: {} }), "UNAUTHENTICATED");
    expectError(await node.call("/auth/session", { method: "DELETE", headers: {} }), "UNAUTHENTICATED");
    expectError(await node.call("/auth/session/ticket", { headers: {}, json: {} }), "UNAUTHENTICATED");
    const put = await node.call("/auth/session", { method: "PUT", headers: {} });
    expectError(put, "NOT_FOUND");
    expect(put.headers.get("allow")?.split(", ").toSorted()).toEqual(["DELETE", "GET", "POST"]);
  });
});

describe("a store of revocations that is away", () => {
  const nodes: TestNode[] = [];
  afterEach(async () => {
    for (const one of nodes.splice(0)) await one.close();
  });

  it("lets nobody in, and counts no try as wrong", async () => {
    let away = false;
    const moments = new Map<string, number>();
    const revocations: Revocations = {
      revoke: async (tenantId, userId, at) => void moments.set(`${tenantId} ${userId}`, at),
      async revokedAt(tenantId, userId) {
        if (away) throw new Error("The store is away");
        return moments.get(`${tenantId} ${userId}`);
      },
    };
    const one = await TestNode.start({ gateway: { revocations } });
    nodes.push(one);
    const signedIn = await signIn({ apiKey: KEY }, {}, one);
    away = true;
    const headers = page(signedIn, { Origin: one.url });
    expect((await one.call("/api/socket/connections", { headers })).status).toBe(500);
    for (let n = 0; n < 8; n++) expect((await signIn({ apiKey: KEY }, {}, one)).answer.status).toBe(500);
    away = false;
    expect((await one.call("/api/socket/connections", { headers })).status).toBe(200);
    expect((await signIn({ apiKey: KEY }, {}, one)).answer.status).toBe(200);
  });
});

describe("the headers of proxies", () => {
  it("are not believed unless the configuration says so", async () => {
    const one = await TestNode.start();
    const token = await one.token("alice");
    for (let n = 0; n < 5; n++) expectError((await signIn({ token }, {}, one)).answer, "FORBIDDEN");
    expectError((await signIn({ token }, {}, one)).answer, "RATE_LIMITED");
    await one.close();
    const two = await TestNode.start();
    const signedIn = await signIn({ apiKey: KEY }, { "X-Forwarded-Proto": "https" }, two);
    expect(signedIn.cookie).toMatch(/^roomcast-admin=/);
    await two.close();
  });
});

describe("a name of the host that is not this server's", () => {
  it("makes another origin", async () => {
    const signedIn = await signIn({ apiKey: KEY });
    const status = await new Promise((resolve, reject) => {
      request(
        `${node.url}/api/socket/connections`,
        { headers: { ...page(signedIn), Host: "rebound.example" } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      )
        .on("error", reject)
        .end();
    });
    expect(status).toBe(403);
  });
});
