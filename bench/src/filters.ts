import type { Bench } from "./bench.ts";
import type { ItemBatch } from "./contenders/items.ts";
import { hold, type Contender } from "./contest.ts";
import { needConnections } from "./machine.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import { counting } from "./progress.ts";
import { Stage } from "./stage.ts";

interface FiltersContender extends Contender {
  readonly server: string;
  readonly args: readonly string[];
  /** Events of a batch: fewer where each takes long. */
  readonly batch: number;
}

const CONTENDERS: readonly FiltersContender[] = [
  { name: "roomcast", title: "Roomcast", server: "roomcast", args: [], batch: 500 },
  {
    name: "plain-rooms",
    title: "plain Socket.IO, a room a value",
    server: "filters-plain",
    args: ["rooms"],
    batch: 500,
  },
  {
    name: "plain-loop",
    title: "plain Socket.IO, a test a socket",
    server: "filters-plain",
    args: ["loop"],
    batch: 100,
  },
];

/** Batches of each kind: to warm up, and measured. */
const WARM_UP = 4;
const BATCHES = 10;

export const filtersBench: Bench = {
  name: "filters",
  about:
    "CPU time of the server for each event on a channel whose readers each ask for another value of one field, where exactly one of them gets it. Beside it, in turns in the same process, each event on a channel with one reader who gets everything: always the same one, and another channel and reader each time, as the matches are others each time. One event at a time.",
  options: {
    readers: { default: "10000", about: "readers, each with a connection and a filter of its own" },
    bytes: { default: "100", about: "bytes of an event's payload" },
  },
  run: async ({ rounds, only, values, report }) => {
    const readers = wholeNumber("readers", values["readers"] as string);
    const bytes = wholeNumber("bytes", values["bytes"] as string);
    needConnections(readers + 1);
    report(
      await hold({
        title: `${grouped(readers)} readers with ${grouped(readers)} filters, one match`,
        parameters: { readers, bytes },
        measures: [
          { key: "filtered", title: "CPU µs / event, match" },
          { key: "same", title: "no filter, same reader", compared: false },
          { key: "other", title: "no filter, other readers", compared: false },
          { key: "bySame", title: "match / same", compared: false },
          { key: "byOther", title: "match / other", compared: false },
        ],
        contenders: CONTENDERS,
        baseline: "plain-rooms",
        only,
        rounds,
        measure: (contender, label) => measure({ ...contender, readers, bytes, label }),
      }),
    );
  },
};

async function measure(options: FiltersContender & { readers: number; bytes: number; label: string }) {
  const { server: name, args, batch: count, readers, bytes, label } = options;
  return await Stage.play(async (stage) => {
    const server = await stage.server(name, args);
    const load = await stage.load("filters-load", [server.ready.port, readers]);
    load.onProgress(counting(label, readers));
    await load.ask("connect");
    let number = 0;
    const publish = async (channel: ItemBatch["channel"]): Promise<number> => {
      const batch: ItemBatch = { channel, first: number, count, items: readers, bytes };
      number += count;
      const spend = async (): Promise<number> => {
        const before = await server.cpu();
        await server.ask("items", batch);
        return (await server.cpu()) - before;
      };
      const [, spent] = await Promise.all([load.ask("expect", batch), spend()]);
      return spent;
    };
    const totals = { feed: 0, one: 0, own: 0 };
    for (let round = -WARM_UP; round < BATCHES; round++) {
      for (const channel of ["feed", "one", "own"] as const) {
        const spent = await publish(channel);
        if (round >= 0) totals[channel] += spent / (count * BATCHES);
      }
    }
    await load.ask("ends");
    const { feed: filtered, one: same, own: other } = totals;
    return { filtered, same, other, bySame: filtered / same, byOther: filtered / other };
  });
}
