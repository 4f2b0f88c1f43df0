import { total, worst, type Reading } from "./timeline.ts";

/** A channel and what goes through it, a second. The tenant is there where there are several. */
export interface BusyChannel {
  readonly tenantId: string | undefined;
  readonly channel: string;
  readonly in: number;
  readonly out: number;
}

/** A reading of this moment: with the channels that have the most to do. */
export type LiveReading = Reading & {
  readonly busiest?: readonly (
    | readonly [tenantId: string, channel: string, inRate: number, outRate: number]
    | readonly [channel: string, inRate: number, outRate: number]
  )[];
};

/** What all nodes together do at this moment. */
export interface Now {
  readonly connections: number;
  readonly channels: number;
  readonly subscriptions: number;
  readonly in: number;
  readonly out: number;
  readonly bytes: number;
  /** Of the node where it is worst. */
  readonly latency: readonly [number, number, number] | null;
  readonly refused: number;
  /** By code, the most frequent first. */
  readonly refusals: readonly (readonly [code: string, rate: number])[];
  readonly dropped: number;
  readonly backlog: number;
  readonly slow: number;
  readonly rss: number;
  readonly heap: number;
  readonly loop: readonly [p50: number, p99: number];
  readonly cpu: number;
  /** At most ten. */
  readonly busiest: readonly BusyChannel[];
}

const MOST_CHANNELS = 10;

export function sumUp(readings: readonly LiveReading[]): Now {
  const add = (value: (reading: Reading) => number | undefined): number =>
    readings.reduce((sum, reading) => sum + (value(reading) ?? 0), 0);
  return {
    connections: add(({ connections }) => connections),
    channels: add(({ channels }) => channels),
    subscriptions: add(({ subscriptions }) => subscriptions),
    in: add((reading) => reading.in),
    out: add(({ out }) => out),
    bytes: add(({ bytes }) => bytes),
    latency: readings.reduce<[number, number, number] | null>((found, { latency }) => worst(found, latency), null),
    refused: add(({ refused }) => total(refused)),
    refusals: refusalsOf(readings),
    dropped: add(({ dropped }) => dropped),
    backlog: add(({ backlog }) => backlog),
    slow: add(({ slow }) => slow),
    rss: add(({ rss }) => rss),
    heap: add(({ heap }) => heap),
    loop: [
      Math.max(0, ...readings.map(({ loop }) => loop?.[0] ?? 0)),
      Math.max(0, ...readings.map(({ loop }) => loop?.[1] ?? 0)),
    ],
    cpu: add(({ cpu }) => cpu),
    busiest: busiestOf(readings),
  };
}

function refusalsOf(readings: readonly Reading[]): (readonly [string, number])[] {
  const rates = new Map<string, number>();
  for (const { refused } of readings)
    for (const [code, rate] of Object.entries(refused)) rates.set(code, (rates.get(code) ?? 0) + rate);
  return [...rates].filter(([, rate]) => rate > 0).sort(([, a], [, b]) => b - a);
}

/** Nodes tell their own; what goes through one channel on several of them belongs together. */
function busiestOf(readings: readonly LiveReading[]): BusyChannel[] {
  const found = new Map<string, BusyChannel>();
  for (const { busiest = [] } of readings) {
    for (const entry of busiest) {
      const [tenantId, channel, inRate, outRate] = entry.length === 4 ? entry : [undefined, ...entry];
      const key = JSON.stringify([tenantId, channel]);
      const known = found.get(key);
      found.set(key, { tenantId, channel, in: (known?.in ?? 0) + inRate, out: (known?.out ?? 0) + outRate });
    }
  }
  return [...found.values()].sort((a, b) => b.in + b.out - a.in - a.out).slice(0, MOST_CHANNELS);
}
