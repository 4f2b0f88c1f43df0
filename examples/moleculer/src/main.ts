// Starts two Moleculer nodes in two processes, connects two clients, and shows what reaches them.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client } from "./client.ts";

const gatewayNode = start("gateway-node.js");
const { node } = await told<{ readonly node: string }>(gatewayNode);
console.log(`Moleculer node "gateway" is at ${node}`);

const ordersNode = start("orders-node.js", node);
const { url } = await told<{ readonly url: string }>(gatewayNode);
console.log(`Moleculer node "orders" found it; clients connect to ${url}`);

const alice = new Client({ url, name: "alice" });
const bob = new Client({ url, name: "bob" });
await Promise.all([alice.connected, bob.connected]);
for (const client of [alice, bob]) {
  await client.subscribe(["orders", "record:orders:change-17"], false);
}
// Bob does not: the greeting is for those who follow their own notifications.
await alice.subscribe("notification-change", true);
await alice.hears(1);

ordersNode.send("change order 17");
await Promise.all([alice.hears(4), bob.hears(3)]);
for (const { name, heard } of [alice, bob]) {
  for (const [event, argument] of heard) console.log(`${name} heard ${event} ${JSON.stringify(argument)}`);
}

for (const client of [alice, bob]) client.close();
for (const child of [ordersNode, gatewayNode]) {
  const ended = once(child, "exit");
  child.disconnect();
  await ended;
}
console.log("Done.");

function start(file: string, ...args: readonly string[]): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args);
  child.once("exit", (code, signal) => {
    if (code === 0) return;
    console.error(`${file} ended with ${code ?? signal}`);
    process.exit(1);
  });
  return child;
}

/** The next message of a process of ours. */
async function told<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, "message")) as [T];
  return message;
}
