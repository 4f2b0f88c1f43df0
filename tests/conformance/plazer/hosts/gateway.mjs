import { createGateway } from "@roomcast/core";
import { attach, JwtAuthenticator, sendNotification } from "@roomcast/server";

/** The gateway of a set-up for one application, on the application's server and in the place that the set-up has for it: `/`. */
export function startGateway(httpServer) {
  const gateway = createGateway({ auth: new JwtAuthenticator({ secret: process.env.JWT_SECRET }) });
  const roomcast = attach(httpServer, gateway, { dialects: { native: false, plazer: { namespace: "/" } } });
  return {
    notify: (tenantId, userId, notification) => sendNotification(gateway, tenantId, userId, notification),
    close: () => roomcast.close({ drainSeconds: 2 }),
  };
}
