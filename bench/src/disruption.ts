import type { Bench } from "./bench.ts";
import type { Published } from "./contenders/publishing.ts";
import { hold } from "./contest.ts";
import { needConnections } from "./machine.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import { counting } from "./progress.ts";
import type { Account } from "./recovering-crowd.ts";
import {
  mustHaveAll,
  PLAIN,
  RECOVERY,
  recoveringServer,
  ROOMCAST,
  type RecoveringContender,
} from "./recovering-stage.ts";
import { Stage } from "./stage.ts";

export const disruptionBench: Bench = {
  name: "disruption",
  about:
    "Clients whose network breaks off now and then, and who come back as the real client of each contender does, about two seconds later: how much of what is published reaches them, and how long after the attempt that gets through they have all that they missed. The profile is that of anycable/nodejs-websocket-bench.",
  options: {
    clients: { default: "1000", about: "clients" },
    rate: { default: "20", about: "events a second, of one channel" },
    seconds: { default: "20", about: "how long" },
    every: { default: "15", about: "seconds from one outage of a client to its next" },
    outage: { default: "1", about: "seconds that the network is away; coming back takes about another" },
    bytes: { default: "100", about: "bytes of an event's payload" },
    seed: { default: "1", about: "of whose network breaks off when" },
  },
  run: async ({ rounds, only, values, report }) => {
    const of = (name: string): number => wholeNumber(name, values[name] as string);
    const profile = {
      clients: of("clients"),
      rate: of("rate"),
      seconds: of("seconds"),
      every: of("every"),
      outage: of("outage"),
      bytes: of("bytes"),
      seed: of("seed"),
    };
    needConnections(profile.clients);
    report(
      await hold({
        title: `${grouped(profile.clients)} clients, ${profile.rate} events a second, ${profile.seconds} s, an outage each ${profile.every} s`,
        parameters: profile,
        measures: [
          { key: "delivered", title: "% delivered", better: "more", digits: 3, compared: false },
          { key: "duplicates", title: "duplicates", digits: 0, compared: false },
          { key: "replay50", title: "replay p50 ms", digits: 1 },
          { key: "replay99", title: "replay p99 ms", digits: 1 },
          { key: "cpu", title: "CPU % of a core", digits: 1 },
          { key: "away", title: "s away, mean", compared: false },
        ],
        contenders: [ROOMCAST, PLAIN, RECOVERY],
        baseline: RECOVERY.name,
        rounds,
        only,
        measure: async (contender, label) => await measure(contender, profile, label),
      }),
    );
  },
};

interface Profile {
  readonly clients: number;
  readonly rate: number;
  readonly seconds: number;
  readonly every: number;
  readonly outage: number;
  readonly bytes: number;
  readonly seed: number;
}

/** Seconds that the last may take to come back. */
const MORE_SECONDS = 60;

async function measure({ name, title }: RecoveringContender, profile: Profile, label: string) {
  const { clients, rate, seconds, every, outage, bytes, seed } = profile;
  return await Stage.play(async (stage) => {
    const server = await recoveringServer(stage, name);
    const numbers = rate * (seconds + MORE_SECONDS);
    const load = await stage.load("recovering-load", [server.ready.port, clients, name, bytes, numbers, seed]);
    load.onProgress(counting(label, clients));
    await load.ask("connect");
    await server.ask("steadily", { from: 0, perSecond: rate, bytes });
    await load.ask("having", 0);
    const [cpuBefore, start] = [await server.cpu(), performance.now()];
    await load.ask("disrupt", { seconds, every, outage });
    const cpu = ((await server.cpu()) - cpuBefore) / (10 * (performance.now() - start));
    const { events, next } = await server.ask<Published>("last", bytes);
    await load.ask("having", next - 1);
    const result = await load.ask<Account & { away: number; replay: { p50: number; p99: number } }>(
      "disruption",
      events,
    );
    if (name === ROOMCAST.name) mustHaveAll(title, result);
    return {
      delivered: 100 * result.delivered,
      duplicates: result.duplicates,
      replay50: result.replay.p50,
      replay99: result.replay.p99,
      cpu,
      away: result.away / 1000,
    };
  });
}
