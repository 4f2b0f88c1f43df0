import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DEFAULT_LIMITS } from "@roomcast/core";
import { brokerCases, presenceStoreCases } from "@roomcast/core/testing";
import type { Publication } from "@roomcast/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { RedisCluster } from "../test/redis-cluster.ts";
import { freePort, RedisServer } from "../test/redis-server.ts";
import { RedisBroker } from "./broker.ts";
import { ClusterLink } from "./cluster-link.ts";
import { connectRedis } from "./connect.ts";
import { Keys } from "./keys.ts";
import { RedisPresenceStore } from "./presence.ts";
import { script } from "./scripts.ts";

let cluster: RedisCluster;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  cluster = await RedisCluster.start();
}, 40_000);
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(async () => {
  await cluster.stop();
});

const DRAFT = { event: "said", data: "hello", source: "server", timestamp: 1 } as const;

function link(rootNodes: readonly string[] = cluster.urls.slice(0, 1)) {
  return connectRedis({ cluster: { rootNodes } });
}

async function started() {
  const made = link();
  ends.push(async () => await made.close());
  await made.start();
  return made;
}

describe("ClusterLink", () => {
  it("runs commands and scripts at the nodes that have their keys", async () => {
    const made = await started();
    const prefix = randomUUID();
    // No node knows it yet.
    const own = script(`return { '${prefix}', redis.call('GET', KEYS[1]) }`);
    for (let n = 0; n < 30; n++) {
      const key = `${prefix}:${n}`;
      await made.command(key, ["SET", key, String(n)]);
      expect(await made.run(own, [key], [])).toEqual([prefix, String(n)]);
    }
    const held = await Promise.all(cluster.servers.map(async (server) => await server.cli("keys", `${prefix}:*`)));
    for (const keys of held) expect(keys).not.toBe("");
    await made.check();
  });

  it("hears the channels of all nodes", async () => {
    const [one, other] = await Promise.all([started(), started()]);
    const prefix = randomUUID();
    const channels = Array.from({ length: 30 }, (_, n) => `${prefix}:${n}`);
    const heard: string[] = [];
    for (const channel of channels) await one.listen(channel, (message) => void heard.push(`${channel} ${message}`));
    for (const channel of channels) await other.command(channel, ["SPUBLISH", channel, "hello"]);
    await vi.waitFor(() => expect(heard.toSorted()).toEqual(channels.map((channel) => `${channel} hello`).toSorted()));
    for (const channel of channels) await one.unlisten(channel);
    for (const channel of channels) expect(await other.command(channel, ["SPUBLISH", channel, "bye"])).toBe(0);
  });

  it("goes on at the node that a slot was given to, and says that something may have been missed", async () => {
    const made = await started();
    const channel = randomUUID();
    const heard: string[] = [];
    let resumed = 0;
    made.onResumed(() => void resumed++);
    await made.listen(channel, (message) => void heard.push(message));
    const { to } = await cluster.moveSlotOf(channel);
    await vi.waitFor(() => expect(resumed).toBeGreaterThan(0), { timeout: 10_000 });
    expect(await to.cli("spublish", channel, "there")).toBe("1");
    await made.command(channel, ["SPUBLISH", channel, "here"]);
    await vi.waitFor(() => expect(heard).toEqual(["there", "here"]));
  });

  it("says UNAVAILABLE while a node is away, and hears it again when it is back", async () => {
    const keys = new Keys(randomUUID());
    const made = new RedisBroker({ link: link(cluster.urls), keys });
    ends.push(async () => await made.close());
    const heard: Publication[] = [];
    await made.start(randomUUID(), { publication: (it) => void heard.push(it), signal: () => undefined });
    const room = { tenantId: "acme", name: "a" };
    await made.subscribe(room);
    const before = await made.publish(room, DRAFT, { keep: false });
    await vi.waitFor(() => expect(heard.map(({ id }) => id)).toEqual([before.id]));
    const owner = await cluster.ownerOf(keys.channel(room).meta);
    await owner.kill();
    await expect(made.publish(room, DRAFT, { keep: false })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(made.check()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await owner.resume();
    await cluster.settled();
    await vi.waitFor(async () => await made.check(), { timeout: 15_000 });
    const after = await made.publish(room, DRAFT, { keep: false });
    await vi.waitFor(() => expect(heard.map(({ id }) => id)).toEqual([before.id, after.id]));
  });

  it("refuses what is no cluster, or is not there, with what is wrong", async () => {
    const server = await RedisServer.start();
    ends.push(async () => await server.stop());
    await expect(link([server.url]).start()).rejects.toThrow("cluster support disabled");
    const port = await freePort();
    await expect(link([`redis://127.0.0.1:${port}`]).start()).rejects.toThrow(
      `Redis at 127.0.0.1:${port} cannot be reached: nothing listens there`,
    );
    expect(() => link([])).toThrow("the URL of one node");
    expect(() => new ClusterLink({ rootNodes: ["redis://u:secret@h:x"] })).toThrow("URL of Redis");
  });
});

describe("RedisBroker on a Redis Cluster", () => {
  const cases = brokerCases({
    longestMs: 3000,
    make: async (limits) => {
      const keys = new Keys(randomUUID());
      const brokers = Array.from(
        { length: 3 },
        () => new RedisBroker({ link: link(), keys, limits: { ...DEFAULT_LIMITS, ...limits } }),
      );
      let next = 0;
      return {
        node: () => brokers[next++] as RedisBroker,
        nodes: brokers.length,
        now: () => Date.now(),
        advance: async (ms) => await delay(ms),
        // What is announced comes over another connection than what is answered.
        settle: async () => await delay(50),
        close: async () => {
          for (const broker of brokers) await broker.close();
        },
      };
    },
  });
  for (const { name, run } of cases) it(name, run);
});

describe("RedisPresenceStore on a Redis Cluster", () => {
  const cases = presenceStoreCases(async () => {
    const keys = new Keys(randomUUID());
    const links = await Promise.all([started(), started()]);
    const [store, other] = links.map(
      (own, at) => new RedisPresenceStore({ link: own, keys, nodeId: `node-${at + 1}` }),
    ) as [RedisPresenceStore, RedisPresenceStore];
    return {
      store,
      other,
      close: async () => {
        await store.close();
        await other.close();
      },
    };
  });
  for (const { name, run } of cases) it(name, run);
});
