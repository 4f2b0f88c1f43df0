import { fail } from "../child.ts";
import { monotonic } from "../clock.ts";

/** What a server has published. */
export interface Published {
  /** The number that the next one would have. */
  readonly next: number;
  /** Of what it was told that it is published: the number, and when it was asked to, as `monotonic` has it. */
  readonly events: readonly (readonly [number: number, at: number])[];
}

export interface Steadily {
  /** The number of the first. */
  readonly from: number;
  readonly perSecond: number;
  readonly bytes: number;
}

/** Publishes events with numbers that rise by one, and remembers which of them it was told are published. */
export class Publishing {
  readonly #publish: (number: number, bytes: number) => unknown;
  readonly #events: [number, number][] = [];
  readonly #pending = new Set<Promise<void>>();
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  /** `publish` returns or resolves when the event is published, and throws or rejects when it is not. */
  constructor(publish: (number: number, bytes: number) => unknown) {
    this.#publish = publish;
  }

  /** So many at once. Resolves when they are published. */
  async some({ count, bytes }: { count: number; bytes: number }): Promise<Published> {
    for (let i = 0; i < count; i++) this.#one(bytes);
    return await this.#settled();
  }

  /** From now on. What is due is published at the next turn of the loop, as late as that may be. */
  steadily({ from, perSecond, bytes }: Steadily): void {
    this.#next = from;
    const start = monotonic();
    const due = (): void => {
      const wanted = from + Math.floor(((monotonic() - start) * perSecond) / 1000) + 1;
      while (this.#next < wanted) this.#one(bytes);
    };
    due();
    this.#timer = setInterval(due, Math.min(20, 1000 / perSecond));
  }

  /** From now on, an event may be refused. */
  closing(): void {
    this.#closing = true;
  }

  async end(): Promise<Published> {
    clearInterval(this.#timer);
    return await this.#settled();
  }

  /** One more, which whoever follows now will have when they have all, and then no more. */
  async last(bytes: number): Promise<Published> {
    this.#one(bytes);
    return await this.end();
  }

  #one(bytes: number): void {
    const number = this.#next++;
    const at = monotonic();
    const done = Promise.resolve()
      .then(() => this.#publish(number, bytes))
      .then(
        () => {
          this.#events.push([number, at]);
        },
        (error: unknown) => {
          if (!this.#closing) fail(`Not published: ${String(error)}`);
        },
      );
    this.#pending.add(done);
    void done.then(() => this.#pending.delete(done));
  }

  async #settled(): Promise<Published> {
    await Promise.all(this.#pending);
    return { next: this.#next, events: this.#events };
  }
}
