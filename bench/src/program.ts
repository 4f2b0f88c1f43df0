import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pinnable, type Core } from "./machine.ts";

/** Where programs of the system are that an ordinary user's PATH leaves out. */
const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/sbin"];
/** Of util-linux: has the kernel tell a program when whoever started it ends. */
const SETPRIV = "/usr/bin/setpriv";
/** How much of what a program says is kept, for when it fails. */
const KEPT_OUTPUT = 4000;

/**
 * The file of a program that is installed; undefined when it is not. With `BENCH_PATH`, a list of folders like `PATH`, it is
 * looked for there and nowhere else.
 */
export function findProgram(name: string): string | undefined {
  const { BENCH_PATH, PATH = "" } = process.env;
  const folders = BENCH_PATH?.split(delimiter) ?? [...PATH.split(delimiter), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(executable);
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether the CPU time of other programs can be read here. */
export function programsMeasurable(): boolean {
  return existsSync("/proc/self/schedstat");
}

export interface ProgramOptions {
  readonly file: string;
  /** Its configuration; `folder` is one of its own, which is there until it is ready. */
  readonly configuration: (folder: string) => string;
  /** Its arguments, given the file of the configuration. */
  readonly args: (configuration: string) => readonly string[];
  /** What it writes when it is ready. */
  readonly ready: RegExp;
  /** The servers' core unless given. */
  readonly core?: Core;
  /** Called when it ends before it is stopped. */
  readonly onEnd: (reason: string) => void;
}

/**
 * A program of others that is measured, or that servers need. It is kept to one core, and ends with us, however we end: the
 * kernel tells it when we were killed.
 */
export class Program {
  /** What `ready` matched. */
  readonly said: RegExpExecArray;
  readonly #child: ChildProcess;
  readonly #stop: () => Promise<void>;

  private constructor(child: ChildProcess, said: RegExpExecArray, stop: () => Promise<void>) {
    this.#child = child;
    this.said = said;
    this.#stop = stop;
  }

  /** Rejects with what the program said when it ends instead of getting ready. */
  static async start({ file, configuration, args, ready, core = 0, onEnd }: ProgramOptions): Promise<Program> {
    const folder = mkdtempSync(join(tmpdir(), "roomcast-bench-"));
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    process.once("exit", remove);
    try {
      const configured = join(folder, "configuration");
      writeFileSync(configured, configuration(folder));
      const [command, ...rest] = [...wrappers(core), file, ...args(configured)] as [string, ...string[]];
      const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
      const kill = (): void => void child.kill("SIGTERM");
      process.once("exit", kill);
      let output = "";
      let stopped = false;
      const said = await new Promise<RegExpExecArray>((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (code, signal) => {
          process.off("exit", kill);
          if (stopped) return;
          const reason = `${file} ended (${signal ?? code}): ${output.trim()}`;
          reject(new Error(reason));
          onEnd(reason);
        });
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding("utf8").on("data", (text: string) => {
            output = (output + text).slice(-KEPT_OUTPUT);
            const match = ready.exec(output);
            if (match !== null) resolve(match);
          });
        }
      });
      return new Program(child, said, async () => {
        stopped = true;
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, "exit");
        child.kill("SIGTERM");
        await gone;
      });
    } finally {
      // It has read everything by now, so that nothing is left even if all of us are killed.
      process.off("exit", remove);
      remove();
    }
  }

  /** Microseconds of CPU since it began, its worker processes included. */
  cpu(): number {
    return this.#pids().reduce((sum, pid) => sum + cpuOf(pid), 0);
  }

  /** Resolves when it is gone. */
  async stop(): Promise<void> {
    await this.#stop();
  }

  #pids(): readonly string[] {
    const pid = String(this.#child.pid);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    return [pid, ...children.map((child) => child.trim()).filter((child) => child !== "")];
  }
}

/** All threads' time on a core, which the kernel keeps in nanoseconds (`/proc/<pid>/stat` has it in hundredths of a second). */
function cpuOf(pid: string): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1000;
}

function wrappers(core: Core): readonly string[] {
  return [
    ...(pinnable() ? ["taskset", "-c", String(core)] : []),
    ...(executable(SETPRIV) ? [SETPRIV, "--pdeathsig", "TERM"] : []),
  ];
}
