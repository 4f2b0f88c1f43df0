import { ServiceBroker } from "moleculer";
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";
import { expect, it, onTestFinished } from "vitest";
import { until } from "./node.ts";

const NODE = fileURLToPath(new URL("moleculer-node.mjs", import.meta.url));

/** A process with the service and a gateway that shares its broker with none, and a client of that gateway. */
async function startNode(id: string, others: readonly string[]) {
  // Not with our own flags: it runs what is built.
  const child = fork(NODE, [id, ...others], { execArgv: [] });
  const ended = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  const [{ node, url }] = (await Promise.race([
    once(child, "message"),
    ended.then(() => Promise.reject(new Error(`${id} ended before it was ready`))),
  ])) as [{ node: string; url: string }];
  const socket = io(url, { forceNew: true, extraHeaders: { cookie: "X-Space-Id=acme; X-Auth-Token=t" } });
  onTestFinished(() => void socket.disconnect());
  const heard: unknown[] = [];
  socket.on("e", (argument: unknown) => heard.push(argument));
  await new Promise((resolve) => socket.once("connection-init", resolve as () => void));
  expect(await socket.emitWithAck("subscribe", { roomParts: "room" })).toEqual({ ok: true });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  return { node, heard, kill };
}

it(
  "two processes with the service publish each event once, by the lowest that lives",
  { timeout: 60_000 },
  async () => {
    const one = await startNode("node-1", []);
    const two = await startNode("node-2", [one.node]);
    const broker = new ServiceBroker({
      nodeID: "producer",
      logger: false,
      skipProcessEventRegistration: true,
      transporter: {
        type: "TCP",
        options: { udpDiscovery: false, useHostname: false, gossipPeriod: 1, urls: [one.node, two.node] },
      },
    });
    await broker.start();
    onTestFinished(() => broker.stop());
    const hosts = (): readonly string[] =>
      broker.registry
        .getServiceList({ onlyAvailable: true })
        .flatMap(({ name, nodeID }) => (name === "roomcast" ? [String(nodeID)] : []));
    /** What each of the nodes sees as hosts. */
    const seenBy = async (nodeID: string): Promise<readonly string[]> => {
      const services = await broker.call<readonly { name: string; nodes: readonly string[] }[], object>(
        "$node.services",
        { onlyAvailable: true, grouping: true },
        { nodeID },
      );
      return services.find(({ name }) => name === "roomcast")?.nodes ?? [];
    };
    const event = (x: number) => ({ data: { eventName: "e", eventParams: { x }, room: "acme-room" } });
    await until(
      async () =>
        hosts().length === 2 && (await seenBy("node-1")).length === 2 && (await seenBy("node-2")).length === 2,
      () => `all see both nodes: ${hosts().join()}`,
    );

    // All nodes hear a broadcast, and the lowest publishes it.
    for (let x = 1; x <= 3; x++) await broker.broadcast("$broadcast.socket.emit", event(x));
    await until(
      () => one.heard.length >= 3,
      () => "broadcasts arrive",
    );
    await broker.ping(["node-1", "node-2"]);
    expect(one.heard).toEqual([{ x: 1 }, { x: 2 }, { x: 3 }]);
    expect(two.heard).toEqual([]);

    // One node hears what is emitted, and publishes it, whichever it is.
    for (let x = 4; x <= 9; x++) await broker.emit("$broadcast.socket.emit", event(x));
    await until(
      () => one.heard.length + two.heard.length >= 9,
      () => "emits arrive",
    );
    const numbers = [...one.heard, ...two.heard].map((argument) => (argument as { x: number }).x);
    expect(numbers.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);

    // The lowest dies without a word: the other publishes.
    await one.kill();
    await until(
      async () => hosts().length === 1 && (await seenBy("node-2")).length === 1,
      () => `node-1 is gone: ${hosts().join()}`,
    );
    const before = two.heard.length;
    await broker.broadcast("$broadcast.socket.emit", event(10));
    await until(
      () => two.heard.length > before,
      () => "the broadcast arrives",
    );
    await broker.ping("node-2");
    expect(two.heard.slice(before)).toEqual([{ x: 10 }]);
  },
);
