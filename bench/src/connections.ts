import type { Bench } from "./bench.ts";
import { hold } from "./contest.ts";
import type { Memory } from "./contenders/serve.ts";
import { needConnections } from "./machine.ts";
import { Stage, type Actor } from "./stage.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import { counting } from "./progress.ts";

const CONTENDERS = [
  { name: "roomcast", title: "Roomcast" },
  { name: "plain", title: "plain Socket.IO" },
] as const;

export const connectionsBench: Bench = {
  name: "connections",
  about:
    "Memory for each idle connection with a verified token and two subscriptions, and what is left when all have gone.",
  options: { connections: { default: "10000", about: "connections" } },
  run: async ({ rounds, only, values, report }) => {
    const connections = wholeNumber("connections", values["connections"] as string);
    needConnections(connections);
    report(
      await hold({
        title: `${grouped(connections)} idle connections`,
        parameters: { connections },
        measures: [
          { key: "resident", title: "resident KiB / connection" },
          { key: "heap", title: "heap KiB / connection" },
          { key: "left", title: "% of the heap left afterwards", digits: 1, compared: false },
        ],
        contenders: CONTENDERS,
        baseline: "plain",
        rounds,
        only,
        measure: ({ name }, label) => measure(name, connections, label),
      }),
    );
  },
};

async function measure(name: string, connections: number, label: string): Promise<Record<string, number>> {
  return await Stage.play(async (stage) => {
    const server = await stage.server(name);
    const wave = async (count: number): Promise<Actor> => {
      const load = await stage.load("load", [server.ready.port, count, 50]);
      load.onProgress(counting(label, count));
      await load.ask("connect");
      return load;
    };
    // Once with some, so that what is made on first use is not counted.
    await (await wave(Math.ceil(connections / 5))).ask("leave");
    const before = await settled(server, 0);
    const load = await wave(connections);
    const during = await settled(server, connections);
    await load.ask("leave");
    const after = await settled(server, 0);
    return {
      resident: (during.resident - before.resident) / connections / 1024,
      heap: (during.heap - before.heap) / connections / 1024,
      left: (100 * (after.heap - before.heap)) / before.heap,
    };
  });
}

/** Asks until the server has as many connections as it should, and its heap has not fallen for a while. */
async function settled(server: Actor, connections: number): Promise<Memory> {
  let least: Memory | undefined;
  let still = 0;
  for (const end = Date.now() + 120_000; Date.now() < end && still < 4;) {
    const memory = await server.ask<Memory>("memory");
    if (memory.connections === connections) {
      still = least !== undefined && memory.heap > 0.998 * least.heap ? still + 1 : 0;
      if (least === undefined || memory.heap < least.heap) least = memory;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  if (least === undefined) throw new Error(`The server did not come to ${connections} connections`);
  return least;
}
