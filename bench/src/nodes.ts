import { setTimeout as delay } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import { hold } from "./contest.ts";
import { Flow } from "./flow.ts";
import type { Mark } from "./latency-load.ts";
import {
  PLAIN_HISTORY_OFF,
  PLAIN_HISTORY_ON,
  ROOMCAST_HISTORY_OFF,
  ROOMCAST_HISTORY_ON,
  startNodes,
  type NodesContender,
} from "./nodes-stage.ts";
import { grouped, wholeNumber, wholeNumbers } from "./numbers.ts";
import { counting } from "./progress.ts";
import { Stage } from "./stage.ts";

/** Events on their way at most: enough that nobody ever waits for the next. */
const IN_FLIGHT = 1000;
/** Events that are published in one tick. */
const BURST = 50;
const IDLE_MS = 500;
const WARM_UP_MS = 1500;
const SATURATED_MS = 3000;
/** Which readers look at what they are given. */
const LOOKING = 10;

interface Setting {
  readonly readers: number;
  readonly bytes: number;
}

export const nodesBench: Bench = {
  name: "nodes",
  about:
    "Publications a second from one node to readers that are on another, as many as go, behind one Redis: with history off beside Socket.IO's adapter over sharded publish/subscribe, with history on beside its adapter over streams. Three nodes share a core, so that what they cost together is what limits them; Redis and the readers have the other. The third node has no readers of the channel.",
  options: {
    readers: { default: "1,10,100", about: "readers of the channel, all on one node" },
    bytes: { default: "100", about: "bytes of an event's payload" },
  },
  run: async ({ rounds, only, values, report }) => {
    const bytes = wholeNumber("bytes", values["bytes"] as string);
    for (const readers of wholeNumbers("readers", values["readers"] as string)) {
      for (const [history, contenders] of [
        ["off", [ROOMCAST_HISTORY_OFF, PLAIN_HISTORY_OFF]],
        ["on", [ROOMCAST_HISTORY_ON, PLAIN_HISTORY_ON]],
      ] as const) {
        const [, baseline] = contenders;
        report(
          await hold({
            title: `history ${history}, ${grouped(readers)} ${readers === 1 ? "reader" : "readers"} on another node, ${grouped(bytes)} bytes (${BURST} a tick, ${grouped(IN_FLIGHT)} on their way)`,
            parameters: { readers, bytes, burst: BURST, inFlight: IN_FLIGHT, history },
            measures: [
              { key: "publications", title: "publications / s", better: "more", digits: 0 },
              { key: "publisher", title: "CPU µs / publication, its node" },
              { key: "reader", title: "the readers' node" },
              { key: "bystander", title: "a node without readers", compared: false },
              { key: "redis", title: "Redis" },
            ],
            contenders,
            baseline: baseline.name,
            rounds,
            // Names of one history are nobody's in the other.
            only: only?.filter((name) => contenders.some((one) => one.name === name)),
            measure: async (contender, label) => await measure(contender, { readers, bytes }, label),
          }),
        );
      }
    }
  },
};

async function measure(contender: NodesContender, { readers, bytes }: Setting, label: string) {
  return await Stage.play(async (stage) => {
    const { redis, nodes } = await startNodes(stage, contender, ["publisher", "reader", "bystander"]);
    const [publisher, reader, bystander] = nodes;
    const load = await stage.load("latency-load", [
      reader.ready.port,
      readers,
      contender.language,
      bytes,
      readers < LOOKING ? 1 : LOOKING,
    ]);
    load.onProgress(counting(label, readers));
    await load.ask("connect");
    const marks = async () => {
      const mark = await load.ask<Mark>("mark");
      const [one, two, three, four] = await Promise.all(
        [publisher, reader, bystander, redis].map((each) => each.cpu()),
      );
      return { mark, cpu: [one, two, three, four] as [number, number, number, number] };
    };
    // What a node does when there is nothing to do is nothing of a publication.
    const [asleep, idle] = [await marks(), await delay(IDLE_MS).then(marks)];
    const flow = await Flow.begin({ publisher, load, bytes, burst: BURST, inFlight: IN_FLIGHT });
    await flow.run(WARM_UP_MS);
    const before = await marks();
    await flow.run(SATURATED_MS);
    const after = await marks();
    await flow.end();
    const publications = (after.mark.received - before.mark.received) / readers;
    const elapsed = after.mark.at - before.mark.at;
    const resting = (idle.cpu[2] - asleep.cpu[2]) / (idle.mark.at - asleep.mark.at);
    const each = (at: 0 | 1 | 2 | 3): number => (after.cpu[at] - before.cpu[at]) / publications;
    return {
      publications: (1000 * publications) / elapsed,
      publisher: each(0),
      reader: each(1),
      bystander: Math.max(0, each(2) - (resting * elapsed) / publications),
      redis: each(3),
    };
  });
}
