import type { PresenceEvent } from "@roomcast/client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../node.ts";
import { Cluster, numbers, range } from "./cluster.ts";

const READERS = 20;
/** After a node was killed, its members are gone from everywhere. */
const PRESENCE_MS = 15_000;
/** Less than the five seconds for which Socket.IO's adapters wait for a dead node's answer, and enough for a machine with much else to do. */
const AT_ONCE_MS = 4800;

let cluster: Cluster;
beforeEach(async () => {
  cluster = await Cluster.start();
});
afterEach(() => cluster.close());

it("socket.io-redis-streams-adapter#27: clients of a node that was killed miss nothing on the other one", async () => {
  const listeners = await Promise.all(
    range(1, READERS).map(async (n) => await cluster.listener(`reader${n}`, `killed:${n % 4}`)),
  );
  const writer = await cluster.client("writer", cluster.two.url);
  for (const n of range(0, 3)) writer.subscribe({ topic: `killed:${n}` });
  const acknowledged = new Map<string, number[]>();
  const publishing: Promise<void>[] = [];
  let number = 0;
  const publish = (): void => {
    const mine = ++number;
    const topic = `killed:${mine % 4}`;
    const published = writer.socketClient.publish(topic, "n", { number: mine });
    publishing.push(published.then(() => void acknowledged.set(topic, [...(acknowledged.get(topic) ?? []), mine])));
  };
  const load = setInterval(publish, 5);
  try {
    await until(
      () => listeners.every(({ events }) => events.length >= 10),
      () => "all hear the load",
    );
    await cluster.kill(cluster.one);
    const before = number;
    await until(
      () => number > before + 50,
      () => "the load goes on while nobody is there",
    );
    cluster.turn(cluster.two);
    await until(
      () => listeners.every((listener) => (numbers(listener).at(-1) ?? 0) > before + 60),
      () => "all hear the load again",
    );
  } finally {
    clearInterval(load);
  }
  await Promise.all(publishing);
  for (const listener of listeners) {
    const wanted = acknowledged.get(listener.topic)?.toSorted((a, b) => a - b) ?? [];
    await until(
      () => listener.events.length >= wanted.length,
      () => `${listener.topic}: ${listener.events.length} of ${wanted.length}`,
    );
    expect(numbers(listener).toSorted((a, b) => a - b)).toEqual(wanted);
    expect({ gaps: listener.gaps, wrong: listener.violations() }).toEqual({ gaps: 0, wrong: [] });
  }
});

it("socket.io-redis-streams-adapter#27: members of a node that was killed leave, once, unless they come back", async () => {
  const watcher = await cluster.client("watcher", cluster.two.url);
  const left: string[] = [];
  const joined: string[] = [];
  watcher.on("presence", (presence: PresenceEvent) => {
    for (const { userId } of presence.left ?? []) left.push(userId ?? "");
    for (const { userId } of presence.joined ?? []) joined.push(userId ?? "");
  });
  await watcher.socketClient.joinChannel("killed:room");
  const gone = await cluster.client("gone", cluster.one.url);
  const back = await cluster.client("back");
  await Promise.all([gone, back].map((client) => client.socketClient.joinChannel("killed:room")));
  await until(
    () => joined.includes("gone") && joined.includes("back"),
    () => `both joined: ${joined.join()}`,
  );
  const killedAt = performance.now();
  await cluster.kill(cluster.one);
  gone.disconnect();
  cluster.turn(cluster.two);
  const members = async (): Promise<readonly string[]> => {
    const found = await cluster.call<readonly { userId: string }[]>(
      cluster.two,
      "/api/socket/channels/killed%3Aroom/members",
    );
    return found.map(({ userId }) => userId).toSorted((a, b) => a.localeCompare(b));
  };
  await expect
    .poll(members, { timeout: PRESENCE_MS - (performance.now() - killedAt), interval: 200 })
    .toEqual(["back", "watcher"]);
  await until(
    () => left.includes("gone"),
    () => "the members are told",
  );
  expect(left.filter((userId) => userId === "gone")).toEqual(["gone"]);
}, 40_000);

it("socket.io-redis-adapter#367: a node that was killed delays nobody", async () => {
  const [near, far] = [await cluster.client("near", cluster.two.url), await cluster.client("far", cluster.one.url)];
  await Promise.all([near, far].map((client) => client.socketClient.joinChannel("killed:calls")));
  const { socketId } = near.session ?? { socketId: "" };
  const heard: string[] = [];
  near.on("event", ({ event }) => heard.push(event));
  await cluster.kill(cluster.one);
  far.disconnect();
  const call = async (path: string, body?: unknown): Promise<unknown> =>
    await cluster.call(cluster.two, `/api/socket${path}`, body, AT_ONCE_MS);
  // From the first moment, and while others have not noticed either.
  for (let round = 0; round < 3; round++) {
    await Promise.all([
      call("/channels"),
      call("/channels/killed%3Acalls/members"),
      call("/channels/killed%3Acalls/history"),
      call("/connections"),
      call("/connections/list"),
      call("/notify", { users: ["near", "far"], message: "hello" }),
      call("/direct", { userId: "near", event: "direct" }),
      call("/direct", { socketId, event: "direct" }),
      call("/direct", { userId: "far", event: "direct" }),
      call("/broadcast", { channel: "killed:calls", event: "broadcast" }),
      call("/revoke", { userId: "far" }),
    ]);
    const asked = performance.now();
    await Promise.all([
      near.socketClient.members("killed:calls"),
      near.socketClient.setState("killed:calls", { round }),
      near.socketClient.publish("killed:calls", "published"),
      near.socketClient.directMessage({ userId: "far" }, "direct"),
      near.socketClient.history("killed:calls"),
    ]);
    expect(performance.now() - asked).toBeLessThan(AT_ONCE_MS);
  }
  await until(
    () => heard.filter((event) => event === "direct").length >= 6 && heard.includes("published"),
    () => `what was sent came: ${heard.join()}`,
  );
  const newcomer = await cluster.listener("newcomer", "killed:calls", cluster.two.url);
  expect(newcomer.client.state).toBe("connected");
});
