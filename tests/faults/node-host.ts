import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createGateway, DEFAULT_LIMITS } from "@roomcast/core";
import { redisParts } from "@roomcast/redis";
import { attach, JwtAuthenticator } from "@roomcast/server";
import { LITTLE } from "./schedule.ts";
import type { NodeSettings } from "./node-process.ts";

// A node of a fault run: tells its parent where it listens, and ends with it.
const settings = JSON.parse(process.argv[2] ?? "") as NodeSettings;
process.once("disconnect", () => process.exit(0));

// Room for all that a long run publishes, so that what was acknowledged can be looked for in the end.
const limits = { ...DEFAULT_LIMITS, handshakesPerSecondPerAddress: 100_000, historyBytesPerChannel: 2 ** 28 };
const failed = (where: string, error: unknown): void => {
  process.stderr.write(`${new Date().toISOString()} ${where}: ${String(error)}\n`);
};
const parts = redisParts({ url: settings.redis, limits: { ...limits, historyBytesPerTenant: 2 ** 30 }, failed });
const gateway = createGateway({
  ...parts,
  auth: new JwtAuthenticator({ secret: settings.secret }),
  channels: [
    { match: "brief:**", keep: { size: LITTLE, seconds: 3600 } },
    { match: "fleeting:**", keep: false },
    { match: "**", keep: { size: 1_000_000, seconds: 36_000 } },
  ],
  limits,
  observer: {
    failed: (where, error) => {
      failed(where, error);
      // As whoever runs it would: without Redis there is no beginning, and its keeper tries again.
      if (where === "start") process.exit(1);
    },
  },
});
const server = createServer();
attach(server, gateway, { heartbeat: { intervalSeconds: 1, timeoutSeconds: 1 } });
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  gateway.ready().then(
    () => process.send?.({ port }),
    () => process.exit(1),
  );
});
