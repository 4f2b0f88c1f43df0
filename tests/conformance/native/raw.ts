import { once } from "node:events";
import { connect, type Socket } from "node:net";

const CLOSE = 0x88;

/** A WebSocket link by hand, for what no client library does. */
export class RawLink {
  readonly socket: Socket;
  /** The answer to the upgrade, and then the texts that came, a line each. */
  received = "";
  /** The server said goodbye, or the connection has gone. */
  closed = false;
  #upgraded = false;
  #rest: Buffer = Buffer.alloc(0);
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, data]);
      this.#read();
      this.#look();
    });
    socket.on("error", () => this.#end());
    socket.on("close", () => this.#end());
  }

  /** Opens a TCP connection, and asks for an upgrade of it. */
  static async open(
    url: string,
    path = "/socket.io/?EIO=4&transport=websocket",
    more: Readonly<Record<string, string>> = {},
  ): Promise<RawLink> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    const link = new RawLink(socket);
    await once(socket, "connect");
    const headers = [
      `GET ${path} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ...Object.entries(more).map(([name, value]) => `${name}: ${value}`),
    ];
    socket.write(`${headers.join("\r\n")}\r\n\r\n`);
    await link.until(() => link.#upgraded || link.closed);
    return link;
  }

  /** The status of the answer to the upgrade. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.received)?.[1] ?? 0);
  }

  /** Sends texts, each as one frame. */
  send(...texts: readonly string[]): void {
    if (!this.closed) this.socket.write(Buffer.concat(texts.map(frame)));
  }

  async until(condition: () => boolean): Promise<void> {
    const end = Date.now() + 10_000;
    while (!condition()) {
      if (Date.now() > end) throw new Error(`Waited in vain; received ${JSON.stringify(this.received.slice(0, 1000))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  destroy(): void {
    this.socket.destroy();
  }

  #read(): void {
    if (!this.#upgraded) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end === -1) return;
      this.received = `${this.#rest.toString("latin1", 0, end)}\n`;
      this.#rest = this.#rest.subarray(end + 4);
      this.#upgraded = true;
    }
    while (this.#rest.length >= 2) {
      const short = this.#rest.readUInt8(1);
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (this.#rest.length < header) return;
      const length =
        short < 126 ? short : short === 126 ? this.#rest.readUInt16BE(2) : Number(this.#rest.readBigUInt64BE(2));
      if (this.#rest.length < header + length) return;
      if (this.#rest.readUInt8(0) === CLOSE) this.closed = true;
      else this.received += `${this.#rest.toString("utf8", header, header + length)}\n`;
      this.#rest = this.#rest.subarray(header + length);
    }
  }

  #end(): void {
    this.closed = true;
    this.#look();
  }

  #look(): void {
    for (const look of this.#waiting) look();
    this.#waiting.clear();
  }
}

/** A text frame of a client; its mask of zeros changes nothing. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = 0x81;
  if (length < 126) {
    header[1] = 0x80 | length;
  } else if (length < 65_536) {
    header[1] = 0x80 | 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 0x80 | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}
