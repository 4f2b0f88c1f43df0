import type { Revocations } from "./auth.ts";
import { systemClock, type Clock } from "./clock.ts";

/** The longest life of a token by default: older revocations can concern none. */
const REMEMBER_MS = 31 * 24 * 60 * 60 * 1000;

/** The revocations of a single node. */
export class MemoryRevocations implements Revocations {
  readonly #clock: Clock;
  readonly #rememberMs: number;
  /** By tenant and user, oldest first. */
  readonly #moments = new Map<string, number>();

  constructor(options: { clock?: Clock; rememberMs?: number } = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#rememberMs = options.rememberMs ?? REMEMBER_MS;
  }

  async revoke(tenantId: string, userId: string, at: number): Promise<void> {
    const now = this.#clock.now();
    for (const [key, moment] of this.#moments) {
      if (now - moment < this.#rememberMs) break;
      this.#moments.delete(key);
    }
    const key = `${tenantId}/${userId}`;
    this.#moments.delete(key);
    this.#moments.set(key, at);
  }

  async revokedAt(tenantId: string, userId: string): Promise<number | undefined> {
    return this.#moments.get(`${tenantId}/${userId}`);
  }
}
