import type { Admission, Clock, Limits } from "@roomcast/core";
import type { Handshake } from "@roomcast/protocol";
import type { Socket as EngineSocket } from "engine.io";
import type { ServerResponse } from "node:http";
import { SocketIoConnection } from "./connection.ts";
import type { Beat } from "./heartbeats.ts";
import { SmallMap } from "./small-map.ts";
import type { SocketIoWire } from "./wire.ts";
import type { WriteObserver } from "./writer.ts";
import { CLOSE_MS } from "./ws-engine.ts";

type Headers = Handshake["headers"];

/** What all links of an endpoint share. */
export interface LinkServices {
  readonly clock: Clock;
  readonly limits: Pick<Limits, "loginSeconds" | "backlogBytes">;
  readonly observer: WriteObserver;
  /** Told +1 and −1 as a link begins and ceases to be without a session, or a session without a user. */
  readonly gate: { count(change: 1 | -1): void };
}

export interface LinkOptions {
  readonly conn: EngineSocket;
  /** Of the handshake, names in lower case. */
  readonly headers: Headers;
  /** Whether the handshake came from a page whose cookies may count. */
  readonly ownOrigin: boolean;
  readonly remoteAddress: string | undefined;
  readonly services: LinkServices;
  /** Sends its pings; undefined where Engine.IO does. */
  readonly beat: Beat | undefined;
}

/** A place that was given to a socket which is not connected yet. */
export interface Seat {
  /** Undefined where the dialect logs in late. */
  readonly admission: Admission | undefined;
  readonly wire: SocketIoWire;
}

/** Of a handshake's headers, what a namespace that is joined later may need to log in. */
const KEPT_HEADERS = ["authorization", "cookie"] as const;

const NO_HEADERS: Headers = Object.freeze({});

/**
 * One transport connection of Engine.IO, which may carry a session in each of several namespaces. It must have one within
 * `loginSeconds`, at first and after its last has gone, or is closed.
 */
export class Link {
  readonly remoteAddress: string | undefined;
  readonly #conn: EngineSocket;
  readonly services: LinkServices;
  readonly #beat: Beat | undefined;
  #headers: Headers;
  #ownOrigin: boolean;
  #usesCookies = false;
  /** The namespaces that were asked for and not left, with what came of it: first a seat, then a connection. */
  readonly #namespaces = new SmallMap<string, Seat | SocketIoConnection | undefined>();
  #sessions = 0;
  #cancelLogin: (() => void) | undefined;
  #closed = false;
  /** The answers to polls that its client has not taken in full; made for who polls. */
  #polls: Set<ServerResponse> | undefined;

  constructor(options: LinkOptions) {
    this.#conn = options.conn;
    this.#headers = options.headers;
    this.#ownOrigin = options.ownOrigin;
    this.remoteAddress = options.remoteAddress;
    this.services = options.services;
    this.#beat = options.beat;
    // By default polling waits half a minute for a client to fetch its goodbye.
    const { transport } = options.conn;
    if (transport.name === "polling") Reflect.set(transport, "closeTimeout", CLOSE_MS);
    this.#awaitLogin();
  }

  /** Of the handshake, names in lower case. Once there was a session, only those with which one may log in. */
  get headers(): Headers {
    return this.#headers;
  }

  /** Whether all requests until now came from pages whose cookies may count. */
  get ownOrigin(): boolean {
    return this.#ownOrigin;
  }

  /** Cookies log it in. */
  useCookies(): void {
    this.#usesCookies = true;
  }

  /** A request came from a page whose cookies do not count: whether it is to be refused for that. */
  stray(): boolean {
    if (!this.#usesCookies) this.#ownOrigin = false;
    return this.#usesCookies;
  }

  /** How many sessions it carries. */
  get sessions(): number {
    return this.#sessions;
  }

  /** A namespace is asked for; false where it has been already. */
  enter(namespace: string): boolean {
    if (this.#namespaces.has(namespace)) return false;
    this.#namespaces.set(namespace, undefined);
    return true;
  }

  /** Keeps a seat until its socket is connected. Gives it up where the link has closed meanwhile. */
  admitted(namespace: string, seat: Seat): void {
    if (this.#closed) seat.admission?.release();
    else this.#namespaces.set(namespace, seat);
  }

  /** The seat of a socket that is connected now. */
  take(namespace: string): Seat | undefined {
    const seat = this.#namespaces.get(namespace);
    if (seat === undefined || seat instanceof SocketIoConnection) return undefined;
    this.#namespaces.set(namespace, undefined);
    return seat;
  }

  /** A namespace was refused or left. */
  leave(namespace: string): void {
    this.#namespaces.delete(namespace);
  }

  /** A namespace has a session, by this connection. */
  opened(namespace: string, connection: SocketIoConnection): void {
    this.#namespaces.set(namespace, connection);
    this.#sessions++;
    if (this.#sessions > 1) return;
    this.#endLogin();
    const kept = KEPT_HEADERS.filter((name) => this.#headers[name] !== undefined);
    this.#headers =
      kept.length === 0 ? NO_HEADERS : Object.fromEntries(kept.map((name) => [name, this.#headers[name]]));
    // The first request holds a few kilobytes, and nobody looks at it again.
    Reflect.set(this.#conn, "request", null);
  }

  left(): void {
    this.#sessions--;
    if (this.#sessions === 0 && !this.#closed) this.#awaitLogin();
  }

  /** A poll of its client came, which `response` will answer. */
  polled(response: ServerResponse): void {
    const polls = (this.#polls ??= new Set());
    polls.add(response);
    response.once("close", () => {
      polls.delete(response);
      for (const connection of this.#connections()) connection.taken();
    });
  }

  /** Bytes of answers to polls that its client has not taken. Engine.IO thinks them gone. */
  get untaken(): number {
    let bytes = 0;
    for (const { writableLength } of this.#polls ?? []) bytes += writableLength;
    return bytes;
  }

  /** An overload of its outlet has passed. */
  drained(): void {
    for (const connection of this.#connections()) connection.drained();
  }

  /** Drops the answers to polls that its client does not take. */
  dropPolls(): void {
    for (const response of this.#polls ?? []) if (response.writableLength > 0) response.destroy();
  }

  /** The transport has gone. */
  closed(): void {
    this.#closed = true;
    this.#endLogin();
    // The last answer may be on its way; of a client that reads nothing it would never go.
    if (this.untaken > 0) this.services.clock.after(CLOSE_MS, () => this.dropPolls());
    for (const seat of this.#namespaces.values()) {
      if (!(seat instanceof SocketIoConnection)) seat?.admission?.release();
    }
    this.#namespaces.clear();
    this.#beat?.stop();
  }

  *#connections(): Iterable<SocketIoConnection> {
    for (const place of this.#namespaces.values()) if (place instanceof SocketIoConnection) yield place;
  }

  #awaitLogin(): void {
    const { clock, gate, limits } = this.services;
    gate.count(1);
    this.#cancelLogin = clock.after(limits.loginSeconds * 1000, () => this.#conn.close(true));
  }

  #endLogin(): void {
    if (this.#cancelLogin === undefined) return;
    this.#cancelLogin();
    this.#cancelLogin = undefined;
    this.services.gate.count(-1);
  }
}
