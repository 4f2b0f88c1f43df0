import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import type { Published } from "./contenders/publishing.ts";
import { hold } from "./contest.ts";
import { needConnections } from "./machine.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import { counting } from "./progress.ts";
import type { Account } from "./recovering-crowd.ts";
import { mustHaveAll, PLAIN, recoveringServer, ROOMCAST, type RecoveringContender } from "./recovering-stage.ts";
import { Stage } from "./stage.ts";

export const deployBench: Bench = {
  name: "deploy",
  about:
    "The server's process ends as SIGTERM has it, and the next one is started and listens on the same port, while events are published steadily by whichever is there: how many clients come back, how long each of them is away, and how many events those that are back have missed.",
  options: {
    clients: { default: "5000", about: "clients" },
    rate: { default: "10", about: "events a second, of one channel" },
    bytes: { default: "100", about: "bytes of an event's payload" },
    drain: { default: "10", about: "seconds that Roomcast is given to close in; fewer make it say goodbye faster" },
    patience: { default: "20", about: "seconds after which who is not back does not count as back" },
    seed: { default: "1", about: "of who tries when" },
  },
  run: async ({ rounds, only, values, report }) => {
    const of = (name: string): number => wholeNumber(name, values[name] as string);
    const deploy = {
      clients: of("clients"),
      rate: of("rate"),
      bytes: of("bytes"),
      drain: of("drain"),
      patience: of("patience"),
      seed: of("seed"),
    };
    needConnections(deploy.clients);
    report(
      await hold({
        title: `a deploy under ${grouped(deploy.clients)} clients, ${deploy.rate} events a second`,
        parameters: deploy,
        measures: [
          { key: "missing", title: "events missed / client", digits: 3, compared: false },
          { key: "back", title: "% back", digits: 2, compared: false },
          { key: "p50", title: "away p50 ms", digits: 0 },
          { key: "p95", title: "away p95 ms", digits: 0 },
          { key: "whole", title: "s from SIGTERM to all back" },
        ],
        contenders: [ROOMCAST, PLAIN],
        baseline: PLAIN.name,
        rounds,
        only,
        measure: async (contender, label) => {
          const folder = await mkdtemp(join(tmpdir(), "roomcast-bench-"));
          try {
            return await measure(contender, { ...deploy, historyFile: join(folder, "history.jsonl") }, label);
          } finally {
            await rm(folder, { recursive: true, force: true });
          }
        },
      }),
    );
  },
};

interface Deploy {
  readonly clients: number;
  readonly rate: number;
  readonly bytes: number;
  readonly drain: number;
  readonly patience: number;
  readonly seed: number;
  readonly historyFile: string;
}

/** Seconds for which events are published before and after. */
const SETTLED_SECONDS = 1;
/** Seconds that all of it may take, patience aside. */
const MORE_SECONDS = 60;

async function measure({ name, title }: RecoveringContender, deploy: Deploy, label: string) {
  const { clients, rate, bytes, drain, patience, seed, historyFile } = deploy;
  return await Stage.play(async (stage) => {
    const before = await recoveringServer(stage, name, { historyFile });
    const { port } = before.ready;
    const numbers = rate * (patience + MORE_SECONDS);
    const load = await stage.load("recovering-load", [port, clients, name, bytes, numbers, seed]);
    load.onProgress(counting(label, clients));
    await load.ask("connect");
    await before.ask("steadily", { from: 0, perSecond: rate, bytes });
    await load.ask("having", rate * SETTLED_SECONDS);
    const start = performance.now();
    const first = await before.ask<Published>("close", drain);
    await before.stop();
    const after = await recoveringServer(stage, name, { port, historyFile });
    await after.ask("steadily", { from: first.next, perSecond: rate, bytes });
    const back = await load.ask<number>("back", patience);
    const whole = (performance.now() - start) / 1000;
    const second = await after.ask<Published>("last", bytes);
    await load.ask("having", second.next - 1);
    const result = await load.ask<Account & { p50: number; p95: number }>("deploy", [
      ...first.events,
      ...second.events,
    ]);
    if (name === ROOMCAST.name) mustHaveAll(title, result);
    return {
      missing: result.missing / result.present,
      back: (100 * back) / clients,
      p50: result.p50,
      p95: result.p95,
      whole,
    };
  });
}
