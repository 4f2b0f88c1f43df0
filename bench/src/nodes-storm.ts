import type { Bench } from "./bench.ts";
import type { Published } from "./contenders/publishing.ts";
import { hold } from "./contest.ts";
import { needConnections } from "./machine.ts";
import { PLAIN_HISTORY_ON, ROOMCAST_HISTORY_ON, startNodes, type NodesContender } from "./nodes-stage.ts";
import { grouped } from "./numbers.ts";
import { counting } from "./progress.ts";
import type { Account } from "./recovering-crowd.ts";
import { mustHaveAll } from "./recovering-stage.ts";
import { Stage } from "./stage.ts";
import { readStorm, STORM_MEASURES, STORM_OPTIONS, type Storm } from "./storm.ts";

export const nodesStormBench: Bench = {
  name: "nodes-storm",
  about:
    "All clients of one node lose their connections at once, miss some events that it publishes, and come back on another node behind the same Redis: until each has the last of what it missed. An event that Roomcast loses fails the run.",
  options: STORM_OPTIONS,
  run: async ({ rounds, only, values, report }) => {
    const storm = readStorm(values);
    needConnections(storm.clients);
    report(
      await hold({
        title: `${grouped(storm.clients)} clients, ${grouped(storm.missed)} events missed, another node`,
        parameters: { ...storm },
        measures: [...STORM_MEASURES, { key: "redis", title: "CPU µs / recovery, Redis", digits: 0 }],
        contenders: [ROOMCAST_HISTORY_ON, PLAIN_HISTORY_ON],
        baseline: PLAIN_HISTORY_ON.name,
        rounds,
        only,
        measure: async (contender, label) => await measure(contender, storm, label),
      }),
    );
  },
};

async function measure(contender: NodesContender, storm: Storm, label: string) {
  const { clients, missed, bytes, spread, seed } = storm;
  return await Stage.play(async (stage) => {
    const { redis, nodes } = await startNodes(stage, contender, ["left", "found"]);
    const [left, found] = nodes;
    const kind = contender === ROOMCAST_HISTORY_ON ? "roomcast" : "recovery";
    const load = await stage.load("recovering-load", [left.ready.port, clients, kind, bytes, missed + 1, seed]);
    load.onProgress(counting(label, clients));
    await load.ask("connect");
    // One that all get, so that all stand somewhere.
    await left.ask("some", { count: 1, bytes });
    await load.ask("having", 0);
    await load.ask("drop");
    while ((await left.ask<number>("connections")) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const { events } = await left.ask<Published>("some", { count: missed, bytes });
    await load.ask("move", found.ready.port);
    const [before, redisBefore] = [await found.cpu(), await redis.cpu()];
    const times = await load.ask<{ p50: number; p95: number; most: number }>("recover", { spread, until: missed });
    const cpu = ((await found.cpu()) - before) / clients;
    const redisCpu = ((await redis.cpu()) - redisBefore) / clients;
    const account = await load.ask<Account>("disruption", events);
    // What others lose on the way is what they lose; what is ours must not be.
    if (contender === ROOMCAST_HISTORY_ON) mustHaveAll(contender.title, account);
    return { cpu, p50: times.p50, p95: times.p95, last: times.most, missing: account.missing, redis: redisCpu };
  });
}
