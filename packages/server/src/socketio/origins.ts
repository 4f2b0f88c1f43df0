import type { IncomingMessage } from "node:http";
import { GatewayError, type Dialect, type Handshake } from "@roomcast/protocol";
import { forwardedValue, queryOf, type TrustProxy } from "./handshakes.ts";
import type { Link } from "./link.ts";

/**
 * Whether what a browser adds by itself (its cookies) may count: the page that asks is of this server or of a listed origin.
 * A WebSocket, JSONP and a form can be sent by any page on the web, and CORS does not stop them.
 */
export function isOwnOrigin(request: IncomingMessage, origins: readonly string[], trustProxy: TrustProxy): boolean {
  const { headers } = request;
  if (new URLSearchParams(queryOf(request)).has("j")) return false;
  const { origin } = headers;
  if (origin === undefined) {
    // Programs send neither; browsers leave out the origin where it is the page's own, and in some requests of others.
    const site = headers["sec-fetch-site"];
    return site === undefined || site === "same-origin";
  }
  if (origins.includes(origin)) return true;
  const asking = hostOf(origin);
  const scheme = schemeOf(request, trustProxy);
  if (asking === undefined || (scheme !== undefined && !origin.startsWith(`${scheme}:`))) return false;
  const own = forwardedValue(headers["x-forwarded-host"], trustProxy) ?? headers.host;
  return hostOf(`${new URL(origin).protocol}//${own}`) === asking;
}

/** The headers of a handshake that a dialect may look at. */
export function visibleHeaders(headers: Handshake["headers"], ownOrigin: boolean): Handshake["headers"] {
  if (ownOrigin || headers["cookie"] === undefined) return headers;
  const { cookie: _, ...others } = headers;
  return others;
}

/**
 * Refuses a handshake of a dialect that logs in by cookies where they came from a page of another origin; from now on, all
 * requests of a link that logs in by them must come from the own one. Throws `FORBIDDEN`.
 */
export function checkCookies(dialect: Dialect, handshake: Handshake, link: Link): void {
  if (link.headers["cookie"] === undefined) return;
  const carried = dialect.credentials({ ...handshake, headers: link.headers });
  if (carried.kind !== "cookies" || (carried.tenantId === "" && carried.token === "")) return;
  if (!link.ownOrigin) throw foreign();
  link.useCookies();
}

/** Why this request of a link is refused; undefined when it may go on. */
export function checkRequest(link: Link, request: IncomingMessage, ...own: OriginSettings): GatewayError | undefined {
  return !isOwnOrigin(request, ...own) && link.stray() ? foreign() : undefined;
}

type OriginSettings = [origins: readonly string[], trustProxy: TrustProxy];

function foreign(): GatewayError {
  return new GatewayError("FORBIDDEN", "Cookies log in from pages of this server and of listed origins only");
}

/** Host and port of a page's origin; undefined for what is no web page's, such as `null`. */
function hostOf(origin: string): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  const { protocol, host } = new URL(origin);
  return protocol === "http:" || protocol === "https:" ? host : undefined;
}

/** How the server is reached, where that is known: a proxy before it may speak TLS for it. */
export function schemeOf({ headers, socket }: IncomingMessage, trustProxy: TrustProxy): "http" | "https" | undefined {
  const forwarded = forwardedValue(headers["x-forwarded-proto"], trustProxy)?.toLowerCase();
  if (forwarded === "http" || forwarded === "https") return forwarded;
  return "encrypted" in socket && socket.encrypted === true ? "https" : undefined;
}
