import { answer, fail, tell } from "./child.ts";
import { connectCrowd } from "./crowd.ts";
import { monotonic } from "./clock.ts";
import { event } from "./contenders/event.ts";
import type { Schedule } from "./contenders/schedule.ts";
import { percentile } from "./contest.ts";
import { followFeed, type FeedLanguage, type OnEvent } from "./feed-reader.ts";
import { importKey, signToken } from "./token.ts";
import { within } from "./within.ts";

/**
 * Readers of one channel that count every event. Each so-manieth looks at what it is given: numbers rise by one, and the text
 * is as it should be; and it notes how long after its time an event came, where there is a schedule.
 *
 * Arguments: port, readers, language, bytes of an event's payload, which readers look (10: every tenth). Asked:
 * `connect`; `follow` any number of events, telling after each so many how many of them came; `time`, a schedule;
 * `arrived`, answered when every reader has had so many events since; `latencies` of the schedule; `mark`, where it stands.
 */
const [port, readers] = process.argv.slice(2, 4).map(Number) as [number, number];
const language = process.argv[4] as FeedLanguage;
const [bytes, everyNth] = process.argv.slice(5, 7).map(Number) as [number, number];
const PATIENCE_SECONDS = 60;
const text = JSON.stringify(event(0, bytes).text);
/** By reader: events that it had since `follow` or `time`. */
const counts = new Uint32Array(readers);
/** The same of all readers together. */
let received = 0;
let wanted = 0;
let complete: (() => void) | undefined;
let tellEach = Number.POSITIVE_INFINITY;
let nextTold = Number.POSITIVE_INFINITY;
/** The number of the newest event that a reader looked at. */
let newest = -1;
/** What latencies are measured by; `from` is the number of its first event. */
let timed: (Schedule & { readonly from: number }) | undefined;
let latencies = new Float64Array(0);
let measured = 0;

/** Milliseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface Mark {
  /** Milliseconds, as `monotonic` has them. */
  readonly at: number;
  readonly received: number;
  /** Microseconds of CPU. */
  readonly cpu: number;
}

answer({
  connect: async () => {
    const key = await importKey();
    await connectCrowd({ to: readers }, async (index) => {
      const token = await signToken(key, `user${index}`);
      const onEvent = index % everyNth === 0 ? looking(index) : () => counted(index);
      await followFeed({ port, language, token, onEvent });
    });
  },
  follow: (each: number) => {
    begin(Number.POSITIVE_INFINITY, each);
  },
  time: (schedule: Schedule) => {
    begin(schedule.count, Number.POSITIVE_INFINITY);
    timed = { ...schedule, from: newest + 1 };
    latencies = new Float64Array(schedule.count * Math.ceil(readers / everyNth));
  },
  arrived: async (events: number) => {
    wanted = readers * events;
    if (received > wanted) fail(`Readers were given ${received} events instead of ${wanted}`);
    if (received < wanted) {
      const done = new Promise<void>((resolve) => (complete = resolve));
      await within(PATIENCE_SECONDS, () => `The rest of ${wanted} events (${received} came)`, done);
    }
    const wrong = counts.findIndex((count) => count !== events);
    if (wrong >= 0) fail(`A reader was given ${counts[wrong]} events instead of ${events}`);
  },
  latencies: (): Latencies => {
    if (measured !== latencies.length) throw new Error(`${measured} of ${latencies.length} latencies were measured`);
    const sorted = latencies.sort();
    return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), p999: percentile(sorted, 0.999) };
  },
  mark: (): Mark => {
    const { user, system } = process.cpuUsage();
    return { at: monotonic(), received, cpu: user + system };
  },
});

function begin(events: number, each: number): void {
  counts.fill(0);
  received = 0;
  wanted = readers * events;
  tellEach = readers * each;
  nextTold = tellEach;
  timed = undefined;
  measured = 0;
}

function counted(index: number): void {
  counts[index] = (counts[index] as number) + 1;
  received++;
  if (received >= nextTold) {
    tell(Math.floor(received / readers));
    nextTold += tellEach;
  }
  if (received < wanted) return;
  if (received > wanted) fail(`Readers were given more events than ${wanted}`);
  complete?.();
  complete = undefined;
}

/** For a reader that looks. */
function looking(index: number): OnEvent {
  let last = -1;
  return (_, read) => {
    const arrived = monotonic();
    const frame = read();
    const number = Number(/"number":(\d+)/.exec(frame)?.[1]);
    if (number !== last + 1 || !frame.includes(text)) fail(`A reader was given ${frame} after number ${last}`);
    last = number;
    if (number > newest) newest = number;
    if (timed !== undefined) {
      latencies[measured++] = arrived - (timed.start + (number - timed.from) * timed.interval);
    }
    counted(index);
  };
}
