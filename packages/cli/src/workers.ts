import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { NeighboursOptions } from "@roomcast/server";

/** Where a worker finds its neighbours; set by the primary. */
const FOLDER = "ROOMCAST_WORKERS_FOLDER";
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** A worker that lived so long was well: the next one is started at once. */
const WELL_MS = 30_000;

export interface WorkersOptions {
  readonly count: number;
  /** Variables that the workers get besides those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** How long the workers may take to end. */
  readonly endMs: number;
  /** Called once the first one listens at `url`. */
  readonly onReady: (url: string) => Promise<void>;
  /** Told of workers that died and are replaced, as one line. */
  readonly warn: (line: string) => void;
}

/** What this process is among the workers, if it is one. */
export function workerOf(): NeighboursOptions | undefined {
  const folder = process.env[FOLDER];
  const { worker } = cluster;
  return worker === undefined || folder === undefined ? undefined : { id: String(worker.id), folder };
}

/** Tells the primary that this worker listens. */
export function tellReady(url: string): void {
  process.send?.({ roomcast: "listening", url });
}

/** Ends the channel to the primary, which would keep the process of a worker that is done. */
export function leavePrimary(): void {
  if (process.connected) cluster.worker?.disconnect();
}

/**
 * Runs workers until `stopped`, replacing those that die, and gives the exit code when all have ended. The first one starts
 * alone: what is wrong with all of them is said once, by it, and ends everything with its exit code.
 */
export async function runWorkers(options: WorkersOptions, stopped: Promise<void>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "roomcast-workers-"));
  try {
    return await new Workers(options, folder).run(stopped);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class Workers {
  readonly #options: WorkersOptions;
  readonly #env: Readonly<Record<string, string>>;
  readonly #pauses = new Set<NodeJS.Timeout>();
  #stopping = false;

  constructor(options: WorkersOptions, folder: string) {
    this.#options = options;
    this.#env = { ...options.env, [FOLDER]: folder };
  }

  async run(stopped: Promise<void>): Promise<number> {
    const first = this.#fork();
    const exited = once(first, "exit") as Promise<[number | null]>;
    const started = await Promise.race([listening(first), exited.then(([code]) => code ?? 1), stopped]);
    if (typeof started === "number") return started;
    if (started !== undefined) {
      this.#keep(first, performance.now(), 0);
      for (let count = 1; count < this.#options.count; count++) this.#start(0);
      await this.#options.onReady(started);
      await stopped;
    }
    await this.#end();
    return 0;
  }

  #fork(): Worker {
    return cluster.fork(this.#env);
  }

  #start(failures: number): void {
    this.#keep(this.#fork(), performance.now(), failures);
  }

  /** Has a worker replaced when it dies; later and later where that happens again and again. */
  #keep(worker: Worker, since: number, failures: number): void {
    worker.once("exit", (code, signal) => {
      if (this.#stopping) return;
      const before = performance.now() - since > WELL_MS ? 0 : failures;
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** before);
      this.#options.warn(`worker ${worker.id} ended (${signal ?? code}); another follows in ${pause} ms`);
      const timer = setTimeout(() => {
        this.#pauses.delete(timer);
        this.#start(before + 1);
      }, pause);
      this.#pauses.add(timer);
    });
  }

  async #end(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#pauses) clearTimeout(timer);
    const workers = Object.values(cluster.workers ?? {})
      .filter((worker) => worker !== undefined)
      .filter((worker) => !worker.isDead());
    const late = setTimeout(() => {
      for (const worker of workers) worker.process.kill("SIGKILL");
    }, this.#options.endMs);
    await Promise.all(
      workers.map(async (worker) => {
        const ended = once(worker, "exit");
        worker.process.kill("SIGTERM");
        await ended;
      }),
    );
    clearTimeout(late);
  }
}

/** Where a worker listens, once it says so. */
function listening(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    worker.on("message", (message: unknown) => {
      if (typeof message === "object" && message !== null && "url" in message) resolve(String(message.url));
    });
  });
}
