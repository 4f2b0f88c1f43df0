import { GatewayError } from "@roomcast/protocol";
import { deleteCookie, setCookie } from "hono/cookie";
import type { Context } from "hono";
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AdminSession } from "../auth/admin-sessions.ts";
import { unauthenticated } from "../auth/verify.ts";
import type { TrustProxy } from "../socketio/handshakes.ts";
import { isOwnOrigin, schemeOf } from "../socketio/origins.ts";

/** Where people sign in. */
export const SESSION_PATH = "/auth/session";
export const SESSION_COOKIE = "roomcast-admin";
/** Browsers take a cookie with this name only from the host itself, by https, for all of its paths. */
const HOST_PREFIX = "__Host-";
export const CSRF_HEADER = "X-CSRF-Token";

const SETTINGS = { httpOnly: true, sameSite: "Strict", path: "/" } as const;
const READING: ReadonlySet<string> = new Set(["GET", "HEAD"]);

export function isSessionPath(path: string): boolean {
  return path === SESSION_PATH || path.startsWith(`${SESSION_PATH}/`);
}

/** Whether a browser that sent this request came by https, as far as is known. */
function isSecure(request: IncomingMessage, trustProxy: TrustProxy): boolean {
  return schemeOf(request, trustProxy) === "https";
}

/**
 * The session's cookie of a request, where it brings one. Throws `UNAUTHENTICATED` for two of them, of which somebody else
 * may have set either.
 */
export function shownCookie(request: IncomingMessage, trustProxy: TrustProxy): string | undefined {
  const name = isSecure(request, trustProxy) ? HOST_PREFIX + SESSION_COOKIE : SESSION_COOKIE;
  const found = (request.headers.cookie ?? "")
    .split(";")
    .map((piece) => piece.trim())
    .filter((piece) => piece.startsWith(`${name}=`))
    .map((piece) => piece.slice(name.length + 1));
  if (found.length > 1) throw unauthenticated("There are two cookies of a session");
  return found[0];
}

/** Has the browser keep the session's cookie for as long as the session lasts. */
export function keepCookie(
  c: Context,
  options: { readonly request: IncomingMessage; readonly trustProxy: TrustProxy; readonly cookie: string } & {
    /** Milliseconds. */
    readonly lifeMs: number;
  },
): void {
  const { request, trustProxy, cookie, lifeMs } = options;
  const maxAge = Math.max(1, Math.floor(lifeMs / 1000));
  if (isSecure(request, trustProxy)) {
    setCookie(c, SESSION_COOKIE, cookie, { ...SETTINGS, maxAge, secure: true, prefix: "host" });
  } else setCookie(c, SESSION_COOKIE, cookie, { ...SETTINGS, maxAge });
}

/** Has the browser forget it. */
export function dropCookie(c: Context, request: IncomingMessage, trustProxy: TrustProxy): void {
  if (isSecure(request, trustProxy)) deleteCookie(c, SESSION_COOKIE, { ...SETTINGS, secure: true, prefix: "host" });
  else deleteCookie(c, SESSION_COOKIE, SETTINGS);
}

/**
 * Refuses what a page of another origin sent, whatever CORS allows. What changes something must say whence it comes, unless
 * `program` allows for those that are no browsers and say nothing. Throws `FORBIDDEN`.
 */
export function checkOwnPage(
  request: IncomingMessage,
  { trustProxy, program = false }: { readonly trustProxy: TrustProxy; readonly program?: boolean },
): void {
  const { method = "", headers } = request;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") throw foreign();
  if (headers.origin === undefined) {
    if (READING.has(method) || (program && site === undefined)) return;
    throw new GatewayError("FORBIDDEN", "A request of a session must have the header Origin");
  }
  if (!isOwnOrigin(request, [], trustProxy)) throw foreign();
}

/** Refuses a request without the session's own CSRF token, which no other page can know. Throws `FORBIDDEN`. */
export function checkCsrf({ headers }: IncomingMessage, { csrf }: AdminSession): void {
  const shown = Buffer.from(String(headers[CSRF_HEADER.toLowerCase()] ?? ""), "utf8");
  const expected = Buffer.from(csrf, "utf8");
  if (shown.length !== expected.length || !timingSafeEqual(shown, expected))
    throw new GatewayError("FORBIDDEN", `A request of a session must have the header ${CSRF_HEADER} with its token`);
}

function foreign(): GatewayError {
  return new GatewayError("FORBIDDEN", "A session serves pages of this server only");
}
