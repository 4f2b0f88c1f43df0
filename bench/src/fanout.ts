import type { ChildProcess } from "node:child_process";
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import type { LoadMessage, ServerMessage, ServerQuestion } from "./messages.ts";
import { hear, start } from "./processes.ts";
import { progress, row, spread, wholeNumber } from "./table.ts";

/**
 * CPU time of the server for each delivery of an event to one of many readers of a channel, over WebSocket, user and system
 * together. The next tick's events are published when every reader has the last one's. Contenders take turns; a reader that
 * is given a wrong number, or one too many, ends the run.
 *
 *   npm run bench -- fanout [--readers 1000,10000] [--burst 1,10] [--bytes 100] [--rounds 5]
 */
export async function fanoutBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      readers: { type: "string", default: "1000,10000" },
      burst: { type: "string", default: "1,10" },
      bytes: { type: "string", default: "100" },
      rounds: { type: "string", default: "5" },
    },
  });
  const bytes = wholeNumber("bytes", values.bytes);
  const rounds = wholeNumber("rounds", values.rounds);
  const pinned = pinnable();
  process.stdout.write(
    `Events of ${bytes} bytes; microseconds of CPU for each delivery; median (least to most) of ${rounds} rounds\n`,
  );
  process.stdout.write(
    pinned ? "Server and readers on a core each.\n\n" : "Server and readers share the cores: taskset is not here.\n\n",
  );
  for (const readers of numbers("readers", values.readers)) {
    for (const burst of numbers("burst", values.burst)) {
      const results = new Map<string, number[]>(CONTENDERS.map(({ name }) => [name, []]));
      for (let round = 1; round <= rounds; round++) {
        for (const contender of CONTENDERS) {
          progress(`${readers} readers, ${burst} a tick: round ${round}/${rounds}, ${contender.title}`);
          results.get(contender.name)?.push(await measure({ ...contender, readers, burst, bytes, pinned }));
        }
      }
      progress("");
      report(readers, burst, results);
    }
  }
}

interface Contender {
  readonly name: string;
  readonly title: string;
  readonly language: "socket.io" | "ws";
}

const CONTENDERS: readonly Contender[] = [
  { name: "roomcast", title: "Roomcast", language: "socket.io" },
  { name: "plain", title: "plain Socket.IO", language: "socket.io" },
  { name: "ws", title: "bare ws", language: "ws" },
];

/** Deliveries that are measured, about, and before that to warm up. */
const DELIVERIES = 400_000;
const WARM_UP = 100_000;

async function measure(
  options: Contender & { readers: number; burst: number; bytes: number; pinned: boolean },
): Promise<number> {
  const { name, language, readers, burst, bytes, pinned } = options;
  const server = start(`./contenders/${name}.js`, [], ["--expose-gc"]);
  let load: ChildProcess | undefined;
  try {
    if (pinned) pin(server, 0);
    const { port } = await hear<ServerMessage, "listening">(server, "listening");
    load = start("./fanout-load.js", [String(port), String(readers), String(burst), language]);
    if (pinned) pin(load, 1);
    const loading = load;
    return await new Promise<number>((resolve, reject) => {
      loading.on("message", (message: LoadMessage) => {
        if (message.kind === "failed") reject(new Error(`${name}: ${message.reason}`));
      });
      for (const child of [server, loading])
        child.once("exit", () => reject(new Error(`${name}: a process ended early`)));
      run({ server, load: loading, readers, burst, bytes }).then(resolve, reject);
    });
  } finally {
    load?.kill("SIGKILL");
    server.kill("SIGKILL");
  }
}

async function run(options: {
  server: ChildProcess;
  load: ChildProcess;
  readers: number;
  burst: number;
  bytes: number;
}): Promise<number> {
  const { server, load, readers, burst, bytes } = options;
  for (let connected = 0; connected < readers;) {
    connected = (await hear<LoadMessage, "connected">(load, "connected")).count;
  }
  const ticks = async (deliveries: number): Promise<number> => {
    const count = Math.max(3, Math.ceil(deliveries / (readers * burst)));
    for (let i = 0; i < count; i++) {
      const done = hear<LoadMessage, "done">(load, "done");
      server.send({ kind: "publish", burst, bytes } satisfies ServerQuestion);
      await done;
    }
    return count * readers * burst;
  };
  await ticks(WARM_UP);
  const before = await cpu(server);
  const deliveries = await ticks(DELIVERIES);
  return ((await cpu(server)) - before) / deliveries;
}

async function cpu(server: ChildProcess): Promise<number> {
  server.send({ kind: "cpu" } satisfies ServerQuestion);
  return (await hear<ServerMessage, "cpu">(server, "cpu")).microseconds;
}

function report(readers: number, burst: number, results: ReadonlyMap<string, readonly number[]>): void {
  process.stdout.write(row("", `${readers} readers, ${burst} a tick`, "ratio to plain Socket.IO"));
  const plain = results.get("plain") ?? [];
  for (const { name, title } of CONTENDERS) {
    const values = results.get(name) ?? [];
    const ratios = values.map((value, round) => value / (plain[round] as number));
    process.stdout.write(
      row(
        title,
        spread(values, (value) => value.toFixed(2)),
        spread(ratios, (value) => value.toFixed(2)),
      ),
    );
  }
  process.stdout.write("\n");
}

function numbers(name: string, value: string): readonly number[] {
  return value.split(",").map((one) => wholeNumber(name, one.trim()));
}

function pinnable(): boolean {
  try {
    execFileSync("taskset", ["-pc", String(process.pid)], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function pin(child: ChildProcess, core: number): void {
  execFileSync("taskset", ["-apc", String(core), String(child.pid)], { stdio: "ignore" });
}
