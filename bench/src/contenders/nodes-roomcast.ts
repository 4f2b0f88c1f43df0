import { createGateway } from "@roomcast/core";
import { redisParts } from "@roomcast/redis";
import { attach, JwtAuthenticator } from "@roomcast/server";
import { createServer } from "node:http";
import { fail, SECRET } from "../child.ts";
import { event } from "./event.ts";
import { serveRecovering } from "./serve-recovering.ts";

/** One of several nodes behind a Redis. Arguments: its port; `kept` where channels have a history, else `none`. */
const [redisPort, history] = process.argv.slice(2);
const httpServer = createServer();
const gateway = createGateway({
  ...redisParts({
    url: `redis://127.0.0.1:${redisPort}`,
    // As much as a channel is to keep.
    limits: { channelsPerTenant: 1000, historyBytesPerChannel: 2 ** 26, historyBytesPerTenant: 2 ** 28 },
    failed: (where, error) => fail(`${where}: ${String(error)}`),
  }),
  auth: new JwtAuthenticator({ secret: SECRET }),
  // What the adapter with streams keeps unless told.
  channels: [{ match: "**", keep: history === "kept" ? { size: 10_000, seconds: 300 } : false }],
  // All connections of a measurement come from one address, and the others have no such limits.
  limits: { handshakesPerSecondPerAddress: 1_000_000, pendingConnections: 100_000 },
});
const roomcast = attach(httpServer, gateway);
await gateway.ready();

serveRecovering(httpServer, {
  port: 0,
  connections: () => gateway.sessionCount,
  publish: async (number, bytes) =>
    await gateway.publish({ tenantId: "default", name: "feed" }, "event", event(number, bytes)),
  close: async (drainSeconds) => await roomcast.close({ drainSeconds }),
});
