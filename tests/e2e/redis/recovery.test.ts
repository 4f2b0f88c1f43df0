import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../node.ts";
import { Cluster, numbers, range } from "./cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.close());

/** Loses all connections of the door's clients, and leads them to node two. */
async function move(whileAway: () => Promise<void>): Promise<void> {
  cluster.door.target = undefined;
  cluster.door.cut();
  await whileAway();
  cluster.turn(cluster.two);
}

it("socket.io#5282: a client that was idle while others were busy recovers on another node", async () => {
  cluster.turn(cluster.one);
  const listener = await cluster.listener("idle", "idle:quiet");
  await cluster.publish(cluster.two, "idle:quiet", 1, 1);
  await until(
    () => listener.events.length === 1,
    () => "the first event",
  );
  // Other channels see more than is kept of any, before the connection is lost and after it.
  const writer = await cluster.client("busy", cluster.one.url);
  const load = async (): Promise<void> => {
    const all = range(1, 1500).map((number) => writer.socketClient.publish("idle:busy", "n", { number }));
    await Promise.all(all);
  };
  writer.subscribe({ topic: "idle:busy" });
  await load();
  await move(async () => {
    await load();
    await cluster.publish(cluster.one, "idle:quiet", 2, 4);
  });
  await until(
    () => listener.events.length >= 4,
    () => `events 2 to 4: ${numbers(listener).join()}`,
  );
  await cluster.publish(cluster.one, "idle:quiet", 5, 5);
  await until(
    () => listener.events.length >= 5,
    () => "an event after the recovery",
  );
  expect(numbers(listener)).toEqual(range(1, 5));
  expect({ gaps: listener.gaps, wrong: listener.violations() }).toEqual({ gaps: 0, wrong: [] });
});

it("socket.io#5538: a client that has had no event yet recovers on another node", async () => {
  cluster.turn(cluster.one);
  const listener = await cluster.listener("eventless", "eventless");
  await move(async () => await cluster.publish(cluster.one, "eventless", 1, 3));
  await until(
    () => listener.events.length >= 3,
    () => `events 1 to 3: ${numbers(listener).join()}`,
  );
  expect(numbers(listener)).toEqual([1, 2, 3]);
  expect({ gaps: listener.gaps, wrong: listener.violations() }).toEqual({ gaps: 0, wrong: [] });
});

it("socket.io#5538: and again, when there has been none at the second loss either", async () => {
  cluster.turn(cluster.one);
  const listener = await cluster.listener("eventless", "eventless:twice");
  const before = listener.client.session?.socketId;
  await move(async () => undefined);
  await until(
    () => ![undefined, before].includes(listener.client.session?.socketId),
    () => "it comes back",
  );
  await listener.client.socketClient.history(listener.topic);
  await move(async () => await cluster.publish(cluster.one, "eventless:twice", 1, 3));
  await until(
    () => listener.events.length >= 3,
    () => `events 1 to 3: ${numbers(listener).join()}`,
  );
  expect(numbers(listener)).toEqual([1, 2, 3]);
  expect({ gaps: listener.gaps, wrong: listener.violations() }).toEqual({ gaps: 0, wrong: [] });
});
