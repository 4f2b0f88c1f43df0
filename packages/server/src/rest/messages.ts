import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { checkChannelName, checkJson, directTarget } from "@roomcast/protocol";
import type { RestCaller } from "../auth/rest-caller.ts";
import { auditSession } from "./audit.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { backEndProblems, BACK_END_SECURITY, body, json } from "./openapi.ts";
import {
  BroadcastBody,
  DirectBody,
  DirectResultSchema,
  NotifyBody,
  NotifyResultSchema,
  PublishedSchema,
} from "./schemas.ts";

/** So many of those who were notified are written down by name. */
const AUDITED_USERS = 20;

const broadcast = createRoute({
  method: "post",
  path: "/api/socket/broadcast",
  tags: ["messages"],
  summary: "Publishes an event on a channel",
  security: BACK_END_SECURITY,
  request: { body: body(BroadcastBody) },
  responses: {
    200: json("Accepted, and where it stands in the channel's log", PublishedSchema),
    ...backEndProblems("CONFLICT", "TOO_LARGE", "LIMIT_REACHED"),
  },
});

const direct = createRoute({
  method: "post",
  path: "/api/socket/direct",
  tags: ["messages"],
  summary: "Sends an event to one connection, or to all of a user",
  security: BACK_END_SECURITY,
  request: { body: body(DirectBody) },
  responses: {
    200: json("How many connections it reached", DirectResultSchema),
    ...backEndProblems("NOT_FOUND", "TOO_LARGE"),
  },
});

const notify = createRoute({
  method: "post",
  path: "/api/socket/notify",
  tags: ["messages"],
  summary: "Notifies users: event `notification` on each one's channel `notifications:<user>`",
  security: BACK_END_SECURITY,
  request: { body: body(NotifyBody) },
  responses: {
    200: json("How many connections it reached", NotifyResultSchema),
    ...backEndProblems("TOO_LARGE", "LIMIT_REACHED"),
  },
});

/** Ways for back ends to send. */
export function addMessageRoutes(app: OpenAPIHono<RestEnv>, { gateway }: RestServices): void {
  const { jsonDepth } = gateway.limits;

  app.openapi(broadcast, async (c) => {
    const { channel, event, data = null, id } = c.req.valid("json");
    const caller = c.get("caller");
    const name = checkChannelName(channel, "channel");
    checkJson(data, jsonDepth);
    const options = { source: "rest", sender: senderOf(caller) } as const;
    const address = { tenantId: caller.tenantId, name };
    const published = await gateway.publish(address, event, data, id === undefined ? options : { ...options, id });
    await auditSession(gateway, caller, { action: "broadcast", target: name, details: { event, id: published.id } });
    return c.json(published, 200);
  });

  app.openapi(direct, async (c) => {
    const { userId, socketId, event, data = null } = c.req.valid("json");
    checkJson(data, jsonDepth);
    const caller = c.get("caller");
    const sent = await gateway.direct(caller.tenantId, directTarget({ userId, socketId }, ""), event, data);
    const to = userId === undefined ? "socket" : "user";
    const details = { to, event, ...sent };
    await auditSession(gateway, caller, { action: "direct", target: userId ?? socketId, details });
    return c.json(sent, 200);
  });

  app.openapi(notify, async (c) => {
    const { users, message } = c.req.valid("json");
    checkJson(message, jsonDepth);
    const caller = c.get("caller");
    const sent = await gateway.notify(caller.tenantId, users, message);
    const details = { users: users.slice(0, AUDITED_USERS), count: users.length, ...sent };
    await auditSession(gateway, caller, { action: "notify", target: users.length === 1 ? users[0] : null, details });
    return c.json(sent, 200);
  });
}

/** Whose idempotency keys these are. User ids have no space, so that no session's sender can equal it. */
function senderOf(caller: RestCaller): string {
  return `rest ${caller.userId ?? ""}`;
}
