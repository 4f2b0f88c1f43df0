import type { Keys } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import { CLAIM, CLEARED, RENEW, TAKE } from "./presence-scripts.ts";

export interface LeaseOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly nodeId: string;
  /** How long what this node put outlives its last word, in milliseconds. */
  readonly leaseMs: number;
  /** There is a new lease: what Redis has of this node is not known, and goes with leases that have ended. */
  readonly lapsed: () => void;
  /** Puts what Redis does not have as it should. Called now and then; rejects where Redis is away. */
  readonly mend: () => Promise<void>;
  /** Takes away all that goes with a lease that has ended. */
  readonly clear: (lease: string) => Promise<void>;
  readonly failed: (where: string, error: unknown) => void;
}

/** How often a lease is renewed while it lasts. */
const RENEWALS = 4;

/**
 * The lease of a node on what it put into Redis: renewed while it lives, and looked after by the others when it does not.
 * Ends are by the clock of Redis, so that nodes need not agree on the time. A lease that has ended never lasts again: a node
 * that was given up takes a new one, so that who still clears up after the old one does not touch what it put anew.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #leases: string;
  readonly #clearing: string;
  readonly #run = Math.random().toString(36).slice(2, 10);
  #count = 0;
  #id: string;
  /** Leases of this node before this one, which are to be cleared up after. */
  #ended: string[] = [];
  #begun: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #doubted = false;
  #upkeep: Promise<void> | undefined;
  #over = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#leases = options.keys.cluster("leases");
    this.#clearing = options.keys.cluster("clearing");
    this.#id = this.#newId();
  }

  /** Names the lease: of all nodes and times, only this one has it. */
  get id(): string {
    return this.#id;
  }

  /** Leases of this node that have ended, and may not have been cleared up after. */
  get ended(): readonly string[] {
    return this.#ended;
  }

  /** Takes the first lease, if that has not been done. Rejects with `UNAVAILABLE`. */
  async begin(): Promise<void> {
    const begun = (this.#begun ??= this.#take(this.#id).then(() => this.#later()));
    try {
      await begun;
    } catch (error) {
      if (this.#begun === begun) this.#begun = undefined;
      throw error;
    }
  }

  /** Redis may have lost something: takes a new lease soon, though not all nodes at once. */
  doubt(): void {
    this.#doubted = true;
    if (this.#begun !== undefined) this.#later((Math.random() * this.#options.leaseMs) / RENEWALS / 2);
  }

  /** Ends: others need not clear up. */
  async end(): Promise<void> {
    this.#over = true;
    clearTimeout(this.#timer);
    if (this.#begun === undefined) return;
    await this.#upkeep;
    await this.#clear(this.#id);
  }

  #later(wait = (this.#options.leaseMs / RENEWALS) * (0.75 + Math.random() / 2)): void {
    clearTimeout(this.#timer);
    if (this.#over) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#turn()
        .catch((error: unknown) => this.#options.failed("lease", error))
        .finally(() => {
          // Unless doubts have come up meanwhile, and the next turn is soon.
          if (this.#timer === undefined) this.#later();
        });
    }, wait);
    this.#timer.unref();
  }

  async #turn(): Promise<void> {
    if (this.#doubted || !(await this.#renew())) await this.#anew();
    // Beside renewing, which goes on however long it takes.
    this.#upkeep ??= this.#keepUp()
      .catch((error: unknown) => this.#options.failed("lease", error))
      .finally(() => (this.#upkeep = undefined));
  }

  async #anew(): Promise<void> {
    const id = this.#newId();
    this.#doubted = false;
    try {
      await this.#take(id);
    } catch (error) {
      this.#doubted = true;
      throw error;
    }
    this.#ended.push(this.#id);
    this.#id = id;
    this.#options.lapsed();
  }

  async #keepUp(): Promise<void> {
    const { link, leaseMs, mend } = this.#options;
    await mend();
    for (const id of [...this.#ended]) {
      await this.#clear(id);
      this.#ended = this.#ended.filter((one) => one !== id);
    }
    while (!this.#over) {
      const dead = await link.run(CLAIM, [this.#leases, this.#clearing], [leaseMs]);
      if (typeof dead !== "string" || dead === "") return;
      await this.#clear(dead);
    }
  }

  async #clear(id: string): Promise<void> {
    await this.#options.clear(id);
    await this.#options.link.run(CLEARED, [this.#leases, this.#clearing], [id]);
  }

  async #take(id: string): Promise<void> {
    await this.#options.link.run(TAKE, [this.#leases], [id, this.#options.leaseMs]);
  }

  /** Whether the lease had lasted until now. */
  async #renew(): Promise<boolean> {
    const { link, leaseMs } = this.#options;
    return (await link.run(RENEW, [this.#leases], [this.#id, leaseMs])) === 1;
  }

  #newId(): string {
    return `${this.#options.nodeId}.${this.#run}.${(++this.#count).toString(36)}`;
  }
}
