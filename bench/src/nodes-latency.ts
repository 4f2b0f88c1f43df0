import type { Bench } from "./bench.ts";
import { hold } from "./contest.ts";
import {
  BARE,
  PLAIN_HISTORY_OFF,
  PLAIN_HISTORY_ON,
  ROOMCAST_HISTORY_OFF,
  ROOMCAST_HISTORY_ON,
  startNodes,
  type NodesContender,
} from "./nodes-stage.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import { Stage } from "./stage.ts";
import { timed } from "./timed.ts";

const WARM_UP_MS = 3000;
const TIMED_MS = 10_000;

export const nodesLatencyBench: Bench = {
  name: "nodes-latency",
  about:
    "How long after its publication on one node an event is with a reader on another, when there is little to do, beside what a publication takes from one process to another by Redis alone: the way to the reader's WebSocket is what Roomcast has more.",
  options: {
    rate: { default: "100", about: "events a second" },
    bytes: { default: "100", about: "bytes of an event's payload" },
  },
  run: async ({ rounds, only, values, report }) => {
    const perSecond = wholeNumber("rate", values["rate"] as string);
    const bytes = wholeNumber("bytes", values["bytes"] as string);
    report(
      await hold({
        title: `${grouped(perSecond)} events a second, ${grouped(bytes)} bytes, one reader on another node`,
        parameters: { perSecond, bytes },
        measures: [
          { key: "p99", title: "p99 ms", digits: 3 },
          { key: "p50", title: "p50 ms", digits: 3 },
        ],
        contenders: [ROOMCAST_HISTORY_OFF, ROOMCAST_HISTORY_ON, PLAIN_HISTORY_OFF, PLAIN_HISTORY_ON, BARE],
        baseline: BARE.name,
        rounds,
        only,
        measure: async (contender) => await measure(contender, perSecond, bytes),
      }),
    );
  },
};

async function measure(contender: NodesContender, perSecond: number, bytes: number) {
  return await Stage.play(async (stage) => {
    const { redis, nodes } = await startNodes(stage, contender, ["publisher", "reader"]);
    const [publisher, reader] = nodes;
    // Who listens to Redis itself needs no node.
    const port = contender === BARE ? redis.ready.port : reader.ready.port;
    const load = await stage.load("latency-load", [port, 1, contender.language, bytes, 1]);
    await load.ask("connect");
    await timed({ publisher, load, bytes, perSecond, milliseconds: WARM_UP_MS });
    return { ...(await timed({ publisher, load, bytes, perSecond, milliseconds: TIMED_MS })) };
  });
}
