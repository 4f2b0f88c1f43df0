import type { Clock } from "../clock.ts";
import type { Directory } from "../directory.ts";
import type { Session } from "../session.ts";

/** So many sessions are asked at once, and the next so much later: ten thousand a second, about a thousandth of a core. */
const SLICE = 1000;
const SLICE_MS = 100;

/** Counts the bytes that wait for the clients of this node, a few sessions at a time where there are many. */
export class Backlog {
  readonly #directory: Directory;
  readonly #clock: Clock;
  /** Of the last round that came to its end. */
  #bytes = 0;
  #slow = 0;
  #cancel: (() => void) | undefined;

  constructor(options: { directory: Directory; clock: Clock }) {
    this.#directory = options.directory;
    this.#clock = options.clock;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Connections that have more waiting than they may. */
  get slow(): number {
    return this.#slow;
  }

  /** Begins a round, unless one is under way. Where there are few sessions it has ended on return. */
  count(): void {
    if (this.#cancel !== undefined) return;
    // Not more than there are now: who comes meanwhile would make it endless.
    this.#go({
      sessions: this.#directory.sessions()[Symbol.iterator](),
      left: this.#directory.size,
      bytes: 0,
      slow: 0,
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #go(round: { readonly sessions: Iterator<Session>; left: number; bytes: number; slow: number }): void {
    this.#cancel = undefined;
    for (let i = 0; i < SLICE; i++) {
      const next = round.left > 0 ? round.sessions.next() : undefined;
      if (next === undefined || next.done === true) {
        this.#bytes = round.bytes;
        this.#slow = round.slow;
        return;
      }
      const { connection } = next.value;
      round.left--;
      round.bytes += connection.load?.waiting ?? 0;
      if (connection.overloaded) round.slow++;
    }
    this.#cancel = this.#clock.after(SLICE_MS, () => this.#go(round));
  }
}
