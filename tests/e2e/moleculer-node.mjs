// A Moleculer node with a gateway of its own. `node moleculer-node.mjs <node id> [address of another node]`
import { createGateway } from "@roomcast/core";
import { attach, CookieAuthenticator } from "@roomcast/server";
import { roomcastService } from "@roomcast/server/moleculer";
import { ServiceBroker } from "moleculer";
import { createServer } from "node:http";
import process from "node:process";

const [, , nodeID, ...urls] = process.argv;
const broker = new ServiceBroker({
  nodeID,
  logger: false,
  transporter: { type: "TCP", options: { udpDiscovery: false, useHostname: false, gossipPeriod: 1, urls } },
});
const gateway = createGateway({
  auth: new CookieAuthenticator({ getUserByToken: () => ({ _id: "alice", space: "acme" }) }),
});
broker.createService(roomcastService({ gateway }));
await broker.start();
const httpServer = createServer();
attach(httpServer, gateway, { dialects: { native: false, steedos: true } });
httpServer.listen(0, "127.0.0.1", () => {
  process.send({
    node: `127.0.0.1:${broker.getLocalNodeInfo().port}/${nodeID}`,
    url: `http://127.0.0.1:${httpServer.address().port}`,
  });
});
process.on("disconnect", () => process.exit(0));
