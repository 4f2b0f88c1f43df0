import { GatewayError } from "@roomcast/protocol";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** So many wrong tries cost nothing. */
const FREE_TRIES = 5;
/** How long an address waits after them; twice as long after each further one. */
const FIRST_WAIT_SECONDS = 5;
const LONGEST_WAIT_SECONDS = 15 * 60;
/** The most addresses that are remembered at once: those that tried last. */
const MOST_ADDRESSES = 10_000;
/** For so long after the first of them, wrong tries are counted. */
const COUNTED_SECONDS = 60 * 60;

/**
 * Slows down who tries to sign in with one wrong credential after the other. A try counts as wrong until it turns out to be
 * right, so that many at once gain nothing.
 */
export class SignInAttempts {
  readonly #wrong = new RateLimiterMemory({ keyPrefix: "wrong", points: FREE_TRIES, duration: COUNTED_SECONDS });
  readonly #waits = new RateLimiterMemory({ keyPrefix: "wait", points: 1, duration: LONGEST_WAIT_SECONDS });

  /** In the order of their last try. */
  readonly #addresses = new Set<string>();

  /** How many addresses are remembered. */
  get size(): number {
    return this.#addresses.size;
  }

  /** Rejects with `RATE_LIMITED` while an address has to wait; `details.retryAfterMs` says for how long. */
  async check(address: string): Promise<void> {
    const left = (await this.#waits.get(address))?.msBeforeNext ?? 0;
    if (left > 0) throw tooMany(left);
  }

  /** Takes note of a try. Rejects like `check`. */
  async begin(address: string): Promise<void> {
    await this.check(address);
    this.#addresses.delete(address);
    this.#addresses.add(address);
    for (const oldest of this.#addresses) {
      if (this.#addresses.size <= MOST_ADDRESSES) break;
      await this.right(oldest);
    }
    const { consumedPoints: tries } = await this.#wrong.penalty(address);
    if (tries < FREE_TRIES) return;
    const customDuration = Math.min(FIRST_WAIT_SECONDS * 2 ** (tries - FREE_TRIES), LONGEST_WAIT_SECONDS);
    try {
      await this.#waits.consume(address, 1, { customDuration });
    } catch (thrown) {
      // Another of the same moment took the only one that there was.
      await this.#wrong.reward(address);
      throw thrown instanceof RateLimiterRes ? tooMany(thrown.msBeforeNext) : thrown;
    }
  }

  /** The try was right: what was wrong before it is forgotten. */
  async right(address: string): Promise<void> {
    this.#addresses.delete(address);
    await this.#wrong.delete(address);
    await this.#waits.delete(address);
  }

  /** It cannot be known whether the try was right: it does not count. */
  async unknown(address: string): Promise<void> {
    await this.#wrong.reward(address);
    await this.#waits.delete(address);
  }
}

function tooMany(retryAfterMs: number): GatewayError {
  return new GatewayError("RATE_LIMITED", "There were too many wrong tries to sign in from this address", {
    details: { retryAfterMs },
  });
}
