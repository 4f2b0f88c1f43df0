import type { RealtimeEvent } from "../../api/types.ts";

export interface TailFilter {
  /** What the event's name contains, in any case; empty for all. */
  readonly event: string;
  /** What the payload contains, as it is written in JSON, in any case; empty for all. */
  readonly text: string;
}

export interface TailSnapshot {
  /** The newest that the filter lets through, newest first. */
  readonly rows: readonly RealtimeEvent[];
  /** All that came since the tail began. */
  readonly received: number;
  /** A second, over the last seconds. */
  readonly rate: number;
  readonly paused: boolean;
  /** How many of those that the filter lets through came while it is paused. */
  readonly waiting: number;
  /** How often the gateway said that events were left out. */
  readonly gaps: number;
}

/** How many events are kept to be shown. */
export const MOST_ROWS = 500;
/** How long whoever draws is left alone after it was told something, in milliseconds. */
const REST = 100;
const RATE_OVER = 2000;

const EVERYTHING: TailFilter = { event: "", text: "" };
const EMPTY: TailSnapshot = { rows: [], received: 0, rate: 0, paused: false, waiting: 0, gaps: 0 };

/**
 * The newest events of a channel. Thousands a second cost it little: what is kept is bounded, and its listeners are told ten
 * times a second at most.
 */
export class Tail {
  readonly #listeners = new Set<() => void>();
  /** Oldest first, and up to twice as many as are kept. */
  #all: RealtimeEvent[] = [];
  #matching: RealtimeEvent[] = [];
  #filter: TailFilter = EVERYTHING;
  /** What is shown while it is paused. */
  #frozen: readonly RealtimeEvent[] | undefined;
  #waiting = 0;
  #received = 0;
  #gaps = 0;
  /** How many had been received when. */
  #marks: { readonly at: number; readonly received: number }[] = [];
  /** Until it tells of what came, and until it looks at the rate again although nothing came. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #calming: ReturnType<typeof setTimeout> | undefined;
  #snapshot: TailSnapshot = EMPTY;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly snapshot = (): TailSnapshot => this.#snapshot;

  push(event: RealtimeEvent): void {
    this.#received++;
    keep(this.#all, event);
    if (matches(event, this.#filter)) {
      keep(this.#matching, event);
      if (this.#frozen !== undefined) this.#waiting++;
    }
    this.#soon();
  }

  gap(): void {
    this.#gaps++;
    this.#soon();
  }

  /** Narrower or wider: what is kept is looked through again. */
  filter(filter: TailFilter): void {
    this.#filter = filter;
    this.#matching = newest(this.#all).filter((event) => matches(event, filter));
    if (this.#frozen !== undefined) this.#frozen = this.#frozen.filter((event) => matches(event, filter));
    this.#tell();
  }

  pause(): void {
    this.#frozen ??= newest(this.#matching);
    this.#tell();
  }

  resume(): void {
    this.#frozen = undefined;
    this.#waiting = 0;
    this.#tell();
  }

  clear(): void {
    this.#all = [];
    this.#matching = [];
    if (this.#frozen !== undefined) this.#frozen = [];
    this.#waiting = 0;
    this.#tell();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => this.#tell(), REST);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#calming);
    this.#timer = undefined;
  }

  #tell(): void {
    this.#stop();
    const rate = this.#rate();
    this.#snapshot = {
      rows: (this.#frozen ?? newest(this.#matching)).toReversed(),
      received: this.#received,
      rate,
      paused: this.#frozen !== undefined,
      waiting: this.#waiting,
      gaps: this.#gaps,
    };
    for (const listener of this.#listeners) listener();
    // A rate is to go back to nothing although nothing comes.
    if (rate > 0 && this.#listeners.size > 0) this.#calming = setTimeout(() => this.#tell(), RATE_OVER / 4);
  }

  #rate(): number {
    const at = Date.now();
    this.#marks.push({ at, received: this.#received });
    while (this.#marks.length > 2 && at - (this.#marks[1]?.at ?? at) >= RATE_OVER) this.#marks.shift();
    const from = this.#marks[0];
    if (from === undefined || at === from.at) return 0;
    return ((this.#received - from.received) * 1000) / Math.max(at - from.at, RATE_OVER);
  }
}

/** Appends; what is too old is cut off now and then, and not one by one. */
function keep(events: RealtimeEvent[], event: RealtimeEvent): void {
  events.push(event);
  if (events.length >= 2 * MOST_ROWS) events.splice(0, events.length - MOST_ROWS);
}

function newest(events: readonly RealtimeEvent[]): readonly RealtimeEvent[] {
  return events.slice(-MOST_ROWS);
}

function matches({ event, payload }: RealtimeEvent, filter: TailFilter): boolean {
  if (filter.event !== "" && !event.toLowerCase().includes(filter.event.toLowerCase())) return false;
  return filter.text === "" || textOf(payload).toLowerCase().includes(filter.text.toLowerCase());
}

function textOf(payload: unknown): string {
  try {
    return JSON.stringify(payload) ?? "";
  } catch {
    // Deeper than there is stack for.
    return "";
  }
}
