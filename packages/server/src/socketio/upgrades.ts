import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { pathOf } from "../http-mount.ts";

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface MountUpgradesOptions {
  readonly httpServer: Server;
  /** Whether an upgrade of this path is ours. */
  readonly owns: (path: string) => boolean;
  readonly handle: UpgradeHandler;
}

type Listener = UpgradeHandler & { readonly [OWNS]: (path: string) => boolean };

/** Marks listeners of ours among those of a server; the same for all copies of this module. */
const OWNS = Symbol.for("roomcast.upgrades");

/** How long the other listeners of a server have to answer an upgrade that is nobody's of ours. */
const FOREIGN_MS = 5000;

/**
 * Takes the WebSocket upgrades of a server that `owns` says are ours. Those of no path that is known are answered 404 where
 * all listeners are of this kind; where others listen too they are theirs, and are dropped if those let them hang. Returns
 * a function that ends it.
 */
export function mountUpgrades(options: MountUpgradesOptions): () => void {
  const { httpServer, owns, handle } = options;
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = pathOf(request);
    if (owns(path)) {
      handle(request, socket, head);
      return;
    }
    const listeners = httpServer.listeners("upgrade");
    const ours = listeners.filter((other): other is Listener => OWNS in other);
    // Only one of several answers.
    if (ours[0] !== listener || ours.some((other) => other[OWNS](path))) return;
    if (ours.length === listeners.length) {
      refuseUpgrade(socket, {
        status: "404 Not Found",
        body: { error: "NOT_FOUND", message: "Nothing is served under this path" },
      });
      return;
    }
    // Until somebody listens, a reset connection would be an error that nobody handles.
    socket.on("error", () => socket.destroy());
    const sent = bytesWritten(socket);
    setTimeout(() => {
      if (bytesWritten(socket) === sent) socket.destroy();
    }, FOREIGN_MS).unref();
  };
  const listener: Listener = Object.assign(upgrade, { [OWNS]: owns });
  httpServer.on("upgrade", listener);
  return () => httpServer.off("upgrade", listener);
}

/**
 * Shows the upgrades that are ours to nobody else. Many a WebSocket server answers all that are not its own with an error,
 * on the socket that we have just taken; and a listener cannot keep an event from those that come after it. Returns a
 * function that ends it.
 */
export function keepUpgrades(httpServer: Server): () => void {
  const emit = httpServer.emit.bind(httpServer) as (event: string | symbol, ...args: unknown[]) => boolean;
  let kept = true;
  const keeping = (event: string | symbol, ...args: unknown[]): boolean => {
    if (kept && event === "upgrade") {
      const [request, socket, head] = args as Parameters<UpgradeHandler>;
      const path = pathOf(request);
      const taker = httpServer.listeners(event).find((other): other is Listener => OWNS in other && takes(other, path));
      if (taker !== undefined) {
        taker.call(httpServer, request, socket, head);
        return true;
      }
    }
    return emit(event, ...args);
  };
  Object.defineProperty(httpServer, "emit", { value: keeping, configurable: true, writable: true });
  return () => {
    kept = false;
  };
}

function takes(listener: object, path: string): boolean {
  return (listener as Listener)[OWNS](path);
}

export interface Refusal {
  /** Such as `404 Not Found`. */
  readonly status: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Answers an upgrade as an HTTP request that is refused, and ends its connection. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = JSON.stringify(refusal.body);
  const headers = {
    ...refusal.headers,
    Connection: "close",
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end([`HTTP/1.1 ${refusal.status}`, ...lines, "", body].join("\r\n"));
}

function bytesWritten(socket: Duplex): unknown {
  return Reflect.get(socket, "bytesWritten");
}
