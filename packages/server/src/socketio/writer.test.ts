import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { textFrame } from "./frame.ts";
import { Writer, type WriteObserver } from "./writer.ts";

/** Keeps what it is given, each write by itself, and takes it all at once. */
class Sink extends Duplex {
  readonly writes: Buffer[] = [];

  override _write(chunk: Buffer, _: string, callback: () => void): void {
    this.writes.push(chunk);
    callback();
  }

  override _read(): void {}
}

const frame = (text: string): Buffer => Buffer.from(text);

function flushes(): { observer: WriteObserver; seen: unknown[] } {
  const seen: unknown[] = [];
  return { seen, observer: { bytesOut: (bytes) => seen.push(bytes), flushed: (flush) => seen.push(flush) } };
}

describe("one tick", () => {
  test("is one write for each connection, in the order of its frames", async () => {
    const { observer, seen } = flushes();
    const writer = new Writer({ backlogBytes: 1000, observer });
    const sinks = [new Sink(), new Sink(), new Sink()];
    const outlets = sinks.map((sink) => writer.outlet(sink));
    const [a, b, c] = [frame("a"), frame("b"), frame("c")];
    for (const outlet of outlets) outlet.push(a, true);
    outlets[1]?.push(frame("-mine-"), false);
    for (const outlet of outlets.slice(0, 2)) outlet.push(b, true);
    for (const outlet of outlets) outlet.push(c, true);
    expect(sinks.flatMap(({ writes }) => writes)).toEqual([]);
    await turn();
    expect(sinks.map(({ writes }) => writes.map(String))).toEqual([["abc"], ["a-mine-bc"], ["ac"]]);
    expect(seen).toEqual([14, { connections: 3, bytes: 14 }]);
    await turn();
    expect(seen).toHaveLength(2);
  });

  test("shares one buffer among connections that were given the same", async () => {
    const writer = new Writer({ backlogBytes: 1000 });
    const sinks = [new Sink(), new Sink(), new Sink()];
    const outlets = sinks.map((sink) => writer.outlet(sink));
    const [a, b, c] = [frame("a"), frame("b"), frame("c")];
    // In another order of calls, so that each queue is met again after others.
    for (const outlet of [outlets[0], outlets[2]]) outlet?.push(a, true);
    outlets[1]?.push(c, true);
    for (const outlet of [outlets[2], outlets[0]]) outlet?.push(b, true);
    outlets[1]?.push(a, true);
    await turn();
    expect(sinks.map(({ writes }) => writes.map(String))).toEqual([["ab"], ["ca"], ["ab"]]);
    expect(sinks[0]?.writes[0]).toBe(sinks[2]?.writes[0]);
  });

  test("that holds a single frame writes that very buffer", async () => {
    const sink = new Sink();
    const only = frame("only");
    new Writer({ backlogBytes: 1000 }).outlet(sink).push(only, true);
    await turn();
    expect(sink.writes[0]).toBe(only);
  });

  test("is written early where it grows large, and what follows keeps its place", async () => {
    const sink = new Sink();
    const outlet = new Writer({ backlogBytes: 1e9 }).outlet(sink);
    const large = Buffer.alloc(300_000);
    outlet.push(frame("a"), true);
    outlet.push(large, true);
    expect(sink.writes).toHaveLength(1);
    outlet.push(frame("b"), true);
    await turn();
    expect(sink.writes.map(({ length }) => length)).toEqual([300_001, 1]);
  });
});

test("an ended outlet writes what it had, a dropped one nothing, and neither takes more", async () => {
  const writer = new Writer({ backlogBytes: 1000 });
  const [ended, dropped] = [new Sink(), new Sink()];
  const [first, second] = [writer.outlet(ended), writer.outlet(dropped)];
  for (const outlet of [first, second]) outlet.push(frame("a"), true);
  first.end();
  second.drop();
  for (const outlet of [first, second]) outlet.push(frame("b"), true);
  await turn();
  expect([ended, dropped].map(({ writes }) => writes.map(String))).toEqual([["a"], []]);
});

test("what goes around comes after what waited", async () => {
  const { observer, seen } = flushes();
  const sink = new Sink();
  const outlet = new Writer({ backlogBytes: 1000, observer }).outlet(sink);
  outlet.push(frame("a"), false);
  outlet.around(2, (onWritten) => sink.write("bb", onWritten));
  outlet.push(frame("c"), false);
  await turn();
  expect(sink.writes.map(String)).toEqual(["a", "bb", "c"]);
  expect(seen).toEqual([1, 2, 1, { connections: 1, bytes: 1 }]);
});

describe("a client that does not read", () => {
  let server: Server | undefined;

  afterEach(() => server?.close());

  async function pair(): Promise<{ near: Socket; far: Socket }> {
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const far = connect((server.address() as AddressInfo).port, "127.0.0.1");
    far.pause();
    const [near] = (await once(server, "connection")) as [Socket];
    return { near, far };
  }

  test("is overloaded once more waits than it may have, and is told of when it has drained", async () => {
    const backlogBytes = 1024 * 1024;
    const { near, far } = await pair();
    const outlet = new Writer({ backlogBytes }).outlet(near);
    const drained = vi.fn();
    outlet.onDrained({ drained });
    let sent = 0;
    while (!outlet.overloaded) {
      expect(near.writableLength).toBeLessThanOrEqual(backlogBytes);
      outlet.push(Buffer.alloc(100_000), false);
      sent += 100_000;
      await turn();
    }
    expect(outlet.backlog).toBeGreaterThan(backlogBytes);
    expect(drained).not.toHaveBeenCalled();
    let read = 0;
    far.on("data", (chunk) => (read += chunk.length)).resume();
    await vi.waitFor(() => expect(drained).toHaveBeenCalledTimes(1));
    expect(outlet.overloaded).toBe(false);
    await vi.waitFor(() => expect(read).toBe(sent));
    near.destroy();
    far.destroy();
  });

  test("is destroyed where nobody stops writing to it", async () => {
    const { near, far } = await pair();
    const outlet = new Writer({ backlogBytes: 1024 }).outlet(near);
    const closed = once(near, "close");
    for (let i = 0; i < 1000 && !near.destroyed; i++) {
      outlet.push(Buffer.alloc(100_000), false);
      await turn();
    }
    await closed;
    far.destroy();
  });
});

test.each([0, 125, 126, 65_535, 65_536, 300_000])("a frame of %i bytes has the header of its length", (length) => {
  const header = textFrame("x".repeat(length)).subarray(0, -length || undefined);
  expect(header[0]).toBe(0x81);
  if (length < 126) expect([...header.subarray(1)]).toEqual([length]);
  else if (length < 65_536) expect([header[1], header.readUInt16BE(2), header.length]).toEqual([126, length, 4]);
  else expect([header[1], Number(header.readBigUInt64BE(2)), header.length]).toEqual([127, length, 10]);
});
