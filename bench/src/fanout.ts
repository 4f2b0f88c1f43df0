import type { Bench, RunOptions } from "./bench.ts";
import { hold, type Contender } from "./contest.ts";
import type { FeedLanguage } from "./feed-reader.ts";
import { natsServer, nginxWithNchan } from "./installed.ts";
import { needConnections } from "./machine.ts";
import { Stage } from "./stage.ts";
import { grouped, wholeNumber, wholeNumbers } from "./numbers.ts";
import { counting } from "./progress.ts";

interface FanoutContender extends Contender {
  readonly language: FeedLanguage;
}

/** What is published, to how many. */
interface Fanout {
  readonly readers: number;
  /** Events of a tick: one after the other to the same readers. */
  readonly bursts: readonly number[];
  readonly bytes: number;
}

const DELIVERIES = {
  default: "200000",
  about: "deliveries that are measured, about; fewer where they are large. A quarter more come before, to warm up",
};
/** Payload that is delivered in a measurement at most, unless a few ticks have more. */
const BYTES = 1_000_000_000;
const FEWEST_TICKS = 5;

export const fanoutBench: Bench = {
  name: "fanout",
  about:
    "CPU time of the server for each delivery of an event to one of many readers of a channel, over WebSocket, user and system together. The next tick's events are published when every reader has the last one's.",
  options: {
    readers: { default: "100,1000,10000", about: "readers of the channel" },
    burst: { default: "1,10", about: "events published in one tick" },
    bytes: { default: "100", about: "bytes of an event's payload" },
    deliveries: DELIVERIES,
  },
  run: async (options) => {
    const [readerCounts, bursts, sizes] = (["readers", "burst", "bytes"] as const).map((name) =>
      wholeNumbers(name, options.values[name] as string),
    ) as [readonly number[], readonly number[], readonly number[]];
    await compare(
      options,
      readerCounts.flatMap((readers) => sizes.map((bytes) => ({ readers, bursts, bytes }))),
    );
  },
};

export const payloadsBench: Bench = {
  name: "payloads",
  about: "The same as fanout, for events of several sizes and for large bursts.",
  options: {
    readers: { default: "1000", about: "readers of the channel" },
    ticks: {
      default: "1x100,10x100,100x100,1x1024,10x1024,1x16384,10x16384",
      about: "what is published in one tick: events x bytes of the payload of each",
    },
    deliveries: DELIVERIES,
  },
  run: async (options) => {
    const readers = wholeNumber("readers", options.values["readers"] as string);
    const ticks = (options.values["ticks"] as string).split(",").map((tick) => {
      const [burst, bytes, ...more] = tick.trim().split("x");
      if (burst === undefined || bytes === undefined || more.length > 0)
        throw new Error(`--ticks must be like 1x100,10x16384, not ${tick}`);
      return { burst: wholeNumber("ticks", burst), bytes: wholeNumber("ticks", bytes) };
    });
    const bursts = new Map<number, number[]>();
    for (const { burst, bytes } of ticks) bursts.set(bytes, [...(bursts.get(bytes) ?? []), burst]);
    await compare(
      options,
      [...bursts].map(([bytes, own]) => ({ readers, bursts: own, bytes })),
    );
  },
};

function contenders(): readonly FanoutContender[] {
  const [nats, nginx] = [natsServer(), nginxWithNchan()];
  return [
    { name: "roomcast", title: "Roomcast", language: "socket.io" },
    { name: "plain", title: "plain Socket.IO", language: "socket.io" },
    { name: "ws", title: "bare ws", language: "ws" },
    { name: "nats", title: "NATS", language: "nats", missing: "missing" in nats ? nats.missing : undefined },
    {
      name: "nchan",
      title: "Nchan in nginx",
      language: "nchan",
      missing: "missing" in nginx ? nginx.missing : undefined,
    },
  ];
}

async function compare({ rounds, only, values, report }: RunOptions, fanouts: readonly Fanout[]): Promise<void> {
  const deliveries = wholeNumber("deliveries", values["deliveries"] as string);
  needConnections(Math.max(...fanouts.map(({ readers }) => readers)));
  for (const fanout of fanouts) {
    const { readers, bursts, bytes } = fanout;
    const measures = bursts.map((burst) => ({ key: String(burst), title: "CPU µs / delivery" }));
    const result = await hold({
      title: `${grouped(readers)} readers, ${bursts.join(" and ")} a tick, ${grouped(bytes)} bytes`,
      parameters: { readers, bytes },
      measures,
      contenders: contenders(),
      baseline: "plain",
      rounds,
      only,
      measure: (contender, label) => measure(contender, fanout, deliveries, label),
    });
    for (const burst of bursts) {
      const title = `${grouped(readers)} readers, ${burst} a tick, ${grouped(bytes)} bytes`;
      const results = result.results.map((one) => ({ ...one, values: { cpu: one.values[burst] ?? [] } }));
      const cpu = { key: "cpu", title: "CPU µs / delivery" };
      report({ ...result, title, parameters: { readers, burst, bytes }, measures: [cpu], results });
    }
  }
}

async function measure(contender: FanoutContender, fanout: Fanout, deliveries: number, label: string) {
  const { name, language } = contender;
  const { readers, bursts, bytes } = fanout;
  return await Stage.play(async (stage) => {
    const server = await stage.server(name);
    const load = await stage.load("fanout-load", [server.ready.port, readers, language, bytes]);
    load.onProgress(counting(label, readers));
    await load.ask("connect");
    const tick = async (burst: number): Promise<void> => {
      const all = load.ask("expect", burst);
      await Promise.all([server.ask("publish", { burst, bytes }), all]);
    };
    const values: Record<string, number> = {};
    for (const burst of bursts) {
      const count = Math.max(FEWEST_TICKS, Math.ceil(Math.min(deliveries, BYTES / bytes) / (readers * burst)));
      for (let i = 0; i < count / 4; i++) await tick(burst);
      const before = await server.cpu();
      for (let i = 0; i < count; i++) await tick(burst);
      values[burst] = ((await server.cpu()) - before) / (count * readers * burst);
    }
    await load.ask("finish");
    return values;
  });
}
