import { fail } from "./child.ts";
import { createKind, type KindName } from "./client-kinds.ts";
import { monotonic } from "./clock.ts";
import { event, type BenchEvent } from "./contenders/event.ts";
import type { Published } from "./contenders/publishing.ts";
import { percentile } from "./contest.ts";
import { seeded } from "./random.ts";
import { RecoveringClient } from "./recovering-client.ts";
import { within } from "./within.ts";

export interface CrowdOptions {
  readonly port: number;
  readonly clients: number;
  readonly kind: KindName;
  /** Of an event, as `event` takes them. */
  readonly bytes: number;
  /** Above every event's number. */
  readonly numbers: number;
  readonly seed: number;
}

/** A way back. Times are of the machine's clock, in milliseconds. */
export interface Comeback {
  readonly client: number;
  readonly lostAt: number;
  /** When the attempt that got through began. */
  readonly attemptedAt: number;
  readonly followedAt: number;
}

/** What has not happened after so long will not happen any more. */
const PATIENCE_SECONDS = 120;

/** What became of some events. */
export interface Account {
  /** Clients that are there. */
  readonly present: number;
  /** Of all events and all clients that are there at the end. */
  readonly delivered: number;
  readonly missing: number;
  readonly duplicates: number;
}

/** Clients that follow one channel, and who got which event when. An event of other content, or in another order, fails the run. */
export class Crowd {
  readonly clients: readonly RecoveringClient[];
  readonly comebacks: readonly Comeback[];
  readonly #options: CrowdOptions;
  /** Where attempts to connect go. */
  #port: number;
  /** When each client got each event; 0: it did not. */
  readonly #arrivedAt: Float64Array;
  /** How many clients have each event. */
  readonly #having: Uint32Array;
  readonly #returned = new Set<number>();
  #following = 0;
  #duplicates = 0;
  #changed: (() => void) | undefined;

  /** A token for each client. */
  constructor(options: CrowdOptions, tokens: readonly string[]) {
    const { kind, clients, numbers, bytes, seed } = options;
    this.#options = options;
    this.#port = options.port;
    this.#arrivedAt = new Float64Array(clients * numbers);
    this.#having = new Uint32Array(numbers);
    const comebacks: Comeback[] = [];
    this.comebacks = comebacks;
    const { text } = event(0, bytes);
    this.clients = tokens.map((token, client) => {
      let lostAt = 0;
      let newest = -1;
      return new RecoveringClient({
        port: () => this.#port,
        token,
        kind: createKind(kind),
        random: seeded(seed * clients + client),
        onEvent: (given) => {
          if (given.text !== text) fail(`A client was given ${JSON.stringify(given)}`);
          newest = this.#take(client, given, newest);
        },
        onLost: () => {
          lostAt = monotonic();
          this.#following--;
        },
        onFollowing: (attemptedAt) => {
          this.#following++;
          if (lostAt > 0) {
            comebacks.push({ client, lostAt, attemptedAt, followedAt: monotonic() });
            this.#returned.add(client);
          }
          this.#changed?.();
        },
      });
    });
  }

  get following(): number {
    return this.#following;
  }

  /** From now on, whoever connects does so there. */
  moveTo(port: number): void {
    this.#port = port;
  }

  /** Has everybody follow the channel, so many at a time. */
  async connect(atOnce: number, progress: (count: number) => void): Promise<void> {
    let next = 0;
    const more = (): void => {
      while (next < this.clients.length && next - this.#following < atOnce) this.clients[next++]?.begin();
    };
    more();
    await this.#until("connecting", () => {
      if (this.#following % 250 === 0) progress(this.#following);
      more();
      return this.#following === this.clients.length;
    });
  }

  /** Resolves when all have the event, or all that are there where some are not. */
  async having(number: number): Promise<void> {
    await this.#until(`event ${number}`, () => (this.#having[number] as number) >= this.#following);
  }

  /** Resolves when everybody is there. */
  async whole(): Promise<void> {
    await this.#until("coming back", () => this.#following === this.clients.length);
  }

  /** Resolves when everybody was away and is back, and with how many are at the latest after so many milliseconds. */
  async back(milliseconds: number): Promise<number> {
    const all = this.clients.length;
    const back = this.#condition(() => this.#following === all && this.#returned.size === all);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
    await Promise.race([back, late]);
    clearTimeout(timer);
    this.#changed = undefined;
    return this.#returned.size;
  }

  /** When the client got the event; undefined where it did not. */
  arrivedAt(client: number, number: number): number | undefined {
    return this.#arrivedAt[client * this.#options.numbers + number] || undefined;
  }

  account(published: Published["events"]): Account {
    let present = 0;
    let missing = 0;
    for (const [client, one] of this.clients.entries()) {
      if (!one.following) continue;
      present++;
      for (const [number] of published) if (this.arrivedAt(client, number) === undefined) missing++;
    }
    const owed = present * published.length;
    return { present, delivered: (owed - missing) / owed, missing, duplicates: this.#duplicates };
  }

  /**
   * How long it took from the attempt that got through until the client had all that was published since it was lost, in
   * milliseconds, for each way back that brought it all.
   */
  replays(published: Published["events"]): readonly number[] {
    return this.comebacks.flatMap(({ client, lostAt, attemptedAt }) => {
      let last = 0;
      for (const [number, at] of published) {
        if (at > attemptedAt) continue;
        const arrived = this.arrivedAt(client, number);
        if (arrived === undefined && at > lostAt) return [];
        last = Math.max(last, arrived ?? 0);
      }
      // Else there was nothing that it missed.
      return last > attemptedAt ? [last - attemptedAt] : [];
    });
  }

  #take(client: number, { number }: BenchEvent, newest: number): number {
    const at = client * this.#options.numbers + number;
    if (!Number.isInteger(number) || number < 0 || number >= this.#options.numbers) fail(`There is no event ${number}`);
    else if (this.#arrivedAt[at] !== 0) this.#duplicates++;
    else if (number < newest) fail(`A client was given ${number} after ${newest}`);
    else {
      this.#arrivedAt[at] = monotonic();
      this.#having[number] = (this.#having[number] as number) + 1;
      this.#changed?.();
    }
    return Math.max(newest, number);
  }

  /** Rejects where it takes too long. `what` is for saying so. */
  async #until(what: string, condition: () => boolean): Promise<void> {
    const progress = (): string => `${what} (${this.#following} of ${this.clients.length} clients are there)`;
    await within(PATIENCE_SECONDS, progress, this.#condition(condition));
  }

  async #condition(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      this.#changed = () => {
        if (!condition()) return;
        this.#changed = undefined;
        resolve();
      };
    });
  }
}

/** Percentiles of what lasted, in milliseconds. */
export function lasting(milliseconds: Iterable<number>): { p50: number; p95: number; p99: number; most: number } {
  const sorted = Float64Array.from(milliseconds).sort();
  const [p50, p95, p99, most] = [0.5, 0.95, 0.99, 1].map((share) => percentile(sorted, share));
  return { p50, p95, p99, most } as { p50: number; p95: number; p99: number; most: number };
}
