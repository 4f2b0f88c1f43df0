import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

export interface RawClientOptions {
  readonly port: number;
  readonly transport: "websocket" | "polling";
  /** Of the endpoint; `/socket.io/` unless given. */
  readonly path?: string;
  /** `/` unless given. */
  readonly namespace?: string;
  readonly auth?: object;
  readonly cookie?: string;
  /** How much it takes from the network at once, in bytes; 64 KiB unless given. */
  readonly bite?: number;
  /** Called for each event that is pushed to it, with name and arguments. */
  readonly onEvent: (frame: readonly unknown[]) => void;
}

/**
 * A client of Socket.IO over plain TCP that reads exactly as it is told to: all that comes, nothing, or a bite every so often.
 * Over polling it has a poll under way at all times, and what it does not read is the answer to that.
 */
export class RawClient {
  readonly #options: RawClientOptions;
  readonly #answers = new Map<number, (answer: unknown) => void>();
  #reader: PacedReader | undefined;
  #link: WebSocketLink | PollingLink | undefined;
  #ids = 0;
  #ended = false;

  private constructor(options: RawClientOptions) {
    this.#options = options;
  }

  /** Connects to the namespace; rejects where that is refused. */
  static async connect(options: RawClientOptions): Promise<RawClient> {
    const client = new RawClient(options);
    const { port, namespace = "/", auth = {}, bite = 65_536 } = options;
    await new Promise<void>((resolve, reject) => {
      const reader = new PacedReader(port, bite, () => {
        client.#ended = true;
        reject(new Error("The connection was ended"));
      });
      client.#reader = reader;
      const onPacket = (packet: string): void => {
        if (packet.startsWith("0")) client.#send(`40${client.#address}${JSON.stringify(auth)}`);
        else if (packet === "2") client.#link?.send("3");
        else if (packet === "1") client.close();
        else if (packet.startsWith("40")) resolve();
        else if (packet.startsWith("44")) reject(new Error(`The namespace ${namespace} was refused: ${packet}`));
        else client.#take(packet);
      };
      client.#link =
        options.transport === "websocket"
          ? new WebSocketLink(reader, options, onPacket)
          : new PollingLink(reader, options, onPacket);
    });
    return client;
  }

  /** Whether the server has ended its connection, as far as it has read. */
  get ended(): boolean {
    return this.#ended;
  }

  emit(...frame: readonly unknown[]): void {
    this.#send(`42${this.#address}${JSON.stringify(frame)}`);
  }

  /** Emits, and gives the answer. */
  ask(...frame: readonly unknown[]): Promise<unknown> {
    const id = this.#ids++;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#send(`42${this.#address}${id}${JSON.stringify(frame)}`);
    });
  }

  /** Reads nothing from now on. */
  stop(): void {
    this.#reader?.stop();
  }

  /** Reads one bite each `everyMs` from now on. */
  sip(everyMs: number): void {
    this.#reader?.sip(everyMs);
  }

  /** Reads all that comes, as at first. */
  resume(): void {
    this.#reader?.resume();
  }

  close(): void {
    this.#ended = true;
    this.#reader?.close();
  }

  /** Goes, and lets the server know: where it polls, that would else find out by its heartbeat only. */
  leave(): void {
    if (this.#options.transport === "polling" && !this.#ended) this.#link?.send("1");
    this.close();
  }

  get #address(): string {
    const { namespace = "/" } = this.#options;
    return namespace === "/" ? "" : `${namespace},`;
  }

  #send(packet: string): void {
    this.#link?.send(packet);
  }

  #take(packet: string): void {
    const [, type, id, json] = /^4([23])(?:\/[^,]*,)?(\d*)(.*)$/s.exec(packet) ?? [];
    if (json === undefined) return;
    const frame = JSON.parse(json) as unknown[];
    if (type === "2") {
      this.#options.onEvent(frame);
      return;
    }
    this.#answers.get(Number(id))?.(frame[0]);
    this.#answers.delete(Number(id));
  }
}

/** A TCP connection whose bytes are taken from the kernel at the pace that is asked for. */
class PacedReader {
  readonly socket: Socket;
  onBytes: (bytes: Buffer) => void = () => undefined;
  #mode: "all" | "none" | "sips" = "all";
  #timer: NodeJS.Timeout | undefined;

  constructor(port: number, bite: number, onClosed: () => void) {
    const callback = (length: number, buffer: Uint8Array): boolean => {
      this.onBytes(Buffer.from(buffer.subarray(0, length)));
      return this.#mode === "all";
    };
    this.socket = connect({ port, host: "127.0.0.1", onread: { buffer: Buffer.alloc(bite), callback } });
    this.socket.setNoDelay(true);
    // What matters is that it ended, which is told next.
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => {
      clearInterval(this.#timer);
      onClosed();
    });
  }

  stop(): void {
    this.#set("none");
    this.socket.pause();
  }

  sip(everyMs: number): void {
    this.#set("sips");
    this.socket.pause();
    this.#timer = setInterval(() => this.socket.resume(), everyMs);
  }

  resume(): void {
    this.#set("all");
    this.socket.resume();
  }

  close(): void {
    clearInterval(this.#timer);
    this.socket.destroy();
  }

  #set(mode: "all" | "none" | "sips"): void {
    clearInterval(this.#timer);
    this.#mode = mode;
  }
}

/** What has come and is not taken apart yet. */
class Incoming {
  #chunks: Buffer[] = [];
  #length = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes, in one piece. */
  bytes(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Buffer;
  }

  drop(count: number): void {
    this.#chunks = [this.bytes().subarray(count)];
    this.#length -= count;
  }
}

function head({ port, cookie }: RawClientOptions, line: string, more: readonly string[]): string {
  const own = [`Host: 127.0.0.1:${port}`, ...(cookie === undefined ? [] : [`Cookie: ${cookie}`])];
  return [line, ...own, ...more, "", ""].join("\r\n");
}

function query({ path = "/socket.io/", transport }: RawClientOptions): string {
  return `${path}?EIO=4&transport=${transport}`;
}

class WebSocketLink {
  readonly #reader: PacedReader;
  readonly #onPacket: (packet: string) => void;
  readonly #incoming = new Incoming();
  #open = false;
  /** How many bytes must be there before the next frame can be. */
  #wanted = 2;

  constructor(reader: PacedReader, options: RawClientOptions, onPacket: (packet: string) => void) {
    this.#reader = reader;
    this.#onPacket = onPacket;
    reader.onBytes = (bytes) => this.#take(bytes);
    const key = randomBytes(16).toString("base64");
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
    reader.socket.write(head(options, `GET ${query(options)} HTTP/1.1`, [...upgrade, `Sec-WebSocket-Key: ${key}`]));
  }

  /** Clients must mask; a mask of zeros leaves the text as it is. */
  send(packet: string): void {
    const payload = Buffer.from(packet);
    const { length } = payload;
    const size = length < 126 ? [0x80 | length] : [0xfe, length >> 8, length & 255];
    this.#reader.socket.write(Buffer.concat([Buffer.from([0x81, ...size, 0, 0, 0, 0]), payload]));
  }

  #take(chunk: Buffer): void {
    const incoming = this.#incoming;
    incoming.add(chunk);
    if (!this.#open) {
      const end = incoming.bytes().indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!incoming.bytes().toString("latin1", 0, 12).endsWith("101")) this.#reader.close();
      this.#open = true;
      incoming.drop(end + 4);
    }
    while (incoming.length >= this.#wanted) {
      const bytes = incoming.bytes();
      const short = (bytes[1] as number) & 127;
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (bytes.length < start) {
        this.#wanted = start;
        return;
      }
      const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
      this.#wanted = start + length;
      if (bytes.length < this.#wanted) return;
      const isText = bytes[0] === 0x81;
      const text = bytes.toString("utf8", start, start + length);
      incoming.drop(this.#wanted);
      this.#wanted = 2;
      if (isText) this.#onPacket(text);
    }
  }
}

/** Polls on the paced connection; what it says goes by connections of their own, in order. */
class PollingLink {
  readonly #reader: PacedReader;
  readonly #options: RawClientOptions;
  readonly #onPacket: (packet: string) => void;
  readonly #incoming = new Incoming();
  #wanted = 0;
  #sid: string | undefined;
  #said: Promise<unknown> = Promise.resolve();

  constructor(reader: PacedReader, options: RawClientOptions, onPacket: (packet: string) => void) {
    this.#reader = reader;
    this.#options = options;
    this.#onPacket = onPacket;
    reader.onBytes = (bytes) => this.#take(bytes);
    this.#poll();
  }

  send(packet: string): void {
    const { port } = this.#options;
    const post = (): Promise<unknown> =>
      fetch(`http://127.0.0.1:${port}${this.#query}`, { method: "POST", body: packet }).then((answer) => answer.text());
    // That its link has gone, its poll is told.
    this.#said = this.#said.then(post).catch(() => undefined);
  }

  get #query(): string {
    return query(this.#options) + (this.#sid === undefined ? "" : `&sid=${this.#sid}`);
  }

  #poll(): void {
    this.#reader.socket.write(head(this.#options, `GET ${this.#query} HTTP/1.1`, []));
  }

  #take(chunk: Buffer): void {
    const incoming = this.#incoming;
    incoming.add(chunk);
    if (incoming.length < this.#wanted) return;
    const bytes = incoming.bytes();
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return;
    const headers = bytes.toString("latin1", 0, end);
    this.#wanted = end + 4 + Number(/content-length: (\d+)/i.exec(headers)?.[1]);
    if (incoming.length < this.#wanted) return;
    const body = bytes.toString("utf8", end + 4, this.#wanted);
    incoming.drop(this.#wanted);
    this.#wanted = 0;
    if (!headers.startsWith("HTTP/1.1 200")) {
      this.#reader.close();
      return;
    }
    this.#sid ??= (JSON.parse(body.slice(1)) as { sid: string }).sid;
    const packets = body.split("\u001e");
    if (!packets.includes("1")) this.#poll();
    for (const packet of packets) this.#onPacket(packet);
  }
}
