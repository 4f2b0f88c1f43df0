import type { Clock } from "./clock.ts";
import type { Session } from "./session.ts";

/** Sessions are told to go in batches this far apart. */
const BATCH_MS = 50;
/** At least so many sessions a second are told, however long the drain may take. */
const LEAST_RATE = 2000;
/** The part of the drain time in which all are told; the rest is for their links to close. */
const TELLING_SHARE = 0.8;

/**
 * Ends sessions in batches, so that their clients do not all come back to the other nodes at once: 2,000 a second, or
 * faster where the time asks for it. Resolves when all have been told.
 */
export async function drainSessions(options: {
  sessions: readonly Session[];
  seconds: number;
  clock: Clock;
}): Promise<void> {
  const { sessions, seconds, clock } = options;
  const rate = Math.max(LEAST_RATE, sessions.length / Math.max(0.001, seconds * TELLING_SHARE));
  const batch = Math.max(1, Math.ceil((rate * BATCH_MS) / 1000));
  for (let at = 0; at < sessions.length; at += batch) {
    if (at > 0) await new Promise<void>((resolve) => clock.after(BATCH_MS, resolve));
    for (const session of sessions.slice(at, at + batch)) session.end("SHUTTING_DOWN", "The server is shutting down");
  }
}
