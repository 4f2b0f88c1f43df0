import { connect as connectTls } from "node:tls";
import { request as sendSecure } from "node:https";
import { request as sendPlain, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { io, type Socket } from "socket.io-client";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { applications, type Application, type Certificate } from "../../test/applications.ts";
import { createCertificate } from "../../test/certificate.ts";
import { next } from "../../test/harness.ts";
import { hashApiKey } from "../auth/api-keys.ts";
import type { EmbedOptions } from "../config/embed-options.ts";
import { createLogger } from "../logging.ts";

const KEY = "a-key-for-the-admins-of-all";
const options: EmbedOptions = {
  auth: {
    jwt: { secret: "a secret of the application, of more than 32 bytes" },
    apiKeys: [{ sha256: hashApiKey(KEY), tenants: "*", roles: ["admin"] }],
  },
  logger: createLogger({ level: "silent" }),
  drainSeconds: 2,
};

let certificate: Certificate;
beforeAll(() => {
  certificate = createCertificate();
});

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function connect({ url, roomcast }: Application, transports: string[] = ["websocket"]): Promise<Socket> {
  const { token } = await roomcast.issueToken({ userId: "alice", tenantId: "acme" });
  const socket = io(url, {
    auth: { token },
    transports,
    forceNew: true,
    reconnection: false,
    // Node's own WebSocket knows no `ca`.
    ...(url.startsWith("https") ? { ca: certificate.cert.toString(), rejectUnauthorized: true } : undefined),
  });
  cleanUp.push(() => socket.disconnect());
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
  return socket;
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** A request that trusts the certificate, which `fetch` cannot be told to. */
async function ask(url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const send = url.startsWith("https") ? sendSecure : sendPlain;
  const settings = {
    method: body === undefined ? "GET" : "POST",
    headers: { "Content-Type": "application/json", ...headers },
    agent: false as const,
    ...(url.startsWith("https") ? { ca: certificate.cert } : undefined),
  };
  return await new Promise((resolve, reject) => {
    const request: ClientRequest = send(url, settings, (response: IncomingMessage) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, body: text, headers: response.headers }));
    });
    request.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** A WebSocket server as `ws` has it, which refuses what is not under its path. */
function echoServer({ server }: Application): WebSocketServer {
  const own = new WebSocketServer({ server, path: "/own" });
  own.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  cleanUp.push(() => own.close());
  return own;
}

async function echo({ url }: Application, text: string): Promise<string> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/own`, { ca: certificate.cert });
  cleanUp.push(() => socket.terminate());
  return await new Promise((resolve, reject) => {
    socket.on("open", () => socket.send(text));
    socket.on("message", (data: Buffer) => resolve(data.toString()));
    socket.on("error", reject);
  });
}

describe.each(Object.entries(applications))("Roomcast on %s", (_name, startApplication) => {
  async function start(): Promise<Application> {
    const application = await startApplication(options, certificate);
    cleanUp.push(() => application.close());
    return application;
  }

  it.each([[["websocket"]], [["polling"]], [["polling", "websocket"]]])("serves clients by %j", async (transports) => {
    const application = await start();
    const socket = await connect(application, transports);
    expect(await socket.emitWithAck("subscribe", { topic: "news" })).toMatchObject({ ok: true });
    const heard = next(socket, "event");
    await application.roomcast.gateway.publish({ tenantId: "acme", name: "news" }, "hello", [1]);
    expect(await heard).toMatchObject({ topic: "news", event: "hello", payload: [1] });
  });

  it("leaves the application's requests to it, and has its own", async () => {
    const application = await start();
    const { url } = application;
    await connect(application);
    expect(await ask(`${url}/hello`)).toMatchObject({ status: 200, body: '{"hello":"world"}' });
    const body = { text: "x".repeat(50_000) };
    expect(await ask(`${url}/echo`, body)).toMatchObject({ status: 200, body: JSON.stringify(body) });
    for (const path of ["/", "/health", "/roomcast", "/roomcast/nothing", "/socket.io-not"]) {
      const answer = await ask(url + path);
      expect(answer.status, path).toBe(404);
      expect(answer.body, path).not.toContain("NOT_FOUND");
    }
    expect(await ask(`${url}/roomcast/health`)).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    expect(await ask(`${url}/roomcast/api/socket/channels`)).toMatchObject({ status: 401 });
    expect(await ask(`${url}/roomcast/auth/token`, {})).toMatchObject({ status: 401 });
  });

  it("serves the admin page, whose sign-in is the host's own", async () => {
    const { url } = await start();
    for (const path of ["/roomcast/admin", "/roomcast/admin/", "/roomcast/admin/socket/a%2Fb"]) {
      const { headers } = await ask(url + path);
      expect(headers["content-security-policy"], path).toMatch(/^default-src 'none'/);
      expect(headers["cross-origin-opener-policy"], path).toBe("same-origin");
    }
    expect(await ask(`${url}/roomcast/admin/assets/none.js`)).toMatchObject({
      status: 404,
      body: "There is no such file.\n",
    });
    expect((await ask(`${url}/admin`)).headers).not.toHaveProperty("cross-origin-opener-policy");

    const signedIn = await ask(`${url}/roomcast/auth/session`, { apiKey: KEY });
    expect(signedIn.status).toBe(200);
    const { csrf } = JSON.parse(signedIn.body) as { csrf: string };
    const cookie = String(signedIn.headers["set-cookie"]).split(";", 1)[0] ?? "";
    expect(cookie).toMatch(url.startsWith("https") ? /^__Host-roomcast-admin=/ : /^roomcast-admin=/);
    const headers = { Cookie: cookie, "X-CSRF-Token": csrf, Origin: url };
    expect(await ask(`${url}/roomcast/api/socket/connections`, undefined, headers)).toMatchObject({
      status: 200,
      body: '{"count":0}',
    });
  });

  it("shares upgrades with the application's own WebSocket server", async () => {
    const application = await start();
    echoServer(application);
    const socket = await connect(application);
    expect(await echo(application, "own")).toBe("own");
    const upgraded = await connect(application, ["polling", "websocket"]);
    await expect.poll(() => upgraded.io.engine.transport.name).toBe("websocket");
    for (const client of [socket, upgraded])
      expect(await client.emitWithAck("subscribe", { topic: "a" })).toMatchObject({ ok: true });
    // What is neither's is for the application's to refuse.
    const stranger = new WebSocket(`${application.url.replace("http", "ws")}/else`, { ca: certificate.cert });
    expect(await new Promise((resolve) => stranger.on("error", ({ message }) => resolve(message)))).toMatch(/400$/);
  });

  it("drains when the application closes", async () => {
    const application = await start();
    const socket = await connect(application);
    const closing = next(socket, "closing");
    const ended = next(socket, "disconnect");
    await application.close();
    expect(await closing).toMatchObject({ code: "SHUTTING_DOWN", reconnect: true });
    // Not by the server's word, which would keep clients from coming back.
    expect(await ended).toMatch(/^transport (close|error)$/);
    expect(application.server.listening).toBe(false);
    await expect(ask(`${application.url}/hello`)).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe("TLS", () => {
  it("is real: who does not know the certificate does not come in", async () => {
    const application = await applications["node:https"]?.(options, certificate);
    if (application === undefined) expect.fail("is not there");
    cleanUp.push(() => application.close());
    const { token } = await application.roomcast.issueToken({ userId: "alice" });
    const stranger = io(application.url, { auth: { token }, transports: ["websocket"], reconnection: false });
    cleanUp.push(() => stranger.disconnect());
    await expect(new Promise((_resolve, reject) => stranger.once("connect_error", reject))).rejects.toThrow();
    const { hostname, port } = new URL(application.url);
    const tls = connectTls({ host: hostname, port: Number(port), ca: certificate.cert, servername: "localhost" });
    cleanUp.push(() => tls.destroy());
    await new Promise((resolve) => tls.once("secureConnect", resolve));
    expect([tls.authorized, tls.getProtocol()]).toEqual([true, "TLSv1.3"]);
  });
});
