/**
 * A token bucket: `burst` at once, `rate` a second after that. Holds two numbers, so that a session can have one.
 * The time is given to it, in milliseconds.
 */
export class TokenBucket {
  #tokens: number;
  #at: number;

  constructor(burst: number, now: number) {
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes one token and returns 0, or returns how many milliseconds to wait for one. */
  take(now: number, rate: number, burst: number): number {
    const elapsed = Math.max(0, now - this.#at);
    this.#at = now;
    this.#tokens = Math.min(burst, this.#tokens + (elapsed * rate) / 1000);
    // Many small refills add up to a hair less than one; a client that waits as long as it was told must be served.
    if (this.#tokens >= 1 - 1e-9) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil(((1 - this.#tokens) * 1000) / rate));
  }

  /** Gives back one token: what it was taken for did not happen. */
  giveBack(): void {
    this.#tokens += 1;
  }
}
