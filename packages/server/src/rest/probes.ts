import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { GatewayError } from "@roomcast/protocol";
import type { MiddlewareHandler } from "hono";
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import type { MetricsSource, RestEnv, RestServices } from "./context.ts";
import { problems } from "./errors.ts";
import { json } from "./openapi.ts";
import { StatusSchema } from "./schemas.ts";

const health = createRoute({
  method: "get",
  path: "/health",
  tags: ["operation"],
  summary: "Whether the process is alive",
  responses: { 200: json("It is", StatusSchema) },
});

const ready = createRoute({
  method: "get",
  path: "/ready",
  tags: ["operation"],
  summary: "Whether to send traffic here: the broker is reachable, and the node is not draining",
  responses: { 200: json("It is ready", StatusSchema), ...problems("UNAVAILABLE") },
});

const metricsText = createRoute({
  method: "get",
  path: "/metrics",
  tags: ["operation"],
  summary: "Metrics in Prometheus' text format",
  security: [{ metrics: [] }],
  responses: {
    200: { description: "The metrics", content: { "text/plain": { schema: z.string() } } },
    ...problems("UNAUTHENTICATED", "FORBIDDEN"),
  },
});

/** What operators and their machines ask. */
export function addProbeRoutes(
  app: OpenAPIHono<RestEnv>,
  { gateway }: RestServices,
  metrics: MetricsSource | undefined,
): void {
  app.openapi(health, (c) => c.json({ status: "ok" }, 200));

  app.openapi(ready, async (c) => {
    await gateway.ready();
    return c.json({ status: "ready" }, 200);
  });

  if (metrics === undefined) return;
  app.use("/metrics", requireOperator(metrics.token));
  app.openapi(metricsText, async (c) => c.text(await metrics.text(), 200, { "Content-Type": metrics.contentType }));
}

/** Lets requests of this machine pass, and those that bring the metrics' token. */
function requireOperator(token: string | undefined): MiddlewareHandler<RestEnv> {
  const expected = token === undefined ? undefined : digest(token);
  return async (c, next) => {
    if (isLocal(c.env.incoming)) return next();
    if (expected === undefined) {
      throw new GatewayError("FORBIDDEN", "Metrics are for this machine only, until metrics.token is configured");
    }
    const given = /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new GatewayError("UNAUTHENTICATED", "This needs the token of the metrics");
    }
    return next();
  };
}

/**
 * Whether the peer of the socket is this machine. A request that was forwarded is not local, although the proxy may be:
 * here headers can only take a right away, never give one.
 */
function isLocal(request: IncomingMessage): boolean {
  const { headers } = request;
  if (headers["forwarded"] !== undefined || headers["x-forwarded-for"] !== undefined || headers["via"] !== undefined)
    return false;
  const peer = request.socket.remoteAddress ?? "";
  return peer === "::1" || /^(::ffff:)?127\./.test(peer);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
