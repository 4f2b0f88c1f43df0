import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import { connect as connectTcp, type AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { Gateway, type Admission, type Connection, type GatewayOptions, type Session } from "@roomcast/core";
import { GatewayError, nativeDialect, type Credentials, type Dialect } from "@roomcast/protocol";
import { io, type ManagerOptions, type Socket as ClientSocket, type SocketOptions } from "socket.io-client";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { openEndpoint, type Endpoint, type EndpointOptions } from "./endpoint.ts";

const ioV2 = createRequire(import.meta.url)("socket.io-client-v2") as typeof io;

/** A clock that stands until it is moved. */
class StillClock {
  #now = 1_700_000_000_000;
  readonly #tasks = new Set<{ at: number; task: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): () => void {
    const entry = { at: this.#now + delayMs, task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const entry of this.#tasks) {
      if (entry.at > this.#now) continue;
      this.#tasks.delete(entry);
      entry.task();
    }
  }
}

/** Tells of its sessions and connections. */
class OpenGateway extends Gateway {
  readonly opened: Connection[] = [];
  readonly sessions: Session[] = [];

  override open(connection: Connection, admission: Admission): Session {
    const session = super.open(connection, admission);
    this.opened.push(connection);
    this.sessions.push(session);
    return session;
  }
}

interface Running {
  readonly url: string;
  readonly port: number;
  readonly httpServer: HttpServer;
  readonly gateway: OpenGateway;
  readonly endpoint: Endpoint;
  readonly client: (options?: Partial<ManagerOptions & SocketOptions>) => ClientSocket;
}

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function authenticate(credentials: Credentials): ReturnType<GatewayOptions["auth"]["authenticate"]> {
  const token = credentials.kind === "token" ? credentials.token : undefined;
  if (typeof token !== "string" || token === "bad") throw new GatewayError("UNAUTHENTICATED", "No valid token");
  return Promise.resolve({
    principal: { userId: token, tenantId: "t", roles: ["client"], grants: {}, anonymous: false },
  });
}

async function listen(httpServer: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    httpServer.closeAllConnections();
    httpServer.close();
  });
  return (httpServer.address() as AddressInfo).port;
}

async function run(
  options: Partial<EndpointOptions> & { gatewayOptions?: Partial<GatewayOptions> } = {},
): Promise<Running> {
  const { gatewayOptions, ...endpointOptions } = options;
  const gateway = new OpenGateway({ auth: { authenticate }, ...gatewayOptions });
  const httpServer = options.httpServer ?? createServer();
  const endpoint = openEndpoint({ httpServer, gateway, ...endpointOptions });
  cleanups.push(() => gateway.close());
  const port = await listen(httpServer);
  cleanups.push(() => endpoint.close());
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    httpServer,
    gateway,
    endpoint,
    client(clientOptions = {}) {
      const socket = io(url, {
        transports: ["websocket"],
        forceNew: true,
        reconnection: false,
        auth: { token: "ann" },
        ...clientOptions,
      });
      cleanups.push(() => socket.disconnect());
      return socket;
    },
  };
}

function heard(socket: ClientSocket, event: string): Promise<unknown> {
  return new Promise((resolve) => socket.once(event, resolve));
}

/** A link of Engine.IO 4 by hand, over WebSocket: sends and collects texts. */
async function rawLink(port: number): Promise<{ socket: WebSocket; texts: string[]; closed: Promise<unknown> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  const texts: string[] = [];
  socket.on("message", (data: Buffer) => texts.push(data.toString()));
  const closed = once(socket, "close");
  socket.on("error", () => {});
  await vi.waitFor(() => expect(texts[0]).toMatch(/^0/));
  cleanups.push(() => socket.terminate());
  return { socket, texts, closed };
}

/** What a server answers to these bytes, until it closes or falls silent after an answer. */
async function rawHttp(port: number, text: string): Promise<string> {
  const socket = connectTcp(port, "127.0.0.1");
  cleanups.push(() => socket.destroy());
  socket.on("error", () => {});
  socket.write(text);
  let answer = "";
  socket.on("data", (data) => (answer += data.toString()));
  await vi.waitFor(() => expect(answer).toContain("\r\n\r\n"));
  return answer;
}

const upgradeRequest = (path: string, headers = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n${headers}\r\n`;

const HANDSHAKE = "/socket.io/?EIO=4&transport=polling";

describe.each([["websocket"], ["polling"]])("over %s", (transport) => {
  test("a client is greeted, follows and is answered", async () => {
    const { client } = await run();
    const ann = client({ transports: [transport] });
    expect(await heard(ann, "session")).toMatchObject({ protocol: 1, socketId: ann.id, userId: "ann", tenantId: "t" });
    expect(await ann.emitWithAck("subscribe", { topic: "room" })).toMatchObject({ ok: true });
    const event = heard(ann, "event");
    expect(await ann.emitWithAck("publish", { channel: "room", event: "say", data: "hi" })).toMatchObject({ ok: true });
    expect(await event).toMatchObject({
      topic: "room",
      event: "say",
      payload: "hi",
      sender: { userId: "ann", socketId: ann.id },
    });
  });

  test("a command that is too large is refused by itself", async () => {
    const { client } = await run();
    const ann = client({ transports: [transport] });
    const large = { channel: "room", event: "say", data: "x".repeat(70_000) };
    expect(await ann.emitWithAck("publish", large)).toMatchObject({ ok: false, error: { code: "TOO_LARGE" } });
    ann.emit("publish", large);
    expect(await heard(ann, "error")).toMatchObject({ command: "publish", code: "TOO_LARGE" });
    expect(await ann.emitWithAck("subscribe", { topic: "room" })).toMatchObject({ ok: true });
  });

  test("binary commands are invalid", async () => {
    const { client } = await run();
    const ann = client({ transports: [transport] });
    const reply = await ann.emitWithAck("publish", { channel: "room", event: "say", data: Buffer.alloc(10) });
    expect(reply).toMatchObject({ ok: false, error: { code: "INVALID_PAYLOAD" } });
    const large = await ann.emitWithAck("publish", Buffer.alloc(70_000), Buffer.alloc(70_000));
    expect(large).toMatchObject({ ok: false, error: { code: "TOO_LARGE" } });
    expect(await ann.emitWithAck("leave", { channel: "room" })).toEqual({ ok: true });
  });

  test.each([
    ["reconnect", /transport/],
    ["stay-away", /io server disconnect/],
    ["destroy", /transport/],
  ] as const)("close %s", async (how, reason) => {
    const { client, gateway } = await run();
    const ann = client({ transports: [transport] });
    await heard(ann, "session");
    const texts: unknown[] = [];
    ann.on("last", (value) => texts.push(value));
    const ended = heard(ann, "disconnect");
    const [connection] = gateway.opened;
    for (let i = 0; i < 3; i++) connection?.write(connection.wire.encode(["last", i]));
    connection?.close(how);
    connection?.write(connection.wire.encode(["last", "never"]));
    expect(await ended).toMatch(reason);
    if (how !== "destroy") expect(texts).toEqual([0, 1, 2]);
    await vi.waitFor(() => expect(gateway.sessionCount).toBe(0));
  });

  test("an application's own emits arrive, and rooms are refused", async () => {
    const { client, endpoint } = await run();
    const [ann, bob] = [client({ transports: [transport] }), client({ transports: [transport] })];
    await Promise.all([heard(ann, "session"), heard(bob, "session")]);
    const both = Promise.all([heard(ann, "news"), heard(bob, "news")]);
    endpoint.io.emit("news", { all: true });
    expect(await both).toEqual([{ all: true }, { all: true }]);
    const one = heard(bob, "mine");
    endpoint.io.to(bob.id ?? "").emit("mine", Buffer.from("x"));
    expect(Buffer.from((await one) as Uint8Array).toString()).toBe("x");
    bob.on("question", (answer: (value: number) => void) => answer(7));
    ann.on("question", (answer: (value: number) => void) => answer(8));
    expect((await endpoint.io.timeout(5000).emitWithAck("question")).sort()).toEqual([7, 8]);
    const [socket] = await endpoint.io.fetchSockets();
    expect(() => socket?.join("room")).toThrow("rooms");
  });
});

describe("logging in", () => {
  test("a refusal is a connect_error with the error's data", async () => {
    const { client } = await run();
    const error = (await heard(client({ auth: { token: "bad" } }), "connect_error")) as Error & { data: unknown };
    expect(error.message).toBe("No valid token");
    expect(error.data).toEqual({ code: "UNAUTHENTICATED", message: "No valid token", retryable: false });
  });

  test("a query logs nobody in", async () => {
    const { client, url } = await run({ allowEIO3: true });
    for (const socket of [
      client({ auth: {}, query: { token: "ann" } }),
      ioV2(`${url}/?token=ann`, { query: { token: "ann" }, forceNew: true }),
    ]) {
      cleanups.push(() => socket.disconnect());
      const refused = new Promise((resolve) => socket.once("connect_error", resolve).once("error", resolve));
      expect(await refused).toBeDefined();
    }
  });

  test("on Engine.IO 3 the public id is not the transport's", async () => {
    const { url, gateway } = await run({ allowEIO3: true });
    const ann = ioV2(url, {
      transports: ["polling"],
      forceNew: true,
      extraHeaders: { Authorization: "Bearer ann" },
    } as object);
    cleanups.push(() => ann.disconnect());
    const session = (await heard(ann, "session")) as { socketId: string };
    expect(session.socketId).toBe(gateway.opened[0]?.id);
    expect(session.socketId).not.toBe(ann.id);
    expect(session.socketId).toMatch(/^[\w-]{20}$/);
  });

  test("the first dialect that accepts has the connection; a dialect that throws refuses", async () => {
    const failed = vi.fn();
    const picky: Dialect = {
      ...nativeDialect,
      accepts: ({ auth }) => auth["picky"] === true,
      greeting: () => [["picky", 1]],
    };
    const broken: Dialect = {
      ...nativeDialect,
      accepts({ auth }) {
        if (auth["break"] === true) throw new TypeError("broken");
        return false;
      },
    };
    const { client } = await run({
      namespaces: [
        { name: "/", dialects: [nativeDialect] },
        { name: "/v1", dialects: [picky, broken] },
      ],
      gatewayOptions: { observer: { failed } },
    });
    const connect = (auth: Record<string, unknown>): ClientSocket => {
      const socket = client({ autoConnect: false }).io.socket("/v1", { auth });
      socket.connect();
      return socket;
    };
    expect(await heard(connect({ token: "ann", picky: true }), "picky")).toBe(1);
    expect(await heard(connect({ token: "ann" }), "picky")).toBe(1);
    const error = (await heard(connect({ token: "ann", break: true }), "connect_error")) as Error & {
      data: { code: string };
    };
    expect(error.data.code).toBe("INTERNAL");
    expect(failed).toHaveBeenCalledWith("handshake", expect.any(TypeError));
  });

  test("a namespace that is not served is refused", async () => {
    const { url } = await run({ namespaces: [{ name: "/v1", dialects: [nativeDialect] }], allowEIO3: true });
    for (const namespace of ["/", "/other"]) {
      const socket = io(url + namespace, {
        forceNew: true,
        transports: ["websocket"],
        reconnection: false,
        auth: { token: "ann" },
      });
      cleanups.push(() => socket.disconnect());
      expect(((await heard(socket, "connect_error")) as Error).message).toBe("Invalid namespace");
    }
    const old = ioV2(`${url}/v1`, {
      forceNew: true,
      transportOptions: { polling: { extraHeaders: { authorization: "Bearer ann" } } },
    } as object);
    cleanups.push(() => old.disconnect());
    expect(await heard(old, "session")).toMatchObject({ userId: "ann" });
  });

  test("cookies of another origin do not count", async () => {
    const cookies: unknown[] = [];
    const curious: Dialect = {
      ...nativeDialect,
      accepts({ headers }) {
        cookies.push(headers["cookie"]);
        return true;
      },
    };
    const { port, url } = await run({
      namespaces: [{ name: "/", dialects: [curious] }],
      cors: ["https://friend.example"],
    });
    for (const origin of [undefined, url, "https://friend.example", "https://foe.example", "null"]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
        headers: { cookie: "sid=1", ...(origin === undefined ? undefined : { origin }) },
      });
      await once(socket, "open");
      socket.send("40");
      const count = cookies.length;
      await vi.waitFor(() => expect(cookies.length).toBe(count + 1));
      socket.terminate();
    }
    expect(cookies).toEqual(["sid=1", "sid=1", "sid=1", undefined, undefined]);
  });

  test("a link without a session is closed in time, and more of them than allowed wait outside", async () => {
    const clock = new StillClock();
    const { port, url, client } = await run({
      gatewayOptions: { clock, limits: { pendingConnections: 2, loginSeconds: 10 } },
    });
    const links = [await rawLink(port), await rawLink(port)];
    const refused = await fetch(url + HANDSHAKE);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: "UNAVAILABLE" });
    clock.pass(9_999);
    expect(links.map(({ socket }) => socket.readyState)).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
    clock.pass(1);
    for (const { closed } of links) await closed;
    const ann = client();
    await heard(ann, "session");
    clock.pass(60_000);
    expect(await ann.emitWithAck("leave", { channel: "room" })).toEqual({ ok: true });
  });

  test("a link that was refused, or whose session it left, is without one again", async () => {
    const clock = new StillClock();
    const { port, gateway } = await run({ gatewayOptions: { clock } });
    const [refused, left] = [await rawLink(port), await rawLink(port)];
    refused.socket.send('40{"token":"bad"}');
    await vi.waitFor(() => expect(refused.texts.at(-1)).toMatch(/^44/));
    left.socket.send('40{"token":"ann"}');
    await vi.waitFor(() => expect(left.texts.at(-1)).toMatch(/^42\["session"/));
    left.socket.send("41");
    await vi.waitFor(() => expect(gateway.sessionCount).toBe(0));
    left.socket.send('40{"token":"ann"}');
    await vi.waitFor(() => expect(gateway.sessionCount).toBe(1));
    left.socket.send("41");
    await vi.waitFor(() => expect(gateway.sessionCount).toBe(0));
    clock.pass(10_000);
    await Promise.all([refused.closed, left.closed]);
  });
});

describe("before anything is set up", () => {
  test("a draining node sends clients away with 503", async () => {
    const { url, port, gateway, client } = await run();
    const ann = client();
    await heard(ann, "session");
    const ended = heard(ann, "disconnect");
    await gateway.drain({ seconds: 5 });
    await ended;
    const refused = await fetch(url + HANDSHAKE);
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([503, true]);
    expect(await refused.json()).toMatchObject({ error: "SHUTTING_DOWN" });
    const upgrade = await rawHttp(port, upgradeRequest("/socket.io/?EIO=4&transport=websocket"));
    expect(upgrade).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: \d+/);
  });

  test("one address opens only so many links a second", async () => {
    const clock = new StillClock();
    const { url, port } = await run({ gatewayOptions: { clock, limits: { handshakesPerSecondPerAddress: 3 } } });
    const status = async (): Promise<number> =>
      (await fetch(url + HANDSHAKE, { headers: { "x-forwarded-for": `10.0.0.${Math.random()}` } })).status;
    expect([await status(), await status(), await status(), await status()]).toEqual([200, 200, 200, 429]);
    expect(await rawHttp(port, upgradeRequest("/socket.io/?EIO=4&transport=websocket"))).toMatch(/^HTTP\/1\.1 429 /);
    clock.pass(334);
    expect([await status(), await status()]).toEqual([200, 429]);
  });

  test("a proxy that is trusted names the address", async () => {
    const { url, gateway, client } = await run({
      trustProxy: true,
      gatewayOptions: { limits: { handshakesPerSecondPerAddress: 1 } },
    });
    const status = async (address: string): Promise<number> =>
      (await fetch(url + HANDSHAKE, { headers: { "x-forwarded-for": `1.1.1.1, ${address}` } })).status;
    expect(await status("10.0.0.1")).toBe(200);
    expect(await status("10.0.0.2")).toBe(200);
    expect(await status("10.0.0.2")).toBe(429);
    await heard(client({ extraHeaders: { "x-forwarded-for": "10.0.0.3" } }), "session");
    expect(gateway.opened[0]?.remoteAddress).toBe("10.0.0.3");
  });

  test("pages of other origins see nothing, unless they are listed", async () => {
    const header = async (cors?: readonly string[] | "*"): Promise<string | null> => {
      const { url } = await run(cors === undefined ? {} : { cors });
      return (await fetch(url + HANDSHAKE, { headers: { origin: "https://a.example" } })).headers.get(
        "access-control-allow-origin",
      );
    };
    expect(await header()).toBeNull();
    expect(await header(["https://b.example"])).not.toBe("https://a.example");
    expect(await header(["https://b.example", "https://a.example"])).toBe("https://a.example");
    expect(await header("*")).toBe("*");
  });
});

test("a client that must stay away from one namespace keeps its others", async () => {
  const clock = new StillClock();
  const { client, gateway } = await run({
    gatewayOptions: { clock },
    namespaces: ["/", "/v1"].map((name) => ({ name, dialects: [nativeDialect] })),
  });
  const root = client({ transports: ["polling"] });
  await heard(root, "session");
  const other = root.io.socket("/v1", { auth: { token: "ann" } });
  await heard(other, "session");
  const ended = heard(root, "disconnect");
  gateway.opened[0]?.close("stay-away");
  expect(await ended).toBe("io server disconnect");
  clock.pass(60_000);
  expect(await other.emitWithAck("leave", { channel: "room" })).toEqual({ ok: true });
});

describe("hostile links", () => {
  test("may send only so many CONNECT packets", async () => {
    const authentications = vi.fn(authenticate);
    const { port, client } = await run({ gatewayOptions: { auth: { authenticate: authentications } } });
    const { socket, closed } = await rawLink(port);
    for (let i = 0; i < 1000; i++) socket.send(i % 2 === 0 ? '40{"token":"ann"}' : '40/other,{"token":"ann"}');
    await closed;
    expect(authentications.mock.calls.length).toBeLessThanOrEqual(4);
    await heard(client(), "session");
  });

  test.each(["42", "42{}", '42["connect"]', "42[", "49", "x", '42//["leave"]', "451-[]", '42["leave"]'])(
    "%s before a CONNECT, or malformed, ends the link alone",
    async (text) => {
      const { port, client } = await run();
      const ann = client();
      await heard(ann, "session");
      const { socket, closed } = await rawLink(port);
      socket.send(text);
      await closed;
      expect(await ann.emitWithAck("leave", { channel: "room" })).toEqual({ ok: true });
    },
  );

  test("binary that nobody announced ends the link", async () => {
    const { port } = await run();
    const { socket, closed } = await rawLink(port);
    socket.send('40{"token":"ann"}');
    socket.send(Buffer.alloc(10));
    await closed;
  });

  test("more fragments than anybody needs end the link", async () => {
    const { port } = await run();
    const { socket, closed } = await rawLink(port);
    for (let i = 0; i < 100; i++) socket.send("4", { fin: false });
    await closed;
  });

  test("over the transport's bytes the link ends", async () => {
    const { port, client } = await run({ gatewayOptions: { limits: { transportBytes: 10_000 } } });
    const { socket, closed } = await rawLink(port);
    socket.send("4".repeat(10_001));
    await closed;
    await heard(client(), "session");
  });

  test.each([
    ["//", 404],
    ["/socket.io", 400],
    ["/socket.io/?", 400],
    ["/socket.io/x", 404],
    ["/socket.iox/", 404],
    ["http://[/", 404],
    ["*", 404],
    ["/socket.io/?EIO=4&transport=polling&sid=__proto__", 400],
    ["/socket.io/?EIO=4&transport=constructor", 400],
    ["/socket.io/?EIO=3&transport=polling", 400],
  ])("GET %s is answered %i", async (target, status) => {
    const { port, client } = await run();
    expect(await rawHttp(port, `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(
      new RegExp(`^HTTP/1.1 ${status} `),
    );
    // Engine.IO accepts an upgrade to polling, and closes it then.
    expect(await rawHttp(port, upgradeRequest(target))).toMatch(
      target.includes("polling") && status === 400 ? /^HTTP\/1\.1 (101|400) / : /^HTTP\/1\.1 4\d\d /,
    );
    await heard(client(), "session");
  });

  test("a session that cannot be opened ends its socket, and gives its place back", async () => {
    const failed = vi.fn();
    const { client, gateway } = await run({
      gatewayOptions: { observer: { failed }, limits: { connectionsPerUser: 1 } },
    });
    const open = vi.spyOn(gateway, "open").mockImplementationOnce(() => {
      throw new Error("broken");
    });
    expect(await heard(client(), "disconnect")).toBe("io server disconnect");
    expect(failed).toHaveBeenCalledWith("open", expect.any(Error));
    open.mockRestore();
    await heard(client(), "session");
  });

  test("a place is given back when the link goes while it is being authenticated", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let asked = 0;
    const { client, gateway } = await run({
      gatewayOptions: {
        limits: { connectionsPerUser: 1 },
        auth: {
          async authenticate(credentials) {
            if (asked++ === 0) await held;
            return authenticate(credentials);
          },
        },
      },
    });
    const gone = client();
    await vi.waitFor(() => expect(asked).toBe(1));
    gone.io.engine.close();
    release();
    await vi.waitFor(async () => {
      const next = client();
      const outcome = await Promise.race([heard(next, "session"), heard(next, "connect_error")]);
      expect(outcome).toMatchObject({ userId: "ann" });
    });
    expect(gateway.sessionCount).toBe(1);
  });
});

describe("clients that go silent", () => {
  // As long as a login may take on a busy machine.
  const heartbeat = { intervalSeconds: 0.8, timeoutSeconds: 0.7 };

  test("half-open WebSockets go away by heartbeat", async () => {
    const { port, gateway } = await run({ heartbeat });
    const { socket } = await rawLink(port);
    socket.send('40{"token":"ann"}');
    await vi.waitFor(() => expect(gateway.opened).toHaveLength(1));
    await vi.waitFor(() => expect(gateway.sessionCount).toBe(0));
  });

  test("so do polling clients that never poll again", async () => {
    const { url, gateway } = await run({ heartbeat });
    const [, sid] = /"sid":"([^"]+)"/.exec(await (await fetch(url + HANDSHAKE)).text()) ?? [];
    await fetch(`${url}${HANDSHAKE}&sid=${sid}`, { method: "POST", body: '40{"token":"ann"}' });
    await vi.waitFor(() => expect(gateway.opened).toHaveLength(1));
    await vi.waitFor(() => expect(gateway.sessionCount).toBe(0));
  });

  test("a reader that does not read is overloaded, and drained once it reads", async () => {
    const { port, gateway } = await run({ gatewayOptions: { limits: { backlogBytes: 100_000 } } });
    const { socket } = await rawLink(port);
    socket.send('40{"token":"ann"}');
    await vi.waitFor(() => expect(gateway.opened).toHaveLength(1));
    const [connection] = gateway.opened;
    const [session] = gateway.sessions;
    if (connection === undefined || session === undefined) throw new Error("no session");
    const drained = vi.spyOn(session, "drained");
    socket.pause();
    const frame = connection.wire.encode(["e", "x".repeat(10_000)]);
    await vi.waitFor(
      () => {
        for (let i = 0; i < 20; i++) connection.write(frame);
        expect(connection.overloaded).toBe(true);
      },
      { interval: 1, timeout: 10_000 },
    );
    expect(drained).not.toHaveBeenCalled();
    socket.resume();
    await vi.waitFor(() => expect(connection.overloaded).toBe(false));
    expect(drained).toHaveBeenCalledTimes(1);
  });

  test("so is one that does not poll", async () => {
    const { url, gateway } = await run({ gatewayOptions: { limits: { backlogBytes: 100_000 } } });
    const [, sid] = /"sid":"([^"]+)"/.exec(await (await fetch(url + HANDSHAKE)).text()) ?? [];
    await fetch(`${url}${HANDSHAKE}&sid=${sid}`, { method: "POST", body: '40{"token":"ann"}' });
    await vi.waitFor(() => expect(gateway.opened).toHaveLength(1));
    const [connection] = gateway.opened;
    const [session] = gateway.sessions;
    if (connection === undefined || session === undefined) throw new Error("no session");
    const drained = vi.spyOn(session, "drained");
    const frame = connection.wire.encode(["e", "x".repeat(10_000)]);
    let written = 0;
    for (; !connection.overloaded; written++) connection.write(frame);
    expect(written).toBe(10);
    await (await fetch(`${url}${HANDSHAKE}&sid=${sid}`)).text();
    await vi.waitFor(() => expect(connection.overloaded).toBe(false));
    expect(drained).toHaveBeenCalledTimes(1);
    for (let i = 0; i < 100; i++) connection.write(frame);
    await vi.waitFor(() => expect(gateway.sessionCount).toBe(0));
  });
});

describe("an HTTP server", () => {
  test("may carry an application and several endpoints", async () => {
    const httpServer = createServer((_, response) => response.end("application"));
    const upgraded = vi.fn();
    const gateway = new OpenGateway({ auth: { authenticate } });
    const other = openEndpoint({ httpServer, gateway, path: "/other" });
    cleanups.push(() => other.close());
    const { url, port } = await run({ httpServer });
    for (const path of ["/socket.io/", "/other/"]) {
      const socket = io(url, { path, forceNew: true, auth: { token: "ann" }, reconnection: false });
      cleanups.push(() => socket.disconnect());
      await heard(socket, "session");
      await vi.waitFor(() => expect(socket.io.engine.transport.name).toBe("websocket"));
    }
    expect(await (await fetch(`${url}/`)).text()).toBe("application");
    expect(await rawHttp(port, upgradeRequest("/elsewhere"))).toMatch(/^HTTP\/1\.1 404 /);
    httpServer.on("upgrade", (request, socket) => {
      if (request.url !== "/elsewhere") return;
      upgraded();
      socket.end("HTTP/1.1 418 Mine\r\n\r\n");
    });
    expect(await rawHttp(port, upgradeRequest("/elsewhere"))).toMatch(/^HTTP\/1\.1 418 /);
    expect(upgraded).toHaveBeenCalledTimes(1);
  });

  test("is left alone after close, which ends every link", async () => {
    const httpServer = createServer((_, response) => response.end("application"));
    const { url, endpoint, client, port, gateway } = await run({ httpServer });
    const sockets = [client(), client({ transports: ["polling"] })];
    await Promise.all(sockets.map((socket) => heard(socket, "session")));
    const silent = await rawLink(port);
    silent.socket.pause();
    const ended = Promise.all(sockets.map((socket) => heard(socket, "disconnect")));
    await endpoint.close();
    await endpoint.close();
    await ended;
    expect(gateway.sessionCount).toBe(0);
    expect(await (await fetch(url + HANDSHAKE)).text()).toBe("application");
    await new Promise<void>((resolve) => {
      httpServer.close(() => resolve());
      httpServer.closeIdleConnections();
    });
  });
});

test("bytes and flushes are told to the observer", async () => {
  const observer = { bytesOut: vi.fn(), flushed: vi.fn() };
  const { client, gateway } = await run({ observer });
  for (const transport of ["websocket", "polling"]) {
    const socket = client({ transports: [transport] });
    await heard(socket, "session");
    observer.bytesOut.mockClear();
    const connection = gateway.opened.at(-1);
    connection?.write(connection.wire.encode(["e", "x".repeat(1000)]));
    await heard(socket, "e");
    const bytes = observer.bytesOut.mock.calls.reduce((sum, [count]) => sum + (count as number), 0);
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(1100);
  }
  expect(observer.flushed).toHaveBeenCalledWith({ connections: 1, bytes: expect.any(Number) as number });
});
