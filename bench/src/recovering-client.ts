import { fail } from "./child.ts";
import type { ClientKind } from "./client-kinds.ts";
import { monotonic } from "./clock.ts";
import type { BenchEvent } from "./contenders/event.ts";
import { PING_BYTES, RawReader } from "./raw-reader.ts";

export interface RecoveringClientOptions {
  /** Asked at each attempt. */
  readonly port: () => number;
  readonly token: string;
  readonly kind: ClientKind;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly onEvent: (event: BenchEvent) => void;
  /** It no longer follows the channel. */
  readonly onLost: () => void;
  /** It follows the channel, and has been handed what it missed where its kind asks for that. When the attempt that led there began. */
  readonly onFollowing: (attemptedAt: number) => void;
}

/** A client that follows `feed`, by hand, and comes back as the real one of its kind does. */
export class RecoveringClient {
  readonly #options: RecoveringClientOptions;
  #reader: RawReader | undefined;
  /** Tells what belongs to a connection that is over. */
  #run = 0;
  #attempts = 0;
  #attemptedAt = 0;
  #following = false;
  #awayUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RecoveringClientOptions) {
    this.#options = options;
  }

  get following(): boolean {
    return this.#following;
  }

  /** Connects, and stays so until the process ends. */
  begin(): void {
    this.#attempt();
  }

  /** Takes the network away for so long: what is there breaks off without a word, and no attempt gets through. */
  cut(milliseconds: number): void {
    this.#awayUntil = monotonic() + milliseconds;
    if (this.#timer === undefined) this.#again(false);
  }

  /** Gives the network back to one that has lost it; it tries after so many milliseconds. */
  restore(milliseconds: number): void {
    this.#awayUntil = 0;
    this.#attempts = 0;
    this.#wait(milliseconds);
  }

  #attempt(): void {
    const run = ++this.#run;
    const now = monotonic();
    if (now < this.#awayUntil) {
      this.#again(false);
      return;
    }
    this.#attemptedAt = now;
    const lost = (): void => {
      if (run === this.#run) this.#again(false);
    };
    RawReader.open(
      this.#options.port(),
      "/socket.io/?EIO=4&transport=websocket",
      (length, text, reader) => {
        if (run !== this.#run) return;
        if (length === PING_BYTES) reader.send("3");
        else this.#hear(text(), reader);
      },
      lost,
    ).then((reader) => {
      // It may have been over before it began.
      if (run === this.#run) this.#reader = reader;
      else reader.close();
    }, lost);
  }

  #hear(frame: string, reader: RawReader): void {
    const { kind, token, onEvent } = this.#options;
    if (frame.startsWith("42")) {
      const [name, ...args] = JSON.parse(frame.slice(2)) as [string, ...unknown[]];
      if (name === "event") onEvent(kind.given(args));
      else if (name === "closing") this.#told(args[0] as { reconnect?: boolean });
      else if (name !== "session") fail(`A client was told ${frame}`);
    } else if (frame.startsWith("43")) {
      const [reply] = JSON.parse(frame.slice(3)) as [{ ok: boolean }];
      if (!reply.ok) fail(`Refused: ${frame}`);
      for (const event of kind.answered(reply)) onEvent(event);
      this.#follow();
    } else if (frame.startsWith("40")) {
      this.#attempts = 0;
      if (kind.connected(JSON.parse(frame.slice(2)) as object)) this.#follow();
      else reader.send(`420${JSON.stringify(["subscribe", kind.request()])}`);
    } else if (frame.startsWith("0")) reader.send(`40${JSON.stringify(kind.credentials(token))}`);
    else if (frame.startsWith("4")) fail(`Refused: ${frame}`);
    // A close frame of WebSocket, which is no text of Engine.IO.
    else this.#again(false);
  }

  #told({ reconnect }: { reconnect?: boolean }): void {
    if (reconnect === true) this.#again(true);
    else fail("A client was told not to come back");
  }

  #follow(): void {
    this.#following = true;
    this.#options.onFollowing(this.#attemptedAt);
  }

  /** Gives up what is there, and tries again later. */
  #again(told: boolean): void {
    this.#run++;
    this.#reader?.close();
    this.#reader = undefined;
    if (this.#following) {
      this.#following = false;
      this.#options.onLost();
    }
    const { kind, random } = this.#options;
    this.#wait(kind.delay(this.#attempts, told, random));
    if (!told) this.#attempts++;
  }

  #wait(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#attempt();
    }, milliseconds);
  }
}
