import { GatewayError } from "@roomcast/protocol";
import { ErrorReply } from "redis";
import type { Script } from "./scripts.ts";

/** A node's connections to Redis: one for commands and one that listens. Made by `connectRedis`. */
export interface RedisLink {
  /** Whether keys are spread over several servers: all keys of a script must be in one slot then. */
  readonly sharded: boolean;
  /** Resolves when both work. Rejects with a plain `Error` that says what is wrong and will not mend itself. */
  start(): Promise<void>;
  /**
   * One command, `key` being the one that decides on its slot. Commands of one tick leave together. Rejects with
   * `UNAVAILABLE` when Redis is away or does not answer in time, at the latest after two seconds.
   */
  command(key: string, args: readonly string[]): Promise<unknown>;
  /** Runs a script. Rejects like `command`. */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Listens to a channel of Redis from the moment at which this resolves, also after connections were lost. */
  listen(channel: string, listener: (message: string) => void): Promise<void>;
  unlisten(channel: string): Promise<void>;
  /**
   * Asks Redis whether it still counts us among those who listen, to all of it: it, or what stands between, may have forgotten
   * without breaking a connection. Where it has, listening begins anew, as after a connection was lost. Rejects like `command`.
   */
  remind(): Promise<void>;
  /** Calls `listener` each time that listening goes on after it had broken off: what was said meanwhile was not heard. */
  onResumed(listener: () => void): void;
  /** Resolves when Redis answers; rejects like `command`. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface RedisLinkOptions {
  /** Such as `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url: string;
  /** Told of errors of the connections, which are mended by connecting anew. */
  readonly failed?: (error: unknown) => void;
}

/** How long a command may take. */
export const COMMAND_MS = 1500;

/** What a listening connection that hears nothing is given before it is made anew; it is asked for life signs meanwhile. */
export const SILENCE_MS = 6000;
export const PING_MS = 2000;
/** How long starting may take, with all that it says to the server. */
export const START_MS = 5000;
/** How long is waited before the next attempt to connect, at most. */
const MOST_WAIT_MS = 2000;

/** How long to wait before an attempt to connect anew; with jitter, so that nodes do not come all at once. */
export function reconnectIn(retries: number): number {
  return Math.random() * Math.min(MOST_WAIT_MS, 50 * 2 ** Math.min(retries, 10));
}

/** What Redis says when it could do it another time, or when it is set up otherwise. */
const MESSAGES: Readonly<Record<string, string>> = {
  READONLY: "Redis is a read-only replica",
  OOM: "Redis is out of memory",
  LOADING: "Redis is still loading",
};
/** What Redis says when it has something else under our keys, or does not understand. */
const FAULTS: ReadonlySet<string> = new Set(["WRONGTYPE", "ERR", "CROSSSLOT"]);

/** What is used of a client that listens, to ask how the server sees it. */
interface Asking {
  sendCommand(args: string[]): Promise<unknown>;
}

/**
 * Whether the server of a listening connection has forgotten channels that it was told. `told` counts them; each is counted
 * from when the command for it was given until that for the contrary is. Rejects like `command`.
 */
export async function hasForgotten(client: Asking, told: () => number): Promise<boolean> {
  // A command that the server has refused is still counted while its answer is under way: only the second time is sure.
  for (let time = 0; time < 2; time++) {
    const expected = told();
    const known = /\bssub=(\d+)/.exec(await inTime(whatIsKnown(client)))?.[1];
    // A server that does not say so, as those before 7.0.3 or one that may not, cannot be asked.
    if (known === undefined || Number(known) >= expected) return false;
  }
  return true;
}

async function whatIsKnown(client: Asking): Promise<string> {
  try {
    return String(await client.sendCommand(["CLIENT", "INFO"]));
  } catch (error) {
    if (error instanceof ErrorReply) return "";
    throw error;
  }
}

/** What went wrong in Redis, as the gateway says it. */
export function unavailable(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const word = cause instanceof ErrorReply ? (cause.message.split(" ", 1)[0] ?? "") : "";
  if (FAULTS.has(word)) return new GatewayError("INTERNAL", "Redis could not do what it was asked for", { cause });
  return new GatewayError("UNAVAILABLE", MESSAGES[word] ?? "Redis is not available", { cause });
}

/** Sends a script by its digest, and in full where the server does not know it. */
export async function runScript(
  send: (words: string[]) => Promise<unknown>,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args.map(String)];
  try {
    return await send(["EVALSHA", script.sha1, ...rest]);
  } catch (error) {
    if (!(error instanceof ErrorReply && error.message.startsWith("NOSCRIPT"))) throw error;
    return await send(["EVAL", script.source, ...rest]);
  }
}

/** Commands that are begun in one go, which takes some milliseconds. */
const BEGUN_AT_ONCE = 250;

/**
 * Reads something of many, in their order: `size` of them by one script, or each by its own where keys are spread over
 * several servers.
 */
export async function readMany<Item, Value>(
  { sharded }: RedisLink,
  items: readonly Item[],
  size: number,
  read: (some: readonly Item[]) => Promise<readonly Value[]>,
): Promise<readonly Value[]> {
  const each = sharded ? 1 : size;
  const found: Value[] = [];
  for (let from = 0; from < items.length; from += each * BEGUN_AT_ONCE) {
    const parts: Promise<readonly Value[]>[] = [];
    for (let at = from; at < Math.min(items.length, from + each * BEGUN_AT_ONCE); at += each)
      parts.push(read(items.slice(at, at + each)));
    for (const part of await Promise.all(parts)) found.push(...part);
  }
  return found;
}

/** Rejects with `UNAVAILABLE` where `work` has not ended in time. */
export async function inTime<Value>(work: Promise<Value>, milliseconds: number = COMMAND_MS): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new GatewayError("UNAVAILABLE", "Redis does not answer")), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } catch (thrown) {
    throw unavailable(thrown);
  } finally {
    clearTimeout(timer);
  }
}
