import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { RestEnv, RestServices } from "./context.ts";
import { requireAdmin } from "./guards.ts";
import { ConnectionDetailsSchema, ChannelDetailsSchema, UserParams, UserReportSchema } from "./insight-schemas.ts";
import { backEndProblems, BACK_END_SECURITY, json } from "./openapi.ts";
import { ruleText } from "./rules.ts";
import { ChannelParams, SocketParams } from "./schemas.ts";

const ADMIN = requireAdmin();

const describeConnection = createRoute({
  method: "get",
  path: "/api/socket/connections/{socketId}",
  tags: ["connections"],
  summary: "Everything that its node knows of a connection; for admins",
  security: BACK_END_SECURITY,
  middleware: ADMIN,
  request: { params: SocketParams },
  responses: { 200: json("The connection", ConnectionDetailsSchema), ...backEndProblems("NOT_FOUND") },
});

const describeUser = createRoute({
  method: "get",
  path: "/api/socket/users/{userId}",
  tags: ["connections"],
  summary: "A user's connections, and what lately went wrong for it on any node; for admins",
  security: BACK_END_SECURITY,
  middleware: ADMIN,
  request: { params: UserParams },
  responses: {
    200: json("What is known of the user, who need not be connected", UserReportSchema),
    ...backEndProblems(),
  },
});

const describeChannel = createRoute({
  method: "get",
  path: "/api/socket/channels/{channel}",
  tags: ["channels"],
  summary: "Counts, position and rule of a channel, whether anybody uses it or not; for admins",
  security: BACK_END_SECURITY,
  middleware: ADMIN,
  request: { params: ChannelParams },
  responses: { 200: json("The channel", ChannelDetailsSchema), ...backEndProblems() },
});

/** What admins may see of one connection, user or channel, on whichever node. */
export function addInsightRoutes(app: OpenAPIHono<RestEnv>, { gateway: { insight } }: RestServices): void {
  app.openapi(describeConnection, async (c) => {
    const details = await insight.connection(c.get("caller").tenantId, c.req.valid("param").socketId);
    return c.json(details, 200);
  });

  app.openapi(describeUser, async (c) => {
    const report = await insight.user(c.get("caller").tenantId, c.req.valid("param").userId);
    return c.json(report, 200);
  });

  app.openapi(describeChannel, async (c) => {
    const { rule, ...details } = await insight.channel(c.get("caller").tenantId, c.req.valid("param").channel);
    return c.json({ ...details, rule: await ruleText(rule) }, 200);
  });
}
