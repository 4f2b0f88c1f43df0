import { fail } from "./child.ts";
import { PING_BYTES, RawReader } from "./raw-reader.ts";

export interface RawCallerOptions {
  readonly port: number;
  readonly token: string;
  /** Called for each frame that is no answer, nor part of the handshake; with its bytes, and its text for as long as it is called. */
  readonly onPush: (length: number, text: () => string) => void;
}

interface Asked {
  readonly id: number;
  readonly resolve: (text: string) => void;
  readonly reject: (error: Error) => void;
}

/** A session of the Socket.IO protocol by hand that asks one thing at a time and is answered. */
export class RawCaller {
  readonly #onPush: RawCallerOptions["onPush"];
  #reader: RawReader | undefined;
  #asked: Asked | undefined;
  #count = 0;

  private constructor(onPush: RawCallerOptions["onPush"]) {
    this.#onPush = onPush;
  }

  /**
   * Resolves when the token was accepted, and rejects when it was not. Pings are answered as long as it lives; a connection
   * that the server closes fails the run.
   */
  static async open({ port, token, onPush }: RawCallerOptions): Promise<RawCaller> {
    const caller = new RawCaller(onPush);
    let ready: (() => void) | undefined;
    let refused: ((error: Error) => void) | undefined;
    const accepted = new Promise<void>((resolve, reject) => {
      ready = resolve;
      refused = reject;
    });
    let greeting = true;
    caller.#reader = await RawReader.open(
      port,
      "/socket.io/?EIO=4&transport=websocket",
      (length, text, reader) => {
        if (length === PING_BYTES) reader.send("3");
        else if (!greeting) caller.#take(length, text);
        else {
          const frame = text();
          if (frame.startsWith("0")) reader.send(`40${JSON.stringify({ token })}`);
          else if (frame.startsWith("40")) {
            greeting = false;
            ready?.();
          } else refused?.(new Error(`Refused: ${frame}`));
        }
      },
      () => fail("The server closed a connection"),
    );
    await accepted;
    return caller;
  }

  /** Resolves with the answer, as the text of a frame that `answered` reads. Rejects when it is no success. */
  async ask(event: string, payload: object): Promise<string> {
    const id = ++this.#count;
    return await new Promise<string>((resolve, reject) => {
      if (this.#asked !== undefined) throw new Error("A question is still open");
      this.#asked = { id, resolve, reject };
      this.#reader?.send(`42${id}${JSON.stringify([event, payload])}`);
    });
  }

  #take(length: number, text: () => string): void {
    const asked = this.#asked;
    // While nothing was asked, no frame need be looked at to know that it is a push.
    if (asked === undefined) {
      this.#onPush(length, text);
      return;
    }
    const frame = text();
    const start = `43${asked.id}[`;
    if (!frame.startsWith("43")) {
      this.#onPush(length, () => frame);
      return;
    }
    this.#asked = undefined;
    if (frame.startsWith(`${start}{"ok":true`)) asked.resolve(frame);
    else asked.reject(new Error(`Not answered as it should be: ${frame.slice(0, 300)}`));
  }
}

/** The object in an answer. */
export function answered<Answer>(frame: string): Answer {
  return (JSON.parse(frame.slice(frame.indexOf("["))) as [Answer])[0];
}

/** The event and the payload of a push. */
export function pushed(frame: string): readonly [event: string, payload: unknown] {
  return JSON.parse(frame.slice(frame.indexOf("["))) as [string, unknown];
}
