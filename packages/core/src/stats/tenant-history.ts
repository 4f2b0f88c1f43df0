import type { ErrorCode } from "@roomcast/protocol";
import { rate, refusedRates, type TenantSample } from "./samples.ts";
import { TrafficReader, type TenantTraffic, type Traffic } from "./traffic.ts";

/** Of so many tenants there is a past; a ring is about four kilobytes. */
const MOST_TENANTS = 5000;
/** Columns of a ring: connections, channels, in, out. */
const COLUMNS = 4;

/** One tenant's last samples, at the places of the node's. */
interface Ring {
  readonly reader: TrafficReader;
  readonly cells: Float64Array;
  /** By place; made for the first refusal. */
  refused: (ReadonlyMap<ErrorCode, number> | undefined)[] | undefined;
  /** The first and the last sample in which there was something, counted from the node's first. */
  first: number;
  last: number;
}

/** The past of each tenant on this node, for so many samples; tenants that had nothing for as long are forgotten. */
export class TenantHistory {
  readonly #traffic: Traffic;
  readonly #size: number;
  /** By place: when it was, and how many seconds it covers. */
  readonly #times: Float64Array;
  readonly #seconds: Float64Array;
  readonly #rings = new Map<string, Ring>();
  /** Tenants that there was no room for: what they did until now is not one sample's. */
  readonly #passed = new WeakSet<TenantTraffic>();
  /** How many samples there were. */
  #count = 0;

  constructor(options: { traffic: Traffic; size: number }) {
    this.#traffic = options.traffic;
    this.#size = options.size;
    this.#times = new Float64Array(options.size);
    this.#seconds = new Float64Array(options.size);
  }

  /** Adds a sample of every tenant: of the `seconds` that end at `t`. */
  add(t: number, seconds: number): void {
    const number = this.#count++;
    const place = number % this.#size;
    this.#times[place] = t;
    this.#seconds[place] = seconds;
    for (const [tenantId, traffic] of this.#traffic.tenants) {
      const ring = this.#rings.get(tenantId) ?? this.#begin(tenantId, traffic, number);
      if (ring === undefined) {
        this.#passed.add(traffic);
        this.#traffic.forget(tenantId);
      } else if (!this.#write(ring, traffic, number) && number - ring.last >= this.#size) this.#forget(tenantId);
    }
  }

  /** A tenant's samples after the moment `after`, oldest first. */
  samples(tenantId: string, nodeId: string, after: number): readonly TenantSample[] {
    const ring = this.#rings.get(tenantId);
    if (ring === undefined) return [];
    const samples: TenantSample[] = [];
    for (let number = Math.max(ring.first, this.#count - this.#size); number < this.#count; number++) {
      const place = number % this.#size;
      const t = this.#times[place] as number;
      const seconds = this.#seconds[place] as number;
      if (t <= after) continue;
      const [connections = 0, channels = 0, in_ = 0, out = 0] = ring.cells.subarray(place * COLUMNS);
      const refused = ring.refused?.[place] ?? NONE;
      samples.push({
        t,
        nodeId,
        seconds,
        connections,
        channels,
        in: rate(in_, seconds),
        out: rate(out, seconds),
        refused: refusedRates(refused, seconds),
      });
    }
    return samples;
  }

  #begin(tenantId: string, traffic: TenantTraffic, number: number): Ring | undefined {
    if (this.#rings.size >= MOST_TENANTS) return undefined;
    const ring: Ring = {
      reader: new TrafficReader(this.#passed.has(traffic) ? traffic : undefined),
      cells: new Float64Array(this.#size * COLUMNS),
      refused: undefined,
      first: number,
      last: number,
    };
    this.#rings.set(tenantId, ring);
    return ring;
  }

  /** Whether there was anything. */
  #write(ring: Ring, traffic: TenantTraffic, number: number): boolean {
    const place = number % this.#size;
    const { connections, channels } = traffic;
    const { in: in_, out, refused } = ring.reader.read(traffic);
    ring.cells.set([connections, channels, in_, out], place * COLUMNS);
    if (refused.size > 0) ring.refused ??= [];
    if (ring.refused !== undefined) ring.refused[place] = refused.size > 0 ? refused : undefined;
    const something = connections > 0 || channels > 0 || in_ > 0 || out > 0 || refused.size > 0;
    if (something) ring.last = number;
    return something;
  }

  #forget(tenantId: string): void {
    this.#rings.delete(tenantId);
    this.#traffic.forget(tenantId);
  }
}

const NONE: ReadonlyMap<ErrorCode, number> = new Map();
