import type { IncomingMessage, Server, ServerResponse } from "node:http";

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Marks what is mounted among the listeners of a server; the same for all copies of this module. */
const OWNS = Symbol.for("roomcast.requests");

type Mounted = RequestHandler & { readonly [OWNS]: (path: string) => boolean };

export interface MountOptions {
  readonly httpServer: Server;
  /** Whether a request for this path (percent-encoded, without the query) is ours. */
  readonly owns: (path: string) => boolean;
  readonly handle: RequestHandler;
}

/**
 * Puts `handle` before the request listeners that an HTTP server has: it gets the requests that it owns, they get all
 * others, untouched. A request that is nobody's, on a server without other listeners, goes to `handle` too, so that it is
 * answered and does not hang. Returns a function that hands everything back to the others.
 *
 * The same technique as Engine.IO's `attach`, so that both can sit on one server in either order.
 */
export function mountRequests(options: MountOptions): () => void {
  const { httpServer, owns, handle } = options;
  const others = httpServer.rawListeners("request") as RequestHandler[];
  let mounted = true;
  httpServer.removeAllListeners("request");
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    if (mounted && owns(pathOf(request))) return handle(request, response);
    for (const other of others) other.call(httpServer, request, response);
    if (mounted && others.length === 0 && httpServer.listenerCount("request") === 1) handle(request, response);
  };
  const ownsAny = (path: string): boolean => (mounted && owns(path)) || others.some((other) => takes(other, path));
  httpServer.on("request", Object.assign(listener, { [OWNS]: ownsAny }));
  return () => {
    mounted = false;
  };
}

/** Whether a request is one that something mounted on this server would take. */
export function isMounted(httpServer: Server, request: IncomingMessage): boolean {
  const path = pathOf(request);
  return httpServer.rawListeners("request").some((listener) => takes(listener, path));
}

function takes(listener: object, path: string): boolean {
  return OWNS in listener && (listener as Mounted)[OWNS](path);
}

/** The path of a request's target, as it was sent; the empty string where there is none (`OPTIONS *`, nonsense). */
export function pathOf(request: IncomingMessage): string {
  const target = request.url ?? "";
  if (target.startsWith("/")) return before(target, "?");
  // The absolute form, which proxies use.
  return URL.canParse(target) ? new URL(target).pathname : "";
}

function before(text: string, mark: string): string {
  const end = text.indexOf(mark);
  return end === -1 ? text : text.slice(0, end);
}
