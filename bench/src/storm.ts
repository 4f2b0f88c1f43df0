import type { Bench, RunOptions } from "./bench.ts";
import type { Published } from "./contenders/publishing.ts";
import { hold, type Measure } from "./contest.ts";
import { needConnections } from "./machine.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import { counting } from "./progress.ts";
import { mustHaveAll, RECOVERY, recoveringServer, ROOMCAST, type RecoveringContender } from "./recovering-stage.ts";
import type { Account } from "./recovering-crowd.ts";
import { Stage } from "./stage.ts";

export interface Storm {
  readonly clients: number;
  readonly missed: number;
  readonly bytes: number;
  readonly spread: number;
  readonly seed: number;
}

export const STORM_OPTIONS: Bench["options"] = {
  clients: { default: "5000", about: "clients" },
  missed: { default: "50", about: "events that each of them misses" },
  bytes: { default: "100", about: "bytes of an event's payload" },
  spread: { default: "1000", about: "milliseconds over which the clients try again" },
  seed: { default: "1", about: "of who tries when" },
};

export const STORM_MEASURES: readonly Measure[] = [
  { key: "cpu", title: "CPU µs / recovery", digits: 0 },
  { key: "p50", title: "p50 ms", digits: 0 },
  { key: "p95", title: "p95 ms", digits: 0 },
  { key: "last", title: "last ms", digits: 0 },
  { key: "missing", title: "events lost", digits: 0, compared: false },
];

export function readStorm(values: RunOptions["values"]): Storm {
  const of = (name: string): number => wholeNumber(name, values[name] as string);
  return {
    clients: of("clients"),
    missed: of("missed"),
    bytes: of("bytes"),
    spread: of("spread"),
    seed: of("seed"),
  };
}

export const stormBench: Bench = {
  name: "storm",
  about:
    "All clients lose their connections at once, miss some events, and come back together, within the first second that the network is there again: until each has all that it missed. A lost event fails the run.",
  options: STORM_OPTIONS,
  run: async ({ rounds, only, values, report }) => {
    const storm = readStorm(values);
    needConnections(storm.clients);
    report(
      await hold({
        title: `${grouped(storm.clients)} clients, ${grouped(storm.missed)} events missed`,
        parameters: { ...storm },
        measures: STORM_MEASURES,
        contenders: [ROOMCAST, RECOVERY],
        baseline: RECOVERY.name,
        rounds,
        only,
        measure: async (contender, label) => await measure(contender, storm, label),
      }),
    );
  },
};

async function measure({ name, title }: RecoveringContender, storm: Storm, label: string) {
  const { clients, missed, bytes, spread, seed } = storm;
  return await Stage.play(async (stage) => {
    const server = await recoveringServer(stage, name);
    const load = await stage.load("recovering-load", [server.ready.port, clients, name, bytes, missed + 1, seed]);
    load.onProgress(counting(label, clients));
    await load.ask("connect");
    // One that all get, so that all stand somewhere.
    await server.ask("some", { count: 1, bytes });
    await load.ask("having", 0);
    await load.ask("drop");
    while ((await server.ask<number>("connections")) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const { events } = await server.ask<Published>("some", { count: missed, bytes });
    const before = await server.cpu();
    const times = await load.ask<{ p50: number; p95: number; most: number }>("recover", { spread, until: missed });
    const cpu = ((await server.cpu()) - before) / clients;
    const account = await load.ask<Account>("disruption", events);
    mustHaveAll(title, account);
    return { cpu, p50: times.p50, p95: times.p95, last: times.most, missing: account.missing };
  });
}
