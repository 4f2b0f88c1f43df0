import { RealtimeError } from "./errors.ts";

/** How many events may wait for the reader of a stream. */
const CAPACITY = 1000;

/**
 * Events for `for await`. What comes faster than it is read waits, up to 1,000; beyond that the stream ends, after those, by
 * throwing `SLOW_CONSUMER`: a reader that missed something is told so.
 */
export class EventStream<Event> implements AsyncIterableIterator<Event, undefined, undefined> {
  readonly #waiting: Event[] = [];
  readonly #readers: {
    resolve(result: IteratorResult<Event, undefined>): void;
    reject(error: RealtimeError): void;
  }[] = [];
  readonly #ended: () => void;
  #over = false;
  #error: RealtimeError | undefined;

  /** `ended` is called once, when nothing more is wanted. */
  constructor(options: { ended: () => void }) {
    this.#ended = options.ended;
  }

  push(event: Event): void {
    if (this.#over) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader.resolve({ done: false, value: event });
    else if (this.#waiting.length < CAPACITY) this.#waiting.push(event);
    else {
      const message = `More than ${CAPACITY} events waited to be read`;
      this.fail(new RealtimeError({ code: "SLOW_CONSUMER", message, retryable: true }));
    }
  }

  /** No more events come; after those that wait, `error` is thrown. */
  fail(error: RealtimeError): void {
    if (this.#over) return;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#error = error;
    else reader.reject(error);
    this.end();
  }

  /** No more events come; those that wait can still be read. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended();
    for (const reader of this.#readers.splice(0)) reader.resolve({ done: true, value: undefined });
  }

  async next(): Promise<IteratorResult<Event, undefined>> {
    if (this.#waiting.length > 0) return { done: false, value: this.#waiting.shift() as Event };
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      throw error;
    }
    if (this.#over) return { done: true, value: undefined };
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<Event, undefined>> {
    this.#waiting.length = 0;
    this.#error = undefined;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
