import { MemoryBroker, systemClock } from "@roomcast/core";
import { GatewayError } from "@roomcast/protocol";
import { createServer, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { pino } from "pino";
import { io, type Socket } from "socket.io-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { next } from "../test/harness.ts";
import { ConfigError } from "./config/config-error.ts";
import { hashApiKey } from "./auth/api-keys.ts";
import type { EmbedOptions } from "./config/embed-options.ts";
import { embed, prepare, type Embedded } from "./embed.ts";

const SECRET = "a secret of the application, of more than 32 bytes";
const KEY = "a-key-of-the-application";
const auth: EmbedOptions["auth"] = {
  jwt: { secret: SECRET },
  apiKeys: [{ sha256: hashApiKey(KEY), tenants: "*", roles: ["service"] }],
};
const silent = pino({ level: "silent" });
const settings: EmbedOptions = { auth, logger: silent };

const started: Embedded[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  for (const embedded of started.splice(0)) await embedded.close({ drainSeconds: 1 });
  vi.unstubAllEnvs();
});

function application(): Server {
  return createServer((request, response) => response.end(`application ${request.url}`));
}

function put(httpServer: Server, options: EmbedOptions = settings): Embedded {
  const embedded = embed(httpServer, options);
  started.push(embedded);
  return embedded;
}

async function listen(httpServer: Server): Promise<string> {
  httpServer.listen(0, "127.0.0.1");
  await once(httpServer, "listening");
  return `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
}

async function connect(url: string, token: string): Promise<Socket> {
  const socket = io(url, { auth: { token }, reconnection: false, forceNew: true });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
  return socket;
}

describe("embed", () => {
  it("serves clients, REST below its prefix, and leaves everything else to the application", async () => {
    const httpServer = application();
    const embedded = put(httpServer);
    await embedded.ready();
    const url = await listen(httpServer);
    const { token, expiresAt } = await embedded.issueToken({ userId: "alice", tenantId: "acme" });
    expect(expiresAt).toBeGreaterThan(Date.now());
    const socket = await connect(url, token);
    expect(await socket.emitWithAck("subscribe", { topic: "news" })).toMatchObject({ ok: true });

    const heard = next(socket, "event");
    await embedded.gateway.publish({ tenantId: "acme", name: "news" }, "first", 1);
    expect(await heard).toMatchObject({ event: "first", payload: 1, source: "server" });

    const second = next(socket, "event");
    const sent = await fetch(`${url}/roomcast/api/socket/broadcast`, {
      method: "POST",
      headers: { "X-Api-Key": KEY, "X-Tenant-Id": "acme", "Content-Type": "application/json" },
      body: JSON.stringify({ channel: "news", event: "second" }),
    });
    expect(sent.status).toBe(200);
    expect(await second).toMatchObject({ event: "second", source: "rest" });

    for (const path of ["/", "/health", "/api/socket/channels", "/roomcast", "/roomcast/else", "/roomcastle/health"])
      expect(await (await fetch(url + path)).text()).toBe(`application ${path}`);
    const metrics = await (await fetch(`${url}/roomcast/metrics`)).text();
    expect(metrics).toContain('roomcast_connections{dialect="native"} 1');
  });

  it("has the admin page below its prefix, elsewhere or nowhere", async () => {
    const cases: [Partial<EmbedOptions>, path: string | undefined][] = [
      [{}, "/roomcast/admin"],
      [{ rest: { prefix: "" } }, "/admin"],
      [{ admin: { path: "/desk" } }, "/desk"],
      [{ admin: false }, undefined],
      [{ rest: false }, undefined],
    ];
    for (const [options, path] of cases) {
      const httpServer = application();
      put(httpServer, { ...settings, ...options });
      const url = await listen(httpServer);
      for (const tried of ["/roomcast/admin", "/admin", "/desk"]) {
        const { headers } = await fetch(`${url}${tried}/x`);
        const own = headers.get("cross-origin-opener-policy") === "same-origin";
        expect(own, `${JSON.stringify(options)} ${tried}`).toBe(tried === path);
      }
      const prefix = options.rest === false ? undefined : (options.rest?.prefix ?? "/roomcast");
      if (prefix === undefined) continue;
      const signedIn = await fetch(`${url}${prefix}/auth/session`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ apiKey: "x" }),
      });
      // Without the page, nobody is asked who they are in order to sign in.
      const { message } = (await signedIn.json()) as { message: string };
      expect([signedIn.status, message]).toEqual([
        401,
        path === undefined ? "The request has no credentials" : "The API key is not known",
      ]);
    }
  });

  it("links and describes REST's addresses as they are called", async () => {
    const httpServer = application();
    const embedded = put(httpServer, { ...settings, rest: { prefix: "/real-time/v1" } });
    const url = await listen(httpServer);
    const document = (await (await fetch(`${url}/real-time/v1/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
      servers: unknown;
    };
    const paths = Object.keys(document.paths);
    expect(paths).toContain("/real-time/v1/api/socket/channels/{channel}/members");
    expect(paths.filter((path) => !path.startsWith("/real-time/v1/"))).toEqual([]);
    expect(document.servers).toEqual([{ url: "/" }]);
    // Each of them is there.
    for (const path of paths.filter((name) => document.paths[name]?.["get"] !== undefined))
      expect((await fetch(url + path.replace(/\{\w+\}/, "x"))).headers.get("x-content-type-options"), path).toBe(
        "nosniff",
      );

    const { token } = await embedded.issueToken({ userId: "alice" });
    const socket = await connect(url, token);
    for (const topic of ["a", "b"]) await socket.emitWithAck("subscribe", { topic });
    const page = await fetch(`${url}/real-time/v1/api/socket/channels?limit=1`, { headers: { "X-Api-Key": KEY } });
    const link = /^<([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1];
    expect(link).toMatch(/^\/real-time\/v1\/api\/socket\/channels\?/);
    const rest = await fetch(url + String(link), { headers: { "X-Api-Key": KEY } });
    expect(await rest.json()).toMatchObject([{ name: "b" }]);
    const refused = await fetch(`${url}/real-time/v1/api/socket/broadcast`, { headers: { "X-Api-Key": KEY } });
    expect([refused.status, refused.headers.get("allow")]).toEqual([404, "POST"]);
  });

  it("has no prefix where that is empty, and no REST where it is off", async () => {
    const bare = application();
    put(bare, { ...settings, rest: { prefix: "" } });
    const url = await listen(bare);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${url}/roomcast/health`)).text()).toBe("application /roomcast/health");

    const without = application();
    put(without, { ...settings, rest: false });
    const other = await listen(without);
    for (const path of ["/health", "/roomcast/health"])
      expect(await (await fetch(other + path)).text()).toBe(`application ${path}`);
  });

  it("answers what is nobody's on a server without an application", async () => {
    const httpServer = createServer();
    put(httpServer);
    const url = await listen(httpServer);
    for (const path of ["/", "/health", "/roomcast", "/roomcast/nothing"])
      expect(await (await fetch(url + path)).json(), path).toMatchObject({ error: "NOT_FOUND" });
    expect((await fetch(`${url}/roomcast/ready`)).status).toBe(200);
  });

  it("issues tokens that hold after a revocation of earlier ones, and none that would be refused", async () => {
    const httpServer = application();
    const embedded = put(httpServer);
    const url = await listen(httpServer);
    const early = await embedded.issueToken({ userId: "alice" });
    await embedded.gateway.revoke("default", "alice");
    await expect(connect(url, early.token)).rejects.toMatchObject({ data: { code: "UNAUTHENTICATED" } });
    await connect(url, (await embedded.issueToken({ userId: "alice" })).token);
    await expect(embedded.issueToken({ userId: "a b" })).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
    await expect(embedded.issueToken({ userId: "a", expiresIn: 0 })).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
  });

  it("issues none where others do", async () => {
    const jwks = [{ issuer: "https://a", url: "https://127.0.0.1:1/keys", audience: "x", tenants: "*" as const }];
    const embedded = put(application(), { auth: { jwt: { jwks } }, logger: silent });
    await expect(embedded.issueToken({ userId: "alice" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const room = embedded.roomToken({ tenantId: "a", userId: "b", room: "c" });
    await expect(room).rejects.toThrow("Room tokens need a shared secret");
  });

  it("signs rooms", async () => {
    const embedded = put(application());
    const [signed] = await embedded.signRooms({ tenantId: "acme", userId: "alice" }, ["/room"]);
    expect(signed).toMatchObject({ room: "/room", token: expect.any(String) });
  });

  it("logs to the application's logger, errors without what libraries put there", async () => {
    const lines: string[] = [];
    const logger = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
    const broken = Object.assign(new Error("Gone"), { code: "EGONE", claims: { sub: "alice" } });
    const broker = new MemoryBroker({ clock: systemClock });
    broker.start = () => Promise.reject(broken);
    const embedded = put(application(), { ...settings, logger, broker });
    await expect(embedded.ready()).rejects.toThrow();
    expect(lines).toHaveLength(1);
    expect(JSON.parse(String(lines[0]))).toMatchObject({ module: "roomcast", where: "start", err: { code: "EGONE" } });
    expect(lines[0]).not.toContain("alice");
  });
});

describe("the end of an embedded gateway", () => {
  it("tells clients, and closes the server", async () => {
    const httpServer = application();
    const embedded = put(httpServer);
    const url = await listen(httpServer);
    const socket = await connect(url, (await embedded.issueToken({ userId: "alice" })).token);
    const closing = next(socket, "closing");
    const first = embedded.close({ drainSeconds: 2 });
    await Promise.all([first, embedded.close()]);
    expect(await closing).toMatchObject({ code: "SHUTTING_DOWN", reconnect: true });
    expect(httpServer.listening).toBe(false);
    await expect(embedded.gateway.publish({ tenantId: "a", name: "b" }, "c")).rejects.toThrow();
  });

  it("comes when the application closes its server", async () => {
    const httpServer = application();
    const { gateway } = put(httpServer);
    await listen(httpServer);
    httpServer.close();
    await once(httpServer, "close");
    await expect.poll(() => gateway.ready().then(String, ({ code }: { code: string }) => code)).toBe("SHUTTING_DOWN");
  });

  it("leaves a port in use to the application", async () => {
    const taken = application();
    const url = await listen(taken);
    const httpServer = application();
    const embedded = put(httpServer);
    const failed = once(httpServer, "error") as Promise<[NodeJS.ErrnoException]>;
    expect(httpServer.listenerCount("error")).toBe(1);
    httpServer.listen(Number(new URL(url).port), "127.0.0.1");
    expect((await failed)[0].code).toBe("EADDRINUSE");
    // It may try another.
    const other = await listen(httpServer);
    await connect(other, (await embedded.issueToken({ userId: "alice" })).token);
    taken.close();
  });
});

describe("a gateway whose server comes later", () => {
  it("publishes before, serves then, and leaves the server to who closes it next", async () => {
    const refused: unknown[] = [];
    const prepared = prepare(settings, {
      path: "/real-time/",
      arriving: ({ principal, origin }) => {
        refused.push([principal.userId, origin?.dialect, origin?.auth["version"], origin?.remoteAddress]);
        if (principal.userId === "mallory") throw new GatewayError("FORBIDDEN", "Not today");
      },
    });
    await prepared.ready();
    await prepared.gateway.publish({ tenantId: "default", name: "news" }, "early", 1);
    const { token } = await prepared.issueToken({ userId: "alice" });
    const httpServer = application();
    started.push(prepared.attachTo(httpServer));
    const url = await listen(httpServer);
    const at = { path: "/real-time/", reconnection: false, forceNew: true };
    const socket = io(url, { ...at, auth: { token, version: 3 } });
    sockets.push(socket);
    await next(socket, "session");
    expect(await socket.emitWithAck("subscribe", { topic: "news" })).toMatchObject({ position: { offset: 1 } });
    const mallory = io(url, { ...at, auth: await prepared.issueToken({ userId: "mallory" }) });
    sockets.push(mallory);
    expect(await next(mallory, "connect_error")).toMatchObject({ data: { code: "FORBIDDEN", message: "Not today" } });
    expect(refused).toEqual([
      ["alice", "native", 3, "127.0.0.1"],
      ["mallory", "native", undefined, "127.0.0.1"],
    ]);

    const closing = next(socket, "closing");
    await prepared.close({ drainSeconds: 2, leaveServer: true });
    expect(await closing).toMatchObject({ code: "SHUTTING_DOWN" });
    expect(httpServer.listening).toBe(true);
    expect(await (await fetch(`${url}/real-time/`)).text()).toBe("application /real-time/");
    httpServer.close();
  });

  it("closes without one, and has the errors of wrong options at once", async () => {
    const prepared = prepare(settings);
    await prepared.close();
    await expect(prepared.gateway.publish({ tenantId: "a", name: "b" }, "c")).rejects.toThrow();
    expect(() => prepare({ ...settings, cors: 5 } as unknown as EmbedOptions)).toThrow(ConfigError);
    expect(() => prepare(settings).attachTo({} as Server)).toThrow(ConfigError);
  });
});

describe("wrong options", () => {
  function complaint(httpServer: unknown, options: unknown): string {
    const before = application().listenerCount("request");
    try {
      embed(httpServer as Server, options as EmbedOptions);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(ConfigError);
      // Nothing has changed.
      if (httpServer instanceof Server) {
        expect(httpServer.listenerCount("request")).toBe(before);
        expect(httpServer.listenerCount("upgrade")).toBe(0);
      }
      return (thrown as ConfigError).message;
    }
    expect.fail("was accepted");
  }

  const secret = "hunter2-hunter2-hunter2-hunter2-hunter2";
  const jwt = { auth: { jwt: { secret } } };
  const keys =
    "cors, trustProxy, auth, channels, direct, dialects, heartbeat, limits, history, metrics, admin, drainSeconds, " +
    "rest, logger, broker, presence, revocations, observer, clock, nodeId";
  it.each([
    [{ ...jwt, prot: 1 }, `prot is not known; it may be one of ${keys}`],
    [{ ...jwt, port: 3000 }, `port is not known; it may be one of ${keys}`],
    [{ ...jwt, auth: { jwt: { secrte: secret } } }, "auth.jwt.secrte is not known; it may be one of secret, issuer, "],
    [{}, "auth.jwt.secret is missing; it may be 32 bytes or more, there or in the variable ROOMCAST_JWT_SECRET"],
    [{ auth: { jwt: { secret: undefined } } }, "auth.jwt.secret is missing; it may be 32 bytes or more"],
    [{ auth: { jwt: { secret: "" } } }, "auth.jwt.secret is (hidden); it may be 32 bytes or more"],
    [{ auth: { jwt: { secret: "hunter2" } } }, "auth.jwt.secret is (hidden); it may be 32 bytes or more"],
    [
      { ...jwt, redis: { url: "redis://:hunter2@host" } },
      "redis is (hidden); it may be left out only: in an application, spread redisParts({ url }) of @roomcast/redis into the options",
    ],
    [{ ...jwt, rest: true }, "rest is true; it may be false, or { prefix }"],
    [{ ...jwt, rest: { prefix: "realtime" } }, "rest"],
    [{ ...jwt, rest: { prefix: "/a?b" } }, "rest"],
    [{ ...jwt, broker: "redis" }, 'broker is "redis"; it may be a broker, such as redisParts makes'],
    [{ ...jwt, cors: "*", auth: { ...jwt.auth, cookie: { getUserByToken: () => null } } }, 'cors is "*"; it may be'],
    [
      { ...jwt, history: { file: "h" }, broker: new MemoryBroker({ clock: systemClock }) },
      'history.file is "h"; it may be left out only, where a broker is given',
    ],
    [{ ...jwt, admin: { path: "/roomcast" } }, 'admin.path is "/roomcast"; it may be a path where REST has nothing'],
    [{ ...jwt, admin: { path: "/socket.io" } }, 'admin.path is "/socket.io"; it may be a path where no clients of'],
    [
      { ...jwt, rest: false, admin: { path: "/admin" } },
      'admin.path is "/admin"; it may be left out only, where rest is false',
    ],
    ["secret", 'the options is "secret"; it may be an object'],
    [null, "the options is null; it may be an object"],
  ])("%o are one line", (options, line) => {
    const message = complaint(application(), options);
    expect(message.startsWith(line), message).toBe(true);
    expect(message).not.toContain("\n");
    expect(message).not.toContain("hunter2");
  });

  it("takes the secret of the environment where the options have none, and no other", async () => {
    vi.stubEnv("ROOMCAST_JWT_SECRET", "short");
    expect(complaint(application(), {})).toBe("ROOMCAST_JWT_SECRET is (hidden); it may be 32 bytes or more");
    vi.stubEnv("ROOMCAST_JWT_SECRET", "a secret of the environment, of 32 bytes");
    vi.stubEnv("ROOMCAST_PORT", "nonsense");
    const environment = await put(application(), { logger: silent }).issueToken({ userId: "alice" });
    const httpServer = application();
    const own = put(httpServer);
    const url = await listen(httpServer);
    await expect(connect(url, environment.token)).rejects.toMatchObject({ data: { code: "UNAUTHENTICATED" } });
    await connect(url, (await own.issueToken({ userId: "alice" })).token);
  });

  it("refuses a second gateway on one server, until the first is closed", async () => {
    const httpServer = application();
    const first = put(httpServer);
    expect(() => embed(httpServer, settings)).toThrow(ConfigError);
    expect(() => embed(httpServer, settings)).toThrow(
      "This HTTP server has Roomcast already; put it there once, and use what that gave back",
    );
    await listen(httpServer);
    await first.close({ drainSeconds: 0 });
    const second = put(httpServer);
    const url = await listen(httpServer);
    await connect(url, (await second.issueToken({ userId: "alice" })).token);
  });

  it.each([undefined, null, () => undefined, {}, { listen: () => undefined }])("refuses %o for a server", (server) => {
    expect(complaint(server, settings)).toMatch(/^What Roomcast is put on is no HTTP server; it may be/);
  });
});
