import type { Bench } from "./bench.ts";
import { hold, type Contender } from "./contest.ts";
import { needConnections } from "./machine.ts";
import { grouped, wholeNumber, wholeNumbers } from "./numbers.ts";
import { counting } from "./progress.ts";
import { Stage } from "./stage.ts";

const ROOMCAST: Contender = { name: "roomcast", title: "Roomcast" };

/** What one phase took: microseconds of the server's CPU, and deliveries. */
interface Spent {
  cpu: number;
  deliveries: number;
}

export const adminBench: Bench = {
  name: "admin",
  about:
    "CPU time of the server for each delivery of an event to one of many readers of a channel, as in fanout, without and with an operator's page open: one follower of @cluster and @stats, and the page's lists over REST every five seconds. Both in turns in the same process; the ratio is that of a whole round.",
  options: {
    readers: { default: "1000,10000", about: "readers of the channel" },
    burst: { default: "1", about: "events published in one tick" },
    bytes: { default: "100", about: "bytes of an event's payload" },
    seconds: { default: "10", about: "how long the page is open, or not, at a time" },
    turns: { default: "4", about: "how often each in a round" },
  },
  run: async ({ rounds, only, values, report }) => {
    const readerCounts = wholeNumbers("readers", values["readers"] as string);
    const [burst, bytes, seconds, turns] = (["burst", "bytes", "seconds", "turns"] as const).map((name) =>
      wholeNumber(name, values[name] as string),
    ) as [number, number, number, number];
    needConnections(Math.max(...readerCounts) + 1);
    for (const readers of readerCounts) {
      report(
        await hold({
          title: `${grouped(readers)} readers, ${grouped(burst)} a tick, ${grouped(bytes)} bytes`,
          parameters: { readers, burst, bytes, seconds, turns },
          measures: [
            { key: "alone", title: "CPU µs / delivery, no page", compared: false },
            { key: "watched", title: "page open", compared: false },
            { key: "ratio", title: "page open / no page", compared: false, digits: 4 },
          ],
          contenders: [ROOMCAST],
          baseline: ROOMCAST.name,
          rounds,
          only,
          measure: (_, label) => measure({ readers, burst, bytes, seconds, turns, label }),
        }),
      );
    }
  },
};

interface MeasureOptions {
  readonly readers: number;
  readonly burst: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly turns: number;
  readonly label: string;
}

async function measure({ readers, burst, bytes, seconds, turns, label }: MeasureOptions) {
  return await Stage.play(async (stage) => {
    const server = await stage.server("roomcast-embedded");
    const load = await stage.load("fanout-load", [server.ready.port, readers, "socket.io", bytes]);
    const page = await stage.load("admin-load", [server.ready.port]);
    load.onProgress(counting(label, readers));
    await load.ask("connect");
    await page.ask("connect");
    const fanOut = async (spent: Spent | undefined): Promise<void> => {
      const before = await server.cpu();
      let ticks = 0;
      for (const end = performance.now() + seconds * 1000; performance.now() < end; ticks++) {
        const all = load.ask("expect", burst);
        await Promise.all([server.ask("publish", { burst, bytes }), all]);
      }
      if (spent === undefined) return;
      spent.cpu += (await server.cpu()) - before;
      spent.deliveries += ticks * burst * readers;
    };
    const [alone, watched]: [Spent, Spent] = [
      { cpu: 0, deliveries: 0 },
      { cpu: 0, deliveries: 0 },
    ];
    const open = async (spent: Spent | undefined): Promise<void> => {
      await page.ask("open");
      await fanOut(spent);
      const came = await page.ask<{ samples: number; lists: number }>("close");
      // A page that is told nothing costs nothing.
      if (came.lists === 0 || came.samples < seconds - 1) {
        throw new Error(`The page had ${came.samples} samples and ${came.lists} lists in ${seconds} seconds`);
      }
    };
    // To warm up, both.
    await fanOut(undefined);
    await open(undefined);
    for (let turn = 0; turn < turns; turn++) {
      // Neither is always the one that comes after the other.
      const order = turn % 2 === 0 ? [fanOut, open] : [open, fanOut];
      for (const phase of order) await phase(phase === open ? watched : alone);
    }
    await load.ask("finish");
    const values = { alone: alone.cpu / alone.deliveries, watched: watched.cpu / watched.deliveries };
    return { ...values, ratio: values.watched / values.alone };
  });
}
