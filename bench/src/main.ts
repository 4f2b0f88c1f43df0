import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { adminBench } from "./admin.ts";
import { adminPageBench } from "./admin-page.ts";
import type { Bench } from "./bench.ts";
import { chart } from "./chart.ts";
import { chatBench } from "./chat.ts";
import { connectionsBench } from "./connections.ts";
import { connectsBench } from "./connects.ts";
import type { ContestResult } from "./contest.ts";
import { deployBench } from "./deploy.ts";
import { disruptionBench } from "./disruption.ts";
import { fanoutBench, payloadsBench } from "./fanout.ts";
import { latencyBench } from "./latency.ts";
import { filtersBench } from "./filters.ts";
import { listsBench } from "./lists.ts";
import { machine } from "./machine.ts";
import { mixedBench } from "./mixed.ts";
import { nodesBench } from "./nodes.ts";
import { nodesLatencyBench } from "./nodes-latency.ts";
import { nodesStormBench } from "./nodes-storm.ts";
import { presenceBench } from "./presence.ts";
import { Interrupted } from "./stage.ts";
import { stormBench } from "./storm.ts";
import { wholeNumber } from "./numbers.ts";
import { table } from "./table.ts";

const BENCHES: readonly Bench[] = [
  fanoutBench,
  payloadsBench,
  connectionsBench,
  connectsBench,
  latencyBench,
  chatBench,
  filtersBench,
  presenceBench,
  mixedBench,
  listsBench,
  adminBench,
  adminPageBench,
  stormBench,
  disruptionBench,
  deployBench,
  nodesBench,
  nodesLatencyBench,
  nodesStormBench,
];

const RESULTS = relative(process.cwd(), fileURLToPath(new URL("../results", import.meta.url)));

/** What all of them take. */
const COMMON: Bench["options"] = {
  rounds: { default: "5", about: "how often each contender is measured" },
  contenders: { default: "", about: "names of those that take part, as in roomcast,plain; all unless told" },
  results: { default: RESULTS, about: "the folder that tables, as JSON, and charts are written to" },
};

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
  const options = Object.entries({ ...COMMON, ...bench.options }).map(
    ([key, { default: value }]) => [key, { type: "string", default: value }] as const,
  );
  const parsed = parseArgs({ args: [...args], options: Object.fromEntries(options) });
  const values = parsed.values as Record<string, string>;
  const rounds = wholeNumber("rounds", values["rounds"] as string);
  const names = (values["contenders"] as string).split(",").map((one) => one.trim());
  const results = values["results"] as string;
  const here = machine();
  process.stdout.write(`${bench.name}: ${bench.about}\n`);
  process.stdout.write(
    `Node ${here.node}, ${here.cpu}, ${here.cores} cores, ${here.pinned ? "server and load on a core each" : "not pinned"}; median (least to most) of ${rounds} rounds\n\n`,
  );
  const contests: ContestResult[] = [];
  await bench.run({
    rounds,
    only: names.join("") === "" ? undefined : names,
    values,
    report: (result) => {
      contests.push(result);
      process.stdout.write(`${table(result)}\n`);
      // After each: what has been measured is kept, however the run ends.
      mkdirSync(results, { recursive: true });
      const whole = { bench: bench.name, about: bench.about, machine: here, rounds, contests };
      writeFileSync(join(results, `${bench.name}.json`), `${JSON.stringify(whole, undefined, 2)}\n`);
      writeFileSync(join(results, `${bench.name}.svg`), chart({ name: bench.name, about: bench.about, contests }));
    },
  });
  process.stdout.write(`Written to ${results}: ${bench.name}.json, ${bench.name}.svg\n\n`);
}

function usage(benches: readonly Bench[]): string {
  const list = (indent: string, options: Bench["options"]): readonly string[] =>
    Object.entries(options).map(([key, { default: value, about }]) => `${indent}--${key} ${value}  ${about}`);
  const lines = benches.flatMap(({ name, about, options }) => [
    `  ${name}`,
    `      ${about}`,
    ...list("      ", options),
  ]);
  return `npm run bench -- [name] [options]\n\nWithout a name, all of them.\n${list("  ", COMMON).join("\n")}\n\n${lines.join("\n")}\n`;
}
