import type { NodeSample, TenantSample } from "../../api/types.ts";

/** A sample of a node or of a tenant on a node: what only nodes tell may be missing. */
export type Reading = Omit<TenantSample, "busiest"> & Partial<Omit<NodeSample, keyof TenantSample>>;

/** What all nodes together did in a step of time; null where nothing is known. Rates are a second. */
export interface Point {
  /** The end of the step, in milliseconds since 1970. */
  readonly t: number;
  readonly connections: number | null;
  readonly in: number | null;
  readonly out: number | null;
  readonly refused: number | null;
  /** Of the node where it was worst: percentiles of several cannot be added. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly backlog: number | null;
  readonly rss: number | null;
  readonly loop: number | null;
}

/** Width of a step, in milliseconds: more than the five seconds between the samples that nodes keep. */
export const STEP = 10_000;
export const WINDOW = 900_000;
const STEPS = WINDOW / STEP;

/** What one node did in one step. Rates are kept as counts, so that samples of any length can be added. */
interface Sum {
  seconds: number;
  in: number;
  out: number;
  refused: number;
  latency: [number, number, number] | null;
  loop: number | null;
  /** The newest sample, which tells what is not a rate. */
  last: Reading;
}

/** The last quarter of an hour, as samples come in: those of the past five seconds each, those of now one. */
export class Timeline {
  readonly #steps = new Map<number, Map<string, Sum>>();
  #newest = 0;

  /** The step that is under way; 0 before anything is known. */
  get newest(): number {
    return this.#newest;
  }

  add(sample: Reading): void {
    // A sample is of the time before its end.
    const step = Math.ceil(sample.t / STEP);
    if (step < this.#newest - STEPS) return;
    if (step > this.#newest) {
      this.#newest = step;
      for (const old of this.#steps.keys()) if (old < step - STEPS) this.#steps.delete(old);
    }
    const nodes = this.#steps.get(step) ?? new Map<string, Sum>();
    this.#steps.set(step, nodes);
    const { seconds, nodeId } = sample;
    const sum = nodes.get(nodeId) ?? { seconds: 0, in: 0, out: 0, refused: 0, latency: null, loop: null, last: sample };
    nodes.set(nodeId, sum);
    sum.seconds += seconds;
    sum.in += sample.in * seconds;
    sum.out += sample.out * seconds;
    sum.refused += total(sample.refused) * seconds;
    sum.latency = worst(sum.latency, sample.latency ?? null);
    const loop = sample.loop?.[1];
    if (loop !== undefined) sum.loop = Math.max(sum.loop ?? 0, loop);
    if (sample.t >= sum.last.t) sum.last = sample;
  }

  /** All steps that are over, oldest first. */
  points(): Point[] {
    if (this.#newest === 0) return [];
    return Array.from({ length: STEPS }, (_, index) => this.#point(this.#newest - STEPS + index));
  }

  #point(step: number): Point {
    const sums = [...(this.#steps.get(step)?.values() ?? [])];
    const add = (value: (sum: Sum) => number | undefined): number | null => {
      const known = sums.map(value).filter((one) => one !== undefined);
      return known.length === 0 ? null : known.reduce((all, one) => all + one, 0);
    };
    const rate = (name: "in" | "out" | "refused"): number | null =>
      add((sum) => sum[name] / Math.max(sum.seconds, 0.001));
    const latency = sums.reduce<Sum["latency"]>((found, sum) => worst(found, sum.latency), null);
    const loops = sums.map(({ loop }) => loop).filter((loop) => loop !== null);
    return {
      t: step * STEP,
      connections: add(({ last }) => last.connections),
      in: rate("in"),
      out: rate("out"),
      refused: rate("refused"),
      p50: latency?.[0] ?? null,
      p95: latency?.[1] ?? null,
      p99: latency?.[2] ?? null,
      backlog: add(({ last }) => last.backlog),
      rss: add(({ last }) => last.rss),
      loop: loops.length === 0 ? null : Math.max(...loops),
    };
  }
}

/** All that was refused, whatever its code. */
export function total(refused: Readonly<Record<string, number>>): number {
  return Object.values(refused).reduce((sum, rate) => sum + rate, 0);
}

/** The higher of each percentile. */
export function worst(a: Sum["latency"], b: Reading["latency"]): Sum["latency"] {
  if (b === null || b === undefined) return a;
  if (a === null) return [b[0], b[1], b[2]];
  return [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.max(a[2], b[2])];
}
