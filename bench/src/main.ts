import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { chart } from "./chart.ts";
import { connectionsBench } from "./connections.ts";
import type { ContestResult } from "./contest.ts";
import { fanoutBench } from "./fanout.ts";
import { latencyBench } from "./latency.ts";
import { machine } from "./machine.ts";
import { mixedBench } from "./mixed.ts";
import { Interrupted } from "./stage.ts";
import { wholeNumber } from "./numbers.ts";
import { table } from "./table.ts";

const BENCHES: readonly Bench[] = [fanoutBench, connectionsBench, latencyBench, mixedBench];

const RESULTS = new URL("../results/", import.meta.url);

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof Interrupted ? 130 : 1;
}

async function main(args: readonly string[]): Promise<void> {
  const [first, ...rest] = args;
  const name = first?.startsWith("-") === false ? first : undefined;
  const chosen = name === undefined ? BENCHES : BENCHES.filter((bench) => bench.name === name);
  if (chosen.length === 0 || args.includes("--help")) {
    process.stdout.write(usage(chosen.length === 0 ? BENCHES : chosen));
    if (chosen.length === 0) throw new Error(`There is no bench ${name}`);
    return;
  }
  for (const bench of chosen) await run(bench, name === undefined ? args : rest);
}

async function run(bench: Bench, args: readonly string[]): Promise<void> {
  const options = Object.entries(bench.options).map(
    ([key, { default: value }]) => [key, { type: "string", default: value }] as const,
  );
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: "string", default: "5" }, ...Object.fromEntries(options) },
  });
  const rounds = wholeNumber("rounds", String(values.rounds));
  const here = machine();
  process.stdout.write(`${bench.name}: ${bench.about}\n`);
  process.stdout.write(
    `Node ${here.node}, ${here.cpu}, ${here.cores} cores, ${here.pinned ? "server and load on a core each" : "not pinned"}; median (least to most) of ${rounds} rounds\n\n`,
  );
  const contests: ContestResult[] = [];
  await bench.run({
    rounds,
    values: values as Record<string, string>,
    report: (result) => {
      contests.push(result);
      process.stdout.write(`${table(result)}\n`);
      // After each: what has been measured is kept, however the run ends.
      mkdirSync(RESULTS, { recursive: true });
      const whole = { bench: bench.name, about: bench.about, machine: here, rounds, contests };
      writeFileSync(new URL(`${bench.name}.json`, RESULTS), `${JSON.stringify(whole, undefined, 2)}\n`);
      writeFileSync(new URL(`${bench.name}.svg`, RESULTS), chart(bench.name, contests));
    },
  });
  process.stdout.write(`Written to bench/results/: ${bench.name}.json, ${bench.name}.svg\n\n`);
}

function usage(benches: readonly Bench[]): string {
  const lines = benches.flatMap(({ name, about, options }) => [
    `  ${name}`,
    `      ${about}`,
    ...Object.entries(options).map(([key, option]) => `      --${key} ${option.default}  ${option.about}`),
  ]);
  return `npm run bench -- [name] [options]\n\nWithout a name, all of them.\n  --rounds 5  how often each contender is measured\n\n${lines.join("\n")}\n`;
}
