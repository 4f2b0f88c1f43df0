import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { LoadMessage, Memory, ServerMessage } from "./messages.ts";

/**
 * Memory for each idle connection with a verified token and two subscriptions, beside plain Socket.IO, and what is left
 * when all of them have gone. Contenders take turns.
 *
 *   npm run bench -- connections [--connections 10000] [--rounds 3]
 */
export async function connectionsBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { connections: { type: "string", default: "10000" }, rounds: { type: "string", default: "3" } },
  });
  const connections = wholeNumber("connections", values.connections);
  const rounds = wholeNumber("rounds", values.rounds);
  const results = new Map<string, Result[]>(CONTENDERS.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const name of CONTENDERS) {
      results.get(name)?.push(await measure(name, connections, `round ${round}/${rounds}, ${name}`));
    }
  }
  report(connections, results);
}

const CONTENDERS = ["roomcast", "plain"] as const;

interface Result {
  readonly before: Memory;
  readonly with: Memory;
  readonly after: Memory;
  readonly connections: number;
}

async function measure(name: string, connections: number, label: string): Promise<Result> {
  const server = start(`./contenders/${name}.js`, [], ["--expose-gc"]);
  let load: ChildProcess | undefined;
  try {
    const { port } = await hear<ServerMessage, "listening">(server, "listening");
    // Once with some, so that what is made on first use is not counted.
    await wave(
      start("./load.js", [String(port), String(Math.ceil(connections / 5)), "50"]),
      () => undefined,
      async () => undefined,
    );
    const before = await settled(server, 0);
    load = start("./load.js", [String(port), String(connections), "50"]);
    let during: Result["with"] | undefined;
    await wave(
      load,
      (count) => progress(`${label}: ${count} of ${connections} connected`),
      async () => {
        during = await settled(server, connections);
      },
    );
    progress(`${label}: all have left`);
    const after = await settled(server, 0);
    return { before, with: during as Memory, after, connections };
  } finally {
    load?.kill();
    server.kill();
    progress("");
  }
}

/** Lets a load process connect, has `connected` look, and lets it leave. */
async function wave(load: ChildProcess, tell: (count: number) => void, connected: () => Promise<void>): Promise<void> {
  const wanted = Number(load.spawnargs.at(-2));
  await new Promise<void>((resolve, reject) => {
    load.on("exit", () => reject(new Error("The load process ended early")));
    load.on("message", (message: LoadMessage) => {
      if (message.kind === "failed") reject(new Error(message.reason));
      if (message.kind !== "connected") return;
      tell(message.count);
      if (message.count === wanted) resolve();
    });
  });
  await connected();
  load.send("leave");
  await hear<LoadMessage, "done">(load, "done");
  load.removeAllListeners("exit");
  load.kill();
}

/** Asks until the server has as many connections as it should, and its heap has not fallen for a while. */
async function settled(server: ChildProcess, connections: number): Promise<Memory> {
  let least: Memory | undefined;
  let still = 0;
  for (const end = Date.now() + 120_000; Date.now() < end && still < 4;) {
    server.send("memory");
    const memory = await hear<ServerMessage, "memory">(server, "memory");
    if (memory.connections === connections) {
      still = least !== undefined && memory.heap > 0.998 * least.heap ? still + 1 : 0;
      if (least === undefined || memory.heap < least.heap) least = memory;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  if (least === undefined) throw new Error(`The server did not come to ${connections} connections`);
  return least;
}

function start(file: string, args: readonly string[], execArgv: readonly string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), [...args], { execArgv: [...execArgv] });
}

async function hear<Message extends { kind: string }, Kind extends Message["kind"]>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<Message, { kind: Kind }>> {
  for (;;) {
    const [message] = (await once(child, "message")) as [Message];
    if (message.kind === kind) return message as Extract<Message, { kind: Kind }>;
  }
}

function report(connections: number, results: ReadonlyMap<string, readonly Result[]>): void {
  const each = (name: string, of: (result: Result) => number): number[] => (results.get(name) ?? []).map(of);
  const perConnection = (kind: keyof Memory) => (result: Result) =>
    (result.with[kind] - result.before[kind]) / connections;
  const left = (result: Result): number => (100 * (result.after.heap - result.before.heap)) / result.before.heap;
  process.stdout.write(
    `${connections} connections, token verified, two subscriptions each; median (least to most) of the rounds\n\n`,
  );
  process.stdout.write(row("", "heap / connection", "resident / connection", "heap left afterwards"));
  for (const name of results.keys()) {
    process.stdout.write(
      row(
        name === "plain" ? "plain Socket.IO" : "Roomcast",
        spread(each(name, perConnection("heap")), (bytes) => `${(bytes / 1024).toFixed(2)} KiB`),
        spread(each(name, perConnection("resident")), (bytes) => `${(bytes / 1024).toFixed(2)} KiB`),
        spread(each(name, left), (percent) => `${percent.toFixed(1)} %`),
      ),
    );
  }
  const ratio = (kind: keyof Memory): string => {
    const plain = each("plain", perConnection(kind));
    return spread(
      each("roomcast", perConnection(kind)).map((bytes, round) => bytes / (plain[round] as number)),
      (value) => value.toFixed(2),
    );
  };
  process.stdout.write(row("ratio", ratio("heap"), ratio("resident"), ""));
}

function spread(values: readonly number[], text: (value: number) => string): string {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[(sorted.length - 1) >> 1] as number;
  return `${text(median)} (${text(sorted[0] as number)} to ${text(sorted.at(-1) as number)})`;
}

function row(...cells: readonly string[]): string {
  return `${cells
    .map((cell, at) => cell.padEnd(at === 0 ? 16 : 38))
    .join("  ")
    .trimEnd()}\n`;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
  else if (text.includes("left")) process.stderr.write(`${text}\n`);
}

function wholeNumber(name: string, value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name} must be a whole number above 0, not ${value}`);
}
