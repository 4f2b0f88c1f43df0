import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";

/** A TCP proxy whose network goes bad when it is told to. */
export class Proxy {
  readonly #target: () => number | undefined;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #state: "open" | "stalled" | "refusing" = "open";

  /** `target` is asked for the port with each connection; undefined refuses it. */
  constructor(options: { readonly target: () => number | undefined }) {
    this.#target = options.target;
    // What one side has ended, the other still writes to the end.
    this.#server = createServer((near) => this.#accept(near));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Resets every connection. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** Lets every connection stand, and lets nothing through until it is opened again: then nothing has been lost. */
  stall(): void {
    this.#state = "stalled";
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** Resets every connection, and each new one until it is opened again. */
  refuse(): void {
    this.#state = "refusing";
    this.cut();
  }

  open(): void {
    this.#state = "open";
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  async close(): Promise<void> {
    this.refuse();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    const port = this.#target();
    near.on("error", () => undefined);
    if (port === undefined || this.#state === "refusing") {
      near.resetAndDestroy();
      return;
    }
    const far = connect(port, "127.0.0.1");
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true);
      from.on("data", (chunk) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on("drain", () => {
        if (this.#state === "open") from.resume();
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
      if (this.#state === "stalled") from.pause();
    }
  }
}
