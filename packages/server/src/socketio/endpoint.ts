import { randomBytes } from "node:crypto";
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Admission, Gateway, Session } from "@roomcast/core";
import { GatewayError, nativeDialect, type Dialect, type Handshake } from "@roomcast/protocol";
import type { ServerOptions as EngineOptions, Socket as EngineSocket } from "engine.io";
import { Server, type Namespace, type Socket } from "socket.io";
import { mountRequests } from "../http-mount.ts";
import { RoomlessAdapter } from "./adapter.ts";
import { SocketIoConnection } from "./connection.ts";
import { GatewayEngine } from "./engine.ts";
import { Gate } from "./gate.ts";
import { clientAddress, queryOf, type TrustProxy } from "./handshakes.ts";
import { Heartbeats } from "./heartbeats.ts";
import { Link, type LinkServices } from "./link.ts";
import { checkCookies, checkRequest, isOwnOrigin, visibleHeaders } from "./origins.ts";
import { createParser, measureOf } from "./parser.ts";
import { Slimmer } from "./slimmer.ts";
import { WebSocketTransport } from "./transport.ts";
import { mountUpgrades, refuseUpgrade } from "./upgrades.ts";
import { SocketIoWire } from "./wire.ts";
import { Writer, type WriteObserver } from "./writer.ts";
import { createWsEngine, type GatewayWebSocket } from "./ws-engine.ts";

export interface EndpointNamespace {
  /** Such as `/`. */
  readonly name: string;
  /** In order: the first that accepts a handshake has the connection; the first of all refuses what none accepts. */
  readonly dialects: readonly Dialect[];
}

export interface EndpointOptions {
  readonly httpServer: HttpServer;
  readonly gateway: Gateway;
  /** Matched exactly, with or without its last slash. Default `/socket.io/`. */
  readonly path?: string;
  /** Default: the native dialect in `/`. Other namespaces are refused. */
  readonly namespaces?: readonly EndpointNamespace[];
  /** Origins of pages that may use the endpoint besides its own. Default: none. With `"*"`, cookies of other origins do not count. */
  readonly cors?: readonly string[] | "*";
  /** Default: false. */
  readonly trustProxy?: TrustProxy;
  /** Default: 25 and 20. */
  readonly heartbeat?: { readonly intervalSeconds?: number; readonly timeoutSeconds?: number };
  /** Whether clients of Socket.IO 2 (Engine.IO 3) may connect. Default: false. */
  readonly allowEIO3?: boolean;
  /** Options of `ws`, or true for its defaults. Compressed connections do without the writer. Default: false. */
  readonly perMessageDeflate?: boolean | object;
  /** Shared by the endpoints of a node. Default: each its own. */
  readonly gate?: Gate;
  readonly observer?: WriteObserver;
  /** Makes the ids of transports, which are secrets of their clients. Default: Engine.IO's. */
  readonly newTransportId?: () => string;
}

/** How long `close` waits for clients to answer before it destroys their sockets. */
const CLOSE_GRACE_MS = 500;

/** Opens a Socket.IO endpoint of a gateway on an HTTP server. Request listeners that the server has keep all other paths. */
export function openEndpoint(options: EndpointOptions): Endpoint {
  return new Endpoint(options);
}

/**
 * One path of an HTTP server that speaks Socket.IO, with its own `Server` of Socket.IO, whose namespaces each have an ordered
 * list of dialects. It binds connections to sessions of the gateway, and decides nothing itself.
 */
export class Endpoint {
  /** With its last slash. */
  readonly path: string;
  /** For an application's own emits. Rooms are not kept, and clients' events go to the gateway alone. */
  readonly io: Server;
  readonly #gateway: Gateway;
  readonly #gate: Gate;
  readonly #engine: GatewayEngine;
  readonly #services: LinkServices;
  readonly #heartbeats: Heartbeats;
  readonly #slimmer = new Slimmer();
  readonly #trustProxy: TrustProxy;
  readonly #origins: readonly string[];
  /** By the ids of their transports, which are secrets of their clients. */
  readonly #links = new Map<string, Link>();
  readonly #sockets = new Set<GatewayWebSocket>();
  /** One for all connections. */
  readonly #onClose: (this: EngineSocket) => void;
  readonly #unmount: readonly (() => void)[];
  #ended: Promise<void> | undefined;

  constructor(options: EndpointOptions) {
    const { gateway, httpServer, cors, trustProxy = false } = options;
    const namespaces = options.namespaces ?? [{ name: "/", dialects: [nativeDialect] }];
    const { limits } = gateway;
    const path = (options.path ?? "/socket.io").replace(/\/$/, "");
    this.path = `${path}/`;
    this.#gateway = gateway;
    this.#gate = options.gate ?? new Gate({ gateway, trustProxy });
    this.#services = { clock: gateway.clock, limits, gate: this.#gate, observer: options.observer ?? {} };
    this.#trustProxy = trustProxy;
    this.#origins = cors === undefined || cors === "*" ? [] : cors;
    const engineOptions = this.#engineOptions(options);
    this.#engine = new GatewayEngine(engineOptions);
    if (options.newTransportId !== undefined) this.#engine.generateId = options.newTransportId;
    this.#heartbeats = new Heartbeats({ intervalMs: engineOptions.pingInterval });
    const links = this.#links;
    this.#onClose = function (this: EngineSocket): void {
      const id = transportId(this);
      links.get(id)?.closed();
      links.delete(id);
    };
    this.#engine.on("connection", (conn: EngineSocket) => this.#link(conn));
    this.io = new Server({
      path,
      serveClient: false,
      adapter: RoomlessAdapter,
      connectTimeout: limits.loginSeconds * 1000,
      parser: createParser({
        namespaces: namespaces.map(({ name }) => name),
        commandBytes: limits.commandBytes,
        connectPackets: limits.connectPackets,
      }),
    });
    for (const namespace of namespaces) this.#serve(namespace);
    if (!namespaces.some(({ name }) => name === "/")) refuseRoot(this.io.of("/"));
    this.io.bind(this.#engine);
    const owns = (requested: string): boolean => requested === path || requested === this.path;
    this.#unmount = [
      mountRequests({ httpServer, owns, handle: (request, response) => this.#request(owns, request, response) }),
      mountUpgrades({ httpServer, owns, handle: (request, socket, head) => this.#upgrade(request, socket, head) }),
    ];
  }

  /**
   * Ends all links at once; whoever comes from now on is told to come again. Drain the gateway first to part in peace.
   * `close` must follow.
   */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  /** Ends all links at once, and leaves the HTTP server to its other listeners. */
  async close(): Promise<void> {
    await this.end();
    for (const unmount of this.#unmount) unmount();
  }

  async #end(): Promise<void> {
    await this.io.close();
    const sockets = [...this.#sockets];
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    await Promise.race([Promise.all(closed), delay(CLOSE_GRACE_MS, undefined, { ref: false })]);
    for (const socket of sockets) socket.terminate();
  }

  #engineOptions({
    heartbeat,
    cors,
    allowEIO3,
    perMessageDeflate,
    observer,
  }: EndpointOptions): EngineOptions & { readonly pingInterval: number } {
    const { limits } = this.#gateway;
    const writer = new Writer({
      backlogBytes: limits.backlogBytes,
      ...(observer === undefined ? undefined : { observer }),
    });
    return {
      wsEngine: createWsEngine({ writer, sockets: this.#sockets }) as unknown as NonNullable<EngineOptions["wsEngine"]>,
      transports: ["polling", "websocket"],
      maxHttpBufferSize: limits.transportBytes,
      pingInterval: (heartbeat?.intervalSeconds ?? 25) * 1000,
      pingTimeout: (heartbeat?.timeoutSeconds ?? 20) * 1000,
      perMessageDeflate: (perMessageDeflate ?? false) as NonNullable<EngineOptions["perMessageDeflate"]>,
      httpCompression: false,
      allowEIO3: allowEIO3 ?? false,
      ...(cors === undefined
        ? undefined
        : { cors: { origin: cors === "*" ? "*" : [...cors], credentials: cors !== "*", methods: ["GET", "POST"] } }),
      allowRequest: (request, allow) => {
        const error =
          this.#ended === undefined
            ? this.#gate.check(request)
            : new GatewayError("SHUTTING_DOWN", "The node is shutting down");
        if (error === undefined) allow(null, true);
        // Engine.IO has an answer of its own, without a status that clients and proxies understand; so it is not asked.
        else this.#gate.refuse(request, (request as { res?: ServerResponse }).res, error);
      },
    };
  }

  #request(owns: (path: string) => boolean, request: IncomingMessage, response: ServerResponse): void {
    if (!owns(before(request.url ?? "", "?"))) {
      response.writeHead(404, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ error: "NOT_FOUND", message: "Nothing is served under this path" }));
      return;
    }
    if (this.#refused(request, response)) return;
    try {
      this.#engine.handleRequest(request as Parameters<GatewayEngine["handleRequest"]>[0], response);
    } catch (error) {
      this.#gateway.observer.failed?.("engine", error);
      if (!response.headersSent) response.writeHead(400);
      response.end();
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#refused(request)) return;
    try {
      this.#engine.handleUpgrade(request as Parameters<GatewayEngine["handleUpgrade"]>[0], socket, head);
    } catch (error) {
      this.#gateway.observer.failed?.("engine", error);
      refuseUpgrade(socket, {
        status: "400 Bad Request",
        body: { error: "INVALID_PAYLOAD", message: "The upgrade was malformed" },
      });
    }
  }

  /** Whether this is a request of a link that it may not make, and has been answered so. */
  #refused(request: IncomingMessage, response?: ServerResponse): boolean {
    const link = this.#links.get(new URLSearchParams(queryOf(request)).get("sid") ?? "");
    const error = link === undefined ? undefined : checkRequest(link, request, this.#origins, this.#trustProxy);
    if (error !== undefined) this.#gate.refuse(request, response, error);
    else if (response !== undefined && request.method === "GET") link?.polled(response);
    return error !== undefined;
  }

  #link(conn: EngineSocket): void {
    const { request } = conn;
    if (conn.transport instanceof WebSocketTransport) conn.transport.adopt(conn);
    const link = new Link({
      conn,
      headers: request.headers,
      ownOrigin: isOwnOrigin(request, this.#origins, this.#trustProxy),
      remoteAddress: clientAddress(request, this.#trustProxy) ?? conn.remoteAddress,
      services: this.#services,
      beat: this.#heartbeats.take(conn),
    });
    this.#links.set(transportId(conn), link);
    conn.on("close", this.#onClose);
  }

  #serve({ name, dialects }: EndpointNamespace): void {
    const wires = dialects.map((dialect) => new SocketIoWire({ dialect, namespace: name }));
    const [first] = wires;
    if (first === undefined) throw new TypeError(`The namespace ${name} needs a dialect`);
    const namespace = this.io.of(name);
    namespace.use((socket, next) => {
      void this.#admit({ socket, wires, first }).then(next);
    });
    namespace.on("connection", (socket) => this.#open(socket));
  }

  /** Authenticates a socket; the error that refuses it, as its dialect tells it. Never rejects. */
  async #admit({
    socket,
    wires,
    first,
  }: {
    socket: Socket;
    wires: readonly SocketIoWire[];
    first: SocketIoWire;
  }): Promise<Error | undefined> {
    const link = this.#links.get(transportId(socket.conn));
    const namespace = socket.nsp.name;
    // Of two at once on Engine.IO 3, which have one id, Socket.IO would forget the first and never tell that it ended.
    if (link === undefined || !link.enter(namespace)) return new Error("The namespace is joined already");
    let wire = first;
    try {
      const handshake = handshakeOf(socket, link);
      wire = wires.find(({ dialect }) => dialect.accepts(handshake)) ?? first;
      link.admitted(namespace, { admission: await this.#admission(wire.dialect, handshake, link), wire });
      return undefined;
    } catch (thrown) {
      link.leave(namespace);
      if (!(thrown instanceof GatewayError)) this.#gateway.observer.failed?.("handshake", thrown);
      const error = GatewayError.from(thrown);
      const { message, data } = wire.dialect.refusal(error);
      return Object.assign(new Error(message), { data });
    }
  }

  async #admission(dialect: Dialect, handshake: Handshake, link: Link): Promise<Admission | undefined> {
    if (dialect.login === "late") return undefined;
    checkCookies(dialect, handshake, link);
    const origin = { dialect: dialect.name, remoteAddress: link.remoteAddress, ...handshake };
    return await this.#gateway.admit(dialect.credentials(handshake), () => dialect.visitor?.(handshake), origin);
  }

  /** Opens the session of a socket that is connected. Synchronous: a command that came after an await would be lost. */
  #open(socket: Socket): void {
    const namespace = socket.nsp.name;
    const link = this.#links.get(transportId(socket.conn));
    const seat = link?.take(namespace);
    if (link === undefined || seat === undefined) {
      socket.disconnect(true);
      return;
    }
    const connection = new SocketIoConnection({
      // On Engine.IO 3 the socket's id is the transport's credential.
      id: socket.conn.protocol === 3 ? randomBytes(15).toString("base64url") : socket.id,
      wire: seat.wire,
      socket,
      link,
    });
    link.opened(namespace, connection);
    if (seat.admission === undefined) connection.awaitLogin();
    // Comes once. Without a wrapper that sees to that.
    socket.on("disconnect", () => {
      connection.ended();
      link.leave(namespace);
      link.left();
      connection.session?.gone();
    });
    try {
      connection.session = this.#gateway.open(connection, seat.admission);
    } catch (error) {
      this.#gateway.observer.failed?.("open", error);
      seat.admission?.release();
      socket.disconnect(true);
      return;
    }
    const { session } = connection;
    if (!socket.connected) session.gone();
    socket.use((frame) => this.#receive(session, connection, frame));
    this.#slimmer.settle(socket);
  }

  /** Takes every event of a socket. What is thrown here would end the process. */
  #receive(session: Session, connection: SocketIoConnection, frame: unknown[]): void {
    try {
      const measure = measureOf(frame);
      if (measure === undefined) {
        // It came under another spelling of the namespace, past the limits.
        connection.close("destroy");
        return;
      }
      const { bytes, tooLarge, acknowledgement: id } = measure;
      session.receive(frame, {
        bytes,
        tooLarge,
        ...(id === undefined
          ? undefined
          : { acknowledge: (args: readonly unknown[]) => connection.acknowledge(id, args) }),
      });
    } catch (error) {
      this.#gateway.observer.failed?.("receive", error);
    }
  }
}

function handshakeOf(socket: Socket, link: Link): Handshake {
  // On Engine.IO 3 what Socket.IO calls auth is the query of the namespace; and a query never logs anybody in.
  const auth = socket.conn.protocol === 3 ? {} : socket.handshake.auth;
  return { auth, headers: visibleHeaders(link.headers, link.ownOrigin) };
}

function transportId(conn: EngineSocket): string {
  return (conn as unknown as { readonly id: string }).id;
}

/** Clients of Socket.IO 2 join `/` whether they want it or not: they may stand there, without a session. */
function refuseRoot(root: Namespace): void {
  root.use((socket, next) => next(socket.conn.protocol === 3 ? undefined : new Error("Invalid namespace")));
  root.on("connection", (socket) => {
    socket.use(() => socket.disconnect(true));
  });
}

function before(text: string, mark: string): string {
  const end = text.indexOf(mark);
  return end === -1 ? text : text.slice(0, end);
}
