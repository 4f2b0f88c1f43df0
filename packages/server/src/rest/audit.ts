import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AuditEntry, Gateway } from "@roomcast/core";
import { toRealtimeEvent } from "@roomcast/protocol";
import type { RestCaller } from "../auth/rest-caller.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { checkAdmin } from "./guards.ts";
import { backEndProblems, BACK_END_SECURITY, json } from "./openapi.ts";
import { HistoryQuery, HistorySchema } from "./schemas.ts";

const readAudit = createRoute({
  method: "get",
  path: "/api/socket/audit",
  tags: ["audit"],
  summary: "What was done in the tenant, and by whom: the newest entries, or the oldest after a position",
  description:
    "Each is an event `audit` with the payload `{ action, target, by: { userId, via }, details }`. 1,000 of them are kept, for 30 days. It takes the role admin or operator.",
  security: BACK_END_SECURITY,
  request: { query: HistoryQuery },
  responses: { 200: json("Entries, oldest first, and the top of the log", HistorySchema), ...backEndProblems() },
});

/** What admins and operators may read of what was done. */
export function addAuditRoutes(app: OpenAPIHono<RestEnv>, { gateway }: RestServices): void {
  app.openapi(readAudit, async (c) => {
    const caller = c.get("caller");
    checkAdmin(caller);
    const { limit, epoch, offset } = c.req.valid("query");
    const since = epoch === undefined || offset === undefined ? undefined : { epoch, offset };
    const found = await gateway.auditLog(caller.tenantId, since === undefined ? { limit } : { limit, since });
    return c.json({ ...found, events: found.events.map(toRealtimeEvent) }, 200);
  });
}

/** What a caller did, as it is written down. */
export type Deed = Omit<AuditEntry, "by">;

/** Writes down what a caller did in a tenant. Where that fails, what was done stays done. */
export async function audit(
  gateway: Gateway,
  { tenantId, userId, via }: Pick<RestCaller, "tenantId" | "userId" | "via">,
  deed: Deed,
): Promise<void> {
  try {
    await gateway.audit(tenantId, { ...deed, by: { userId: userId ?? null, via } });
  } catch (thrown) {
    gateway.observer.failed?.("audit", thrown);
  }
}

/** The same for what is of interest only where a person did it, by the admin page. */
export async function auditSession(gateway: Gateway, caller: RestCaller, deed: Deed): Promise<void> {
  if (caller.via === "session") await audit(gateway, caller, deed);
}
