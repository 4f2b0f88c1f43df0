import type { Admission, Clock } from "@roomcast/core";
import type { Handshake } from "@roomcast/protocol";
import type { Socket as EngineSocket } from "engine.io";
import type { ServerResponse } from "node:http";
import type { SocketIoWire } from "./wire.ts";
import { CLOSE_MS } from "./ws-engine.ts";

type Headers = Handshake["headers"];

export interface LinkOptions {
  readonly conn: EngineSocket;
  /** Of the handshake, names in lower case. */
  readonly headers: Headers;
  /** Whether the handshake came from a page whose cookies may count. */
  readonly ownOrigin: boolean;
  readonly remoteAddress: string | undefined;
  readonly clock: Clock;
  /** How long it may be without a session. */
  readonly loginSeconds: number;
  /** Told +1 and −1 as it begins and ceases to be without a session. */
  readonly onPending: (change: 1 | -1) => void;
}

/** A place that was given to a socket which is not connected yet. */
export interface Seat {
  /** Undefined where the dialect logs in late. */
  readonly admission: Admission | undefined;
  readonly wire: SocketIoWire;
}

/** Of a handshake's headers, what a namespace that is joined later may need to log in. */
const KEPT_HEADERS = ["authorization", "cookie"] as const;

const NO_LISTENERS: readonly (() => void)[] = [];

/**
 * One transport connection of Engine.IO, which may carry a session in each of several namespaces. It must have one within
 * `loginSeconds`, at first and after its last has gone, or is closed.
 */
export class Link {
  readonly remoteAddress: string | undefined;
  readonly #conn: EngineSocket;
  readonly #options: Pick<LinkOptions, "clock" | "loginSeconds" | "onPending">;
  #headers: Headers;
  #ownOrigin: boolean;
  #usesCookies = false;
  /** The namespaces that were asked for and not left, with the seats of those that are admitted but not open. */
  readonly #namespaces = new Map<string, Seat | undefined>();
  #sessions = 0;
  #cancelLogin: (() => void) | undefined;
  #closed = false;
  /** The answers to polls that its client has not taken in full; made for who polls. */
  #polls: Set<ServerResponse> | undefined;
  #onTaken: readonly (() => void)[] = NO_LISTENERS;

  constructor(options: LinkOptions) {
    const { clock, loginSeconds, onPending } = options;
    this.#conn = options.conn;
    this.#headers = options.headers;
    this.#ownOrigin = options.ownOrigin;
    this.remoteAddress = options.remoteAddress;
    this.#options = { clock, loginSeconds, onPending };
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
    if (seat !== undefined) this.#namespaces.set(namespace, undefined);
    return seat;
  }

  /** A namespace was refused or left. */
  leave(namespace: string): void {
    this.#namespaces.delete(namespace);
  }

  opened(): void {
    this.#sessions++;
    if (this.#sessions > 1) return;
    this.#endLogin();
    const kept = KEPT_HEADERS.flatMap((name) =>
      this.#headers[name] === undefined ? [] : [[name, this.#headers[name]]],
    );
    this.#headers = Object.fromEntries(kept);
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
      for (const listener of this.#onTaken) listener();
    });
  }

  /** Bytes of answers to polls that its client has not taken. Engine.IO thinks them gone. */
  get untaken(): number {
    let bytes = 0;
    for (const { writableLength } of this.#polls ?? []) bytes += writableLength;
    return bytes;
  }

  /** Calls `listener` each time that an answer to a poll has been taken; returns a function that ends this. */
  onTaken(listener: () => void): () => void {
    this.#onTaken = this.#onTaken.concat(listener);
    return () => {
      this.#onTaken = this.#onTaken.filter((other) => other !== listener);
    };
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
    if (this.untaken > 0) this.#options.clock.after(CLOSE_MS, () => this.dropPolls());
    for (const seat of this.#namespaces.values()) seat?.admission?.release();
    this.#namespaces.clear();
  }

  #awaitLogin(): void {
    const { clock, loginSeconds, onPending } = this.#options;
    onPending(1);
    this.#cancelLogin = clock.after(loginSeconds * 1000, () => this.#conn.close(true));
  }

  #endLogin(): void {
    if (this.#cancelLogin === undefined) return;
    this.#cancelLogin();
    this.#cancelLogin = undefined;
    this.#options.onPending(-1);
  }
}
