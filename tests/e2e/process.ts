import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const ROOMCAST = fileURLToPath(new URL("../../packages/cli/bin/roomcast.js", import.meta.url));

/** A gateway in a process of its own, as `roomcast serve` starts it. */
export class GatewayProcess {
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown>;
  output = "";

  constructor(env: Readonly<Record<string, string>>, args: readonly string[] = []) {
    const { PATH = "" } = process.env;
    this.child = spawn(process.execPath, [ROOMCAST, "serve", "--port", "0", ...args], {
      env: { PATH, NODE_ENV: "production", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#ended = once(this.child, "exit");
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    }
  }

  /** The port, once it listens. */
  async port(): Promise<number> {
    for (;;) {
      const match = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(this.output);
      if (match !== null) return Number(match[1]);
      if (this.child.exitCode !== null) throw new Error(`It ended:\n${this.output}`);
      await Promise.race([once(this.child.stdout as NodeJS.EventEmitter, "data"), this.#ended]);
    }
  }

  /** Sends a signal; its exit code and how many milliseconds it took to end. */
  async stop(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly ms: number }> {
    const start = performance.now();
    this.child.kill(signal);
    await this.#ended;
    return { code: this.child.exitCode, ms: performance.now() - start };
  }
}
