import type { Connection, ConnectionLoad, EncodedFrame, Origin, Session } from "@roomcast/core";
import type { Socket } from "socket.io";
import type { Link } from "./link.ts";
import { visibleHeaders } from "./origins.ts";
import { WebSocketTransport } from "./transport.ts";
import { Packet, type SocketIoWire } from "./wire.ts";
import type { Outlet } from "./writer.ts";
import { CLOSE_MS, webSocketOf } from "./ws-engine.ts";

export interface SocketIoConnectionOptions {
  readonly id: string;
  readonly wire: SocketIoWire;
  readonly socket: Socket;
  readonly link: Link;
}

/**
 * One client in one namespace, over a socket of Socket.IO. Over WebSocket it puts frames onto the writer; over polling, in
 * the middle of an upgrade, and where frames are compressed, it gives their text to Engine.IO, which keeps the order there.
 */
export class SocketIoConnection implements Connection {
  readonly id: string;
  readonly wire: SocketIoWire;
  readonly #socket: Socket;
  readonly #link: Link;
  /** Set when it is open. */
  session: Session | undefined;
  #outlet: Outlet | undefined;
  /** Whether its client is to say yet who it is, and counts as one of those who wait at the gate. */
  #anonymous = false;
  #ended = false;
  /** Bytes that Engine.IO has and its client has not taken, and whether those are, or lately were, too many. */
  #waiting = 0;
  #stuck = false;
  /** Bytes that Engine.IO was given. */
  #given = 0;

  constructor(options: SocketIoConnectionOptions) {
    this.id = options.id;
    this.wire = options.wire;
    this.#socket = options.socket;
    this.#link = options.link;
    this.#takeOutlet();
    if (this.transport === "polling") {
      // Engine.IO writes what it kept back just after it tells of the upgrade; only then is the writer ours.
      this.#socket.conn.once("upgrade", () => queueMicrotask(() => this.#upgraded()));
    }
  }

  get transport(): "websocket" | "polling" {
    return webSocketOf(this.#socket.conn.transport) === undefined ? "polling" : "websocket";
  }

  get remoteAddress(): string | undefined {
    return this.#link.remoteAddress;
  }

  /** Of the handshake, what is kept for later. */
  get origin(): Origin {
    const { remoteAddress, headers, ownOrigin } = this.#link;
    return { dialect: this.wire.dialect.name, remoteAddress, headers: visibleHeaders(headers, ownOrigin), auth: {} };
  }

  get overloaded(): boolean {
    return this.#outlet === undefined ? this.#stuck : this.#outlet.overloaded;
  }

  get load(): ConnectionLoad {
    const outlet = this.#outlet;
    if (outlet === undefined) return { waiting: this.#waiting + this.#link.untaken, written: this.#given };
    return { waiting: outlet.backlog, written: outlet.written + this.#given };
  }

  write(frame: EncodedFrame): void {
    if (frame instanceof Packet) this.#write(frame, true);
  }

  /** Its client logs in late: until then it counts at the gate. */
  awaitLogin(): void {
    this.#anonymous = true;
    this.#link.services.gate.count(1);
  }

  enrolled(): void {
    if (!this.#anonymous) return;
    this.#anonymous = false;
    this.#link.services.gate.count(-1);
  }

  /** An overload of the outlet has passed. */
  drained(): void {
    if (this.#outlet !== undefined && !this.#ended) this.session?.drained();
  }

  /** The client has taken the answer to a poll. */
  taken(): void {
    this.#relieve();
  }

  /** Answers a packet of the client. In one queue with all that is written. */
  acknowledge(id: number, args: readonly unknown[]): void {
    this.#write(this.wire.acknowledgement(id, args), false);
  }

  close(how: "reconnect" | "stay-away" | "destroy"): void {
    if (this.#ended) return;
    const { conn } = this.#socket;
    if (how === "destroy") {
      const webSocket = webSocketOf(conn.transport);
      if (webSocket === undefined) {
        conn.close(true);
        this.#link.dropPolls();
      } else webSocket.terminate();
      return;
    }
    const whole = how === "reconnect" || this.#link.sessions <= 1;
    if (how === "reconnect") conn.close();
    else this.#socket.disconnect(whole);
    // A WebSocket has its own time to answer a close; a client that polls no more would have as long as its heartbeat.
    if (this.#outlet === undefined && whole) this.#link.services.clock.after(CLOSE_MS, () => conn.close(true));
  }

  /** The link or the namespace has gone: nothing is written any more. */
  ended(): void {
    this.#ended = true;
    this.enrolled();
  }

  #write(packet: Packet, shared: boolean): void {
    if (this.#ended) return;
    if (this.#outlet !== undefined) {
      this.#outlet.push(packet.frame, shared);
      return;
    }
    const { bytes } = packet;
    this.#waiting += bytes;
    this.#given += bytes;
    const backlog = this.#waiting + this.#link.untaken;
    this.#stuck ||= backlog > this.#link.services.limits.backlogBytes;
    this.#socket.conn.write(packet.text, { compress: false }, () => this.#sent(bytes));
    if (backlog > 8 * this.#link.services.limits.backlogBytes) this.close("destroy");
  }

  #sent(bytes: number): void {
    this.#link.services.observer.bytesOut?.(bytes);
    this.#waiting -= bytes;
    this.#relieve();
  }

  #relieve(): void {
    if (!this.#stuck || this.#outlet !== undefined) return;
    if (this.#waiting + this.#link.untaken > this.#link.services.limits.backlogBytes / 2) return;
    this.#stuck = false;
    if (!this.#ended) this.session?.drained();
  }

  #upgraded(): void {
    const { conn } = this.#socket;
    if (conn.transport instanceof WebSocketTransport) conn.transport.adopt(conn);
    this.#takeOutlet();
  }

  #takeOutlet(): void {
    if (this.#ended) return;
    const outlet = webSocketOf(this.#socket.conn.transport)?.outlet;
    if (outlet === undefined) return;
    this.#outlet = outlet;
    outlet.onDrained(this.#link);
    // What waited for polls has gone to the outlet, and counts there.
    const wasStuck = this.#stuck;
    this.#stuck = false;
    if (wasStuck && !outlet.overloaded) this.session?.drained();
  }
}
