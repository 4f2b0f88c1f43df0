import type { BenchEvent } from "./contenders/event.ts";

/** How one of the real clients comes back: what it remembers, what it says with it, and how long it waits before. */
export interface ClientKind {
  /** What the CONNECT packet carries. */
  credentials(token: string): object;
  /** Hears the answer to CONNECT; whether it follows the channel again without asking. */
  connected(payload: object): boolean;
  /** What it sends to follow the channel. */
  request(): object;
  /** Hears the reply to that; what it missed. */
  answered(reply: object): readonly BenchEvent[];
  /** Hears the arguments of an `event`. */
  given(args: readonly unknown[]): BenchEvent;
  /** Milliseconds to wait before it tries again; `told` where the server said that it closes. */
  delay(attempt: number, told: boolean, random: () => number): number;
}

export type KindName = "roomcast" | "recovery" | "plain";

/** What a client of this kind has to know of its own. */
export function createKind(name: KindName): ClientKind {
  if (name === "roomcast") return new PositionKind();
  return name === "recovery" ? new SessionKind() : new ForgetfulKind();
}

/** The SDK of Roomcast: a position in the channel's log. */
class PositionKind implements ClientKind {
  #position: unknown;

  credentials(token: string): object {
    return { token };
  }

  connected(): boolean {
    return false;
  }

  request(): object {
    return this.#position === undefined ? { topic: "feed" } : { topic: "feed", since: this.#position };
  }

  answered(reply: { position?: unknown; events?: readonly { payload: BenchEvent }[] }): readonly BenchEvent[] {
    this.#position = reply.position;
    return (reply.events ?? []).map(({ payload }) => payload);
  }

  given(args: readonly unknown[]): BenchEvent {
    const event = args[0] as { payload: BenchEvent; position: unknown };
    this.#position = event.position;
    return event.payload;
  }

  /** As `Connector` of `@roomcast/client` has it. */
  delay(attempt: number, told: boolean, random: () => number): number {
    if (told) return random() * 1000;
    return Math.min(30_000, 1000 * 2 ** attempt) * (0.5 + random() / 2);
  }
}

/** socket.io-client 4.8 as it comes: it subscribes again, and that is all. */
class ForgetfulKind implements ClientKind {
  credentials(token: string): object {
    return { token };
  }

  connected(_payload: object): boolean {
    return false;
  }

  request(): object {
    return { topic: "feed" };
  }

  answered(_reply: object): readonly BenchEvent[] {
    return [];
  }

  given(args: readonly unknown[]): BenchEvent {
    return args[0] as BenchEvent;
  }

  /** As `Backoff` of socket.io-client has it, with the defaults of its `Manager`. */
  delay(attempt: number, _told: boolean, random: () => number): number {
    const base = 1000 * 2 ** attempt;
    const drawn = random();
    const deviation = Math.floor(drawn * 0.5 * base);
    return Math.min(5000, (Math.floor(drawn * 10) & 1) === 0 ? base - deviation : base + deviation);
  }
}

/** socket.io-client where the server has connection state recovery: its session's secret id, and the last event's offset. */
class SessionKind extends ForgetfulKind {
  #pid: unknown;
  #offset: unknown;

  override credentials(token: string): object {
    return this.#pid === undefined ? { token } : { token, pid: this.#pid, offset: this.#offset };
  }

  override connected({ pid }: { pid?: unknown }): boolean {
    const recovered = pid !== undefined && pid === this.#pid;
    this.#pid = pid;
    return recovered;
  }

  override given(args: readonly unknown[]): BenchEvent {
    this.#offset = args[1];
    return super.given(args);
  }
}
