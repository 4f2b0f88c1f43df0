import type { Bench } from "./bench.ts";
import { hold, type Contender } from "./contest.ts";
import { needConnections } from "./machine.ts";
import { Stage } from "./stage.ts";
import { grouped, wholeNumbers } from "./numbers.ts";
import { counting } from "./progress.ts";

interface FanoutContender extends Contender {
  readonly language: "socket.io" | "ws";
}

const CONTENDERS: readonly FanoutContender[] = [
  { name: "roomcast", title: "Roomcast", language: "socket.io" },
  { name: "plain", title: "plain Socket.IO", language: "socket.io" },
  { name: "ws", title: "bare ws", language: "ws" },
];

/** Deliveries that are measured, about, and before that to warm up. */
const DELIVERIES = 400_000;
const WARM_UP = 100_000;

export const fanoutBench: Bench = {
  name: "fanout",
  about:
    "CPU time of the server for each delivery of an event to one of many readers of a channel, over WebSocket, user and system together. The next tick's events are published when every reader has the last one's.",
  options: {
    readers: { default: "100,1000,10000", about: "readers of the channel" },
    burst: { default: "1,10", about: "events published in one tick" },
    bytes: { default: "100", about: "bytes of an event's payload" },
  },
  run: async ({ rounds, values, report }) => {
    const [readerCounts, bursts, sizes] = (["readers", "burst", "bytes"] as const).map((name) =>
      wholeNumbers(name, values[name] as string),
    ) as [readonly number[], readonly number[], readonly number[]];
    needConnections(Math.max(...readerCounts));
    for (const readers of readerCounts)
      for (const burst of bursts)
        for (const bytes of sizes)
          report(
            await hold({
              title: `${grouped(readers)} readers, ${burst} a tick, ${grouped(bytes)} bytes`,
              parameters: { readers, burst, bytes },
              measures: [{ key: "cpu", title: "CPU µs / delivery" }],
              contenders: CONTENDERS,
              baseline: "plain",
              rounds,
              measure: (contender, label) => measure({ ...contender, readers, burst, bytes, label }),
            }),
          );
  },
};

async function measure(options: FanoutContender & { readers: number; burst: number; bytes: number; label: string }) {
  const { name, language, readers, burst, bytes, label } = options;
  return await Stage.play(async (stage) => {
    const server = await stage.server(name);
    const load = await stage.load("fanout-load", [server.ready.port, readers, language]);
    load.onProgress(counting(label, readers));
    await load.ask("connect");
    const ticks = async (deliveries: number): Promise<number> => {
      const count = Math.max(3, Math.ceil(deliveries / (readers * burst)));
      for (let i = 0; i < count; i++) {
        const all = load.ask("expect", burst);
        await server.ask("publish", { burst, bytes });
        await all;
      }
      return count * readers * burst;
    };
    await ticks(WARM_UP);
    const before = await server.cpu();
    const deliveries = await ticks(DELIVERIES);
    return { cpu: ((await server.cpu()) - before) / deliveries };
  });
}
