import { embed } from "@roomcast/server";
import { createServer } from "node:http";
import { SECRET } from "../child.ts";
import { event } from "./event.ts";
import { serve } from "./serve.ts";

/** As applications have it: with metrics, REST and a log, which only says what goes wrong. */
const httpServer = createServer();
const { gateway } = embed(httpServer, {
  auth: { jwt: { secret: SECRET } },
  // All connections of a measurement come from one address.
  limits: { handshakesPerSecondPerAddress: 1_000_000, pendingConnections: 100_000 },
});

serve(httpServer, {
  connections: () => gateway.sessionCount,
  publish: (number, bytes) => {
    gateway.publish({ tenantId: "default", name: "feed" }, "event", event(number, bytes)).catch((error: unknown) => {
      throw error;
    });
  },
});
