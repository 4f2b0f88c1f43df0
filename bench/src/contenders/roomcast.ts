import { createGateway } from "@roomcast/core";
import { attach, JwtAuthenticator } from "@roomcast/server";
import { createServer } from "node:http";
import { SECRET } from "../child.ts";
import { event } from "./event.ts";
import { publishItems, type ItemBatch } from "./items.ts";
import { serve } from "./serve.ts";

const httpServer = createServer();
const gateway = createGateway({
  auth: new JwtAuthenticator({ secret: SECRET }),
  // All connections of a measurement come from one address.
  limits: { handshakesPerSecondPerAddress: 1_000_000, pendingConnections: 100_000 },
});
attach(httpServer, gateway);

serve(httpServer, {
  connections: () => gateway.sessionCount,
  publish: (number, bytes) => {
    gateway.publish({ tenantId: "default", name: "feed" }, "event", event(number, bytes)).catch((error: unknown) => {
      throw error;
    });
  },
  handlers: {
    items: async (batch: ItemBatch) =>
      await publishItems(batch, (name, data) => gateway.publish({ tenantId: "default", name }, "event", data)),
  },
});
