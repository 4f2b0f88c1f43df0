import { backoff, type Environment } from "./environment.ts";
import { toRealtimeError, RealtimeError } from "./errors.ts";
import type { TokenSource } from "./token-source.ts";

const RETRY_BASE = 1000;

/** Replaces the token of a running session before it expires, when there is a provider to ask. */
export class Renewal {
  readonly #environment: Environment;
  readonly #tokens: TokenSource;
  readonly #refresh: (token: string | null) => Promise<unknown>;
  readonly #failed: (error: RealtimeError) => void;
  /** Serves to know that a session has ended, or that the server asked again, while something was awaited. */
  #run = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: {
    environment: Environment;
    tokens: TokenSource;
    refresh: (token: string | null) => Promise<unknown>;
    failed: (error: RealtimeError) => void;
  }) {
    this.#environment = options.environment;
    this.#tokens = options.tokens;
    this.#refresh = options.refresh;
    this.#failed = options.failed;
  }

  /**
   * The token of this session has `leftMs` to live. It is replaced somewhere in the second quarter of that: not at once, so
   * that a provider of short-lived tokens is not asked without pause, and so early that there is time to try again.
   */
  expiring(leftMs: number): void {
    if (!this.#tokens.renewable) return;
    this.cancel();
    this.#schedule(leftMs * (0.25 + this.#environment.random() / 4), 0);
  }

  /** The session has ended. */
  cancel(): void {
    this.#run++;
    this.#cancelTimer?.();
  }

  #schedule(delayMs: number, attempt: number): void {
    const run = this.#run;
    this.#cancelTimer = this.#environment.after(Math.max(0, delayMs), () => void this.#renew(run, attempt));
  }

  async #renew(run: number, attempt: number): Promise<void> {
    try {
      const token = await this.#tokens.get();
      if (run === this.#run) await this.#refresh(token);
    } catch (thrown) {
      if (run !== this.#run) return;
      const error = thrown instanceof RealtimeError ? thrown : toRealtimeError(thrown);
      this.#failed(error);
      // A token of somebody else will not do later either: this session ends when its own expires.
      if (run === this.#run && error.code !== "FORBIDDEN") {
        this.#schedule(backoff(this.#environment, RETRY_BASE, attempt), attempt + 1);
      }
    }
  }
}
