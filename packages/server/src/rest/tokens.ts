import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { checkChannelName, checkJson, GatewayError } from "@roomcast/protocol";
import { checkIssuer, type RestTokens } from "../auth/rest-tokens.ts";
import { auditSession } from "./audit.ts";
import { identifyCaller } from "./callers.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { backEndProblems, BACK_END_SECURITY, body, json } from "./openapi.ts";
import { RoomTokenBody, TokenBody, TokenSchema, VerifiedSchema, VerifyBody } from "./schemas.ts";

const issueToken = createRoute({
  method: "post",
  path: "/auth/token",
  tags: ["tokens"],
  summary:
    "Issues a token, by an API key within its scope, or by an admin for its own tenant, by an operator for any; no role above the caller's own",
  security: BACK_END_SECURITY,
  request: { body: body(TokenBody) },
  responses: { 200: json("The token", TokenSchema), ...backEndProblems("TOO_LARGE") },
});

const issueRoomToken = createRoute({
  method: "post",
  path: "/auth/room-token",
  tags: ["tokens"],
  summary: "Issues a token that opens one channel to one user of the caller's tenant, for those who may issue tokens",
  security: BACK_END_SECURITY,
  request: { body: body(RoomTokenBody) },
  responses: { 200: json("The token", TokenSchema), ...backEndProblems("TOO_LARGE") },
});

const verifyToken = createRoute({
  method: "post",
  path: "/auth/verify",
  tags: ["tokens"],
  summary: "Whether a token would be accepted, and what it says",
  security: BACK_END_SECURITY,
  request: { body: body(VerifyBody) },
  responses: {
    200: json("What it says, or the code that it would be refused with", VerifiedSchema),
    ...backEndProblems("TOO_LARGE"),
  },
});

/** Tokens for back ends to hand to their clients. */
export function addTokenRoutes(app: OpenAPIHono<RestEnv>, services: RestServices, tokens: RestTokens): void {
  const { gateway, roomTokens } = services;

  app.openapi(issueToken, async (c) => {
    const request = c.req.valid("json");
    checkJson(request.info, gateway.limits.jsonDepth);
    // The tenant of the body is the one that this call is about.
    const caller = await identifyCaller(c, services, request.tenantId);
    const issued = await tokens.issueToken(caller, request);
    const details = { permissions: request.permissions ?? ["client"], expiresAt: issued.expiresAt };
    await auditSession(gateway, caller, { action: "issueToken", target: request.userId, details });
    return c.json(issued, 200);
  });

  app.openapi(issueRoomToken, async (c) => {
    const { userId, room, ...life } = c.req.valid("json");
    const caller = await identifyCaller(c, services);
    checkIssuer(caller);
    if (roomTokens === undefined)
      throw new GatewayError("FORBIDDEN", "There are no room tokens without a shared secret");
    const { tenantId } = caller;
    const issued = await roomTokens.issue({ tenantId, userId, room: checkChannelName(room, "room"), ...life });
    const details = { room, expiresAt: issued.expiresAt };
    await auditSession(gateway, caller, { action: "issueToken", target: userId, details });
    return c.json(issued, 200);
  });

  app.openapi(verifyToken, async (c) => {
    const caller = await identifyCaller(c, services);
    checkIssuer(caller);
    return c.json(await tokens.verifyToken(caller, c.req.valid("json").token), 200);
  });
}
