import { createGateway } from "@roomcast/core";
import { attach, JwtAuthenticator } from "@roomcast/server";
import { createServer } from "node:http";
import { SECRET } from "../child.ts";
import { serve } from "./serve.ts";

/** Rooms where members talk. Argument: `off` for rooms that keep no history. */
const kept = process.argv[2] !== "off";
const httpServer = createServer();
const gateway = createGateway({
  auth: new JwtAuthenticator({ secret: SECRET }),
  channels: [{ match: "chat:{room}", publish: "member", ...(kept ? undefined : { keep: false }) }],
  limits: {
    // All connections of a measurement come from one address,
    handshakesPerSecondPerAddress: 1_000_000,
    pendingConnections: 100_000,
    // and its members talk faster than people do; it is counted all the same.
    commandsPerSecond: 1_000_000,
    commandBurst: 1_000_000,
  },
});
attach(httpServer, gateway);

serve(httpServer, { connections: () => gateway.sessionCount, publish: () => undefined });
