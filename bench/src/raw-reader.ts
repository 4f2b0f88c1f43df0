import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

/** What is done with a frame: how many bytes it has, and its text, which is made when it is asked for. */
export type OnFrame = (length: number, text: () => string, reader: RawReader) => void;

/** A ping of Engine.IO, which is all that servers say in one byte. */
export const PING_BYTES = 1;

/**
 * A WebSocket client that costs next to nothing: it walks over the frames that a server sends and hands on the text of those
 * that it is asked to. Servers send their frames unmasked (RFC 6455, section 5.1).
 */
export class RawReader {
  readonly #socket: Socket;
  readonly #onFrame: OnFrame;
  #rest: Buffer | undefined;
  #upgraded = false;

  private constructor(socket: Socket, onFrame: OnFrame) {
    this.#socket = socket;
    this.#onFrame = onFrame;
  }

  /** Connects to `path` of a server on this machine. `onFrame` is called for each frame. */
  static async open(port: number, path: string, onFrame: OnFrame): Promise<RawReader> {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    const reader = new RawReader(socket, onFrame);
    const key = randomBytes(16).toString("base64");
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("The server closed a connection")));
      socket.on("data", (data) => {
        if (reader.#take(data)) resolve();
      });
    });
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
    this.#socket.destroy();
  }

  /** Takes what came; whether the handshake is done. */
  #take(data: Buffer): boolean {
    let bytes = this.#rest === undefined ? data : Buffer.concat([this.#rest, data]);
    this.#rest = undefined;
    if (!this.#upgraded) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#rest = bytes;
        return false;
      }
      if (!bytes.toString("latin1", 0, 12).endsWith("101"))
        this.#socket.destroy(new Error(bytes.toString("latin1", 0, 64)));
      this.#upgraded = true;
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
    if (at < bytes.length) this.#rest = bytes.subarray(at);
    return true;
  }
}
