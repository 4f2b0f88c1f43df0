/** What a node's process did since it was last asked. */
export interface HostReading {
  /** Bytes that were handed to sockets. */
  readonly bytes: number;
  /** Milliseconds from the acceptance of an event on this node to its writing: p50, p95, p99; null where nothing was written. */
  readonly latency: readonly [p50: number, p95: number, p99: number] | null;
  /** Bytes that the process has now. */
  readonly rss: number;
  readonly heap: number;
  /** How late the event loop was, in milliseconds: p50, p99. */
  readonly loop: readonly [p50: number, p99: number];
  /** Of one core; more than 1 where several work. */
  readonly cpu: number;
}

/** Measures from when it was opened, and from one reading to the next. */
export interface HostMeter {
  read(): HostReading;
  close(): void;
}

/** PORT: measures what the engine cannot see, since it knows no process and no socket. `@roomcast/server` has it for Node. */
export interface HostMeters {
  /** One for each who reads at a pace of its own. */
  open(): HostMeter;
  /** Milliseconds of a monotonic clock, finer than whole ones; the engine's clock serves without it. */
  now?(): number;
}

const NOTHING: HostReading = { bytes: 0, latency: null, rss: 0, heap: 0, loop: [0, 0], cpu: 0 };

/** Where nobody measures. */
export const noMeters: HostMeters = { open: () => ({ read: () => NOTHING, close: () => undefined }) };
