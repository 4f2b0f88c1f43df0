import type { Bench } from "./bench.ts";
import { hold, spreadOf, type Contender, type ContestResult } from "./contest.ts";
import { Flow } from "./flow.ts";
import type { Latencies, Mark } from "./latency-load.ts";
import { needConnections } from "./machine.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import { counting } from "./progress.ts";
import type { Language } from "./raw-session.ts";
import { Stage, type Actor, type ServerActor } from "./stage.ts";
import { timed } from "./timed.ts";

interface LatencyContender extends Contender {
  readonly language: Language;
}

const CONTENDERS: readonly LatencyContender[] = [
  { name: "roomcast", title: "Roomcast", language: "socket.io" },
  { name: "plain", title: "plain Socket.IO", language: "socket.io" },
  { name: "ws", title: "bare ws", language: "ws" },
];
const BASELINE = "plain";

/** Events on their way at saturation, at most: enough that nobody ever waits for the next. */
const IN_FLIGHT = 100;
/** Events that are published in one tick then. */
const BURST = 10;
const WARM_UP_MS = 1000;
const SATURATED_MS = 2500;
const TIMED_MS = 5000;
/** Which readers look at what they are given: few where counting is what counts, more where latencies are read. */
const LOOKING_AT_SATURATION = 100;
const LOOKING_AT_LATENCY = 10;
/** A process with so many percent of its core has no more to give, but for what passes between questions. */
const BUSY = 92;

interface Setting {
  readonly readers: number;
  readonly bytes: number;
}

export const latencyBench: Bench = {
  name: "latency",
  about:
    "Deliveries a second of one core to many readers of a channel, as much as goes; and at half of plain Socket.IO's, the same for everybody, how long after its time an event arrives. Events are published when they are due, whether or not the server keeps up, and times count from then.",
  options: {
    readers: { default: "1000", about: "readers of the channel" },
    bytes: { default: "100", about: "bytes of an event's payload" },
  },
  run: async ({ rounds, only, values, report }) => {
    const readers = wholeNumber("readers", values["readers"] as string);
    const bytes = wholeNumber("bytes", values["bytes"] as string);
    needConnections(readers);
    const setting = { readers, bytes };
    const saturation = await hold({
      title: `${grouped(readers)} readers, ${grouped(bytes)} bytes, as many as go (${BURST} a tick, ${IN_FLIGHT} on their way)`,
      parameters: { ...setting, burst: BURST, inFlight: IN_FLIGHT },
      measures: [
        { key: "deliveries", title: "deliveries / s", better: "more", digits: 0 },
        { key: "server", title: "server's % of its core", digits: 0, compared: false },
        { key: "load", title: "load's % of its core", digits: 0, compared: false },
      ],
      contenders: CONTENDERS,
      baseline: BASELINE,
      // Half of what the baseline does is what all are measured at.
      only: only === undefined ? undefined : [...only, BASELINE],
      rounds,
      measure: async (contender, label) => await stage(contender, setting, LOOKING_AT_SATURATION, label, saturate),
    });
    report(withLimits(saturation));
    const most = median(saturation, BASELINE, "deliveries");
    const perSecond = most / 2 / readers;
    report(
      await hold({
        title: `${grouped(readers)} readers, ${grouped(bytes)} bytes, ${perSecond.toFixed(1)} events a second (half of plain Socket.IO's saturation)`,
        parameters: { ...setting, perSecond },
        measures: [
          { key: "p99", title: "p99 ms" },
          { key: "p50", title: "p50 ms" },
          { key: "p999", title: "p99.9 ms" },
          { key: "load", title: "load's % of its core", digits: 0, compared: false },
        ],
        contenders: CONTENDERS,
        baseline: BASELINE,
        only,
        rounds,
        measure: async (contender, label) =>
          await stage(contender, setting, LOOKING_AT_LATENCY, label, async (on) => await time(on, perSecond)),
      }),
    );
  },
};

interface Set {
  readonly server: ServerActor;
  readonly load: Actor;
  readonly bytes: number;
}

/** Measures one contender, whose readers are connected. */
async function stage<Value>(
  { name, language }: LatencyContender,
  { readers, bytes }: Setting,
  everyNth: number,
  label: string,
  measure: (set: Set) => Promise<Value>,
): Promise<Value> {
  return await Stage.play(async (play) => {
    const server = await play.server(name);
    const load = await play.load("latency-load", [server.ready.port, readers, language, bytes, everyNth]);
    load.onProgress(counting(label, readers));
    await load.ask("connect");
    return await measure({ server, load, bytes });
  });
}

/** Publishes whenever others have arrived. */
async function saturate(set: Set): Promise<{ deliveries: number; server: number; load: number }> {
  const flow = await begin(set);
  await flow.run(WARM_UP_MS);
  const before = await marks(set);
  await flow.run(SATURATED_MS);
  const after = await marks(set);
  await flow.end();
  const elapsed = after.at - before.at;
  return {
    deliveries: (1000 * (after.received - before.received)) / elapsed,
    server: (after.serverCpu - before.serverCpu) / elapsed / 10,
    load: (after.cpu - before.cpu) / elapsed / 10,
  };
}

/** Publishes on a schedule. */
async function time(set: Set, perSecond: number): Promise<Record<keyof Latencies | "load", number>> {
  const { server, load, bytes } = set;
  const flow = await begin(set);
  await flow.run(WARM_UP_MS);
  await flow.end();
  const before = await marks(set);
  const latencies = await timed({ publisher: server, load, bytes, perSecond, milliseconds: TIMED_MS });
  const after = await marks(set);
  return {
    ...latencies,
    load: (after.cpu - before.cpu) / (after.at - before.at) / 10,
  };
}

async function begin({ server, load, bytes }: Set): Promise<Flow> {
  return await Flow.begin({ publisher: server, load, bytes, burst: BURST, inFlight: IN_FLIGHT });
}

async function marks({ server, load }: Set): Promise<Mark & { serverCpu: number }> {
  const [mark, serverCpu] = await Promise.all([load.ask<Mark>("mark"), server.cpu()]);
  return { ...mark, serverCpu };
}

/** Says whose figure is not what its server can do: where something else was at its end before the server was. */
function withLimits(result: ContestResult): ContestResult {
  const results = result.results.map((one) => {
    const [server, load] = ["server", "load"].map((key) => median(result, one.name, key)) as [number, number];
    if (server >= BUSY) return one;
    return { ...one, title: `${one.title} (held back by ${load >= BUSY ? "the load" : "the machine"})` };
  });
  return { ...result, results };
}

function median(result: ContestResult, name: string, key: string): number {
  return spreadOf(result.results.find((one) => one.name === name)?.values[key] ?? []).median;
}
