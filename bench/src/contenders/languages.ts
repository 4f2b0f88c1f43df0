import { createGateway } from "@roomcast/core";
import { attach, CombinedAuthenticator, CookieAuthenticator, JwtAuthenticator } from "@roomcast/server";
import { createServer } from "node:http";
import { SECRET } from "../child.ts";
import { event } from "./event.ts";
import { serve } from "./serve.ts";

/** Roomcast with all of its dialects on. */
const httpServer = createServer();
const cookies = new CookieAuthenticator({
  getUserByToken(token) {
    const [space, user] = token.split(",");
    return { space, user };
  },
});
const gateway = createGateway({
  auth: new CombinedAuthenticator({ cookies, tokens: new JwtAuthenticator({ secret: SECRET }) }),
  // All connections of a measurement come from one address.
  limits: { handshakesPerSecondPerAddress: 1_000_000, pendingConnections: 100_000 },
});
attach(httpServer, gateway, { dialects: { native: true, steedos: true, twake: true, plazer: true } });

serve(httpServer, {
  connections: () => gateway.sessionCount,
  publish: (number, bytes) => {
    gateway.publish({ tenantId: "default", name: "feed" }, "event", event(number, bytes)).catch((error: unknown) => {
      throw error;
    });
  },
});
