import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The built program, as users run it. */
const ROOMCAST = fileURLToPath(new URL("../../packages/cli/bin/roomcast.js", import.meta.url));

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Whether it gets a process group of its own, so that `kill` reaches what it starts too. */
  readonly group?: boolean;
}

/** A running program, and what it has written so far. */
export class Program {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #group: boolean;
  readonly #ended: Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor(file: string, args: readonly string[], { env, cwd, group = false }: RunOptions = {}) {
    // Nothing of the environment of the tests: a variable of ours would change what is tested.
    const { PATH = "", HOME = "" } = process.env;
    this.child = spawn(file, args, {
      cwd,
      env: { PATH, HOME, ...env },
      detached: group,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#group = group;
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#look();
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#look();
    });
    this.#ended = once(this.child, "close").then(() => this.#look());
  }

  /** Waits until what was written to either stream matches, and gives the match. Rejects if the program ends without. */
  async written(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(`${this.stdout}\n${this.stderr}`);
      if (match !== null) return match;
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        await this.#ended;
        const last = pattern.exec(`${this.stdout}\n${this.stderr}`);
        if (last !== null) return last;
        throw new Error(`Ended without writing ${String(pattern)}:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async end(): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    await this.#ended;
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#group && this.child.pid !== undefined) process.kill(-this.child.pid, signal);
    else this.child.kill(signal);
  }

  #look(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export function start(args: readonly string[], options?: RunOptions): Program {
  return new Program(process.execPath, [ROOMCAST, ...args], options);
}

/** Runs the program to its end. */
export async function run(args: readonly string[], options?: RunOptions) {
  const program = start(args, options);
  const { code } = await program.end();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Starts a server on a free port, and waits until it listens. */
export async function serve(args: readonly string[] = [], options?: RunOptions) {
  const program = start(["serve", "--port", "0", ...args], options);
  const [url] = await program.written(/http:\/\/[\w.:[\]]+:\d+/);
  return { program, url };
}
