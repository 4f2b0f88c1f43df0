import { MemoryPresenceStore } from "@roomcast/core";
import { ManualClock, TestCluster, TestGateway, turn, type TestClient } from "@roomcast/core/testing";
import { steedosDialect } from "@roomcast/protocol";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { seesService, tcpNode, TestBroker } from "../../../test/moleculer.ts";
import { roomcastService } from "./index.ts";

const PRODUCER = fileURLToPath(new URL("../../../test/moleculer-producer.mjs", import.meta.url));
const NODES = ["node-1", "node-2", "node-3"] as const;
const steedos = steedosDialect();

interface Node {
  readonly test: TestGateway;
  readonly broker: TestBroker;
  readonly client: TestClient;
}

/** Gateways on one broker, each with the service on a Moleculer node of its own, with TCP between them, and a client. */
async function startNodes(ids: readonly string[] = NODES) {
  const clock = new ManualClock();
  const cluster = new TestCluster({ clock, delay: turn });
  const presence = new MemoryPresenceStore();
  const nodes: Node[] = [];
  for (const nodeId of ids) {
    const test = new TestGateway({ clock, broker: cluster.broker(), presence, nodeId });
    const broker = new TestBroker(tcpNode(nodeId, nodes[0]?.broker));
    broker.createService(roomcastService({ gateway: test.gateway }));
    await broker.start();
    onTestFinished(async () => {
      await broker.stop();
      await test.gateway.close();
    });
    const client = await test.connect({ userId: `user-${nodeId}`, tenantId: "acme" }, steedos);
    await client.request("subscribe", { roomParts: ["room", "record:orders:change-17"] });
    await client.request("subscribe", { roomParts: "notification-change", individual: true });
    // The greeting.
    client.frames.length = 0;
    nodes.push({ test, broker, client });
  }
  await Promise.all(nodes.map(({ broker }) => seesService(broker, "roomcast", ids)));
  return nodes;
}

/** A broker in a process of its own, without a gateway, that emits and broadcasts what it is told to. */
async function startProducer(seed: TestBroker) {
  const { port } = seed.getLocalNodeInfo();
  const child = spawn(process.execPath, [PRODUCER, `127.0.0.1:${port}/${seed.nodeID}`], {
    stdio: ["pipe", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.disconnect();
    await ended;
  });
  const ask = async (question: object): Promise<void> => {
    const answer = once(child, "message");
    child.send(question);
    await answer;
  };
  return {
    send: (how: How, event: string, payload: unknown) => void child.send({ how, event, payload }),
    /** Resolves when it sees the service on these nodes. */
    ready: (nodes: readonly string[]) => ask({ waitFor: nodes }),
    arrived: (nodes: readonly string[]) => ask({ ping: nodes }),
  } satisfies Sender & { readonly ready: unknown };
}

type How = "emit" | "broadcast";
const HOWS: readonly How[] = ["emit", "broadcast"];

/** Each kind of event, marked by `mark` where it can be; and what each client hears of it. */
const KINDS: readonly { readonly event: string; readonly payload: unknown; readonly heard: unknown }[] = [
  {
    event: "$metadata.objects",
    payload: { type: "objects", action: "update", data: { _id: "1", name: "orders" } },
    heard: ["s:metadata:change", { type: "objects", action: "update", _id: "1", name: "orders" }],
  },
  {
    event: "$broadcast.$notification.users",
    payload: { data: { tenantId: "acme", users: NODES.map((id) => `user-${id}`), message: "hello" } },
    heard: ["s:notification-change", { message: "hello" }],
  },
  {
    event: "$broadcast.socket.emit",
    payload: { data: { eventName: "in-room", eventParams: { x: 1 }, room: "acme-room" } },
    heard: ["in-room", { x: 1 }],
  },
  {
    event: "$broadcast.socket.emit",
    payload: { data: { eventName: "everywhere", eventParams: true } },
    heard: ["everywhere", true],
  },
  {
    event: "@objectRecordEvent.orders.updated",
    payload: { objectApiName: "orders", id: "17", spaceId: "acme", isUpdate: true },
    heard: ["s:record:orders:change-17", { _id: "17" }],
  },
];
const LAST = { data: { eventName: "last", eventParams: true, room: "acme-room" } };

/** Waits until every client has heard `count` frames. */
async function allHeard(nodes: readonly Node[], count: number): Promise<void> {
  await vi.waitFor(
    () => {
      for (const { client } of nodes) expect(client.frames.length).toBeGreaterThanOrEqual(count);
    },
    { timeout: 10_000, interval: 10 },
  );
}

/** Something that events come from. */
interface Sender {
  send(how: How, event: string, payload: unknown): void;
  /** Resolves when the nodes have taken what was sent before. */
  arrived(nodes: readonly string[]): Promise<unknown>;
}

function senderOf({ broker }: Node): Sender {
  return {
    send: (how, event, payload) => void broker[how](event, payload),
    // Links keep their order.
    arrived: (nodes) => broker.ping(nodes.filter((id) => id !== broker.nodeID)),
  };
}

/** Sends each kind in each way, and expects each client to have heard each once. */
async function expectOnceEach(nodes: readonly Node[], sender: Sender): Promise<void> {
  for (const how of HOWS) {
    for (const { client } of nodes) client.frames.length = 0;
    for (const { event, payload } of KINDS) sender.send(how, event, payload);
    await sender.arrived(nodes.map(({ broker }) => broker.nodeID));
    await allHeard(nodes, KINDS.length);
    for (const { test } of nodes) await test.settle();
    for (const { client } of nodes) {
      const frames = client.frames.map((frame) => JSON.stringify(frame));
      expect(frames.toSorted()).toEqual(KINDS.map(({ heard }) => JSON.stringify(heard)).toSorted());
    }
  }
}

// Moleculer nodes take seconds to find each other.
const PATIENCE = { timeout: 60_000 };

describe("several nodes with the service", PATIENCE, () => {
  it("give each client each event once, whichever node sent it, and however", async () => {
    const nodes = await startNodes();
    const producer = await startProducer((nodes[0] as Node).broker);
    await producer.ready(NODES);
    for (const sender of [...nodes.map(senderOf), producer]) await expectOnceEach(nodes, sender);
    for (const { broker } of nodes) expect(broker.failures).toEqual([]);
  });

  it("leave a broadcast to the lowest node that has the service; another takes over when it goes", async () => {
    const [one, two, three] = (await startNodes()) as [Node, Node, Node];
    const published = [one, two, three].map(({ test }) => vi.spyOn(test.gateway, "publish"));
    await three.broker.broadcast("$broadcast.socket.emit", LAST);
    await allHeard([one, two, three], 1);
    expect(published.map((spy) => spy.mock.calls.length)).toEqual([1, 0, 0]);

    // The node stays, only the service goes.
    await one.broker.destroyService("roomcast");
    for (const { broker } of [two, three]) await seesService(broker, "roomcast", ["node-2", "node-3"]);
    await one.broker.broadcast("$broadcast.socket.emit", LAST);
    await allHeard([one, two, three], 2);
    expect(published.map((spy) => spy.mock.calls.length)).toEqual([1, 1, 0]);

    // The whole node goes.
    await two.broker.stop();
    await seesService(three.broker, "roomcast", ["node-3"]);
    await three.broker.broadcast("$broadcast.socket.emit", LAST);
    await allHeard([one, two, three], 3);
    expect(published.map((spy) => spy.mock.calls.length)).toEqual([1, 1, 1]);
    for (const node of [one, two, three]) expect(node.client.frames).toHaveLength(3);
  });

  it("carry errors of actions to callers on other nodes", async () => {
    const [one, two] = (await startNodes(["node-1", "node-2"])) as [Node, Node];
    const call = (params: unknown): Promise<unknown> =>
      one.broker.call("roomcast.publish", params, { nodeID: two.broker.nodeID });
    await expect(call({ tenantId: "acme", channel: "a b", event: "e" })).rejects.toMatchObject({
      name: "ValidationError",
      code: 422,
      type: "VALIDATION_ERROR",
      data: [{ field: "channel" }],
    });
    await expect(call({ tenantId: "acme", channel: "@global", event: "e" })).rejects.toMatchObject({
      name: "MoleculerClientError",
      code: 403,
      type: "FORBIDDEN",
    });
    await expect(call({ tenantId: "acme", channel: "a", event: "e", data: 1 })).resolves.toMatchObject({
      position: { offset: 1 },
    });
  });
});

describe("one node with the service", PATIENCE, () => {
  it("gives each of its clients each event once that a service in another process sent", async () => {
    const nodes = await startNodes(["node-1"]);
    const first = nodes[0] as Node;
    const producer = await startProducer(first.broker);
    await producer.ready(["node-1"]);
    await expectOnceEach(nodes, producer);
    expect(first.broker.failures).toEqual([]);
  });
});
