import { io, type Socket } from "socket.io-client";
import { expect } from "vitest";
import {
  RETRYABLE,
  type CommandName,
  type Json,
  type Pushes,
  type PushName,
  type RealtimeEvent,
  type Results,
  type WireError,
} from "./wire.ts";

export interface ConnectOptions {
  /** Sent as `auth.token`, whatever it is; left out where undefined. */
  readonly token?: unknown;
  /** Sent as `auth`, instead of `token`. */
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly transports?: readonly ("websocket" | "polling")[];
  readonly namespace?: string;
  /** Sent while the connection is still being made. */
  readonly early?: readonly {
    readonly event: string;
    readonly payload: unknown;
    readonly answer: (answer: unknown) => void;
  }[];
}

/** A handshake that was refused: `data` is what came with `connect_error`. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly data: unknown;

  constructor(message: string, data: unknown) {
    super(message);
    this.data = data;
  }
}

interface Heard {
  readonly event: string;
  readonly args: readonly unknown[];
}

/** A wait that is not over by then has failed. */
const PATIENCE_MS = 10_000;

type Answer<Name extends CommandName> = ({ ok: true } & Results[Name]) | { ok: false; error: WireError };

/** A stock Socket.IO client that remembers everything it hears, in its order. */
export class Client {
  readonly socket: Socket;
  readonly heard: Heard[] = [];
  #reason: string | undefined;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.onAny((event: string, ...args: unknown[]) => {
      this.heard.push({ event, args });
      this.#look();
    });
    socket.on("disconnect", (reason) => {
      this.#reason = reason;
      this.#look();
    });
  }

  /** Connects, and waits for `session`. Rejects with `Refused`. */
  static async connect(url: string, options: ConnectOptions = {}): Promise<Client> {
    const client = await Client.open(url, options);
    await client.push("session");
    return client;
  }

  /** Connects, and waits for nothing more. */
  static async open(url: string, options: ConnectOptions = {}): Promise<Client> {
    const { token, auth = token === undefined ? {} : { token }, namespace = "/", early = [] } = options;
    const socket = io(`${url}${namespace}`, {
      auth,
      transports: [...(options.transports ?? ["websocket"])],
      forceNew: true,
      reconnection: false,
      timeout: PATIENCE_MS,
      ...(options.headers === undefined ? undefined : { extraHeaders: options.headers }),
      ...(options.query === undefined ? undefined : { query: options.query }),
    });
    const client = new Client(socket);
    for (const { event, payload, answer } of early) socket.emit(event, payload, answer);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("connect_error", (error: Error & { data?: unknown }) => {
        // The link would stay open for another try.
        socket.disconnect();
        reject(new Refused(error.message, error.data));
      });
    });
    return client;
  }

  get session(): Pushes["session"] {
    return this.pushes("session")[0] as Pushes["session"];
  }

  /** Why it is disconnected; undefined while it is not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Any event, with any arguments, and its acknowledgement. */
  ask(event: string, ...args: unknown[]): Promise<unknown> {
    return this.socket.timeout(PATIENCE_MS).emitWithAck(event, ...args);
  }

  /** Sends a command; its acknowledgement as it came. */
  async request<Name extends CommandName>(event: Name, payload: unknown): Promise<Answer<Name>> {
    return (await this.ask(event, payload)) as Answer<Name>;
  }

  /** Sends a command that must succeed; its result without `ok`. */
  async ok<Name extends CommandName>(event: Name, payload: unknown): Promise<Results[Name]> {
    const answer = await this.request(event, payload);
    if (!answer.ok) throw new Error(`${event} was refused: ${JSON.stringify(answer.error)}`);
    const { ok: _, ...result } = answer;
    return result as unknown as Results[Name];
  }

  /** Sends a command that must be refused with this code; the error, whose shape is checked. */
  async refused(event: string, payload: unknown, code: string): Promise<WireError> {
    const answer = await this.ask(event, payload);
    expectRefusal(answer, code);
    return (answer as { error: WireError }).error;
  }

  /** All pushes of a kind until now. */
  pushes<Name extends PushName>(name: Name): readonly Pushes[Name][] {
    return this.heard.filter(({ event }) => event === name).map(({ args }) => args[0] as Pushes[Name]);
  }

  /** The first push of a kind for which `accept` holds, already here or still to come. */
  async push<Name extends PushName>(
    name: Name,
    accept: (push: Pushes[Name]) => boolean = () => true,
  ): Promise<Pushes[Name]> {
    await this.until(() => this.pushes(name).some(accept), `a push "${name}"`);
    return this.pushes(name).find(accept) as Pushes[Name];
  }

  /** Events of a channel until now. */
  events(topic: string): readonly RealtimeEvent[] {
    return this.pushes("event").filter((event) => event.topic === topic);
  }

  payloads(topic: string): readonly Json[] {
    return this.events(topic).map(({ payload }) => payload);
  }

  /** Events of a channel, once there are so many. */
  async eventsOf(topic: string, count: number): Promise<readonly RealtimeEvent[]> {
    await this.until(() => this.events(topic).length >= count, `${count} events on ${topic}`);
    return this.events(topic);
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
          const heard = this.heard.slice(-10).map((one) => JSON.stringify(one).slice(0, 200));
          reject(
            new Error(
              `Waited in vain for ${what}; disconnected: ${this.#reason ?? "no"}; heard last:\n${heard.join("\n")}`,
            ),
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

  #look(): void {
    for (const look of this.#waiting) look();
  }
}

/** An acknowledgement that refuses, in exactly the shape that the specification gives it. */
export function expectRefusal(answer: unknown, code: string): void {
  expect(answer).toEqual({ ok: false, error: errorShape(code) });
}

/** An error with this code as it stands on the wire; `details` may be there. */
export function errorShape(code: string): unknown {
  return expect.toSatisfy((error: unknown) => {
    const { code: found, message, retryable, details, ...others } = error as WireError;
    return (
      found === code &&
      typeof message === "string" &&
      message !== "" &&
      retryable === RETRYABLE.has(code) &&
      (details === undefined || (typeof details === "object" && details !== null)) &&
      Object.keys(others).length === 0
    );
  }, `an error ${code}`);
}
