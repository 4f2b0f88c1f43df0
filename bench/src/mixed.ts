import type { Bench } from "./bench.ts";
import { hold, type Contender } from "./contest.ts";
import { LANGUAGES } from "./languages.ts";
import { needConnections } from "./machine.ts";
import { grouped, wholeNumbers } from "./numbers.ts";
import { counting } from "./progress.ts";
import { Stage } from "./stage.ts";

interface MixedContender extends Contender {
  /** Of `contenders/`. */
  readonly server: string;
  readonly languages: readonly string[];
}

const CONTENDERS: readonly MixedContender[] = [
  { name: "mixed", title: "Roomcast, four dialects", server: "languages", languages: LANGUAGES },
  { name: "native", title: "Roomcast, native alone", server: "languages", languages: ["native"] },
  { name: "plain", title: "plain Socket.IO", server: "plain", languages: ["native"] },
];

/** Deliveries that are measured, about, and before that to warm up. */
const DELIVERIES = 200_000;
const WARM_UP = 50_000;

export const mixedBench: Bench = {
  name: "mixed",
  about:
    "One channel whose readers speak all four dialects, in equal parts: CPU time of the server for each delivery, user and system together, beside as many readers of one dialect, and of plain Socket.IO.",
  options: {
    readers: { default: "1000", about: "readers of the channel" },
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

async function measure(options: MixedContender & { readers: number; burst: number; bytes: number; label: string }) {
  const { server: serverName, languages, readers, burst, bytes, label } = options;
  return await Stage.play(async (stage) => {
    const server = await stage.server(serverName);
    const load = await stage.load("mixed-load", [server.ready.port, readers, languages.join(",")]);
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
