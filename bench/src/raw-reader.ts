import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

/** What is done with a frame: how many bytes it has, and its text, which is made when it is asked for. */
export type OnFrame = (length: number, text: () => string, reader: RawReader) => void;

/** A ping of Engine.IO, which is all that servers say in one byte. */
export const PING_BYTES = 1;

/** What all readers read into: each is done with it before the next reads. */
const READ_BUFFER = Buffer.alloc(65_536);

/**
 * A WebSocket client that costs next to nothing: it walks over the frames that a server sends and hands on the text of those
 * that it is asked to, while it has them. Servers send their frames unmasked (RFC 6455, section 5.1).
 */
export class RawReader {
  readonly #socket: Socket;
  readonly #onFrame: OnFrame;
  #rest: Buffer | undefined;
  #upgraded = false;
  #onUpgraded: (() => void) | undefined;

  private constructor(port: number, onFrame: OnFrame) {
    this.#onFrame = onFrame;
    // Without a stream's buffers a read costs half.
    const onread = { buffer: READ_BUFFER, callback: (length: number) => this.#take(READ_BUFFER.subarray(0, length)) };
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true, onread });
  }

  /**
   * Connects to `path` of a server on this machine. `onFrame` is called for each frame; `onClose` when the server ends the
   * connection.
   */
  static async open(
    port: number,
    path: string,
    onFrame: OnFrame,
    onClose?: () => void,
    cookie?: string,
  ): Promise<RawReader> {
    const reader = new RawReader(port, onFrame);
    const socket = reader.#socket;
    const key = randomBytes(16).toString("base64");
    const more = cookie === undefined ? "" : `Cookie: ${cookie}\r\n`;
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${more}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("The server closed a connection")));
      reader.#onUpgraded = resolve;
    });
    if (onClose !== undefined) socket.once("close", onClose);
    return reader;
  }

  /** Sends a text of less than 64 KiB. Clients must mask; a mask of zeros leaves the text as it is. */
  send(text: string): void {
    const payload = Buffer.from(text);
    const header =
      payload.length < 126
        ? Buffer.from([0x81, 0x80 | payload.length])
        : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255]);
    this.#socket.write(Buffer.concat([header, Buffer.alloc(4), payload]));
  }

  close(): void {
    this.#socket.removeAllListeners("close").destroy();
  }

  /** Takes what came; whether to go on. */
  #take(data: Buffer): boolean {
    let bytes = this.#rest === undefined ? data : Buffer.concat([this.#rest, data]);
    this.#rest = undefined;
    if (!this.#upgraded) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#rest = Buffer.from(bytes);
        return true;
      }
      if (!bytes.toString("latin1", 0, 12).endsWith("101")) {
        this.#socket.destroy(new Error(`Refused: ${bytes.toString("latin1", 0, 64)}`));
        return false;
      }
      this.#upgraded = true;
      this.#onUpgraded?.();
      bytes = bytes.subarray(end + 4);
    }
    let at = 0;
    while (bytes.length - at >= 2) {
      let length = (bytes[at + 1] as number) & 127;
      let header = 2;
      if (length === 126) {
        if (bytes.length - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        header = 4;
      } else if (length === 127) {
        if (bytes.length - at < 10) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
        header = 10;
      }
      const start = at + header;
      if (bytes.length < start + length) break;
      const frame = bytes;
      this.#onFrame(length, () => frame.toString("utf8", start, start + length), this);
      at = start + length;
    }
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
    return true;
  }
}
