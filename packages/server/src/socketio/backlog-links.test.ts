import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { BACKLOG_BYTES, BacklogNode, range, SLACK_BYTES, until } from "../../test/backlog-node.ts";
import { createCertificate } from "../../test/certificate.ts";

// What waits for a slow reader is bounded whatever its link is made of, and it is told of each gap once.

let node: BacklogNode;
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await node.close();
});

const CHANNELS = [{ match: "feed", slow: "resync", keep: false }] as const;

/** A WebSocket of the library `ws`, and what it heard of `feed`: numbers, and gaps as 0. */
class Listener {
  readonly heard: number[] = [];
  readonly packets: string[] = [];
  readonly socket: WebSocket;

  constructor(url: string, perMessageDeflate = false) {
    this.socket = new WebSocket(url, { perMessageDeflate, rejectUnauthorized: false });
    sockets.push(this.socket);
    this.socket.on("message", (data: Buffer) => this.#take(data.toString()));
  }

  async subscribe(): Promise<void> {
    await until(() => this.packets.some((packet) => packet.startsWith("0")));
    this.socket.send('40{"token":"ann"}');
    await until(() => this.packets.some((packet) => packet.startsWith("40")));
    this.socket.send('420["subscribe",{"topic":"feed"}]');
    await until(() => this.packets.some((packet) => packet.startsWith("430")));
  }

  #take(packet: string): void {
    if (packet === "2") this.socket.send("3");
    if (packet.startsWith('42["gap"')) this.heard.push(0);
    const [, n] = /^42\["event",.*"n":(\d+)/.exec(packet) ?? [];
    if (n !== undefined) this.heard.push(Number(n));
    else this.packets.push(packet.slice(0, 100));
  }
}

/** Everything is there in order, but for what is missing just before a gap. */
function expectGaps(heard: readonly number[]): void {
  const runs = heard
    .join(" ")
    .split(" 0 ")
    .map((run) => run.split(" ").map(Number));
  expect(runs.length).toBeGreaterThan(1);
  let end = 0;
  for (const run of runs) {
    const [first = 0] = run;
    expect(run).toEqual(range(first, first + run.length - 1));
    if (end === 0) expect(first).toBe(1);
    else expect(first).toBeGreaterThan(end + 1);
    end = first + run.length - 1;
  }
  expect(end).toBe(node.published);
}

describe.each([
  { tls: false, deflate: true },
  { tls: true, deflate: false },
  { tls: true, deflate: true },
])("over a WebSocket, TLS $tls, compression $deflate", ({ tls, deflate }) => {
  test("a reader that pauses is told of what it missed", async () => {
    node = await BacklogNode.start({
      httpServer: tls ? createHttpsServer(createCertificate()) : createServer(),
      channels: CHANNELS,
      endpoint: { perMessageDeflate: deflate },
    });
    const url = `${tls ? "wss" : "ws"}://127.0.0.1:${node.port}/socket.io/?EIO=4&transport=websocket`;
    const listener = new Listener(url, deflate);
    await listener.subscribe();
    expect(listener.socket.extensions !== "").toBe(deflate);
    await node.publish(2, []);
    await until(() => listener.heard.length === 2);
    listener.socket.pause();
    await node.publishUntilSlow(1, []);
    await node.compressed();
    const held = node.held();
    await node.publish(100, []);
    await node.compressed();
    expect(node.held()).toBeLessThanOrEqual(held);
    expect(node.peak).toBeLessThanOrEqual(BACKLOG_BYTES + SLACK_BYTES);
    listener.socket.resume();
    await until(() => listener.heard.at(-1) === 0);
    await node.publish(5, []);
    await until(() => listener.heard.at(-1) === node.published);
    expectGaps(listener.heard);
    listener.socket.close();
    await node.isEmpty();
  }, 30_000);
});

test("a reader that does not poll, and then comes back by an upgrade, is told of what it missed", async () => {
  node = await BacklogNode.start({ channels: CHANNELS });
  const query = "/socket.io/?EIO=4&transport=";
  const url = `http://127.0.0.1:${node.port}${query}polling`;
  const [, sid = ""] = /"sid":"([^"]+)"/.exec(await (await fetch(url)).text()) ?? [];
  const poll = async (): Promise<string> => (await fetch(`${url}&sid=${sid}`)).text();
  const say = async (body: string): Promise<unknown> =>
    (await fetch(`${url}&sid=${sid}`, { method: "POST", body })).text();
  await say('40{"token":"ann"}');
  await poll();
  await say('420["subscribe",{"topic":"feed"}]');
  expect(await poll()).toContain("430");
  await node.publishUntilSlow(1, []);
  const held = node.held();
  expect(held).toBeGreaterThan(BACKLOG_BYTES);
  await node.publish(100, []);
  expect(node.held()).toBe(held);
  const listener = new Listener(`ws://127.0.0.1:${node.port}${query}websocket&sid=${sid}`);
  await vi.waitFor(() => expect(listener.socket.readyState).toBe(WebSocket.OPEN));
  listener.socket.send("2probe");
  await until(() => listener.packets.includes("3probe"));
  listener.socket.send("5");
  await until(() => listener.heard.at(-1) === 0);
  expect(listener.heard.filter((n) => n === 0)).toEqual([0]);
  await node.publish(5, []);
  await until(() => listener.heard.at(-1) === node.published);
  expectGaps(listener.heard);
  listener.socket.close();
  await node.isEmpty();
}, 30_000);
