// A Moleculer node without a gateway: sends what its parent tells it to. `node moleculer-producer.mjs <address of a node>`
import process from "node:process";
import { ServiceBroker } from "moleculer";

const broker = new ServiceBroker({
  nodeID: "producer",
  logger: false,
  transporter: {
    type: "TCP",
    options: { udpDiscovery: false, useHostname: false, gossipPeriod: 1, urls: [process.argv[2]] },
  },
});

process.on("message", ({ waitFor, ping, how, event, payload }) => {
  if (how !== undefined) void broker[how](event, payload);
  else void (ping === undefined ? untilOn(waitFor) : broker.ping(ping)).then(() => process.send("done"));
});
process.on("disconnect", () => void broker.stop().then(() => process.exit(0)));
await broker.start();

/** Resolves when the service is seen on all these nodes. */
async function untilOn(nodes) {
  const seen = () =>
    broker.registry
      .getServiceList({ onlyAvailable: true })
      .flatMap(({ name, nodeID }) => (name === "roomcast" ? [nodeID] : []));
  while (!nodes.every((node) => seen().includes(node))) {
    await new Promise((resolve) => {
      broker.localBus.once("$services.changed", resolve);
    });
  }
}
