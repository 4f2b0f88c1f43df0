import process from "node:process";
import { redisParts } from "@roomcast/redis";
import { sendNotification, sendToOrg } from "@roomcast/server";
import { roomcast } from "@roomcast/server/express";

/** Where clients of Socket.IO alone connect: `io(url + NAMESPACE, { auth: { token } })`. That of `socket.ts` needs none. */
export const NAMESPACE = "/events";
/** The tenant of tokens that name none. */
const TENANT = "default";

/** Real-time beside an Express application: call `listen` of what it gives back, in the place of `app.listen`. */
export function setupWebSockets(app: Parameters<typeof roomcast>[0]) {
  const { JWT_SECRET, FRONTEND_URL, REDIS_URL } = process.env;
  if (!JWT_SECRET) throw new Error("JWT_SECRET is not set: what are the tokens of users signed with?");
  const realtime = roomcast(app, {
    ...(REDIS_URL ? redisParts({ url: REDIS_URL }) : undefined),
    auth: { jwt: { secret: JWT_SECRET } },
    ...(FRONTEND_URL ? { cors: FRONTEND_URL } : undefined),
    dialects: { plazer: { namespace: NAMESPACE } },
    // Besides the rooms that everybody has, of themselves (`user:`) and of their organisation (`org:`).
    channels: [{ match: "room:{id}", subscribe: "authenticated", publish: "member" }],
  });
  return {
    ...realtime,
    sendNotification: (userId: string, notification: unknown, tenantId = TENANT) =>
      sendNotification(realtime.gateway, tenantId, userId, notification),
    sendToOrg: (orgId: string, event: string, data?: unknown) => sendToOrg(realtime.gateway, orgId, event, data),
  };
}
