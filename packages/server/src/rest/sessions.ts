import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { GatewayError } from "@roomcast/protocol";
import type { Context } from "hono";
import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import type { AdminSession, AdminSessions } from "../auth/admin-sessions.ts";
import { SignInAttempts } from "../auth/sign-in-attempts.ts";
import { unauthenticated } from "../auth/verify.ts";
import { plazerNamespace } from "../endpoints.ts";
import { clientAddress, networkOf } from "../socketio/handshakes.ts";
import { VERSION } from "../version.ts";
import { audit } from "./audit.ts";
import { jsonBody } from "./body.ts";
import { findSession, identifyCaller } from "./callers.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { problems } from "./errors.ts";
import { body, json, SESSION_SECURITY } from "./openapi.ts";
import { checkOwnPage, dropCookie, keepCookie, SESSION_PATH, shownCookie } from "./session-cookie.ts";
import { SessionSchema, SignInBody, TicketBody, TokenSchema } from "./schemas.ts";

const TICKET_PATH = `${SESSION_PATH}/ticket`;
/** The longest token, and what JSON needs around it. */
const SIGN_IN_BYTES = 70_000;

const signIn = createRoute({
  method: "post",
  path: SESSION_PATH,
  tags: ["sessions"],
  summary: "Signs in for the admin page, by a token or an API key with the role admin or operator, and sets its cookie",
  request: { body: body(SignInBody) },
  responses: {
    200: json("The session", SessionSchema),
    ...problems(
      "INVALID_PAYLOAD",
      "UNAUTHENTICATED",
      "FORBIDDEN",
      "TOO_LARGE",
      "RATE_LIMITED",
      "UNAVAILABLE",
      "INTERNAL",
    ),
  },
});

const readSession = createRoute({
  method: "get",
  path: SESSION_PATH,
  tags: ["sessions"],
  summary: "Whose session the cookie is, and the CSRF token that other requests with it must bring",
  security: [{ session: [] }],
  responses: {
    200: json("The session", SessionSchema),
    ...problems("INVALID_PAYLOAD", "UNAUTHENTICATED", "FORBIDDEN", "UNAVAILABLE", "INTERNAL"),
  },
});

const signOut = createRoute({
  method: "delete",
  path: SESSION_PATH,
  tags: ["sessions"],
  summary: "Signs out: the session is void on every node",
  security: SESSION_SECURITY,
  responses: {
    204: { description: "It has ended" },
    ...problems("INVALID_PAYLOAD", "UNAUTHENTICATED", "FORBIDDEN", "UNAVAILABLE", "INTERNAL"),
  },
});

const issueTicket = createRoute({
  method: "post",
  path: TICKET_PATH,
  tags: ["sessions"],
  summary:
    "A token for one minute, which opens a socket of the native dialect in the tenant of X-Tenant-Id, and no REST",
  security: SESSION_SECURITY,
  request: { body: body(TicketBody) },
  responses: {
    200: json("The token", TokenSchema),
    ...problems("INVALID_PAYLOAD", "UNAUTHENTICATED", "FORBIDDEN", "TOO_LARGE", "UNAVAILABLE", "INTERNAL"),
  },
});

/** The sessions of the admin page. */
export function addSessionRoutes(app: OpenAPIHono<RestEnv>, services: RestServices, sessions: AdminSessions): void {
  const { gateway, trustProxy = false } = services;
  const attempts = new SignInAttempts();
  const addressOf = (request: IncomingMessage): string => networkOf(clientAddress(request, trustProxy) ?? "");

  // Before their bodies are read, of which less may come than elsewhere.
  app.use(SESSION_PATH, async (c, next) => {
    const { incoming } = c.env;
    if (c.req.method !== "POST") return next();
    checkOwnPage(incoming, { trustProxy, program: true });
    await attempts.check(addressOf(incoming));
    return next();
  });
  app.use(TICKET_PATH, async (c, next) => {
    await sessionOf(c, services);
    return next();
  });
  for (const path of [SESSION_PATH, TICKET_PATH]) app.use(path, jsonBody({ maxBytes: SIGN_IN_BYTES }));

  app.openapi(signIn, async (c) => {
    const address = addressOf(c.env.incoming);
    await attempts.begin(address);
    try {
      const { session, cookie } = await sessions.signIn(c.req.valid("json"));
      await attempts.right(address);
      const { expiresAt } = session;
      const details = { address: clientAddress(c.env.incoming, trustProxy) ?? null, expiresAt };
      await audit(gateway, doer(session), { action: "signIn", details });
      const lifeMs = session.expiresAt - gateway.clock.now();
      keepCookie(c, { request: c.env.incoming, trustProxy, cookie, lifeMs });
      return c.json(describe(session, services), 200);
    } catch (thrown) {
      if (GatewayError.from(thrown).status >= 500) await attempts.unknown(address);
      throw thrown;
    }
  });

  app.openapi(readSession, async (c) => {
    return c.json(describe(await sessionOf(c, services, { csrf: false }), services), 200);
  });

  app.openapi(signOut, async (c) => {
    const session = await sessionOf(c, services);
    await sessions.end(session);
    await audit(gateway, doer(session), { action: "signOut" });
    dropCookie(c, c.env.incoming, trustProxy);
    return c.body(null, 204);
  });

  app.openapi(issueTicket, async (c) => {
    await sessionOf(c, services);
    const { tenantId } = await identifyCaller(c, services);
    const cookie = shownCookie(c.env.incoming, trustProxy);
    return c.json(await sessions.issueTicket(cookie ?? "", tenantId), 200);
  });
}

/** The session of a request that must have one. */
async function sessionOf(
  c: Context<RestEnv>,
  services: RestServices,
  options?: { readonly csrf: boolean },
): Promise<AdminSession> {
  const session = await findSession(c, services, options);
  if (session === undefined) throw unauthenticated("Nobody is signed in");
  return session;
}

/** Who signs in or out, as it is written down in the session's own tenant. */
function doer({ userId, tenantId }: AdminSession): Parameters<typeof audit>[1] {
  return { tenantId, via: "session", ...(userId === null ? undefined : { userId }) };
}

/** What the page is told of a session, and of what it can do here. */
function describe(session: AdminSession, services: RestServices): z.input<typeof SessionSchema> {
  const { userId, tenantId, tenants, roles, expiresAt, csrf } = session;
  const { gateway, tokens, roomTokens, socketPath = "/socket.io/", dialects = {} } = services;
  const { native = true, steedos = false, twake = false, plazer = false } = dialects;
  return {
    userId,
    tenantId,
    tenants: tenants === "*" ? "*" : [...tenants],
    roles: [...roles],
    expiresAt,
    csrf,
    version: VERSION,
    nodeId: gateway.nodeId,
    capabilities: {
      tokens: tokens?.issues === true,
      roomTokens: roomTokens !== undefined,
      socketPath,
      usersPerNotify: gateway.limits.usersPerNotify,
      dialects: {
        native,
        steedos: steedos !== false,
        twake,
        plazer: plazer !== false && { namespace: plazerNamespace(plazer) },
      },
    },
  };
}
