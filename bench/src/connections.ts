import type { ChildProcess } from "node:child_process";
import { parseArgs } from "node:util";
import type { LoadMessage, Memory, ServerMessage, ServerQuestion } from "./messages.ts";
import { hear, start } from "./processes.ts";
import { progress, row, spread, wholeNumber } from "./table.ts";

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
    server.send({ kind: "memory" } satisfies ServerQuestion);
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
