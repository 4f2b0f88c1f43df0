/** `here`: what this side noticed, such as that the connection came or went. */
export type Direction = "in" | "out" | "here";

export interface LogRow {
  /** Grows by one from row to row. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly direction: Direction;
  /** Of an event; empty for a frame. */
  readonly name: string;
  readonly text: string;
  /** Of a frame. */
  readonly bytes?: number;
  /** Of an answer: how long it took. */
  readonly milliseconds?: number;
}

export interface Tally {
  readonly count: number;
  readonly bytes: number;
}

export interface LogSnapshot {
  /** The oldest first. */
  readonly rows: readonly LogRow[];
  /** Of all that there was, also of what is not kept any more. */
  readonly in: Tally;
  readonly out: Tally;
  readonly paused: boolean;
  /** Rows that came while it is paused. */
  readonly waiting: number;
}

const NONE: Tally = { count: 0, bytes: 0 };
const MOST_ROWS = 1000;
const MOST_CHARACTERS = 8_388_608;
const DRAW_MS = 100;

/**
 * The newest rows of what goes by: at most 1,000, of at most eight million characters together. Tells its readers at most ten
 * times a second, however much goes by.
 */
export class Log {
  readonly #listeners = new Set<() => void>();
  #rows: LogRow[] = [];
  #characters = 0;
  #last = 0;
  #in = NONE;
  #out = NONE;
  /** What is shown while it is paused, and after which row that was. */
  #held: { readonly rows: readonly LogRow[]; readonly last: number } | undefined;
  #snapshot: LogSnapshot = { rows: [], in: NONE, out: NONE, paused: false, waiting: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): LogSnapshot => this.#snapshot;

  push(row: Omit<LogRow, "id">): void {
    const { direction, bytes = 0 } = row;
    if (direction === "in") this.#in = { count: this.#in.count + 1, bytes: this.#in.bytes + bytes };
    if (direction === "out") this.#out = { count: this.#out.count + 1, bytes: this.#out.bytes + bytes };
    this.#rows.push({ ...row, id: ++this.#last });
    this.#characters += row.text.length;
    while (this.#rows.length > MOST_ROWS || (this.#characters > MOST_CHARACTERS && this.#rows.length > 1)) {
      this.#characters -= this.#rows.shift()?.text.length ?? 0;
    }
    this.#timer ??= setTimeout(() => this.#tell(), DRAW_MS);
  }

  /** Holds what is shown; more is kept meanwhile. */
  pause(paused: boolean): void {
    this.#held = paused ? { rows: [...this.#rows], last: this.#last } : undefined;
    this.#tell();
  }

  /** Forgets all rows, and what was counted. */
  clear(): void {
    this.#rows = [];
    this.#characters = 0;
    this.#in = NONE;
    this.#out = NONE;
    if (this.#held !== undefined) this.#held = { rows: [], last: this.#last };
    this.#tell();
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = this.#held;
    this.#snapshot = {
      rows: held?.rows ?? [...this.#rows],
      in: this.#in,
      out: this.#out,
      paused: held !== undefined,
      waiting: held === undefined ? 0 : this.#last - held.last,
    };
    for (const listener of this.#listeners) listener();
  }
}
