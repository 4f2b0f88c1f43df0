import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

interface Pair {
  readonly near: Socket;
  far: Socket;
  /** What it has been sent mentions sharded channels: it listens. */
  listens: boolean;
  /** An answer that its client did not ask for, and is not to see. */
  hidden: string | undefined;
}

/** Stands between a client and Redis, and has Redis forget what it was told without the client hearing of it. */
export class ForgetfulProxy {
  readonly #port: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Connections that were accepted. */
  accepted = 0;

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((near) => this.#accept(near));
  }

  static async to(port: number): Promise<ForgetfulProxy> {
    const proxy = new ForgetfulProxy(port);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Goes on with other connections to Redis for the clients that listen, as after a failover: nothing is told on. */
  async failOver(): Promise<void> {
    for (const pair of this.#pairs) {
      if (!pair.listens) continue;
      const old = pair.far;
      pair.far = connect(this.#port, "127.0.0.1");
      await once(pair.far, "connect");
      this.#follow(pair);
      old.destroy();
    }
  }

  /** Takes back one subscription, and hides the answer. */
  async unsubscribe(channel: string): Promise<void> {
    for (const pair of this.#pairs) {
      if (!pair.listens) continue;
      pair.hidden = `$12\r\nsunsubscribe\r\n$${Buffer.byteLength(channel)}\r\n${channel}\r\n`;
      pair.far.write(`SUNSUBSCRIBE ${channel}\r\n`);
      for (const end = Date.now() + 5000; pair.hidden !== undefined;) {
        if (Date.now() > end) throw new Error("Redis does not answer");
        await delay(5);
      }
    }
  }

  async close(): Promise<void> {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(near: Socket): void {
    this.accepted++;
    const pair: Pair = { near, far: connect(this.#port, "127.0.0.1"), listens: false, hidden: undefined };
    this.#pairs.add(pair);
    this.#follow(pair);
    near.on("data", (chunk: Buffer) => {
      if (/ssubscribe/i.test(chunk.toString("latin1"))) pair.listens = true;
      pair.far.write(chunk);
    });
    near.on("error", () => undefined);
    near.on("close", () => {
      pair.far.destroy();
      this.#pairs.delete(pair);
    });
  }

  #follow(pair: Pair): void {
    const { far } = pair;
    far.on("error", () => undefined);
    far.on("data", (chunk: Buffer) => {
      if (pair.far === far) pair.near.write(without(chunk, pair));
    });
    far.on("close", () => {
      if (pair.far === far) pair.near.destroy();
    });
  }
}

/** What came from Redis without the answer that is to be hidden; that comes in one piece. */
function without(chunk: Buffer, pair: Pair): Buffer {
  const { hidden } = pair;
  const text = chunk.toString("latin1");
  const at = hidden === undefined ? -1 : text.indexOf(hidden);
  if (hidden === undefined || at < 0) return chunk;
  pair.hidden = undefined;
  const begin = text.lastIndexOf(">3\r\n", at);
  const end = text.indexOf("\r\n", at + hidden.length) + 2;
  return Buffer.from(text.slice(0, begin) + text.slice(end), "latin1");
}
