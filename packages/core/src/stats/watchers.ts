import type { Broker, Signal } from "../broker.ts";
import type { Clock } from "../clock.ts";
import type { Hub } from "../hub.ts";
import type { Observer } from "../observer.ts";
import { ALL_NODES, EVERYBODY, STATS_CLUSTER, statsOf } from "../services.ts";

/** A node says again what its clients follow, so that one that has come since, or missed a word, knows. */
const RENEW_MS = 5000;
/** What a node that is heard of no more said holds for so long. */
const EXPIRE_MS = 15_000;
/** So many tenants one node can follow for: a signal is about a quarter of a megabyte then. */
const MOST_TENANTS = 2000;

/** What another node's clients follow. */
interface Elsewhere {
  readonly tenants: ReadonlySet<string>;
  readonly until: number;
}

/**
 * Who looks, on any node: at the cluster (the tenant `$`) or at single tenants. Each node tells the others what its own
 * clients follow, when that changes and then from time to time; the newest word of a node replaces what it said before.
 */
export class Watchers {
  readonly #nodeId: string;
  readonly #clock: Clock;
  readonly #broker: Broker;
  readonly #hub: Hub;
  readonly #observer: Observer;
  #here: ReadonlySet<string> = new Set();
  readonly #elsewhere = new Map<string, Elsewhere>();
  #toldAt = 0;

  constructor(options: { nodeId: string; clock: Clock; broker: Broker; hub: Hub; observer: Observer }) {
    this.#nodeId = options.nodeId;
    this.#clock = options.clock;
    this.#broker = options.broker;
    this.#hub = options.hub;
    this.#observer = options.observer;
  }

  /** What is followed, here or elsewhere: tenants, and `$` for the cluster. */
  get all(): ReadonlySet<string> {
    const all = new Set(this.#here);
    for (const { tenants } of this.#elsewhere.values()) for (const tenantId of tenants) all.add(tenantId);
    return all;
  }

  /** A client of this node began to follow. */
  began(tenantId: string): void {
    if (this.#here.has(tenantId) || this.#here.size >= MOST_TENANTS) return;
    this.#here = new Set([...this.#here, tenantId]);
    this.#tell();
  }

  /** Another node says what its clients follow. */
  heard({ nodeId, tenants }: Signal & { type: "watch" }): void {
    if (nodeId === this.#nodeId) return;
    if (tenants.length === 0) this.#elsewhere.delete(nodeId);
    else this.#elsewhere.set(nodeId, { tenants: new Set(tenants), until: this.#clock.now() + EXPIRE_MS });
  }

  /** Looks who follows still; to be called about once a second. */
  look(): void {
    const now = this.#clock.now();
    for (const [nodeId, { until }] of this.#elsewhere) if (until <= now) this.#elsewhere.delete(nodeId);
    const before = this.#here.size;
    this.#here = new Set([...this.#here].filter((tenantId) => this.#hub.find(placeOf(tenantId)) !== undefined));
    if (this.#here.size !== before || (before > 0 && now - this.#toldAt >= RENEW_MS)) this.#tell();
  }

  #tell(): void {
    this.#toldAt = this.#clock.now();
    const signal: Signal = { type: "watch", nodeId: this.#nodeId, tenants: [...this.#here] };
    this.#broker.signal(ALL_NODES, signal).catch((error: unknown) => this.#observer.failed?.("watch", error));
  }
}

/** Where samples of a tenant are told; of `$`, those of whole nodes. */
export function placeOf(tenantId: string) {
  return tenantId === EVERYBODY ? STATS_CLUSTER : statsOf(tenantId);
}
