import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DEFAULT_LIMITS, type BrokerReader, type Draft, type Limits } from "@roomcast/core";
import type { ChannelAddress, Position, Publication } from "@roomcast/protocol";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { RedisServer } from "../test/redis-server.ts";
import { RedisBroker } from "./broker.ts";
import { Keys } from "./keys.ts";
import { SingleLink } from "./single-link.ts";

const KEEP = { size: 1000, seconds: 300 };
const CHANNEL: ChannelAddress = { tenantId: "acme", name: "chat:1" };
const WAIT = { timeout: 10_000, interval: 5 };

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(async () => {
  await server.stop();
});

class Log implements BrokerReader {
  readonly data: unknown[] = [];
  readonly lostAt: Position[] = [];

  publication(publication: Publication): void {
    this.data.push(publication.data);
  }

  signal(): void {}

  lost(_address: ChannelAddress, position: Position): void {
    this.lostAt.push(position);
  }
}

interface Node {
  readonly broker: RedisBroker;
  readonly link: SingleLink;
  readonly log: Log;
  readonly malformed: string[];
  readonly failed: unknown[];
}

interface NodeOptions {
  readonly prefix: string;
  readonly checkSeconds?: number;
  readonly graceMs?: number;
  readonly limits?: Partial<Limits>;
  /** Called when a connection breaks. */
  readonly broken?: () => void;
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function startNode({ prefix, limits, broken, ...options }: NodeOptions): Promise<Node> {
  const link = new SingleLink({ url: server.url, failed: () => broken?.() });
  const log = new Log();
  const malformed: string[] = [];
  const failed: unknown[] = [];
  const broker = new RedisBroker({
    link,
    keys: new Keys(prefix),
    limits: { ...DEFAULT_LIMITS, ...limits },
    observer: { malformed: (where) => malformed.push(where), failed: (_, error) => failed.push(error) },
    ...options,
  });
  closing.push(async () => await broker.close());
  await broker.start(randomUUID(), log);
  return { broker, link, log, malformed, failed };
}

/** Says anything to Redis, as another program does. */
async function stranger(...command: readonly string[]): Promise<unknown> {
  const client = createClient({ url: server.url });
  await client.connect();
  try {
    return await client.sendCommand([...command]);
  } finally {
    client.destroy();
  }
}

function draft(data: unknown): Draft {
  return { event: "message", data, source: "server", timestamp: Date.now() };
}

async function publish({ broker }: Node, data: unknown, address = CHANNEL): Promise<Position | undefined> {
  return (await broker.publish(address, draft(data), { keep: KEEP })).position;
}

/** Subscribes as a session does: the log is read afterwards. */
async function follow({ broker }: Node): Promise<Position> {
  await broker.subscribe(CHANNEL);
  return (await broker.history(CHANNEL, KEEP, { limit: 0 })).position;
}

async function heard({ log }: Node, data: readonly unknown[]): Promise<void> {
  await vi.waitFor(() => expect(log.data).toEqual(data), WAIT);
}

describe("RedisBroker, where much is published", () => {
  it("keeps the order of what is published in tick after tick, also when Redis forgets the scripts meanwhile", async () => {
    const node = await startNode({ prefix: randomUUID() });
    await follow(node);
    await stranger("SCRIPT", "FLUSH");
    const published: Promise<Position | undefined>[] = [];
    for (let n = 0; n < 300; n++) {
      published.push(publish(node, n));
      if (n % 3 === 2) await new Promise((resolve) => setImmediate(resolve));
      if (n === 150) await stranger("SCRIPT", "FLUSH");
    }
    const offsets = (await Promise.all(published)).map((position) => position?.offset);
    expect(offsets).toEqual(Array.from({ length: 300 }, (_, n) => n + 1));
    await heard(
      node,
      Array.from({ length: 300 }, (_, n) => n),
    );
  });

  it("makes nobody warn of a leak when a tick says much to Redis", async () => {
    const node = await startNode({ prefix: randomUUID() });
    const warnings: Error[] = [];
    const heard = (warning: Error): void => void warnings.push(warning);
    process.on("warning", heard);
    await Promise.all(
      Array.from({ length: 100 }, async (_, n) => await publish(node, n, { tenantId: "acme", name: `chat:${n}` })),
    );
    // Warnings are told in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", heard);
    expect(warnings).toEqual([]);
  });
});

describe("RedisBroker, where something is lost", () => {
  it("delivers all in order when the connection that listens is ended again and again while others publish", async () => {
    const prefix = randomUUID();
    const [one, two] = [await startNode({ prefix }), await startNode({ prefix })];
    await follow(two);
    const all = Array.from({ length: 300 }, (_, n) => n);
    for (const n of all) {
      await publish(one, n);
      if (n % 60 === 30) await stranger("CLIENT", "KILL", "TYPE", "pubsub");
    }
    await heard(two, all);
    expect(two.log.lostAt).toEqual([]);
  });

  it("reads what it missed as soon as it listens again, also when nothing follows", async () => {
    const prefix = randomUUID();
    const one = await startNode({ prefix });
    const sent: number[] = [];
    const publishThree = (): void => {
      for (let n = 0; n < 3; n++) {
        const data = sent.push(sent.length) - 1;
        publish(one, data).catch((error: unknown) => one.failed.push(error));
      }
    };
    // Said in the moment in which nobody listens: before it has connected anew.
    const two = await startNode({ prefix, broken: publishThree });
    await follow(two);
    for (let round = 1; round <= 3; round++) {
      await stranger("CLIENT", "KILL", "TYPE", "pubsub");
      await vi.waitFor(() => expect(sent.length).toBeGreaterThanOrEqual(round * 3), WAIT);
      await heard(two, sent);
    }
    expect([two.log.lostAt, one.failed]).toEqual([[], []]);
  });

  it("finds by its check what was dropped without a word, and puts it before what comes", async () => {
    const prefix = randomUUID();
    const [one, two] = [await startNode({ prefix }), await startNode({ prefix, checkSeconds: 0.1 })];
    await follow(two);
    await publish(one, 1);
    await heard(two, [1]);
    await two.link.unlisten(new Keys(prefix).channel(CHANNEL).announcements);
    for (const n of [2, 3, 4]) await publish(one, n);
    await heard(two, [1, 2, 3, 4]);
    expect(two.log.lostAt).toEqual([]);
  });

  it("finds what was dropped before anything was heard at all", async () => {
    const prefix = randomUUID();
    const [one, two] = [await startNode({ prefix }), await startNode({ prefix, checkSeconds: 0.1 })];
    await follow(two);
    await two.link.unlisten(new Keys(prefix).channel(CHANNEL).announcements);
    await publish(one, 1);
    await heard(two, [1]);
  });

  it("tells readers when Redis has lost its data, with the new epoch, and goes on from there", async () => {
    const prefix = randomUUID();
    const [one, two] = [await startNode({ prefix }), await startNode({ prefix })];
    const before = await follow(two);
    for (const n of [1, 2]) await publish(one, n);
    await heard(two, [1, 2]);
    const { meta, log } = new Keys(prefix).channel(CHANNEL);
    await stranger("DEL", meta, log);
    const position = await publish(one, 3);
    expect(position?.offset).toBe(1);
    expect(position?.epoch).not.toBe(before.epoch);
    await vi.waitFor(() => expect(two.log.lostAt).toEqual([position]), WAIT);
    await publish(one, 4);
    await heard(two, [1, 2, 4]);
    const page = await two.broker.history(CHANNEL, KEEP, { limit: 10, since: { ...before, offset: 1 } });
    expect([page.complete, page.position]).toEqual([false, { epoch: position?.epoch, offset: 2 }]);
  });

  it("tells readers so by its check where nobody publishes", async () => {
    const prefix = randomUUID();
    const node = await startNode({ prefix, checkSeconds: 0.1 });
    const before = await follow(node);
    await publish(node, 1);
    const { meta, log } = new Keys(prefix).channel(CHANNEL);
    await stranger("DEL", meta, log);
    await vi.waitFor(() => expect(node.log.lostAt).toHaveLength(1), WAIT);
    expect(node.log.lostAt[0]?.offset).toBe(0);
    expect(node.log.lostAt[0]?.epoch).not.toBe(before.epoch);
  });
});

describe("RedisBroker, where another program writes", () => {
  it("counts and drops what is no announcement, and what the log knows nothing of", async () => {
    const prefix = randomUUID();
    const node = await startNode({ prefix });
    const { epoch } = await follow(node);
    await publish(node, 1);
    await heard(node, [1]);
    const { announcements } = new Keys(prefix).channel(CHANNEL);
    const forged = 'id {"e":"e","d":"forged","s":"rest","t":1}';
    const garbage = ["", "garbage", "p\nid {", 's\n{"type":"end"}', `p${epoch} 1000\n${forged}`, `pother 2\n${forged}`];
    for (const text of garbage) await stranger("SPUBLISH", announcements, text);
    await vi.waitFor(() => expect(node.malformed).toEqual(garbage.map(() => "announcement")), WAIT);
    await publish(node, 2);
    await heard(node, [1, 2]);
    expect(node.log.lostAt).toEqual([]);
  });

  it("counts and drops what stands in a log and is no event", async () => {
    const prefix = randomUUID();
    const node = await startNode({ prefix });
    const since = await follow(node);
    await publish(node, 1);
    await stranger("XADD", new Keys(prefix).channel(CHANNEL).log, "1-1", "x", "y");
    await publish(node, 2);
    const { events, complete } = await node.broker.history(CHANNEL, KEEP, { limit: 10, since });
    expect([events.map(({ data }) => data), complete, node.malformed]).toEqual([[1, 2], true, ["log"]]);
    await heard(node, [1, 2]);
  });

  it.each([
    ["XADD", "log", "*", "x", "y"],
    ["XADD", "log", "99-0", "p", "id {}", "t", "1"],
    ["SET", "log", "text"],
    ["HSET", "meta", "top", "text"],
    ["HDEL", "meta", "bytes"],
  ])("begins a log anew that it cannot go on with: %s %s %s", async (command, key, ...rest) => {
    const prefix = randomUUID();
    const node = await startNode({ prefix });
    const before = await follow(node);
    await publish(node, 1);
    await heard(node, [1]);
    await stranger(command, new Keys(prefix).channel(CHANNEL)[key as "log" | "meta"], ...rest);
    const position = await publish(node, 2);
    expect([position?.offset, position?.epoch === before.epoch]).toEqual([1, false]);
    await vi.waitFor(() => expect(node.log.lostAt).toEqual([position]), WAIT);
    await publish(node, 3);
    await heard(node, [1, 3]);
  });

  it("keeps clusters with different prefixes apart", async () => {
    const prefix = randomUUID();
    const [one, two] = [await startNode({ prefix }), await startNode({ prefix: `${prefix}:b` })];
    await Promise.all([follow(one), follow(two)]);
    await publish(one, "one's");
    await publish(two, "two's");
    const once = { keep: KEEP, idempotency: { key: "k", sender: "user:ann" } };
    await one.broker.publish(CHANNEL, draft("one's"), once);
    await two.broker.publish(CHANNEL, draft("other"), once);
    await Promise.all([heard(one, ["one's", "one's"]), heard(two, ["two's", "other"])]);
    for (const [node, data] of [
      [one, ["one's", "one's"]],
      [two, ["two's", "other"]],
    ] as const) {
      const { events } = await node.broker.history(CHANNEL, KEEP, { limit: 10 });
      expect(events.map((event) => event.data)).toEqual(data);
    }
  });
});

describe("RedisBroker, while readers come and go", () => {
  it("loses nothing where a channel is taken again before, while and after Redis is left", async () => {
    const prefix = randomUUID();
    const [one, two] = [await startNode({ prefix }), await startNode({ prefix, graceMs: 4 })];
    const sent: number[] = [];
    for (let n = 0; n < 60; n++) {
      const release = await two.broker.subscribe(CHANNEL);
      // Without history: nothing would mend it.
      await one.broker.publish(CHANNEL, draft(n), { keep: false });
      sent.push(n);
      await heard(two, sent);
      release();
      await delay(n % 8);
    }
  });

  it("leaves Redis after the grace, and not before", async () => {
    const prefix = randomUUID();
    const { announcements } = new Keys(prefix).channel(CHANNEL);
    const listeners = async (): Promise<unknown> => await stranger("PUBSUB", "SHARDNUMSUB", announcements);
    const [quick, slow] = [await startNode({ prefix, graceMs: 1 }), await startNode({ prefix, graceMs: 600_000 })];
    const releases = [await quick.broker.subscribe(CHANNEL), await slow.broker.subscribe(CHANNEL)];
    expect(await listeners()).toEqual([announcements, 2]);
    for (const release of releases) release();
    await vi.waitFor(async () => expect(await listeners()).toEqual([announcements, 1]), WAIT);
  });
});

describe("RedisBroker, where a tenant has a lot", () => {
  it("counts the channels of a tenant over all nodes", async () => {
    const prefix = randomUUID();
    const limits = { channelsPerTenant: 3 };
    const [one, two] = [await startNode({ prefix, limits }), await startNode({ prefix, limits })];
    const named = (name: string): ChannelAddress => ({ tenantId: "acme", name });
    await Promise.all([publish(one, 1, named("a")), publish(two, 1, named("b")), publish(two, 2, named("b"))]);
    await publish(two, 1, named("c"));
    const refused = { code: "LIMIT_REACHED", details: { limit: "channelsPerTenant" } };
    for (const node of [one, two]) await expect(publish(node, 1, named("d"))).rejects.toMatchObject(refused);
    await one.broker.publish(named("d"), draft(1), { keep: false });
    expect((await publish(one, 2, named("c")))?.offset).toBe(2);
  });

  it("bounds the bytes of a tenant over all nodes, the oldest going first", async () => {
    const prefix = randomUUID();
    const limits = { historyBytesPerTenant: 20_000 };
    const nodes = [await startNode({ prefix, limits }), await startNode({ prefix, limits })] as const;
    const text = "x".repeat(900);
    const addresses = Array.from({ length: 40 }, (_, n) => ({ tenantId: "acme", name: `c${n}` }));
    for (const [n, address] of addresses.entries()) {
      await publish(nodes[n % 2 === 0 ? 0 : 1], text, address);
    }
    const kept: number[] = [];
    for (const [n, address] of addresses.entries()) {
      const { events } = await nodes[0].broker.history(address, KEEP, { limit: 10 });
      if (events.length > 0) kept.push(n);
    }
    expect(kept.length).toBeGreaterThan(10);
    expect(kept.length * 900).toBeLessThanOrEqual(20_000);
    expect(kept).toEqual(addresses.map((_, n) => n).slice(-kept.length));
  });

  it("does not count what has aged", async () => {
    const node = await startNode({ prefix: randomUUID(), limits: { historyBytesPerTenant: 5000 } });
    const text = "x".repeat(3000);
    const short = { tenantId: "acme", name: "short" };
    const { position } = await node.broker.publish(short, draft(text), { keep: { size: 10, seconds: 1 } });
    await vi.waitFor(async () => {
      const page = await node.broker.history(short, { size: 10, seconds: 1 }, { limit: 10 });
      expect([page.events, page.position]).toEqual([[], position]);
    }, WAIT);
    await publish(node, text);
    await publish(node, 1, { tenantId: "acme", name: "other" });
    expect((await node.broker.history(CHANNEL, KEEP, { limit: 10 })).events).toHaveLength(1);
  });

  it("publishes all the same when the account cannot be kept, and says so", async () => {
    const prefix = randomUUID();
    const node = await startNode({ prefix });
    await follow(node);
    await publish(node, 1);
    await stranger("SET", new Keys(prefix).tenant("acme", "log-bytes"), "garbage");
    await publish(node, 2);
    await heard(node, [1, 2]);
    await vi.waitFor(() => expect(node.failed.length).toBeGreaterThan(0), WAIT);
  });
});
