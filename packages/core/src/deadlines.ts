import type { Clock } from "./clock.ts";

/** What is to be done: a function, or an object that is told, which saves those of whom there are many a closure each. */
export type DeadlineTask = (() => void) | { due(deadline: Deadline): void };

/** Something that is due at a time; kept by its owner to be moved or cancelled. */
export interface Deadline {
  /** Milliseconds since 1970. */
  at: number;
  readonly task: DeadlineTask;
  /** Where it stands in the heap; −1 when it waits no more. */
  index: number;
}

/**
 * Many deadlines on one timer: a binary heap, so that a hundred thousand sessions with an expiry cost no timer each, and
 * a cancelled one is let go of at once.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #heap: Deadline[] = [];
  #disarm: (() => void) | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Runs `task` once at `at`, in the order of time, or soon when that has passed. `task` must not throw. */
  schedule(at: number, task: DeadlineTask): Deadline {
    const deadline: Deadline = { at, task, index: this.#heap.length };
    this.#heap.push(deadline);
    this.#rise(deadline);
    this.#arm();
    return deadline;
  }

  cancel(deadline: Deadline | undefined): void {
    if (deadline === undefined || deadline.index < 0) return;
    this.#remove(deadline);
    this.#arm();
  }

  /** Lets go of everything. */
  clear(): void {
    for (const deadline of this.#heap) deadline.index = -1;
    this.#heap.length = 0;
    this.#arm();
  }

  #arm(): void {
    const next = this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
    // A timer that is early finds nothing due, and is set again: cheaper than one set anew for each that is cancelled.
    if (next >= this.#armedFor && this.#heap.length > 0) return;
    this.#disarm?.();
    this.#disarm = undefined;
    this.#armedFor = next;
    if (next === Number.POSITIVE_INFINITY) return;
    this.#disarm = this.#clock.after(next - this.#clock.now(), () => this.#fire());
  }

  #fire(): void {
    this.#disarm = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.#remove(first);
      const { task } = first;
      if (typeof task === "function") task();
      else task.due(first);
    }
    this.#arm();
  }

  #remove(deadline: Deadline): void {
    const heap = this.#heap;
    const last = heap.pop() as Deadline;
    if (last !== deadline) {
      heap[deadline.index] = last;
      last.index = deadline.index;
      this.#rise(last);
      this.#sink(last);
    }
    deadline.index = -1;
  }

  #rise(deadline: Deadline): void {
    const heap = this.#heap;
    while (deadline.index > 0) {
      const parent = heap[(deadline.index - 1) >> 1] as Deadline;
      if (parent.at <= deadline.at) return;
      this.#swap(parent, deadline);
    }
  }

  #sink(deadline: Deadline): void {
    const heap = this.#heap;
    for (;;) {
      const left = heap[2 * deadline.index + 1];
      const right = heap[2 * deadline.index + 2];
      const least = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (least === undefined || least.at >= deadline.at) return;
      this.#swap(deadline, least);
    }
  }

  #swap(upper: Deadline, lower: Deadline): void {
    const index = upper.index;
    this.#heap[lower.index] = upper;
    this.#heap[index] = lower;
    upper.index = lower.index;
    lower.index = index;
  }
}
