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
  type Reader,
  type Transport,
} from "../../test/backlog-node.ts";

// Readers that stop for good, that read a byte a second, and that come back: what waits for them is bounded, and nobody else
// notices.

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
