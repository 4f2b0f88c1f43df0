import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { withoutUndefined } from "../without-undefined.ts";
import { audit } from "./audit.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { describePage } from "./guards.ts";
import { backEndProblems, BACK_END_SECURITY, body, json, page } from "./openapi.ts";
import {
  ConnectionSchema,
  ConnectionsQuery,
  CountSchema,
  RevokeBody,
  RevokeResultSchema,
  SocketParams,
} from "./schemas.ts";

const countConnections = createRoute({
  method: "get",
  path: "/api/socket/connections",
  tags: ["connections"],
  summary: "How many connections the tenant has in the cluster",
  security: BACK_END_SECURITY,
  responses: { 200: json("The count", CountSchema), ...backEndProblems() },
});

const listConnections = createRoute({
  method: "get",
  path: "/api/socket/connections/list",
  tags: ["connections"],
  summary: "The tenant's connections, or those that are looked for",
  description:
    "Of several that are looked for, all must hold. Looking for an address, a dialect or a node is bounded in work: a page may have fewer entries than `limit`, or none, and a next page all the same.",
  security: BACK_END_SECURITY,
  request: { query: ConnectionsQuery },
  responses: {
    200: page(
      "One page of connections",
      z.array(ConnectionSchema),
      "Connections of the tenant, or of the user or socket id that is looked for",
    ),
    ...backEndProblems(),
  },
});

const endConnection = createRoute({
  method: "delete",
  path: "/api/socket/connections/{socketId}",
  tags: ["connections"],
  summary: "Ends a connection, which is out of every count before the answer",
  security: BACK_END_SECURITY,
  request: { params: SocketParams },
  responses: { 204: { description: "It has ended" }, ...backEndProblems("NOT_FOUND") },
});

const revoke = createRoute({
  method: "post",
  path: "/api/socket/revoke",
  tags: ["connections"],
  summary: "Ends a user's connections, and refuses the user's tokens that were issued before now",
  security: BACK_END_SECURITY,
  request: { body: body(RevokeBody) },
  responses: { 200: json("How many connections were ended", RevokeResultSchema), ...backEndProblems() },
});

/** What back ends may see and do of connections. */
export function addConnectionRoutes(app: OpenAPIHono<RestEnv>, { gateway }: RestServices): void {
  app.openapi(countConnections, async (c) => {
    const { total } = await gateway.connections(c.get("caller").tenantId, { limit: 1 });
    return c.json({ count: total }, 200);
  });

  app.openapi(listConnections, async (c) => {
    const found = await gateway.connections(c.get("caller").tenantId, withoutUndefined(c.req.valid("query")));
    describePage(c, found);
    return c.json(
      found.entries.map((entry) => ({ ...entry, channels: [...entry.channels] })),
      200,
    );
  });

  app.openapi(endConnection, async (c) => {
    const caller = c.get("caller");
    const { socketId } = c.req.valid("param");
    await gateway.disconnect(caller.tenantId, socketId);
    await audit(gateway, caller, { action: "disconnect", target: socketId });
    return c.body(null, 204);
  });

  app.openapi(revoke, async (c) => {
    const { userId } = c.req.valid("json");
    const caller = c.get("caller");
    const revoked = await gateway.revoke(caller.tenantId, userId);
    await audit(gateway, caller, { action: "revoke", target: userId, details: { ...revoked } });
    return c.json(revoked, 200);
  });
}
