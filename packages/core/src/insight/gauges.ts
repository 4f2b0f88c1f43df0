import type { Clock } from "../clock.ts";
import type { Deadline, Deadlines } from "../deadlines.ts";
import type { Session, SessionTotals } from "../session.ts";

/** What a connection does, on average of the last ten seconds or of less. */
export interface ConnectionRates {
  /** Of how many seconds: 0 at the first question about a connection, when nothing is known yet. */
  readonly seconds: number;
  readonly commandsPerSecond: number;
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
}

type Sample = Pick<SessionTotals, "commands" | "events" | "bytes"> & { readonly at: number };

interface Watch {
  /** Oldest first. */
  samples: Sample[];
  askedAt: number;
}

const WINDOW_MS = 10_000;
const SAMPLE_MS = 1000;
/** For so long after a question a connection is looked at. */
const WATCH_MS = 60_000;
const MOST_WATCHED = 200;

/**
 * Rates of the connections that somebody asks about. Those are looked at once a second for a while after each question, so
 * that a connection of which nobody wants to know costs nothing.
 */
export class Gauges {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  /** The one that was asked about longest ago first. */
  readonly #watched = new Map<Session, Watch>();
  #next: Deadline | undefined;

  constructor(options: { clock: Clock; deadlines: Deadlines }) {
    this.#clock = options.clock;
    this.#deadlines = options.deadlines;
  }

  rates(session: Session): ConnectionRates {
    const now = this.#clock.now();
    const watch = this.#watched.get(session) ?? { samples: [], askedAt: now };
    watch.askedAt = now;
    this.#watched.delete(session);
    this.#watched.set(session, watch);
    const [longest] = this.#watched.keys();
    if (this.#watched.size > MOST_WATCHED && longest !== undefined) this.#watched.delete(longest);
    this.#look(session, watch, now);
    this.#later();
    const first = this.#first(session, watch, now);
    const last = watch.samples.at(-1) ?? first;
    const seconds = (last.at - first.at) / 1000;
    const rate = (name: "commands" | "events" | "bytes"): number =>
      seconds > 0 ? (last[name] - first[name]) / seconds : 0;
    return {
      seconds,
      commandsPerSecond: rate("commands"),
      eventsPerSecond: rate("events"),
      bytesPerSecond: rate("bytes"),
    };
  }

  /** Where the rates begin: a new connection began with nothing. */
  #first({ connectedAt }: Session, { samples }: Watch, now: number): Sample {
    const nothing = { at: connectedAt, commands: 0, events: 0, bytes: 0 };
    return now - connectedAt <= WINDOW_MS ? nothing : (samples[0] ?? nothing);
  }

  #look(session: Session, watch: Watch, now: number): void {
    const { commands, events, bytes } = session.totals();
    const kept = watch.samples.filter(({ at }) => at >= now - WINDOW_MS && at < now);
    watch.samples = [...kept, { at: now, commands, events, bytes }];
  }

  #later(): void {
    if (this.#next !== undefined || this.#watched.size === 0) return;
    this.#next = this.#deadlines.schedule(this.#clock.now() + SAMPLE_MS, () => {
      this.#next = undefined;
      const now = this.#clock.now();
      for (const [session, watch] of this.#watched) {
        if (session.ended || now - watch.askedAt > WATCH_MS) this.#watched.delete(session);
        else this.#look(session, watch, now);
      }
      this.#later();
    });
  }
}
