import { afterEach, expect, it } from "vitest";
import type { Listener } from "../listener.ts";
import { until } from "../node.ts";
import { Cluster, numbers, range, type ClusterNode } from "./cluster.ts";

const KEEPS_EVERYTHING = ["--appendonly", "yes", "--appendfsync", "always"];

/** Less than anybody would wait for a Redis that is away, and enough for a machine with much else to do. */
const AT_ONCE_MS = 5000;

let cluster: Cluster;
afterEach(() => cluster.close());

async function isReady(node: ClusterNode): Promise<boolean> {
  return (await cluster.request(node, "/ready")).ok;
}

async function whenReady(): Promise<void> {
  for (const node of [cluster.one, cluster.two]) {
    await until(
      async () => await isReady(node),
      () => "both nodes are ready again",
    );
  }
}

/** A listener on each node, and three events that both have. */
async function followed(topic: string): Promise<readonly Listener[]> {
  const listeners = [
    await cluster.listener("one", topic, cluster.one.url),
    await cluster.listener("two", topic, cluster.two.url),
  ];
  await cluster.publish(cluster.one, topic, 1, 3);
  for (const listener of listeners) {
    await until(
      () => listener.events.length === 3,
      () => `events before the restart: ${numbers(listener).join()}`,
    );
  }
  return listeners;
}

/** While Redis is away: nothing is said to be published, who asks is told so, and connections stay. */
async function expectAway(topic: string, listeners: readonly Listener[]): Promise<void> {
  for (const node of [cluster.one, cluster.two]) {
    const body = { channel: topic, event: "n", data: {} };
    const answer = await cluster.request(node, "/api/socket/broadcast", body, AT_ONCE_MS);
    expect({ status: answer.status, body: await answer.json() }).toMatchObject({
      status: 503,
      body: { error: "UNAVAILABLE" },
    });
    await until(
      async () => !(await isReady(node)),
      () => "the node says that it is not ready",
    );
  }
  for (const { client } of listeners) expect(client.state).toBe("connected");
}

it("socket.io-redis-streams-adapter#32: a Redis that comes back with its data: everything goes on, in both directions", async () => {
  cluster = await Cluster.start(KEEPS_EVERYTHING);
  const topic = "restarted:kept";
  const listeners = await followed(topic);
  const sessions = listeners.map(({ client }) => client.session?.socketId);
  await cluster.redis.kill();
  await expectAway(topic, listeners);
  await cluster.redis.resume();
  await whenReady();
  await cluster.publish(cluster.two, topic, 4, 6);
  await cluster.publish(cluster.one, topic, 7, 9);
  for (const listener of listeners) {
    await until(
      () => listener.events.length >= 9,
      () => `events 4 to 9: ${numbers(listener).join()}`,
    );
    expect(numbers(listener)).toEqual(range(1, 9));
    expect({ gaps: listener.gaps, wrong: listener.violations() }).toEqual({ gaps: 0, wrong: [] });
  }
  expect(listeners.map(({ client }) => client.session?.socketId)).toEqual(sessions);
  await expectMessages(listeners);
}, 30_000);

it("socket.io-redis-streams-adapter#32: a Redis that comes back without its data: readers are told of a gap, and go on", async () => {
  cluster = await Cluster.start();
  const topic = "restarted:lost";
  const listeners = await followed(topic);
  await cluster.redis.kill();
  await expectAway(topic, listeners);
  await cluster.redis.resume();
  await whenReady();
  await cluster.publish(cluster.two, topic, 4, 6);
  await cluster.publish(cluster.one, topic, 7, 9);
  for (const listener of listeners) {
    await until(
      () => listener.gaps > 0 && numbers(listener).includes(9),
      () => `a gap and event 9: ${JSON.stringify(listener.heard.map(({ kind }) => kind))}`,
    );
    // What is missing lies where the gap was told; nothing is out of order, nothing twice.
    expect(listener.violations()).toEqual([]);
    const heard = numbers(listener);
    expect(heard).toEqual(range(1, 9).filter((number) => heard.includes(number)));
    expect(heard.slice(0, 3)).toEqual([1, 2, 3]);
  }
  await expectMessages(listeners);
}, 30_000);

it("socket.io-redis-streams-adapter#32: who was away while Redis lost its data is told of a gap", async () => {
  cluster = await Cluster.start();
  const topic = "restarted:away";
  const away = await cluster.listener("away", topic);
  await cluster.publish(cluster.one, topic, 1, 3);
  await until(
    () => away.events.length === 3,
    () => "events before the restart",
  );
  cluster.door.target = undefined;
  cluster.door.cut();
  await cluster.publish(cluster.two, topic, 4, 4);
  await cluster.redis.kill();
  await cluster.redis.resume();
  await whenReady();
  // As many as before: the offsets alone would not show it.
  await cluster.publish(cluster.two, topic, 5, 8);
  cluster.turn(cluster.two);
  await until(
    () => away.gaps > 0,
    () => `a gap: ${JSON.stringify(away.heard)}`,
  );
  await cluster.publish(cluster.one, topic, 9, 9);
  await until(
    () => numbers(away).includes(9),
    () => "an event after the gap",
  );
  expect(away.violations()).toEqual([]);
}, 30_000);

/** Messages to sessions and users of the other node come, which go over channels of their own. */
async function expectMessages([first, second]: readonly Listener[]): Promise<void> {
  for (const [node, listener] of [
    [cluster.two, first],
    [cluster.one, second],
  ] as const) {
    const heard: string[] = [];
    listener?.client.on("event", ({ event }) => heard.push(event));
    const { socketId } = listener?.client.session ?? {};
    // What presence held of the sessions is put again when the lease is renewed next.
    await until(
      async () => {
        await cluster.request(node, "/api/socket/direct", { socketId, event: "direct" });
        return heard.includes("direct");
      },
      () => "a message to a session of the other node",
    );
  }
}
