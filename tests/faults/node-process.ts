import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Proxy } from "./proxy.ts";

export interface NodeSettings {
  readonly redis: string;
  readonly secret: string;
}

export interface NodeProcessOptions {
  readonly name: string;
  /** The built `node-host`. */
  readonly file: string;
  readonly redisPort: number;
  readonly secret: string;
  /** Told of what it writes. */
  readonly wrote: (line: string) => void;
}

const AGAIN_MS = 200;

/** A node in a process of its own, with a proxy between it and Redis. It is started again until it works. */
export class NodeProcess {
  readonly name: string;
  readonly proxy: Proxy;
  readonly #options: NodeProcessOptions;
  #child: ChildProcess | undefined;
  #port: number | undefined;
  #stopped = false;
  #closed = false;
  #again: NodeJS.Timeout | undefined;

  constructor(options: NodeProcessOptions) {
    this.#options = options;
    this.name = options.name;
    this.proxy = new Proxy({ target: () => options.redisPort });
  }

  /** Where clients find it; undefined while it is not there for them. */
  get port(): number | undefined {
    return this.#stopped ? undefined : this.#port;
  }

  get down(): boolean {
    return this.port === undefined;
  }

  async start(): Promise<void> {
    await this.proxy.listen();
    this.#spawn();
  }

  /** Ends it as a crash does; `revive` starts it again. */
  kill(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
    this.#port = undefined;
    this.#stopped = false;
  }

  revive(): void {
    if (this.#child === undefined) this.#spawn();
  }

  /** As a machine that hangs: everything stands, and nothing happens. */
  stop(): void {
    if (this.#child === undefined || this.#port === undefined) return;
    this.#child.kill("SIGSTOP");
    this.#stopped = true;
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
    this.#stopped = false;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    const child = this.#child;
    this.kill();
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await this.proxy.close();
  }

  #spawn(): void {
    clearTimeout(this.#again);
    if (this.#closed) return;
    const { file, secret, wrote, name } = this.#options;
    const settings: NodeSettings = { redis: `redis://127.0.0.1:${this.proxy.port}`, secret };
    const child = fork(file, [JSON.stringify(settings)], { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: [] });
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.trimEnd().split("\n")) wrote(`${name} ${line}`);
    });
    child.on("message", (message) => {
      if (this.#child === child) this.#port = (message as { readonly port: number }).port;
    });
    child.once("exit", (code, signal) => {
      if (this.#child !== child) return;
      // Not by us: it found no Redis, or it failed.
      wrote(`${name} ended by itself: ${signal ?? code}`);
      this.#child = undefined;
      this.#port = undefined;
      this.#again = setTimeout(() => this.#spawn(), AGAIN_MS);
    });
  }
}
