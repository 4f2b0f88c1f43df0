import { createWriteStream } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { faultRun } from "./fault-run.ts";
import { report } from "./report.ts";

const USAGE = `npm run faults -- [options]

Three nodes, clients and a redis-server, and much that goes wrong with them; then a check of what every client saw.

  --seconds 60   how long each run takes, without its beginning and its end
  --seed 1       decides on all that is done; the same again is the same run
  --runs 1       how many runs, with the seeds that follow
  --log <file>   what happened: faults, and what the nodes write
  --help
`;

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Node 20, left to end by itself after this many reset connections, at times never does.
process.exit();

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
      runs: { type: "string", default: "1" },
      log: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const seconds = whole("seconds", values.seconds, 1);
  const first = whole("seed", values.seed, 0);
  const runs = whole("runs", values.runs, 1);
  const log = values.log === undefined ? undefined : createWriteStream(values.log);
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
  const failing: number[] = [];
  for (let seed = first; seed < first + runs; seed++) {
    process.stdout.write(`seed ${seed}, ${seconds} s\n`);
    const result = await faultRun({
      seed,
      seconds,
      nodeFile: fileURLToPath(new URL("node-host.js", import.meta.url)),
      wrote: (line) => void log?.write(`${line}\n`),
      progress: ({ second, published, faults }) =>
        progress(`${second} s of ${seconds}: ${published} events, ${faults} faults`),
      signal: ended.signal,
    });
    progress("");
    process.stdout.write(`${report(result)}\n`);
    if (result.violations.length > 0) failing.push(seed);
    log?.write(`${JSON.stringify(result.history)}\n`);
  }
  if (log !== undefined) await new Promise<void>((resolve) => log.end(resolve));
  if (failing.length === 0) return;
  process.exitCode = 1;
  for (const seed of failing) {
    process.stdout.write(`Seed ${seed} failed. Again: npm run faults -- --seconds ${seconds} --seed ${seed}\n`);
  }
}

/** On one line of a terminal, which the next one replaces; elsewhere a log stays short. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`--${name} is a whole number of at least ${least}, not "${text}"`);
}
