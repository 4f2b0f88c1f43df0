import type { EventEmitter } from "node:events";
import type { Socket as EngineSocket } from "engine.io";
import type { Socket } from "socket.io";
import { eventCompactor } from "./compact-events.ts";
import { SmallMap } from "./small-map.ts";
import { webSocketOf, type GatewayWebSocket } from "./ws-engine.ts";

/** What Socket.IO's objects have and their types hide. */
interface Hidden {
  acks?: unknown;
  decoder?: unknown;
  fns?: unknown;
  nsps?: unknown;
  sockets?: unknown;
}

const NOTHING = Object.freeze({});

/** Of a handshake that is over. Nobody needs what was in it: dialects had it when they were asked. */
const NO_HANDSHAKE: Socket["handshake"] = Object.freeze({
  headers: NOTHING,
  time: "",
  address: "",
  xdomain: false,
  secure: false,
  issued: 0,
  url: "",
  query: NOTHING,
  auth: NOTHING,
});

/**
 * Takes from what Socket.IO, Engine.IO and `ws` keep for each connection what an idle one does not need. They keep it
 * because they serve every use; here the engine does the work, and they carry it.
 *
 * It reaches into what they do not document, so each step looks first whether it finds what it knows, and leaves alone what
 * it does not: with another version of theirs a connection costs more, and works. `memory.test.ts` notices.
 */
export class Slimmer {
  readonly #compactConn = eventCompactor(["close"]);
  readonly #compactTransport = eventCompactor();
  readonly #compactWebSocket = eventCompactor(["close"]);
  readonly #compactSocket = eventCompactor();

  /** For a socket whose session is open: by now everybody listens to it and its connection who does. */
  settle(socket: Socket): void {
    const { conn, client } = socket;
    const transport: EventEmitter = conn.transport;
    this.#compactConn(conn as EngineSocket & EventEmitter);
    this.#compactTransport(transport);
    const webSocket = webSocketOf(transport);
    if (webSocket !== undefined) {
      this.#compactWebSocket(webSocket);
      shrinkWebSocket(webSocket);
    }
    this.#compactSocket(socket as unknown as EventEmitter);
    Reflect.set(socket, "handshake", NO_HANDSHAKE);
    const hidden = socket as unknown as Hidden;
    shrinkMaps(hidden, ["acks"]);
    shrinkMaps(client as unknown as Hidden, ["nsps", "sockets"]);
    // A list that was pushed to has room for 17; a copy has as much as it needs.
    if (Array.isArray(hidden.fns)) hidden.fns = hidden.fns.slice();
    const listeners: unknown = Reflect.get(Object((client as unknown as Hidden).decoder), "_callbacks");
    if (listeners !== undefined) shrinkLists(listeners as Record<string, unknown>);
  }
}

/** That no extension was negotiated takes no object for each; and its link knows where it comes from. */
function shrinkWebSocket(webSocket: GatewayWebSocket): void {
  const hidden = webSocket as unknown as Readonly<Record<"_receiver" | "_sender" | "_socket", unknown>>;
  if (webSocket.extensions === "") {
    for (const owner of [webSocket, hidden._receiver, hidden._sender]) replace(owner, "_extensions", NOTHING);
  }
  replace(hidden._socket, "_peername", undefined);
}

/** Sets a property where there is an object with it. */
function replace(owner: unknown, name: string, value: unknown): void {
  if (typeof owner === "object" && owner !== null && Object.hasOwn(owner, name)) Reflect.set(owner, name, value);
}

function shrinkLists(owner: Record<string, unknown>): void {
  for (const [name, list] of Object.entries(owner)) if (Array.isArray(list)) owner[name] = list.slice();
}

function shrinkMaps(owner: Hidden, names: readonly ("acks" | "nsps" | "sockets")[]): void {
  for (const name of names) {
    const map = owner[name];
    if (map instanceof Map) owner[name] = SmallMap.of(map as Map<unknown, unknown>);
  }
}
