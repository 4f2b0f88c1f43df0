import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { basename, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Said } from "./child.ts";
import { pin, type Core } from "./machine.ts";

/** A process of a measurement, which answers questions (`child.ts`). */
export class Actor {
  readonly pid: number;
  /** What it said when it was ready. */
  ready: unknown;
  /** Rejects when it fails, or ends before it is stopped. */
  readonly failure: Promise<never>;
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #onReady: (() => void) | undefined;
  #onProgress: ((count: number) => void) | undefined;
  #count = 0;

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.pid = child.pid as number;
    this.failure = new Promise<never>((_, reject) => {
      const end = (reason: string): void => {
        const error = new Error(`${name}: ${reason}`);
        reject(error);
        for (const asked of this.#asked.values()) asked.reject(error);
        this.#asked.clear();
      };
      child.once("exit", (code, signal) => end(`ended early (${signal ?? code})`));
      child.on("message", (said: Said) => this.#hear(said, end));
    });
    // Whoever is not in a race with it must not end the process.
    this.failure.catch(() => undefined);
  }

  /** Resolves when the process has said that it is ready. */
  async begun(): Promise<this> {
    const ready = new Promise<void>((resolve) => (this.#onReady = resolve));
    await Promise.race([ready, this.failure]);
    return this;
  }

  /** Asks by the name of a handler. Rejects with what the handler threw, or when the process ends. */
  async ask<Value = unknown>(name: string, argument?: unknown): Promise<Value> {
    const id = ++this.#count;
    return await new Promise<Value>((resolve, reject) => {
      this.#asked.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send({ id, name, argument }, (error) => error !== null && reject(error));
    });
  }

  /** Calls `listener` with how many of its things the process says are done. */
  onProgress(listener: (count: number) => void): void {
    this.#onProgress = listener;
  }

  /** Microseconds of CPU since it began, user and system together, all threads. For servers made with `serve`. */
  async cpu(): Promise<number> {
    return await this.ask<number>("cpu");
  }

  /** Ends the process: it goes by itself when it hears no more of us, which leaves it the time to write a profile. */
  async stop(): Promise<void> {
    const child = this.#child;
    child.removeAllListeners("exit");
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    if (child.connected) child.disconnect();
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await gone;
    clearTimeout(late);
  }

  #hear(said: Said, end: (reason: string) => void): void {
    if ("id" in said) {
      const asked = this.#asked.get(said.id);
      this.#asked.delete(said.id);
      if ("error" in said) asked?.reject(new Error(said.error));
      else asked?.resolve(said.value);
    } else if (said.told === "ready") {
      this.ready = said.value;
      this.#onReady?.();
    } else if (said.told === "failed") end(String(said.value));
    else this.#onProgress?.(Number(said.value));
  }
}

/** The processes of one measurement: started here, ended together. */
export class Stage {
  readonly #actors: Actor[] = [];
  readonly #failed: Promise<never>;
  #fail: (reason: unknown) => void = () => undefined;

  private constructor() {
    this.#failed = new Promise<never>((_, reject) => (this.#fail = reject));
  }

  /**
   * Does `work` with the processes that it starts, and ends them. Rejects too when one of them fails meanwhile, or when the
   * run is interrupted.
   */
  static async play<Value>(work: (stage: Stage) => Promise<Value>): Promise<Value> {
    const stage = new Stage();
    let interrupted: Interrupted | undefined;
    const interrupt = (): void => {
      interrupted = new Interrupted();
      stage.#fail(interrupted);
    };
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    try {
      return await Promise.race([work(stage), stage.#failed]);
    } catch (error) {
      // A terminal interrupts all of its processes, and that they ended may be heard before our own signal is, which
      // comes with the next turn of the loop at the latest: the one after what is left of this one.
      await setImmediate();
      await setImmediate();
      throw interrupted ?? error;
    } finally {
      process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
      await Promise.all(stage.#actors.map((actor) => actor.stop()));
    }
  }

  /**
   * Starts `contenders/<name>.ts`, the server that is measured. Rejects when it does not come up. `BENCH_CONTENDERS=<folder>`
   * has others, of the same names, take their places.
   */
  async server(name: string, args: readonly (string | number)[] = []): Promise<ServerActor> {
    const folder = process.env["BENCH_CONTENDERS"] ?? fileURLToPath(new URL("./contenders", import.meta.url));
    return (await this.#start(join(folder, `${name}.js`), args, 0)) as ServerActor;
  }

  /**
   * Starts a file of this folder, by its name without an ending, that makes work for the server. On the servers' core where the
   * other is needed for what is measured.
   */
  async load(name: string, args: readonly (string | number)[] = [], core: Core = 1): Promise<Actor> {
    return await this.#start(fileURLToPath(new URL(`./${name}.js`, import.meta.url)), args, core);
  }

  async #start(file: string, args: readonly (string | number)[], core: Core): Promise<Actor> {
    const execArgv = ["--expose-gc", ...(core === 0 ? profiling() : [])];
    const child = fork(file, args.map(String), { execArgv });
    const actor = new Actor(child, basename(file, ".js"));
    this.#actors.push(actor);
    actor.failure.catch((error: unknown) => this.#fail(error));
    pin(actor.pid, core);
    return await actor.begun();
  }
}

/** A server that is measured, and where it listens. */
export type ServerActor = Actor & { readonly ready: { readonly port: number } };

/** Somebody ended the run. */
export class Interrupted extends Error {
  constructor() {
    super("Interrupted");
  }
}

/** With `BENCH_PROFILE=<folder>`, servers leave a profile of their CPU there. */
function profiling(): readonly string[] {
  const folder = process.env["BENCH_PROFILE"];
  return folder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${folder}`];
}
