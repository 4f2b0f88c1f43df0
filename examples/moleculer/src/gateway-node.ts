// The first Moleculer node: clients connect here, and services reach them by Moleculer's events.
import { createGateway } from "@roomcast/core";
import { attach, CookieAuthenticator } from "@roomcast/server";
import { roomcastService } from "@roomcast/server/moleculer";
import { ServiceBroker } from "moleculer";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tcp } from "./transport.ts";

const broker = new ServiceBroker({ nodeID: "gateway", logLevel: "warn", transporter: tcp() });

const gateway = createGateway({
  auth: new CookieAuthenticator({
    // The accounts are another service's; `token` is "<X-Space-Id>,<X-Auth-Token>".
    getUserByToken: (token) => broker.call("accounts.userByToken", { token }),
  }),
});
broker.createService(roomcastService({ gateway }));

await broker.start();
process.send?.({ node: `127.0.0.1:${broker.getLocalNodeInfo().port}/${broker.nodeID}` });
// Who connected before would be taken for a stranger.
await broker.waitForServices(["accounts", "orders"]);

const httpServer = createServer();
const roomcast = attach(httpServer, gateway, { dialects: { native: false, steedos: true } });
httpServer.listen(0, "127.0.0.1", () => {
  process.send?.({ url: `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}` });
});

process.once("disconnect", () => {
  void roomcast
    .close({ drainSeconds: 5 })
    .then(() => broker.stop())
    .then(() => process.exit(0));
});
