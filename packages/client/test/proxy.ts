import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** A wire between client and server that can be cut, and that can go silent in either direction without ending. */
export class Proxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #target: number;
  /** What the server says on connections of now is lost. */
  #deaf = new WeakSet<Pair>();
  #mute = new WeakSet<Pair>();
  connections = 0;
  /** While true, new connections are cut at once. */
  refusing = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
  }

  static async start(target: number): Promise<Proxy> {
    const server = createServer();
    const proxy = new Proxy(server, target);
    server.on("connection", (near) => proxy.#join(near));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The connections of now end without a word. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** The connections of now stay, but the client hears nothing more on them, or the server, or neither. */
  silence(who: "client" | "server" | "both"): void {
    for (const pair of this.#pairs) {
      if (who !== "server") this.#deaf.add(pair);
      if (who !== "client") this.#mute.add(pair);
    }
  }

  /** New connections go to another server. */
  redirect(target: number): void {
    this.#target = target;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket): void {
    if (this.refusing) {
      near.destroy();
      return;
    }
    this.connections++;
    const far = connect(this.#target, "127.0.0.1");
    const pair = { near, far };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.setNoDelay().on("error", end).on("close", end);
    near.on("data", (data) => this.#mute.has(pair) || far.write(data));
    far.on("data", (data) => this.#deaf.has(pair) || near.write(data));
  }
}
