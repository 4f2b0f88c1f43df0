import { createGateway } from "@roomcast/core";
import { redisParts } from "@roomcast/redis";
import { attach, JwtAuthenticator, sendNotification } from "@roomcast/server";

/** The gateway of a set-up for one application, on the application's server and in the place that the set-up has for it: `/`. */
export function startGateway(httpServer) {
  const { JWT_SECRET: secret, REDIS_URL: url } = process.env;
  const auth = new JwtAuthenticator({ secret });
  const gateway = createGateway({ auth, ...(url === undefined ? undefined : redisParts({ url })) });
  const roomcast = attach(httpServer, gateway, { dialects: { native: false, plazer: { namespace: "/" } } });
  return {
    notify: (tenantId, userId, notification) => sendNotification(gateway, tenantId, userId, notification),
    close: () => roomcast.close({ drainSeconds: 2 }),
  };
}
