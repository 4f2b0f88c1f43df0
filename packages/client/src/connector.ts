import { backoff, type Environment } from "./environment.ts";
import { isRecord, toRealtimeError, unavailable, type RealtimeError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { TokenSource } from "./token-source.ts";

export type ConnectionState = "connecting" | "connected" | "disconnected" | "reconnecting";

export interface ConnectorOptions {
  readonly environment: Environment;
  readonly tokens: TokenSource;
  readonly url: string;
  readonly path: string;
  readonly reconnection: boolean;
  readonly reconnectionAttempts: number;
  /** Milliseconds. */
  readonly reconnectionDelay: number;
  connected(link: Link): void;
  /** A connection that was there is gone; another may follow. */
  lost(): void;
  pushed(event: string, payload: unknown): void;
  changed(state: ConnectionState): void;
  failed(error: RealtimeError): void;
  /** No connection is coming until `connect` is called again. */
  stopped(error: RealtimeError): void;
}

/** How long a connection may take to come up. */
const OPEN_TIMEOUT = 20_000;

/** Gets a connection and gets it back. All ways of losing one lead through here. */
export class Connector {
  readonly #options: ConnectorOptions;
  #state: ConnectionState = "disconnected";
  #link: Link | undefined;
  /** Serves to know what belongs to an attempt that is over. */
  #run = 0;
  #attempts = 0;
  #rejectedTokens = 0;
  #wasConnected = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  connect(): void {
    if (this.#state !== "disconnected") return;
    this.#attempts = 0;
    this.#rejectedTokens = 0;
    this.#wasConnected = false;
    // First, so that a listener that says `disconnect()` at once is heard.
    const run = ++this.#run;
    this.#change("connecting");
    if (run === this.#run) void this.#attempt();
  }

  disconnect(): void {
    if (this.#state !== "disconnected") this.#stop(unavailable("The client was disconnected"), false);
  }

  /** Gives up the connection that is there for the next one. */
  renew(): void {
    if (this.#drop()) this.#again(unavailable("The connection did not answer"));
  }

  /** Gives up the connection that is there, or the attempt at one, for another with the token of now. */
  replace(): void {
    if (this.#state === "disconnected") return;
    this.#drop();
    this.#attempts = 0;
    this.#rejectedTokens = 0;
    this.#change(this.#wasConnected ? "reconnecting" : "connecting");
    void this.#attempt();
  }

  /** The server said that it ends the connection, and whether to come back. */
  closing(payload: unknown): void {
    const error = toRealtimeError(payload);
    if (!this.#drop()) return;
    if (isRecord(payload) && payload["reconnect"] === true) {
      // Prompt, but not all clients of a node at once.
      this.#again(error, this.#options.environment.random() * this.#options.reconnectionDelay);
    } else this.#stop(error, true);
  }

  async #attempt(): Promise<void> {
    const { environment, tokens, url, path } = this.#options;
    const run = ++this.#run;
    const current = (): boolean => run === this.#run;
    let token: string | null;
    try {
      token = await tokens.get();
    } catch (thrown) {
      if (!current()) return;
      const error = thrown as RealtimeError;
      this.#options.failed(error);
      if (current()) this.#again(error);
      return;
    }
    if (!current()) return;
    this.#cancelTimer = environment.after(OPEN_TIMEOUT, () => {
      this.#drop();
      this.#again(unavailable("The server did not answer in time"));
    });
    const link = environment.openLink(
      { url, path, token },
      {
        opened: () => {
          if (current()) this.#opened(link);
        },
        pushed: (event, payload) => {
          if (current()) this.#options.pushed(event, payload);
        },
        refused: (data, cause) => {
          if (!current()) return;
          this.#drop();
          this.#refused(data, cause);
        },
        closed: (farewell) => {
          if (!current()) return;
          this.#drop();
          if (farewell) this.#stop(unavailable("The server ended the connection"), true);
          else this.#again(unavailable("The connection was lost"));
        },
      },
    );
    // It may have failed already.
    if (current()) this.#link = link;
    else link.close();
  }

  #opened(link: Link): void {
    this.#cancelTimer?.();
    this.#attempts = 0;
    this.#rejectedTokens = 0;
    this.#wasConnected = true;
    this.#state = "connected";
    this.#options.connected(link);
    if (this.#link === link) this.#options.changed("connected");
  }

  #refused(data: unknown, cause: unknown): void {
    if (!isRecord(data)) {
      this.#again(unavailable("The server cannot be reached", cause));
      return;
    }
    const error = toRealtimeError(data);
    const { renewable } = this.#options.tokens;
    const expired = error.code === "TOKEN_EXPIRED";
    if (expired || error.code === "UNAUTHENTICATED") {
      // Another token may do: a provider is asked again, but only once for a token that is simply not accepted.
      this.#rejectedTokens++;
      if (renewable && (expired || this.#rejectedTokens < 2)) this.#again(error);
      else this.#stop(error, true);
    } else if (error.retryable) this.#again(error);
    else this.#stop(error, true);
  }

  /** Tries once more after `delayMs`, unless this was the last time. */
  #again(error: RealtimeError, delayMs?: number): void {
    const { environment, reconnection, reconnectionAttempts, reconnectionDelay } = this.#options;
    if (!reconnection || this.#attempts >= reconnectionAttempts) {
      this.#stop(error, true);
      return;
    }
    const delay = delayMs ?? Math.max(backoff(environment, reconnectionDelay, this.#attempts), retryAfter(error));
    // Being told when to come back is no failure. Most find the next server not there yet: their waits begin with the shortest.
    if (delayMs === undefined) this.#attempts++;
    this.#cancelTimer = environment.after(delay, () => void this.#attempt());
    this.#change(this.#wasConnected ? "reconnecting" : "connecting");
  }

  #stop(error: RealtimeError, tell: boolean): void {
    this.#drop();
    this.#state = "disconnected";
    this.#options.stopped(error);
    this.#options.changed("disconnected");
    if (tell) this.#options.failed(error);
  }

  /** Ends the attempt or the connection that is there. Whether there was one. */
  #drop(): boolean {
    this.#run++;
    this.#cancelTimer?.();
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined) return false;
    link.close();
    if (this.#state === "connected") this.#options.lost();
    return true;
  }

  #change(state: ConnectionState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.changed(state);
  }
}

function retryAfter(error: RealtimeError): number {
  const asked = error.details?.["retryAfterMs"];
  return typeof asked === "number" ? asked : 0;
}
