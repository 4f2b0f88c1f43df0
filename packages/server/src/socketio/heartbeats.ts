import type { Socket as EngineSocket } from "engine.io";

/** What Engine.IO's socket has and its types hide. */
interface Pinging {
  pingIntervalTimer: { refresh(): unknown } | null;
  hasRefreshedPingTimeout: boolean;
  sendPacket(type: "ping"): void;
  resetPingTimeout(): void;
}

/**
 * Sends the pings of many Engine.IO sockets by one timer. Each of them has a timer of its own otherwise, 230 bytes with
 * what it closes over; but all wait equally long, so that a list in the order of their last pong is sorted.
 */
export class Heartbeats {
  readonly #intervalMs: number;
  /** The ends of the list. */
  #first: Beat | undefined;
  #last: Beat | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { readonly intervalMs: number }) {
    this.#intervalMs = options.intervalMs;
  }

  /**
   * Takes over the pings of a socket that has just begun. Undefined, and nothing has been changed, where it sends none
   * (Engine.IO 3) or is not what is known here.
   */
  take(conn: EngineSocket): Beat | undefined {
    const pinging = conn as unknown as Pinging;
    const timer = pinging.pingIntervalTimer;
    if (
      typeof timer?.refresh !== "function" ||
      typeof pinging.hasRefreshedPingTimeout !== "boolean" ||
      typeof pinging.sendPacket !== "function" ||
      typeof pinging.resetPingTimeout !== "function"
    ) {
      return undefined;
    }
    clearTimeout(timer as unknown as NodeJS.Timeout);
    const beat = new Beat(this, pinging);
    // Engine.IO refreshes it at a pong, and clears it at the end, which Node ignores for what is no timer of its own.
    pinging.pingIntervalTimer = beat;
    beat.refresh();
    return beat;
  }

  /** Puts a beat that is not in the list to its end. For beats. */
  append(beat: Beat): void {
    // Whole milliseconds since the process began: a small integer takes no memory of its own.
    beat.due = Math.trunc(performance.now()) + this.#intervalMs;
    beat.previous = this.#last;
    if (this.#last === undefined) this.#first = beat;
    else this.#last.next = beat;
    this.#last = beat;
    this.#arm();
  }

  /** Takes a beat out of the list. For beats. */
  remove(beat: Beat): void {
    if (beat.previous === undefined) this.#first = beat.next;
    else beat.previous.next = beat.next;
    if (beat.next === undefined) this.#last = beat.previous;
    else beat.next.previous = beat.previous;
    beat.previous = undefined;
    beat.next = undefined;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#first === undefined) return;
    const delay = Math.max(1, this.#first.due - performance.now());
    this.#timer = setTimeout(() => this.#fire(), delay);
    this.#timer.unref();
  }

  #fire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (let beat = this.#first; beat !== undefined && beat.due <= now; beat = this.#first) beat.fire();
    this.#arm();
  }
}

/** The pings of one socket, in the place of its timer. */
export class Beat {
  /** When it is due, in the list. */
  due = 0;
  previous: Beat | undefined;
  next: Beat | undefined;
  readonly #heartbeats: Heartbeats;
  readonly #conn: Pinging;
  #waiting = false;
  #stopped = false;

  constructor(heartbeats: Heartbeats, conn: Pinging) {
    this.#heartbeats = heartbeats;
    this.#conn = conn;
  }

  /** Waits a whole interval from now. */
  refresh(): void {
    if (this.#stopped) return;
    if (this.#waiting) this.#heartbeats.remove(this);
    this.#waiting = true;
    this.#heartbeats.append(this);
  }

  /** The socket has closed. */
  stop(): void {
    if (this.#waiting) this.#heartbeats.remove(this);
    this.#waiting = false;
    this.#stopped = true;
  }

  /** Pings, as Engine.IO does. For the list. */
  fire(): void {
    this.#heartbeats.remove(this);
    this.#waiting = false;
    this.#conn.hasRefreshedPingTimeout = false;
    this.#conn.sendPacket("ping");
    this.#conn.resetPingTimeout();
  }
}
