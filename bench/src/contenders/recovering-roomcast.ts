import { createGateway, MemoryBroker } from "@roomcast/core";
import { attach, HandoverBroker, JwtAuthenticator } from "@roomcast/server";
import { createServer } from "node:http";
import { fail, SECRET } from "../child.ts";
import { event } from "./event.ts";
import { serveRecovering } from "./serve-recovering.ts";

/** Arguments: port; the file of the history that the next process takes over, if there is one. */
const [port, file] = process.argv.slice(2);
const httpServer = createServer();
const gateway = createGateway({
  auth: new JwtAuthenticator({ secret: SECRET }),
  // Plain Socket.IO's recovery keeps all of two minutes.
  channels: [{ match: "**", keep: { size: 2500, seconds: 120 } }],
  broker:
    file === undefined
      ? new MemoryBroker()
      : new HandoverBroker({ file, failed: (where, error) => fail(`${where}: ${String(error)}`) }),
  // All connections of a measurement come from one address, and the others have no such limits.
  limits: { handshakesPerSecondPerAddress: 1_000_000, pendingConnections: 100_000 },
});
const roomcast = attach(httpServer, gateway);
// What the process before it left is there before anybody comes.
await gateway.ready();

serveRecovering(httpServer, {
  port: Number(port),
  connections: () => gateway.sessionCount,
  publish: async (number, bytes) =>
    await gateway.publish({ tenantId: "default", name: "feed" }, "event", event(number, bytes)),
  close: async (drainSeconds) => await roomcast.close({ drainSeconds }),
});
