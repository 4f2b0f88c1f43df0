import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { ChannelAddress } from "@roomcast/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { PresenceNode } from "../test/presence-node.ts";
import { RedisServer } from "../test/redis-server.ts";
import { Keys } from "./keys.ts";
import { SingleLink } from "./single-link.ts";

const CHANNEL: ChannelAddress = { tenantId: "acme", name: "chat:1" };
const LEASE_MS = 1200;
/** Patience with a loaded machine. */
const SOON = { timeout: 15_000, interval: 20 };

let server: RedisServer;
let admin: SingleLink;
let prefix: string;
let nodes: PresenceNode[];

beforeAll(async () => {
  server = await RedisServer.start();
  admin = new SingleLink({ url: server.url });
  await admin.start();
});
afterAll(async () => {
  await admin.close();
  await server.stop();
});
beforeEach(() => {
  prefix = randomUUID();
  nodes = [];
});
afterEach(async () => {
  for (const node of nodes) await node.close();
});

async function start(nodeId: string, leaseMs = LEASE_MS): Promise<PresenceNode> {
  const node = await PresenceNode.start({ url: server.url, prefix, nodeId, leaseMs });
  nodes.push(node);
  return node;
}

/** What is kept in Redis under the prefix of the test. */
async function kept(): Promise<readonly string[]> {
  return (await admin.command("", ["KEYS", `${prefix}:*`])) as readonly string[];
}

async function channelNames(node: PresenceNode): Promise<readonly string[]> {
  return (await node.store.channels("acme", { limit: 100 })).entries.map(({ name }) => name);
}

const many = (of: string): readonly string[] => Array.from({ length: 450 }, (_, n) => `${of}${n}`).toSorted();

describe("a page of members", () => {
  it("ends where its bytes do", async () => {
    const node = await start("one");
    const state = "x".repeat(4000);
    for (let n = 0; n < 70; n++) await node.put(CHANNEL, `s${n}`, { state });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: 1000, bytes: 100_000, ...(cursor === undefined ? undefined : { cursor }) };
      const page = await node.store.members(CHANNEL, query);
      expect(JSON.stringify(page.entries).length).toBeLessThanOrEqual(100_001);
      expect([page.total, page.entries.length]).toEqual([70, Math.min(24, 70 - seen.length)]);
      seen.push(...page.entries.map(({ socketId }) => socketId));
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 70 }, (_, n) => `s${n}`));
    expect((await node.store.members(CHANNEL, { limit: 5, bytes: 1 })).entries.length).toBe(1);
  });
});

describe("a node that dies", () => {
  it(
    "loses its members and numbers, announced once though several clear up after it",
    { timeout: 30_000 },
    async () => {
      const [dead, also, one, two, three] = [
        await start("dead"),
        await start("also"),
        await start("one"),
        await start("two"),
        await start("three"),
      ];
      await Promise.all(many("d").map((id) => dead.put(CHANNEL, id)));
      await also.put({ tenantId: "acme", name: "quiet" }, "a1");
      dead.store.count(CHANNEL, "dead", 450);
      for (const node of [one, two, three]) await node.put(CHANNEL, node.nodeId);
      one.store.count(CHANNEL, "one", 2);
      await vi.waitFor(async () => expect(await two.subscribers(CHANNEL)).toBe(452), SOON);
      await dead.die();
      await also.die();
      await vi.waitFor(async () => {
        expect(await two.ids(CHANNEL)).toEqual(["one", "three", "two"]);
        expect(await two.subscribers(CHANNEL)).toBe(2);
        expect(await channelNames(one)).toEqual(["chat:1"]);
      }, SOON);
      await vi.waitFor(() => {
        const left = [one, two, three].flatMap((node) => node.left);
        expect(left.toSorted()).toEqual(["a1", ...many("d")].toSorted());
      }, SOON);
      expect([one, two, three].flatMap((node) => node.joined)).toEqual([]);
      for (const node of [one, two, three]) await node.close();
      expect(await kept()).toEqual([]);
    },
  );

  it("is cleared up after by one that holds nothing, too", { timeout: 30_000 }, async () => {
    const [dead, reader] = [await start("dead"), await start("reader")];
    await dead.put(CHANNEL, "d1");
    expect(await reader.ids(CHANNEL)).toEqual(["d1"]);
    await dead.die();
    await vi.waitFor(async () => expect(await reader.ids(CHANNEL)).toEqual([]), SOON);
  });
});

describe("a node that was cut off", () => {
  it("for longer than its lease puts everything again, and the others hear of it", { timeout: 30_000 }, async () => {
    const [slow, other] = [await start("slow"), await start("other")];
    await Promise.all(many("s").map((id) => slow.put(CHANNEL, id)));
    slow.store.count(CHANNEL, "slow", 450);
    await other.put(CHANNEL, "o1");
    await vi.waitFor(async () => expect(await other.subscribers(CHANNEL)).toBe(450), SOON);
    slow.link.cut = true;
    await vi.waitFor(() => expect(other.left.toSorted()).toEqual(many("s")), SOON);
    await vi.waitFor(async () => expect(await other.subscribers(CHANNEL)).toBe(0), SOON);
    slow.link.cut = false;
    await vi.waitFor(async () => expect(await other.ids(CHANNEL)).toEqual(["o1", ...many("s")]), SOON);
    await vi.waitFor(async () => expect(await other.subscribers(CHANNEL)).toBe(450), SOON);
    await vi.waitFor(() => expect(slow.joined.toSorted()).toEqual(many("s")), SOON);
    expect(other.left.length).toBe(450);
  });

  it("takes back what it could not take back then, and puts what it could not put", { timeout: 30_000 }, async () => {
    const [node, other] = [await start("node", 1200), await start("other")];
    await node.put(CHANNEL, "gone");
    await node.put(CHANNEL, "changed", { state: 1 });
    node.store.count(CHANNEL, "node", 3);
    await vi.waitFor(async () => expect(await other.subscribers(CHANNEL)).toBe(3), SOON);
    node.link.cut = true;
    await expect(node.store.remove(CHANNEL, "gone")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(node.put(CHANNEL, "late")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(node.put(CHANNEL, "changed", { state: 2 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(node.put(CHANNEL, "both")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(node.store.remove(CHANNEL, "both")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    node.store.count(CHANNEL, "node", 0);
    await delay(20);
    node.link.cut = false;
    await vi.waitFor(async () => {
      expect(await other.ids(CHANNEL)).toEqual(["changed", "late"]);
      expect(await other.subscribers(CHANNEL)).toBe(0);
      const { entries } = await other.store.members(CHANNEL, { limit: 1, socketId: "changed" });
      expect(entries[0]?.state).toBe(2);
    }, SOON);
  });
});

describe("Redis that loses its data", () => {
  it("has everything again after a renewal", { timeout: 30_000 }, async () => {
    const own = await RedisServer.start();
    try {
      const options = { url: own.url, prefix, leaseMs: LEASE_MS };
      const one = await PresenceNode.start({ ...options, nodeId: "one" });
      const two = await PresenceNode.start({ ...options, nodeId: "two" });
      nodes.push(one, two);
      const expectAll = async (): Promise<void> => {
        expect(await two.ids(CHANNEL)).toEqual(["o1", "o2", "t1"]);
        expect(await one.subscribers(CHANNEL)).toBe(5);
        expect(await channelNames(two)).toEqual(["chat:1"]);
      };
      for (const id of ["o1", "o2"]) await one.put(CHANNEL, id);
      await two.put(CHANNEL, "t1");
      one.store.count(CHANNEL, "one", 2);
      two.store.count(CHANNEL, "two", 3);
      await vi.waitFor(expectAll, SOON);
      await one.link.command("", ["FLUSHDB"]);
      await vi.waitFor(expectAll, SOON);
      await own.kill();
      await own.resume();
      await vi.waitFor(expectAll, SOON);
      // Back with what it had a while ago.
      await one.link.command("", ["SAVE"]);
      await one.store.remove(CHANNEL, "o1");
      one.store.count(CHANNEL, "one", 1);
      await two.put(CHANNEL, "t2");
      await own.kill();
      await own.resume();
      await vi.waitFor(async () => {
        expect(await one.ids(CHANNEL)).toEqual(["o2", "t1", "t2"]);
        expect(await one.subscribers(CHANNEL)).toBe(4);
      }, SOON);
      await one.close();
      await two.close();
    } finally {
      await own.stop();
    }
  });
});

describe("RedisPresenceStore", () => {
  it("ends with the last of many changes of one entry that overlap, and keeps nothing of the others", async () => {
    const [node, other] = [await start("node"), await start("other")];
    const work: Promise<unknown>[] = [];
    for (let n = 0; n < 200; n++) {
      const id = `s${n % 5}`;
      work.push(n % 3 === 0 ? node.store.remove(CHANNEL, id) : node.put(CHANNEL, id, { state: n }));
      node.store.count(CHANNEL, "node", n % 4);
    }
    for (const id of ["s0", "s1", "s2"]) work.push(node.store.remove(CHANNEL, id));
    for (const id of ["s3", "s4"]) work.push(node.put(CHANNEL, id));
    await Promise.all(work);
    expect(await other.ids(CHANNEL)).toEqual(["s3", "s4"]);
    expect((await node.store.channels("acme", { limit: 1 })).entries).toEqual([
      { name: "chat:1", memberCount: 2, subscriberCount: 3 },
    ]);
    for (const id of ["s3", "s4"]) await node.store.remove(CHANNEL, id);
    node.store.count(CHANNEL, "node", 0);
    expect(await channelNames(node)).toEqual([]);
    const leases = new Keys(prefix).cluster("leases");
    expect(await kept()).toEqual([leases]);
  });

  it("leaves nothing behind when it closes, and takes nothing after", async () => {
    const node = await start("node");
    node.store.count(CHANNEL, "node", 1);
    const late = many("s").map((id) => node.put(CHANNEL, id));
    await node.store.close();
    await Promise.allSettled(late);
    expect(await kept()).toEqual([]);
    await expect(node.put(CHANNEL, "late")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await kept()).toEqual([]);
  });

  it("does not go by the clocks of nodes", { timeout: 30_000 }, async () => {
    const [one, two] = [await start("one", 3000), await start("two", 3000)];
    await one.put(CHANNEL, "o1");
    await two.put(CHANNEL, "t1");
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      for (const hours of [-5, 5]) {
        vi.setSystemTime(Date.now() + hours * 3_600_000);
        await delay(1000);
        expect(await two.ids(CHANNEL)).toEqual(["o1", "t1"]);
      }
    } finally {
      vi.useRealTimers();
    }
    expect([...one.left, ...two.left, ...one.joined, ...two.joined]).toEqual([]);
  });

  it("mends a list of channels that names one with nobody, and passes over what is none of ours", async () => {
    const [node, keys] = [await start("node"), new Keys(prefix)];
    for (const name of ["b", "d"]) await node.put({ tenantId: "acme", name }, "s1");
    const index = keys.tenant("acme", "channels");
    await admin.command(index, ["ZADD", index, "0", "a", "0", "c", "0", "e"]);
    const first = await node.store.channels("acme", { limit: 1 });
    expect(first.entries.map(({ name }) => name)).toEqual(["b"]);
    const second = await node.store.channels("acme", { limit: 1, cursor: first.cursor ?? "" });
    expect([second.entries.map(({ name }) => name), second.cursor]).toEqual([["d"], undefined]);
    expect(await node.store.channels("acme", { limit: 10 })).toMatchObject({ total: 2 });
    const members = keys.ofChannel({ tenantId: "acme", name: "b" }, "members");
    await admin.command(members, ["HSET", members, "s1", "{garbage"]);
    expect(await node.ids({ tenantId: "acme", name: "b" })).toEqual([]);
    await node.store.remove({ tenantId: "acme", name: "b" }, "s1");
    expect(await channelNames(node)).toEqual(["d"]);
  });
});
