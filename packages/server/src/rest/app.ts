import { OpenAPIHono } from "@hono/zod-openapi";
import { getRequestListener } from "@hono/node-server";
import { GatewayError } from "@roomcast/protocol";
import type { Context } from "hono";
import { cors } from "hono/cors";
import type { PageHandler } from "../admin/page-handler.ts";
import { pathOf, type RequestHandler } from "../http-mount.ts";
import { addAuditRoutes } from "./audit.ts";
import { jsonBody } from "./body.ts";
import { addAsyncApi } from "./asyncapi.ts";
import { addChannelRoutes } from "./channels.ts";
import { addConnectionRoutes } from "./connections.ts";
import { addClusterRoutes } from "./cluster.ts";
import type { MetricsSource, RestEnv, RestServices } from "./context.ts";
import { errorResponse, schemaError, toGatewayError } from "./errors.ts";
import { rawPath, requireBackEnd, requireCredentials, requireOperator, safeHeaders, wellEncoded } from "./guards.ts";
import { addInsightRoutes } from "./insight.ts";
import { addMessageRoutes } from "./messages.ts";
import { SECURITY_SCHEMES } from "./openapi.ts";
import { below } from "./paths.ts";
import { addProbeRoutes } from "./probes.ts";
import { addRuleRoutes } from "./rules.ts";
import { addSessionRoutes } from "./sessions.ts";
import { addStatsRoutes } from "./stats.ts";
import { addTokenRoutes } from "./tokens.ts";

export interface RestOptions extends RestServices {
  /** Without it `/metrics` is not there. */
  readonly metrics?: MetricsSource | undefined;
  /** Origins that pages may call from: a list, or `"*"`; none unless given. */
  readonly cors?: readonly string[] | "*" | undefined;
  /** The admin page, on paths of its own. */
  readonly page?: PageHandler | undefined;
  /** What the paths begin with, such as `/roomcast`; nothing unless given. */
  readonly prefix?: string | undefined;
}

/** The REST API as a request listener of Node's HTTP server. */
export function createRestHandler(options: RestOptions): RequestHandler {
  const app = createRestApp(options);
  const refused = (thrown: unknown): Response => refuse(options, thrown);
  const listener = getRequestListener((request, env) => app.fetch(request, env), {
    // A library leaves the globals of its process alone.
    overrideGlobalObjects: false,
    // Requests that never became one: a broken address, two different hosts.
    errorHandler: () => refused(new GatewayError("INVALID_PAYLOAD", "The request is malformed")),
  });
  return (request, response) => {
    if (options.page?.owns(pathOf(request)) === true) return options.page.handle(request, response);
    listener(request, response).catch((thrown: unknown) => {
      options.gateway.observer.failed?.("rest", thrown);
      response.destroy();
    });
  };
}

/** The REST API of section 9 of the native specification; a route is a schema and a call to the gateway. */
function createRestApp(options: RestOptions): OpenAPIHono<RestEnv> {
  const { gateway, tokens, sessions, metrics, prefix = "" } = options;
  const app = new OpenAPIHono<RestEnv>({
    getPath: (request) => below(prefix, rawPath(request)),
    defaultHook: (result) => {
      if (!result.success) throw schemaError(result.error);
    },
  });

  app.onError((thrown, c) => refuse(options, thrown, tenantOf(c)));
  app.notFound((c) => {
    const allow = methodsOf(app, c.req.path);
    const error =
      allow.length === 0
        ? new GatewayError("NOT_FOUND", "There is nothing at this address")
        : new GatewayError("NOT_FOUND", `Only ${allow.join(", ")} can be used here`, { details: { allow } });
    return refuse(options, error, tenantOf(c));
  });

  app.use("*", safeHeaders());
  if (options.cors !== undefined && options.cors.length > 0) {
    app.use(
      "*",
      cors({
        origin: options.cors === "*" ? "*" : [...options.cors],
        allowMethods: ["GET", "POST", "DELETE"],
        allowHeaders: ["Authorization", "Content-Type", "X-Api-Key", "X-Tenant-Id"],
        exposeHeaders: ["Link", "Retry-After", "X-Total-Count"],
        maxAge: 600,
      }),
    );
  }
  // Who calls comes first: whoever may not call learns nothing of what is there, and sends no body.
  app.use("/api/*", requireBackEnd(options));
  app.use("/api/cluster/*", requireOperator());
  if (tokens !== undefined) app.use("/auth/*", requireCredentials(options));
  app.use("*", wellEncoded());
  if (sessions !== undefined) addSessionRoutes(app, options, sessions);
  app.use("*", jsonBody({ maxBytes: gateway.limits.transportBytes }));

  addChannelRoutes(app, options);
  addConnectionRoutes(app, options);
  addAuditRoutes(app, options);
  addInsightRoutes(app, options);
  addRuleRoutes(app, options);
  addMessageRoutes(app, options);
  addStatsRoutes(app, options);
  addClusterRoutes(app, options);
  if (tokens !== undefined) addTokenRoutes(app, options, tokens);
  addProbeRoutes(app, options, metrics);
  addDocument(app, prefix);
  addAsyncApi(app, options);
  return app;
}

function addDocument(app: OpenAPIHono<RestEnv>, prefix: string): void {
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
    app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  }
  const { paths = {}, ...document } = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Roomcast",
      version: "1",
      description:
        "The REST API of a Roomcast node. Every error is `{ error, message, details? }`, `error` being a code.",
      license: { name: "MIT" },
    },
    servers: [{ url: "/" }],
  });
  // As clients call them: an address of `servers` would say it too, and is what readers of the document overlook.
  const called = Object.fromEntries(Object.entries(paths).map(([path, item]) => [prefix + path, item]));
  app.get("/openapi.json", (c) => c.json({ ...document, paths: called }));
}

/** The tenant that a request is about; undefined where it is not known, or nobody's. */
function tenantOf(c: Context<RestEnv>): string | undefined {
  const caller: RestEnv["Variables"]["caller"] | undefined = c.get("caller");
  return caller?.tenantId;
}

function refuse(options: RestOptions, thrown: unknown, tenantId?: string): Response {
  const { observer } = options.gateway;
  const error = toGatewayError(thrown);
  if (error.code === "INTERNAL") observer.failed?.("rest", error.cause ?? error);
  observer.refused?.(error.code, tenantId);
  return errorResponse(error);
}

/** The methods that routes have for a path; none for a path that is nobody's. */
function methodsOf(app: OpenAPIHono<RestEnv>, path: string): string[] {
  const methods = new Set<string>();
  for (const route of app.routes) {
    if (route.method === "ALL") continue;
    const pattern = route.path.split("/");
    const pieces = path.split("/");
    const fits =
      pattern.length === pieces.length && pattern.every((piece, i) => piece.startsWith(":") || piece === pieces[i]);
    if (fits) methods.add(route.method);
  }
  return [...methods];
}
