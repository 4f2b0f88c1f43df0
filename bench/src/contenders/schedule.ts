import { monotonic } from "../clock.ts";

/** Events at exact times, whether or not whoever gets them keeps up. */
export interface Schedule {
  /** When the first is due, as `monotonic` has it. */
  readonly start: number;
  /** Milliseconds from each to the next. */
  readonly interval: number;
  readonly count: number;
}

/** A timer may be late by its grain. */
const GRAIN_MS = 2;

/**
 * Publishes each event when it is due, and what is overdue at once, as it is where events come in from outside: they do not
 * wait until the server has time for them. Resolves when all are published.
 */
export async function publishOnSchedule({ start, interval, count }: Schedule, publish: () => void): Promise<void> {
  for (let published = 0; published < count;) {
    const now = monotonic();
    for (; published < count && start + published * interval <= now; published++) publish();
    const left = start + published * interval - monotonic();
    await new Promise<void>((resolve) => {
      // The last of the way turn by turn: the loop serves connections meanwhile, and nothing is published late by a grain.
      if (left > GRAIN_MS) setTimeout(resolve, left - GRAIN_MS);
      else setImmediate(resolve);
    });
  }
}
