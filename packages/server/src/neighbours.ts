import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  Agent,
  createServer,
  request as sendRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";

export interface NeighboursOptions {
  /** Names this process among those that share its port; digits. */
  readonly id: string;
  /** Where these processes, and nobody else, find each other's sockets. */
  readonly folder: string;
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;
type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Whose transport a request belongs to, by its session id. */
const OWNER = /[?&]sid=w(\d{1,9})\./;
/** As Engine.IO answers for a session that is gone: its client connects anew. */
const UNKNOWN_SESSION = JSON.stringify({ code: 1, message: "Session ID unknown" });

/** A session id of Engine.IO that says whose it is. */
export function newSessionId(id: string): string {
  return `w${id}.${randomBytes(15).toString("base64url")}`;
}

/**
 * Processes that share one port. A connection comes to any of them; a request of a polling transport, and the upgrade of
 * one, is handed to the process that has its session. That goes by the request, not by the connection: browsers and
 * proxies send requests of several clients over one.
 */
export class Neighbours {
  readonly #id: string;
  readonly #folder: string;
  readonly #httpServer: Server;
  readonly #inner = createServer();
  readonly #agent = new Agent();

  /** Goes before all listeners that the server has. */
  constructor(options: NeighboursOptions & { readonly httpServer: Server }) {
    this.#id = options.id;
    this.#folder = options.folder;
    this.#httpServer = options.httpServer;
    this.#takeRequests();
    this.#takeUpgrades();
  }

  /** Listens to the others. */
  async listen(): Promise<void> {
    const server = this.#inner;
    server.on("request", (request, response) => this.#httpServer.emit("request", request, response));
    server.on("upgrade", (request, socket, head) => this.#httpServer.emit("upgrade", request, socket, head));
    // Not through the primary process: this socket is this process' own.
    server.listen({ path: this.#socketOf(this.#id), exclusive: true });
    await once(server, "listening");
  }

  close(): void {
    this.#inner.close();
    this.#inner.closeAllConnections();
    this.#agent.destroy();
  }

  #takeRequests(): void {
    const listeners = this.#httpServer.rawListeners("request") as RequestListener[];
    this.#httpServer.removeAllListeners("request");
    this.#httpServer.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const owner = this.#otherOwner(request);
      if (owner !== undefined) return this.#forward(owner, request, response);
      for (const listener of listeners) listener.call(this.#httpServer, request, response);
    });
  }

  #takeUpgrades(): void {
    const listeners = this.#httpServer.rawListeners("upgrade") as UpgradeListener[];
    this.#httpServer.removeAllListeners("upgrade");
    this.#httpServer.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const owner = this.#otherOwner(request);
      if (owner !== undefined) return this.#join(owner, request, socket, head);
      for (const listener of listeners) listener.call(this.#httpServer, request, socket, head);
    });
  }

  #otherOwner({ url = "" }: IncomingMessage): string | undefined {
    const owner = OWNER.exec(url)?.[1];
    return owner === this.#id ? undefined : owner;
  }

  #socketOf(id: string): string {
    return join(this.#folder, `${id}.sock`);
  }

  #forward(owner: string, request: IncomingMessage, response: ServerResponse): void {
    const { method, url: path } = request;
    const onward = sendRequest({
      socketPath: this.#socketOf(owner),
      agent: this.#agent,
      headers: { ...request.headers, connection: "close" },
      ...(method === undefined ? undefined : { method }),
      ...(path === undefined ? undefined : { path }),
    });
    onward.on("response", (answer) => {
      const { connection: _connection, "keep-alive": _keepAlive, ...headers } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, headers);
      answer.on("error", () => response.destroy());
      answer.pipe(response);
    });
    onward.on("error", () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(400, { "Content-Type": "application/json" }).end(UNKNOWN_SESSION);
    });
    response.on("close", () => onward.destroy());
    request.on("error", () => onward.destroy());
    request.pipe(onward);
  }

  #join(owner: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const onward = connect(this.#socketOf(owner));
    const { method, url, httpVersion, rawHeaders } = request;
    const lines = [`${method} ${url} HTTP/${httpVersion}`];
    for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    onward.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
    onward.write(head);
    // What is written at once is to leave at once.
    onward.setNoDelay();
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  }
}
