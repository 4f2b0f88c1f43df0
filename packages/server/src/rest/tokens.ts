import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { checkJson, GatewayError } from "@roomcast/protocol";
import type { IncomingHttpHeaders } from "node:http";
import type { RestCaller, RestCallers } from "../auth/rest-caller.ts";
import type { RestTokens } from "../auth/rest-tokens.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { backEndProblems, BACK_END_SECURITY, body, json } from "./openapi.ts";
import { TokenBody, TokenSchema, VerifiedSchema, VerifyBody } from "./schemas.ts";

const issueToken = createRoute({
  method: "post",
  path: "/auth/token",
  tags: ["tokens"],
  summary:
    "Issues a token, by an API key within its scope, or by an admin for its own tenant; no role above the caller's own",
  security: BACK_END_SECURITY,
  request: { body: body(TokenBody) },
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
export function addTokenRoutes(
  app: OpenAPIHono<RestEnv>,
  { gateway, callers }: RestServices,
  tokens: RestTokens,
): void {
  app.openapi(issueToken, async (c) => {
    const request = c.req.valid("json");
    checkJson(request.info, gateway.limits.jsonDepth);
    // The tenant of the body is the one that this call is about.
    const caller = await identifyIssuer(callers, c.env.incoming.headers, request.tenantId);
    return c.json(await tokens.issueToken(caller, request), 200);
  });

  app.openapi(verifyToken, async (c) => {
    const caller = await identifyIssuer(callers, c.env.incoming.headers);
    return c.json(await tokens.verifyToken(caller, c.req.valid("json").token), 200);
  });
}

/** The caller, where it may issue tokens at all: by an API key, or by a token with the role `admin`. */
async function identifyIssuer(
  callers: RestCallers,
  headers: IncomingHttpHeaders,
  tenantId?: string,
): Promise<RestCaller> {
  const caller = await callers.identifyCaller(headers, tenantId);
  if (caller.via === "key" || caller.roles.includes("admin")) return caller;
  throw new GatewayError("FORBIDDEN", "This takes an API key, or a token with the role admin");
}
