import type { Keys } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import { CLAIM, CLEARED, RENEW } from "./presence-scripts.ts";

export interface LeaseOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly nodeId: string;
  /** How long what this node put outlives its last word, in milliseconds. */
  readonly leaseMs: number;
  /** Puts everything again: Redis had lost it, or had given this node up. */
  readonly restore: () => Promise<void>;
  /** Takes away all that a dead node put. */
  readonly clear: (nodeId: string) => Promise<void>;
  readonly failed: (where: string, error: unknown) => void;
}

/** How often a lease is renewed while it lasts. */
const RENEWALS = 4;

/**
 * The lease of a node on what it put into Redis: renewed while it lives, and looked after by the others when it does not.
 * Ends are by the clock of Redis, so that nodes need not agree on the time.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #nodes: string;
  readonly #clearing: string;
  #timer: NodeJS.Timeout | undefined;
  #restored = true;
  #ended = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#nodes = options.keys.cluster("nodes");
    this.#clearing = options.keys.cluster("clearing");
  }

  /** Begins. Rejects with `UNAVAILABLE`. */
  async begin(): Promise<void> {
    await this.#renew();
    this.#later();
  }

  /** Ends: others clear up at once. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#options.clear(this.#options.nodeId);
    await this.#options.link.command(this.#nodes, ["ZREM", this.#nodes, this.#options.nodeId]);
  }

  #later(): void {
    if (this.#ended) return;
    // Not all nodes at once.
    const wait = (this.#options.leaseMs / RENEWALS) * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => {
      this.#turn()
        .catch((error: unknown) => {
          // What Redis has lost meanwhile is not known.
          this.#options.failed("lease", error);
        })
        .finally(() => this.#later());
    }, wait);
    this.#timer.unref();
  }

  async #turn(): Promise<void> {
    if (!(await this.#renew())) this.#restored = false;
    if (!this.#restored) {
      await this.#options.restore();
      this.#restored = true;
    }
    const { link, leaseMs, clear } = this.#options;
    const dead = await link.run(CLAIM, [this.#nodes, this.#clearing], [leaseMs]);
    if (typeof dead !== "string" || dead === "" || this.#ended) return;
    await clear(dead);
    await link.run(CLEARED, [this.#nodes, this.#clearing], [dead]);
  }

  /** Whether the lease had lasted until now. */
  async #renew(): Promise<boolean> {
    const { link, nodeId, leaseMs } = this.#options;
    return (await link.run(RENEW, [this.#nodes], [nodeId, leaseMs])) === 1;
  }
}
