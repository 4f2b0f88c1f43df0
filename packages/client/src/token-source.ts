import type { Environment } from "./environment.ts";
import { unavailable } from "./errors.ts";

type MaybePromise<T> = T | Promise<T>;

/** A token, or what gives one whenever it is asked; null connects as an anonymous visitor, where the server takes these. */
export type Token = string | null | (() => MaybePromise<string | null>);

/** How long a provider may take. */
const PROVIDER_TIMEOUT = 10_000;

/** Where tokens come from. */
export class TokenSource {
  #token: Token;
  readonly #environment: Environment;

  constructor(options: { token: Token; environment: Environment }) {
    this.#token = options.token;
    this.#environment = options.environment;
  }

  /** Whether asking again may give another one. */
  get renewable(): boolean {
    return typeof this.#token === "function";
  }

  replace(token: Token): void {
    this.#token = token;
  }

  /** Rejects with a retryable `RealtimeError` when the provider throws, rejects, hangs, or gives what is no token. */
  async get(): Promise<string | null> {
    const token = this.#token;
    if (typeof token !== "function") return token;
    let cancel: (() => void) | undefined;
    try {
      const given = await Promise.race([
        token(),
        new Promise<never>((_, reject) => {
          cancel = this.#environment.after(PROVIDER_TIMEOUT, () => reject(new Error("It took too long")));
        }),
      ]);
      if (given !== null && (typeof given !== "string" || given === "")) throw new Error("It gave no token");
      return given;
    } catch (thrown) {
      throw unavailable("The token provider failed", thrown);
    } finally {
      cancel?.();
    }
  }
}
