import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer, type RawData, type ServerOptions } from "ws";
import { textFrame } from "./frame.ts";
import type { Outlet, Writer } from "./writer.ts";

/** Socket.IO's clients never fragment; browsers and proxies may, a little. */
const MAX_FRAGMENTS = 64;
/** The smallest pieces that a message may come in over the network, in bytes, before its link is taken for an attack. */
const SMALLEST_CHUNK = 512;
const SPARE_CHUNKS = 1024;

/** How long a client has to answer a close before its socket is destroyed. */
export const CLOSE_MS = 3000;

type Data = Parameters<WebSocket["send"]>[0];
type SendOptions = Exclude<Parameters<WebSocket["send"]>[1], ((error?: Error) => void) | undefined>;
type Sent = (error?: Error) => void;

/** What goes on over a WebSocket: told what it receives and that it ended. */
export interface Carried {
  message(data: RawData, isBinary: boolean): void;
  failed(error: Error): void;
  closed(): void;
}

/**
 * A WebSocket of Engine.IO whose frames go through the writer. Where per-message deflate was negotiated it has no outlet, and
 * is a plain WebSocket of `ws`.
 */
export class GatewayWebSocket extends WebSocket {
  #outlet: Outlet | undefined;
  #carried: Carried | undefined;

  /** Its place at the writer; undefined where it writes by itself. */
  get outlet(): Outlet | undefined {
    return this.#outlet;
  }

  get carried(): Carried | undefined {
    return this.#carried;
  }

  attach(outlet: Outlet): void {
    this.#outlet = outlet;
  }

  /** Tells `carried` of everything from now on. */
  carry(carried: Carried): void {
    this.#carried = carried;
  }

  /**
   * Calls back at once: the frame has its place in the order, and Engine.IO, believing it gone, keeps nothing back that
   * what others put onto the writer could overtake.
   */
  override send(data: Data, options?: SendOptions | Sent, callback?: Sent): void {
    const sent = typeof options === "function" ? options : callback;
    const flags = typeof options === "object" ? options : undefined;
    const outlet = this.#outlet;
    if (outlet === undefined || this.readyState !== WebSocket.OPEN) {
      super.send(data, flags ?? {}, sent);
      return;
    }
    if (typeof data === "string" && flags === undefined) {
      outlet.push(textFrame(data), false);
    } else {
      outlet.around(byteLength(data), (onWritten) => super.send(data, flags ?? {}, onWritten));
    }
    sent?.();
  }

  /** Writes what waits, then starts the closing handshake. */
  override close(code?: number, data?: string | Buffer): void {
    if (this.readyState === WebSocket.OPEN) this.#outlet?.end();
    super.close(code, data);
  }

  /** Destroys the socket and what waits for it. */
  override terminate(): void {
    this.#outlet?.drop();
    super.terminate();
  }
}

/** What Engine.IO's option `wsEngine` wants: the constructor of a server for upgrades that others accept. */
export type WsEngine = new (options: ServerOptions) => WebSocketServer;

export interface WsEngineOptions {
  readonly writer: Writer;
  /** Kept up to date: every WebSocket whose TCP connection stands, those that Engine.IO has given up too. */
  readonly sockets: Set<GatewayWebSocket>;
}

/** A WebSocket server for Engine.IO's option `wsEngine` whose connections write through `writer`. */
export function createWsEngine({ writer, sockets }: WsEngineOptions): WsEngine {
  // One of each for all, since each connection would keep its own.
  function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
    if (this instanceof GatewayWebSocket) this.carried?.message(data, isBinary);
  }
  function onError(this: WebSocket, error: Error): void {
    if (this instanceof GatewayWebSocket) this.carried?.failed(error);
  }
  function onClose(this: WebSocket): void {
    if (!(this instanceof GatewayWebSocket)) return;
    sockets.delete(this);
    this.carried?.closed();
  }
  return class extends WebSocketServer {
    constructor(options: ServerOptions) {
      const hardened = {
        ...options,
        WebSocket: GatewayWebSocket,
        maxFragments: MAX_FRAGMENTS,
        maxBufferedChunks: SPARE_CHUNKS + Math.ceil((options.maxPayload ?? 0) / SMALLEST_CHUNK),
        closeTimeout: CLOSE_MS,
      };
      super(hardened);
    }

    override handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      callback: (client: InstanceType<typeof WebSocket>, request: IncomingMessage) => void,
    ): void {
      super.handleUpgrade(request, socket, head, (client, upgraded) => {
        if (client instanceof GatewayWebSocket) {
          sockets.add(client);
          client.on("close", onClose);
          if (client.extensions === "") {
            client.on("message", onMessage);
            client.on("error", onError);
            client.attach(writer.outlet(socket));
          }
        }
        callback(client, upgraded);
      });
    }
  };
}

/** The WebSocket under a transport of Engine.IO; undefined for polling. */
export function webSocketOf(transport: object): GatewayWebSocket | undefined {
  const socket: unknown = Reflect.get(transport, "socket");
  return socket instanceof GatewayWebSocket ? socket : undefined;
}

function byteLength(data: Data): number {
  if (typeof data === "string") return Buffer.byteLength(data);
  return ArrayBuffer.isView(data) || data instanceof ArrayBuffer ? data.byteLength : 0;
}
