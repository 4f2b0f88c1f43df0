import { monotonic } from "./clock.ts";
import type { Latencies } from "./latency-load.ts";
import type { Actor } from "./stage.ts";
import { within } from "./within.ts";

export interface TimedOptions {
  /** Asked to publish by a `schedule`. */
  readonly publisher: Actor;
  /** A `latency-load` whose readers are connected, and have had all that was published. */
  readonly load: Actor;
  readonly bytes: number;
  readonly perSecond: number;
  readonly milliseconds: number;
}

const PATIENCE_SECONDS = 60;

/** How long after their times events arrive that are published on a schedule. */
export async function timed({ publisher, load, bytes, perSecond, milliseconds }: TimedOptions): Promise<Latencies> {
  const interval = 1000 / perSecond;
  const count = Math.ceil(milliseconds / interval);
  // Begins when both have heard of it.
  const schedule = { start: monotonic() + 50, interval, count };
  await load.ask("time", schedule);
  await within(PATIENCE_SECONDS, "Publishing", publisher.ask("schedule", { ...schedule, bytes }));
  await load.ask("arrived", count);
  return await load.ask<Latencies>("latencies");
}
