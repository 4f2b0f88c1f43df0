import type { ConnectionState, RealtimeClient, RealtimeError, SessionInfo } from "@roomcast/client";

export interface ConnectionSnapshot {
  readonly state: ConnectionState;
  /** Who the server last said we are; it stays while the connection is away. */
  readonly session: SessionInfo | undefined;
  /** Why there is no connection, where that is known: a token provider that failed, a refusal. Gone with the next connection. */
  readonly error: RealtimeError | undefined;
}

/** The state of a client's connection, as one value that changes as a whole. */
export class ConnectionStore {
  readonly initial: ConnectionSnapshot;
  readonly #client: RealtimeClient;
  readonly #listeners = new Set<{ readonly call: () => void }>();
  #snapshot: ConnectionSnapshot;

  constructor(options: { client: RealtimeClient; initial: ConnectionState }) {
    this.#client = options.client;
    this.initial = { state: options.initial, session: undefined, error: undefined };
    this.#snapshot = this.initial;
  }

  get(): ConnectionSnapshot {
    return this.#snapshot;
  }

  /** Bound, so that it is the same function for every render. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const registration = { call: listener };
    this.#listeners.add(registration);
    return () => void this.#listeners.delete(registration);
  };

  /**
   * Begins to listen to the client, and to tell `failed` every error. Without it errors are left to whoever else listens to
   * the client, and to the console where nobody does. Returns what ends that.
   */
  start(failed?: (error: RealtimeError) => void): () => void {
    const client = this.#client;
    const stops = [
      client.on("connection", ({ state }) => {
        this.#change({ state, ...(state === "connected" ? { error: undefined } : undefined) });
      }),
      client.on("session", (session) => this.#change({ session })),
    ];
    if (failed !== undefined) {
      const stop = client.on("error", (error) => {
        if (client.state !== "connected" && error.channel === undefined) this.#change({ error });
        failed(error);
      });
      stops.push(stop);
    }
    // A client of the application's own may have been there for long, or have gone while nobody listened. One of ours is about
    // to connect.
    if (client.state !== "disconnected" || this.#snapshot.state === "connected")
      this.#change({ state: client.state, session: client.session });
    return () => {
      for (const stop of stops) stop();
    };
  }

  #change(change: Partial<ConnectionSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const { call } of [...this.#listeners]) call();
  }
}
