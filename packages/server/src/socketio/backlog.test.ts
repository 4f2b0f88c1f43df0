import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  BACKLOG_BYTES,
  BacklogNode,
  liveBytes,
  range,
  SLACK_BYTES,
  TENANT,
  type Reader,
  type Transport,
  until,
} from "../../test/backlog-node.ts";

// Readers that stop for good, that read a byte a second, and that come back: what waits for them is bounded, and nobody else
// notices.

/** How much an unread connection may gather of what no channel's policy covers. */
const DESTROY_BYTES = 16 * 1024 * 1024;

let node: BacklogNode;
afterEach(() => node.close());

interface Audience {
  /** Who read all that comes, over both transports. */
  readonly keen: readonly Reader[];
  readonly stopped: readonly Reader[];
  readonly sipping: readonly Reader[];
  readonly returning: readonly Reader[];
  /** How many are not keen. */
  readonly slow: number;
}

async function gather(transport: Transport): Promise<Audience> {
  const keen = [...(await node.readers(3, "keen")), ...(await node.readers(2, "poller", { transport: "polling" }))];
  const stopped = await node.readers(5, "stopped", { transport });
  const sipping = await node.readers(3, "sipping", { transport, bite: 1 });
  const returning = await node.readers(4, "returning", { transport });
  for (const { client } of [...stopped, ...returning]) client.stop();
  for (const { client } of sipping) client.sip(1000);
  return { keen, stopped, sipping, returning, slow: 12 };
}

function heardAll(readers: readonly Reader[]): void {
  for (const { numbers, gaps } of readers) {
    expect(numbers).toEqual(range(1, node.published));
    expect(gaps).toEqual([]);
  }
}

describe.each(["websocket", "polling"] as const)("slow readers over %s", (transport) => {
  test("of a channel that resyncs stay, and are told of one gap when they come back", async () => {
    node = await BacklogNode.start({
      channels: [{ match: "feed", slow: "resync", keep: { size: 5000, seconds: 600 } }],
    });
    const { keen, returning, slow } = await gather(transport);
    await node.publish(3, keen);
    await node.publishUntilSlow(slow, keen);
    // Much more than they may have: none of it is kept for them.
    const before = node.held();
    await node.publish(50, keen);
    expect(node.held()).toBeLessThanOrEqual(before);
    expect(node.peak).toBeLessThanOrEqual(slow * (BACKLOG_BYTES + SLACK_BYTES));
    expect(node.gateway.sessionCount).toBe(keen.length + slow);
    heardAll(keen);

    const missedTo = node.published;
    for (const { client } of returning) client.resume();
    await vi.waitFor(() => expect(returning.map(({ gaps }) => gaps.length)).toEqual(returning.map(() => 1)), 10_000);
    await node.publish(5, [...keen, ...returning]);
    heardAll(keen);
    for (const reader of returning) {
      const [gap] = reader.gaps;
      expect(gap).toMatchObject({ channel: "feed", position: { offset: missedTo } });
      const read = reader.numbers.length - 5;
      expect(reader.numbers).toEqual([...range(1, read), ...range(missedTo + 1, node.published)]);
      expect(read).toBeLessThan(missedTo);
      expect(await reader.recover(read, gap?.position.epoch ?? "")).toEqual(range(read + 1, node.published));
      expect(reader.gaps.length).toBe(1);
    }
    await node.isEmpty();
  }, 30_000);

  test("of a channel that disconnects are let go, and find again what they missed", async () => {
    node = await BacklogNode.start({ channels: [{ match: "feed", keep: { size: 5000, seconds: 600 } }] });
    const { keen, stopped, sipping, returning, slow } = await gather(transport);
    await node.publishUntilSlow(slow, keen);
    expect(node.reasons).toEqual(range(1, slow).map(() => "SLOW_CONSUMER"));
    expect(node.gateway.sessionCount).toBe(keen.length);
    expect(node.peak).toBeLessThanOrEqual(slow * (BACKLOG_BYTES + SLACK_BYTES));
    await vi.waitFor(() => expect(node.held()).toBe(0));
    await node.publish(10, keen);
    heardAll(keen);

    for (const { client } of [...stopped, ...sipping, ...returning]) client.resume();
    await vi.waitFor(() => expect(returning.every(({ client }) => client.ended)).toBe(true));
    const again = await node.reader("returning", { transport });
    const read = returning[0]?.numbers ?? [];
    expect(read).toEqual(range(1, read.length));
    const { position } = (await again.client.ask("history", { channel: "feed", limit: 1 })) as {
      position: { epoch: string };
    };
    expect(await again.recover(read.length, position.epoch)).toEqual(range(read.length + 1, node.published));
    await node.isEmpty();
  }, 30_000);
});

test("answers to polls that are not read count, and are dropped when their session has gone", async () => {
  const backlogBytes = 4 * 1024 * 1024;
  const httpServer = createServer();
  node = await BacklogNode.start({
    httpServer,
    channels: [{ match: "feed", slow: "resync", keep: false }],
    limits: { backlogBytes },
  });
  const path = "/socket.io/?EIO=4&transport=polling";
  const url = `http://127.0.0.1:${node.port}${path}`;
  const [, sid = ""] = /"sid":"([^"]+)"/.exec(await (await fetch(url)).text()) ?? [];
  const say = async (body: string): Promise<unknown> =>
    (await fetch(`${url}&sid=${sid}`, { method: "POST", body })).text();
  await say('40{"token":"ann"}');
  await (await fetch(`${url}&sid=${sid}`)).text();
  await say('42["subscribe",{"topic":"feed"}]');
  const polls: Socket[] = [];
  // Each on a connection of its own: none of them reads.
  for (let n = 1; n <= 6; n++) {
    await node.publish(300, []);
    const arrived = once(httpServer, "request");
    const poll = connect(node.port, "127.0.0.1").pause();
    poll.write(`GET ${path}&sid=${sid} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    polls.push(poll);
    await arrived;
  }
  expect(node.held()).toBeGreaterThan(backlogBytes / 4);
  expect(node.peak).toBeLessThanOrEqual(backlogBytes + SLACK_BYTES);
  await say("1");
  await vi.waitFor(() => expect([node.gateway.sessionCount, node.held()]).toEqual([0, 0]), 10_000);
  for (const poll of polls) poll.destroy();
}, 30_000);

test("who reads nothing for good is ended by its heartbeat, and frees what waited for it", async () => {
  const heartbeat = { intervalSeconds: 0.5, timeoutSeconds: 1 };
  node = await BacklogNode.start({
    channels: [{ match: "feed", slow: "resync", keep: false }],
    endpoint: { heartbeat },
  });
  const slow = [...(await node.readers(3, "a")), ...(await node.readers(3, "b", { transport: "polling" }))];
  for (const { client } of slow) client.stop();
  await node.publishUntilSlow(slow.length, []);
  const keen = await node.readers(1, "keen");
  await vi.waitFor(() => expect([node.gateway.sessionCount, node.held()]).toEqual([1, 0]), 10_000);
  await node.publish(1, []);
  await vi.waitFor(() => expect(keen[0]?.last).toBe(node.published));
  await node.isEmpty();
}, 30_000);

describe.each(["websocket", "polling"] as const)("over %s, in every language", (transport) => {
  test("slow readers are let go, and the others hear everything", async () => {
    const languages = ["native", "steedos", "twake", "plazer"] as const;
    node = await BacklogNode.start({ dialects: { native: true, steedos: true, twake: true, plazer: true } });
    const keen: Reader[] = [];
    const slow: Reader[] = [];
    for (const language of languages) {
      keen.push(...(await node.readers(2, `keen-${language}`, { language })));
      slow.push(...(await node.readers(2, `slow-${language}`, { language, transport })));
    }
    for (const { client } of slow) client.stop();
    await node.publishUntilSlow(slow.length, keen);
    expect(node.reasons).toEqual(slow.map(() => "SLOW_CONSUMER"));
    expect(node.peak).toBeLessThanOrEqual(slow.length * (BACKLOG_BYTES + SLACK_BYTES));
    await vi.waitFor(() => expect([node.gateway.sessionCount, node.held()]).toEqual([keen.length, 0]), 10_000);
    await node.publish(10, keen);
    heardAll(keen);
    await node.isEmpty();
  }, 30_000);

  test("slow readers of a channel that resyncs are told of the gap, or let go where their language has no word for it", async () => {
    node = await BacklogNode.start({
      channels: [{ match: "feed", slow: "resync" }],
      dialects: { native: true, steedos: true, twake: true, plazer: true },
    });
    const keen = await node.readers(1, "keen");
    const [native] = await node.readers(1, "native", { transport });
    const others: Reader[] = [];
    for (const language of ["steedos", "twake", "plazer"] as const) {
      others.push(await node.reader(language, { language, transport }));
    }
    const slow = [native as Reader, ...others];
    for (const { client } of slow) client.stop();
    await node.publishUntilSlow(slow.length, keen);
    expect(node.reasons).toEqual([]);
    for (const { client } of slow) client.resume();
    await until(() => others.every(({ client }) => client.ended) && native?.gaps.length === 1);
    expect(node.reasons).toEqual(others.map(() => "SLOW_CONSUMER"));
    await node.publish(5, [...keen, native as Reader]);
    heardAll(keen);
    await node.isEmpty();
  }, 30_000);
});

describe("what no channel sends", () => {
  test("answers are not made for a client that reads none, and too many commands end it", async () => {
    node = await BacklogNode.start({
      channels: [{ match: "feed", slow: "resync" }],
      limits: { commandsPerSecond: 100_000, commandBurst: 500 },
    });
    const keen = await node.readers(1, "keen");
    const asker = await node.reader("asker");
    await node.publish(20, [...keen, asker]);
    asker.client.stop();
    // Each answer is a quarter of a megabyte.
    await until(() => {
      for (let n = 0; n < 10; n++) void asker.client.ask("history", { channel: "feed" });
      node.held();
      return node.reasons.length > 0;
    });
    expect(node.reasons).toEqual(["SLOW_CONSUMER"]);
    expect(node.peak).toBeLessThanOrEqual(BACKLOG_BYTES + 2 * 256 * 1024 + SLACK_BYTES);
    await node.publish(10, keen);
    heardAll(keen);
    await node.isEmpty();
  }, 30_000);

  test.each(["websocket", "polling"] as const)(
    "direct messages over %s pile up so far, and end it",
    async (transport) => {
      node = await BacklogNode.start();
      const keen = await node.readers(1, "keen");
      const deaf = await node.reader("deaf", { transport });
      deaf.client.stop();
      const data = { n: 0, pad: "x".repeat(50_000) };
      await vi.waitFor(
        async () => {
          for (let n = 0; n < 20; n++) await node.gateway.direct(TENANT, { userId: "deaf" }, "e", data);
          node.held();
          expect(node.gateway.sessionCount).toBe(1);
        },
        { timeout: 15_000, interval: 1 },
      );
      expect(node.peak).toBeLessThanOrEqual(DESTROY_BYTES + 1024 * 1024);
      await vi.waitFor(() => expect(node.held()).toBe(0));
      await node.publish(10, keen);
      heardAll(keen);
      await node.isEmpty();
    },
    30_000,
  );
});

test("rounds of slow readers leave nothing behind", async () => {
  node = await BacklogNode.start({ channels: [{ match: "feed", slow: "resync", keep: false }] });
  const round = async (): Promise<number> => {
    const keen = await node.readers(2, "keen");
    const slow = [...(await node.readers(4, "a")), ...(await node.readers(4, "b", { transport: "polling" }))];
    for (const { client } of slow) client.stop();
    await node.publish(1, keen);
    await node.publishUntilSlow(slow.length, keen);
    await node.isEmpty();
    return await liveBytes();
  };
  await round();
  const first = await round();
  const second = await round();
  const third = await round();
  expect(Math.min(second, third) - first).toBeLessThan(1024 * 1024);
}, 30_000);
