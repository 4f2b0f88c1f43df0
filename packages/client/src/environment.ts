import { openSocketLink, type LinkEvents, type LinkOptions, type Link } from "./link.ts";

/** All that the client takes from outside, so that tests can hold time, chance and the network in their hands. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `task` once after `delayMs`; returns a function that cancels it. */
  after(delayMs: number, task: () => void): () => void;
  /** From 0 up to 1. */
  random(): number;
  openLink(options: LinkOptions, events: LinkEvents): Link;
}

export const systemEnvironment: Environment = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
  openLink: openSocketLink,
};

const LONGEST_DELAY = 30_000;

/**
 * How long to wait before trying again, in milliseconds: twice as long each time, at most 30 s, and somewhere in the upper
 * half of that, so that clients that failed together do not come back together.
 */
export function backoff(environment: Environment, baseMs: number, attempt: number): number {
  const ceiling = Math.min(LONGEST_DELAY, baseMs * 2 ** Math.min(attempt, 30));
  return ceiling * (0.5 + environment.random() / 2);
}

/** A random text of 32 hexadecimal digits. `randomUUID` is not there on pages without TLS; this is. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
