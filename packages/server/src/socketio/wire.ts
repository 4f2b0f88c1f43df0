import type { EncodedFrame, Wire } from "@roomcast/core";
import type { Dialect, Frame } from "@roomcast/protocol";
import { textFrame } from "./frame.ts";

/** A Socket.IO packet as text, and as a WebSocket frame. */
export class Packet implements EncodedFrame {
  /** What Engine.IO's `write` takes; the same for protocols 3 and 4. */
  readonly text: string;
  #frame: Buffer | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get bytes(): number {
    return Buffer.byteLength(this.text);
  }

  /** The whole frame: the header, Engine.IO's type for a message, and the packet. Made once. */
  get frame(): Buffer {
    this.#frame ??= textFrame(`4${this.text}`);
    return this.#frame;
  }
}

export interface SocketIoWireOptions {
  readonly dialect: Dialect;
  /** A namespace of Socket.IO, such as `/`. */
  readonly namespace: string;
}

/** Writes Socket.IO packets for all connections of one dialect in one namespace. */
export class SocketIoWire implements Wire {
  readonly dialect: Dialect;
  readonly #event: string;
  readonly #acknowledgement: string;

  constructor(options: SocketIoWireOptions) {
    const { dialect, namespace } = options;
    const address = namespace === "/" ? "" : `${namespace},`;
    this.dialect = dialect;
    this.#event = `2${address}`;
    this.#acknowledgement = `3${address}`;
  }

  encode(frame: Frame): Packet {
    return new Packet(this.#event + JSON.stringify(frame));
  }

  /** The answer to the packet that came with this acknowledgement id. */
  acknowledgement(id: number, args: readonly unknown[]): Packet {
    return new Packet(this.#acknowledgement + String(id) + JSON.stringify(args));
  }
}
