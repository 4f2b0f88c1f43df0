import { GatewayError } from "@roomcast/protocol";
import type { Context, MiddlewareHandler } from "hono";
import { isAdmin, isOperator, type RestCaller } from "../auth/rest-caller.ts";
import { identifyCaller } from "./callers.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { isSessionPath } from "./session-cookie.ts";

/** Lets back ends and sessions pass, and notes who calls. */
export function requireBackEnd(services: RestServices): MiddlewareHandler<RestEnv> {
  return async (c, next) => {
    c.set("caller", await identifyCaller(c, services));
    return next();
  };
}

/** Lets operators pass alone, of those who passed `requireBackEnd`. */
export function requireOperator(): MiddlewareHandler<RestEnv> {
  return async (c, next) => {
    if (!isOperator(c.get("caller"))) throw new GatewayError("FORBIDDEN", "This takes the role operator");
    return next();
  };
}

/** Lets those pass alone who see and steer a tenant, of those who passed `requireBackEnd`. */
export function requireAdmin(): MiddlewareHandler<RestEnv> {
  return async (c, next) => {
    checkAdmin(c.get("caller"));
    return next();
  };
}

/** Throws `FORBIDDEN` for back ends that are none to see and steer a tenant: those with the role `service` alone. */
export function checkAdmin(caller: RestCaller): void {
  if (!isAdmin(caller)) throw new GatewayError("FORBIDDEN", "This takes the role admin or operator");
}

/**
 * Lets those pass whose credentials hold. What they may do depends on the tenant that the body names, so that a route
 * decides it; this is for not reading the bodies of strangers.
 */
export function requireCredentials(services: RestServices): MiddlewareHandler<RestEnv> {
  return async (c, next) => {
    // Where people sign in, who bring nothing yet: its own routes look at them.
    if (services.sessions !== undefined && isSessionPath(c.req.path)) return next();
    try {
      await identifyCaller(c, services);
    } catch (thrown) {
      if (GatewayError.from(thrown).code !== "FORBIDDEN") throw thrown;
    }
    return next();
  };
}

/**
 * Refuses requests whose path or query is not well percent-encoded; nothing after it meets half-decoded text.
 */
export function wellEncoded(): MiddlewareHandler<RestEnv> {
  return async (c, next) => {
    try {
      decodeURIComponent(c.req.url);
    } catch (thrown) {
      throw new GatewayError("INVALID_PAYLOAD", "The address is not well percent-encoded", { cause: thrown });
    }
    return next();
  };
}

/** Headers of all answers: nothing here is to be cached, sniffed or framed. */
export function safeHeaders(): MiddlewareHandler<RestEnv> {
  return async (c, next) => {
    await next();
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Cache-Control", "no-store");
    c.header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  };
}

/** The path of a request as it was sent, still percent-encoded: parameters are decoded once, by Hono, after matching. */
export function rawPath(request: Request): string {
  const { url } = request;
  const start = url.indexOf("/", url.indexOf("//") + 2);
  if (start === -1) return "/";
  const end = url.slice(start).search(/[?#]/);
  return end === -1 ? url.slice(start) : url.slice(start, start + end);
}

/** Says how long the whole list is, and where the next page is, by the `Link` header of RFC 8288. */
export function describePage(
  c: Context<RestEnv>,
  { total, cursor }: { readonly total: number; readonly cursor?: string },
): void {
  c.header("X-Total-Count", String(total));
  if (cursor === undefined) return;
  const query = new URLSearchParams(c.req.url.split("?", 2)[1]);
  query.set("cursor", cursor);
  c.header("Link", `<${rawPath(c.req.raw)}?${query.toString()}>; rel="next"`);
}
