import type { Dialect, Frame, RealtimeEvent } from "@roomcast/protocol";
import type { Connection, ConnectionLoad, EncodedFrame, Wire } from "../connection.ts";
import type { Session } from "../session.ts";

interface TestFrame extends EncodedFrame {
  readonly frame: Frame;
}

/** One for each dialect of a test gateway: frames as they are. */
export class TestWire implements Wire {
  readonly dialect: Dialect;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  encode(frame: Frame): TestFrame {
    // What a dialect gives must be writable as JSON; what a client reads has been.
    const text = JSON.stringify(frame);
    return { bytes: text.length, frame: JSON.parse(text) as Frame };
  }
}

/** Something that a client was sent: a frame, or the acknowledgement of one of its own. */
export type Received =
  | { readonly kind: "event"; readonly frame: Frame }
  | { readonly kind: "acknowledgement"; readonly args: readonly unknown[] };

/** A client in the process: what it was told, and a way to ask. */
export class TestClient implements Connection {
  readonly id: string;
  readonly wire: Wire;
  readonly transport = "memory";
  readonly remoteAddress = undefined;
  /** All frames that came, in order. */
  readonly frames: Frame[] = [];
  /** All that came, answers too, in order. */
  readonly log: Received[] = [];
  /** How the server ended the link. */
  closed: "reconnect" | "stay-away" | "destroy" | undefined;
  readonly #backlogBytes: number;
  #session: Session | undefined;
  #stuck = false;
  #paused = false;
  /** What waits for a client that has paused. */
  #waiting: (() => void)[] = [];
  #waitingBytes = 0;
  #writtenBytes = 0;

  constructor(id: string, wire: Wire, backlogBytes = Number.POSITIVE_INFINITY) {
    this.id = id;
    this.wire = wire;
    this.#backlogBytes = backlogBytes;
  }

  get overloaded(): boolean {
    return this.#stuck || this.#waitingBytes > this.#backlogBytes;
  }

  get load(): ConnectionLoad {
    return { waiting: this.#waitingBytes, written: this.#writtenBytes };
  }

  /** Set to play a client that does not read; what is written then arrives all the same. */
  set overloaded(stuck: boolean) {
    this.#stuck = stuck;
  }

  get session(): Session {
    if (this.#session === undefined) throw new Error("The client is not connected");
    return this.#session;
  }

  attach(session: Session): void {
    this.#session = session;
  }

  write(frame: EncodedFrame): void {
    if (this.closed !== undefined) return;
    this.#arrive(frame.bytes, () => {
      const { frame: content } = frame as TestFrame;
      this.frames.push(content);
      this.log.push({ kind: "event", frame: content });
    });
  }

  /** Stops reading: what is written waits. */
  pause(): void {
    this.#paused = true;
  }

  /** Reads on, beginning with what waits. */
  resume(): void {
    this.#paused = false;
    const wasOverloaded = this.overloaded;
    for (const arrive of this.#waiting.splice(0)) arrive();
    this.#waitingBytes = 0;
    if (wasOverloaded && !this.overloaded) this.#session?.drained();
  }

  close(how: "reconnect" | "stay-away" | "destroy"): void {
    if (this.closed !== undefined) return;
    this.closed = how;
    this.#session?.gone();
  }

  /** Sends a frame without waiting for an answer. */
  send(...frame: readonly unknown[]): void {
    this.session.receive(frame, { bytes: JSON.stringify(frame)?.length ?? 0 });
  }

  /** Sends a frame; resolves to the first argument of its acknowledgement. */
  request(...frame: readonly unknown[]): Promise<Record<string, unknown>> {
    return new Promise((resolve) => {
      this.session.receive(frame, {
        bytes: JSON.stringify(frame)?.length ?? 0,
        acknowledge: (args) => {
          const text = JSON.stringify(args);
          const [answer] = JSON.parse(text) as [Record<string, unknown>];
          this.#arrive(text.length, () => {
            this.log.push({ kind: "acknowledgement", args: [answer] });
            resolve(answer);
          });
        },
      });
    });
  }

  /** First arguments of the frames called `event`. */
  received(event: string): readonly Record<string, unknown>[] {
    return this.frames.filter(([name]) => name === event).map(([, argument]) => argument as Record<string, unknown>);
  }

  /** The events that came, as the native dialect tells them. */
  events(): readonly RealtimeEvent[] {
    return this.received("event") as unknown as readonly RealtimeEvent[];
  }

  /** Plays a client that reads again after it did not. */
  drain(): void {
    this.overloaded = false;
    this.#session?.drained();
  }

  /** Plays a client that goes away. */
  leave(): void {
    if (this.closed !== undefined) return;
    this.closed = "destroy";
    this.#session?.gone();
  }
  #arrive(bytes: number, arrive: () => void): void {
    this.#writtenBytes += bytes;
    if (!this.#paused) {
      arrive();
      return;
    }
    this.#waiting.push(arrive);
    this.#waitingBytes += bytes;
  }
}
