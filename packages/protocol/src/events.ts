/** Where a reader stands in one channel's log. Offsets are integers 0 … 2^53−1; a new channel stands at 0. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

export type EventSource = "socket" | "rest" | "server" | "resource" | "direct";

/** One event on a channel as readers of the native dialect and REST get it. */
export interface RealtimeEvent {
  /** Unique in its channel; the idempotency key where one was given. */
  readonly id: string;
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
  readonly source: EventSource;
  /** Stamped by the server. */
  readonly sender?: { readonly userId: string | null; readonly socketId?: string };
  /** When it was accepted, in milliseconds since 1970. */
  readonly timestamp: number;
  /** There when the channel keeps history. */
  readonly position?: Position;
}

/** One session that joined a channel. Clients group members by `userId` for people. */
export interface Member {
  readonly socketId: string;
  readonly userId: string | null;
  /** Milliseconds since 1970. */
  readonly joinedAt: number;
  readonly info?: Readonly<Record<string, unknown>>;
  /** Any JSON value that the member set itself, at most `limits.stateBytes`. */
  readonly state?: unknown;
}
