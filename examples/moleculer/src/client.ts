import { io, type Socket } from "socket.io-client";

/** What a client heard: the event's name and its argument. */
export type Heard = readonly [event: string, argument: unknown];

/** A client as it is written for the Steedos Server. In a browser the cookies are there by themselves. */
export class Client {
  readonly name: string;
  readonly heard: Heard[] = [];
  /** Settled when the server says that one may subscribe, or when there is no connection. */
  readonly connected: Promise<void>;
  readonly #socket: Socket;
  #onHeard: (() => void) | undefined;

  constructor(options: { readonly url: string; readonly name: string }) {
    const { url, name } = options;
    this.name = name;
    this.#socket = io(url, {
      path: "/socket.io/",
      extraHeaders: { cookie: `X-Space-Id=acme; X-Auth-Token=token-of-${name}` },
      forceNew: true,
    });
    this.connected = new Promise((resolve, reject) => {
      this.#socket.once("connection-init", resolve);
      this.#socket.once("connect_error", reject);
    });
    for (const event of ["s:record:orders:change-17", "s:notification-change", "s:metadata:change", "order-paid"]) {
      this.#socket.on(event, (argument: unknown) => {
        this.heard.push([event, argument]);
        this.#onHeard?.();
      });
    }
  }

  /** Resolves when the subscriptions stand. */
  async subscribe(roomParts: string | readonly string[], individual: boolean): Promise<void> {
    const answer = (await this.#socket.emitWithAck("subscribe", { roomParts, individual })) as { readonly ok: boolean };
    if (!answer.ok) throw new Error(`${this.name} may not subscribe to ${String(roomParts)}`);
  }

  /** Resolves when this many events have come. */
  async hears(count: number): Promise<void> {
    while (this.heard.length < count) await new Promise<void>((resolve) => (this.#onHeard = resolve));
  }

  close(): void {
    this.#socket.disconnect();
  }
}
