import { Transport, type Socket as EngineSocket } from "engine.io";
import type { RawData, WebSocket } from "ws";
import type { Carried, GatewayWebSocket } from "./ws-engine.ts";

type Packet = Parameters<Transport["send"]>[0][number];

/** What Engine.IO's socket has and its types hide: what it calls when its transport tells of something. */
interface Owner {
  cleanupFn: (() => void)[];
  onPacket(packet: Packet): void;
  onDrain(): void;
  flush(): void;
  onError(error: Error): void;
  onClose(reason: string): void;
}

/**
 * Engine.IO's transport over a WebSocket that writes through the writer. Engine.IO's own makes five closures and three
 * listeners for each connection, and its socket five more listeners on it: 2 KB that all look alike. This one has none, and
 * calls its socket itself once that was given to it.
 */
export class WebSocketTransport extends Transport implements Carried {
  /** Engine.IO sets it. Where frames are compressed there is another transport. */
  perMessageDeflate: unknown;
  /** The name is Engine.IO's: applications look there for the WebSocket. */
  readonly socket: GatewayWebSocket;
  #owner: Owner | undefined;

  constructor(request: ConstructorParameters<typeof Transport>[0], webSocket: GatewayWebSocket) {
    super(request);
    this.socket = webSocket;
    this.writable = true;
    webSocket.carry(this);
    dropUpgradeListener(webSocket);
  }

  override get name(): string {
    return "websocket";
  }

  /** Engine.IO asks its transports, by their prototypes. */
  get handlesUpgrades(): boolean {
    return true;
  }

  /**
   * Tells `conn`, whose transport this is now, of everything by its methods instead of by events. Does nothing where that is
   * not the socket of Engine.IO which is known here.
   */
  adopt(conn: EngineSocket): void {
    const owner: unknown = conn;
    if (this.#owner !== undefined || conn.transport !== (this as Transport) || !isOwner(owner)) return;
    for (const cleanUp of owner.cleanupFn) cleanUp();
    owner.cleanupFn = [];
    // With them Engine.IO adds headers to the responses of a transport that polls.
    this.removeAllListeners("headers");
    this.#owner = owner;
  }

  override send(packets: Packet[]): void {
    this.writable = false;
    const failed = (error?: Error): void => {
      if (error !== undefined) this.onError("write error", error.stack);
    };
    const send = (data: Parameters<WebSocket["send"]>[0]): void => this.socket.send(data, failed);
    const open = this.socket.readyState === this.socket.OPEN;
    for (const packet of packets) this.parser.encodePacket(packet, this.supportsBinary, send);
    // The WebSocket took them at once, unless it has closed.
    if (!open) return;
    if (this.#owner === undefined) this.emit("drain");
    else this.#owner.onDrain();
    this.writable = true;
    if (this.#owner === undefined) this.emit("ready");
    else this.#owner.flush();
  }

  override doClose(closed?: () => void): void {
    this.socket.close();
    closed?.();
  }

  message(data: RawData, isBinary: boolean): void {
    // Never pieces: those are for a `binaryType` that is not set.
    this.onData((isBinary ? data : (data as Buffer).toString()) as Buffer | string);
  }

  closed(): void {
    this.onClose();
  }

  failed(error: Error): void {
    this.onError(error.message);
  }

  protected override onPacket(packet: Packet): void {
    if (this.#owner === undefined) super.onPacket(packet);
    else this.#owner.onPacket(packet);
  }

  protected override onError(message: string, description?: unknown): void {
    if (this.#owner === undefined) super.onError(message, description);
    else this.#owner.onError(Object.assign(new Error(message), { type: "TransportError", description }));
  }

  protected override onClose(): void {
    if (this.#owner === undefined) {
      super.onClose();
      return;
    }
    this.readyState = "closed";
    this.#owner.onClose("transport close");
  }
}

const METHODS = ["onPacket", "onDrain", "flush", "onError", "onClose"] as const;

function isOwner(conn: unknown): conn is Owner {
  const owner = conn as Owner;
  return METHODS.every((name) => typeof owner[name] === "function") && Array.isArray(owner.cleanupFn);
}

/** Engine.IO leaves its listener for errors before there is a transport where it was; the WebSocket has one of ours. */
function dropUpgradeListener(webSocket: GatewayWebSocket): void {
  for (const listener of webSocket.listeners("error")) {
    if (listener.name === "onUpgradeError") webSocket.off("error", listener as (error: Error) => void);
  }
}
