import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

/** Whether processes can be kept to a core each: there are two, and `taskset`. */
export function pinnable(): boolean {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync("taskset", ["-pc", String(process.pid)], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Of the server that is measured, and of what makes work for it. */
export type Core = 0 | 1;

/** Keeps a process to one core, where the system allows. */
export function pin(pid: number, core: Core): void {
  if (pinnable()) execFileSync("taskset", ["-apc", String(core), String(pid)], { stdio: "ignore" });
}

/** What measured figures depend on. */
export interface Machine {
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly pinned: boolean;
}

export function machine(): Machine {
  return {
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    pinned: pinnable(),
  };
}

/** Files that a process has open besides its connections, at most. */
const OTHER_FILES = 200;

/**
 * Throws where one process may not have so many connections. Node raises the soft limit to the hard one by itself, so that
 * only whoever set the hard limit can help.
 */
export function needConnections(count: number): void {
  const limit = openFiles();
  if (limit === undefined || count + OTHER_FILES <= limit) return;
  throw new Error(
    `${count} connections need ${count + OTHER_FILES} open files in a process, and this system allows ${limit}. ` +
      `Raise the limit (ulimit -Hn, /etc/security/limits.conf, LimitNOFILE= of a unit), or measure with fewer connections.`,
  );
}

function openFiles(): number | undefined {
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined || soft === "unlimited" ? undefined : Number(soft);
  } catch {
    // Not Linux: then it is found out by trying.
    return undefined;
  }
}
