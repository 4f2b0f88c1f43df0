import type { Gateway, Published } from "@roomcast/core";

/**
 * Sends a notification to a user: `notification` on each connection that the Plazer dialect has for them, and what the other
 * dialects make of a notification. How many sessions it went to. Rejects like `Gateway.notify`.
 */
export async function sendNotification(
  gateway: Gateway,
  tenantId: string,
  userId: string,
  notification: unknown,
): Promise<{ readonly delivered: number }> {
  return await gateway.notify(tenantId, [userId], notification);
}

/** Publishes an event to an organisation, which is a tenant: all who are in its room get it. Rejects like `Gateway.publish`. */
export async function sendToOrg(gateway: Gateway, tenantId: string, event: string, data?: unknown): Promise<Published> {
  return await gateway.publish({ tenantId, name: `org:${tenantId}` }, event, data);
}
