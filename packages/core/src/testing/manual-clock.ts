import type { Clock } from "../clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that stands still until it is told to go on. Timers fire in the order of their time. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** `start` in milliseconds since 1970. */
  constructor(start = Date.UTC(2030, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets `ms` pass; between two timers, everything that was waiting for the first goes on. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    // One for all turns: days have very many.
    const turns = new Turns();
    await turns.next();
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.task();
      await turns.next();
    }
    this.#now = until;
    await turns.next();
    turns.close();
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > until) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }
}

/** Lets all that waits for settled promises run: a macrotask, by a channel and no timer. */
export async function turn(): Promise<void> {
  const turns = new Turns();
  await turns.next();
  turns.close();
}

interface Port {
  onmessage: (() => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

class Turns {
  readonly #here: Port;
  readonly #there: Port;

  constructor() {
    const { MessageChannel } = globalThis as unknown as { MessageChannel: new () => { port1: Port; port2: Port } };
    ({ port1: this.#here, port2: this.#there } = new MessageChannel());
  }

  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#here.onmessage = () => resolve();
      this.#there.postMessage(null);
    });
  }

  close(): void {
    this.#here.close();
  }
}
