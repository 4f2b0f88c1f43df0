import { createRequire } from "node:module";
import { io as connectV4, type Socket } from "socket.io-client";

/** Clients of Socket.IO 2 bring no types; what is used of them here is the same. */
const connectV2 = createRequire(import.meta.url)("socket.io-client-v2") as typeof connectV4;

/** How either version of the client connects. */
export const CONNECT = { 2: connectV2, 4: connectV4 } as const;

export interface TwakeOptions {
  /** Of the client: 2 speaks Engine.IO 3. */
  readonly version?: 2 | 4;
  readonly transports?: readonly ("websocket" | "polling")[];
  readonly path?: string;
  readonly reconnection?: boolean;
  readonly auth?: Readonly<Record<string, unknown>>;
}

interface Heard {
  readonly event: string;
  readonly args: readonly unknown[];
}

interface Resource {
  readonly action: string;
  readonly room: string;
  readonly type: string;
  readonly path: string | null;
  readonly resource: unknown;
}

/** A wait that is not over by then has failed. */
const PATIENCE_MS = 10_000;
/** What Socket.IO calls an event among its packets. */
const EVENT = 2;

/** A stock client of either version, that remembers every event it hears, in its order. */
export class TwakeClient {
  readonly socket: Socket;
  readonly heard: Heard[] = [];
  #reason: string | undefined;
  readonly #waiting = new Set<() => void>();

  private constructor(url: string, options: TwakeOptions) {
    const { version = 4, transports = ["websocket"], path = "/socket/", reconnection = false, auth } = options;
    this.socket = CONNECT[version](url, {
      path,
      transports: [...transports],
      forceNew: true,
      reconnection,
      reconnectionDelay: 50,
      ...(auth === undefined ? undefined : { auth: { ...auth } }),
    });
    // The one way to hear everything that both versions have.
    this.socket.io.on("packet", ({ type, data }: { type: number; data?: unknown }) => {
      if ((type as number) !== EVENT) return;
      const [event, ...args] = data as [string, ...unknown[]];
      this.heard.push({ event, args });
      this.#look();
    });
    this.socket.on("disconnect", (reason) => {
      this.#reason = reason;
      this.#look();
    });
    this.socket.on("connect", () => {
      this.#reason = undefined;
    });
  }

  /** Connects, and says nothing. */
  static async open(url: string, options: TwakeOptions = {}): Promise<TwakeClient> {
    const client = new TwakeClient(url, options);
    await new Promise<void>((resolve, reject) => {
      client.socket.once("connect", resolve);
      client.socket.once("connect_error", reject);
    });
    return client;
  }

  /** Why it is disconnected; undefined while it is not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  emit(event: string, ...args: unknown[]): void {
    this.socket.emit(event, ...args);
  }

  /** Sends an event with an acknowledgement, and waits for its first argument. */
  async ask(event: string, ...args: unknown[]): Promise<unknown> {
    let answer: { readonly args: readonly unknown[] } | undefined;
    this.socket.emit(event, ...args, (...given: unknown[]) => {
      answer = { args: given };
      this.#look();
    });
    await this.until(() => answer !== undefined, `the acknowledgement of ${event}`);
    return answer?.args[0];
  }

  /** Logs in, and waits until that is done. */
  async authenticate(token: string): Promise<void> {
    const before = this.of("authenticated").length;
    this.emit("authenticate", { token });
    await this.until(() => this.of("authenticated").length > before, "authenticated");
  }

  /** Asks to join, and waits for the answer: its event and payload. */
  async tryJoin(name: unknown, token?: unknown): Promise<readonly [event: string, payload: unknown]> {
    return await this.#answer("realtime:join", token === undefined ? { name } : { name, token });
  }

  /** Joins a room that must be open to it. */
  async join(name: string, token?: string): Promise<void> {
    const [event, payload] = await this.tryJoin(name, token);
    if (event !== "realtime:join:success") throw new Error(`${event} ${JSON.stringify(payload)}`);
  }

  async leave(name: unknown): Promise<readonly [event: string, payload: unknown]> {
    return await this.#answer("realtime:leave", { name });
  }

  /** Payloads of all events of this name until now. */
  of(event: string): readonly unknown[] {
    return this.heard.filter((one) => one.event === event).map(({ args }) => args[0]);
  }

  /** Payloads of an event, once there are so many. */
  async hears(event: string, count = 1): Promise<readonly unknown[]> {
    await this.until(() => this.of(event).length >= count, `${count} of ${event}`);
    return this.of(event);
  }

  /** What was heard of a room's resources until now. */
  resources(room: string): readonly Resource[] {
    return (this.of("realtime:resource") as readonly Resource[]).filter((one) => one.room === room);
  }

  /** What was sent to a room until now. */
  events(name: string): readonly unknown[] {
    const events = this.of("realtime:event") as readonly { readonly name: string; readonly data: unknown }[];
    return events.filter((one) => one.name === name).map(({ data }) => data);
  }

  /** Waits for the end of the connection; its reason. */
  async ended(): Promise<string> {
    await this.until(() => this.#reason !== undefined, "the end of the connection");
    return this.#reason as string;
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!condition()) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          this.#waiting.delete(look);
          const last = this.heard.slice(-10).map((one) => JSON.stringify(one).slice(0, 200));
          reject(
            new Error(`Waited in vain for ${what}; disconnected: ${this.#reason ?? "no"}; heard:\n${last.join("\n")}`),
          );
        }, end - Date.now());
        const look = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
      });
    }
  }

  close(): void {
    this.socket.disconnect();
  }

  async #answer(event: string, payload: object): Promise<readonly [event: string, payload: unknown]> {
    const isAnswer = (one: Heard): boolean => one.event === `${event}:success` || one.event === `${event}:error`;
    const before = this.heard.length;
    this.emit(event, payload);
    await this.until(() => this.heard.slice(before).some(isAnswer), `the answer to ${event}`);
    const found = this.heard.slice(before).find(isAnswer) as Heard;
    return [found.event, found.args[0]];
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
