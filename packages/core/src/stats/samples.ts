import type { ErrorCode } from "@roomcast/protocol";

/** How many a second, by code; codes that did not occur are not there. */
export type RefusedRates = Readonly<Partial<Record<ErrorCode, number>>>;

/** What a node did in an interval. Rates are a second; `in` and `out` are events accepted here and written to sessions here. */
export interface NodeSample {
  /** The end of the interval, in milliseconds since 1970. */
  readonly t: number;
  readonly nodeId: string;
  /** How long the interval was. */
  readonly seconds: number;
  readonly connections: number;
  /** Channels that somebody follows here, without the gateway's own. */
  readonly channels: number;
  readonly subscriptions: number;
  readonly in: number;
  readonly out: number;
  readonly bytes: number;
  /** Milliseconds from the acceptance of an event here to its writing here: p50, p95, p99. Null where nothing was written. */
  readonly latency: readonly [p50: number, p95: number, p99: number] | null;
  readonly refused: RefusedRates;
  /** Frames a second that were meant for sessions and lost, to sessions that are too slow for instance. */
  readonly dropped: number;
  /** Bytes that wait for this node's clients, as last counted: a large node takes some seconds to count them. */
  readonly backlog: number;
  /** Connections that have more waiting than they may, counted with the backlog. */
  readonly slow: number;
  /** Bytes of the process. */
  readonly rss: number;
  readonly heap: number;
  /** How late the event loop was, in milliseconds: p50, p99. */
  readonly loop: readonly [p50: number, p99: number];
  /** Of one core; more than 1 where several work. */
  readonly cpu: number;
  readonly draining: boolean;
  /** The channels with the most events in and out, at most ten; there while somebody follows. */
  readonly busiest?: readonly (readonly [tenantId: string, channel: string, in_: number, out: number])[];
}

/** The same of one tenant on one node. */
export interface TenantSample {
  readonly t: number;
  readonly nodeId: string;
  readonly seconds: number;
  readonly connections: number;
  readonly channels: number;
  readonly in: number;
  readonly out: number;
  readonly refused: RefusedRates;
  readonly busiest?: readonly (readonly [channel: string, in_: number, out: number])[];
}

/** `count` in `seconds` as a rate that is short as text. */
export function rate(count: number, seconds: number): number {
  return Math.round((count / seconds) * 1000) / 1000;
}

export function refusedRates(counts: ReadonlyMap<ErrorCode, number>, seconds: number): RefusedRates {
  const rates: Partial<Record<ErrorCode, number>> = {};
  for (const [code, count] of counts) if (count > 0) rates[code] = rate(count, seconds);
  return rates;
}
