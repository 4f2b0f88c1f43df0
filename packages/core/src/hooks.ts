import { GatewayError } from "@roomcast/protocol";
import type { Clock } from "./clock.ts";

/** How long the engine waits for code that is not its own. */
export const HOOK_TIMEOUT_MS = 5000;

/**
 * Calls code that is not the engine's own (authenticators, rule functions): bounded in time and in how many calls are
 * under way. Whatever it throws becomes a `GatewayError`; what is not one already is `UNAVAILABLE`.
 */
export class Hooks {
  readonly #clock: Clock;
  readonly #concurrent: number;
  readonly #failed: (where: string, error: unknown) => void;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: { clock: Clock; concurrent: number; failed: (where: string, error: unknown) => void }) {
    this.#clock = options.clock;
    this.#concurrent = options.concurrent;
    this.#failed = options.failed;
  }

  /** The result of `hook`, at once where it answers at once. `where` names it in logs. Rejects or throws `GatewayError`s only. */
  call<T>(where: string, hook: () => T | Promise<T>): T | Promise<T> {
    if (this.#running >= this.#concurrent) return this.#later(where, hook);
    const result = this.bound(where, hook);
    return isPromise(result) ? this.#counted(result) : result;
  }

  /** The same without taking a place: for what may call hooks, but mostly does not. */
  bound<T>(where: string, hook: () => T | Promise<T>): T | Promise<T> {
    let result: T | Promise<T>;
    try {
      result = hook();
    } catch (thrown) {
      throw this.#refusal(where, thrown);
    }
    return isPromise(result) ? this.#bounded(where, result) : result;
  }

  async #later<T>(where: string, hook: () => T | Promise<T>): Promise<T> {
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        cancel();
        resolve();
      };
      const cancel = this.#clock.after(HOOK_TIMEOUT_MS, () => {
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(new GatewayError("UNAVAILABLE", "Too many decisions are waiting"));
      });
      this.#waiting.push(go);
    });
    let result: T | Promise<T> | undefined;
    try {
      return await (result = this.call(where, hook));
    } finally {
      // One that answered or threw at once took no place: the next may go too.
      if (!isPromise(result)) this.#waiting.shift()?.();
    }
  }

  async #counted<T>(result: Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await result;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #bounded<T>(where: string, result: Promise<T>): Promise<T> {
    let cancel: (() => void) | undefined;
    try {
      const timeout = new Promise<never>((_resolve, reject) => {
        cancel = this.#clock.after(HOOK_TIMEOUT_MS, () => reject(new Error(`No answer within ${HOOK_TIMEOUT_MS} ms`)));
      });
      return await Promise.race([result, timeout]);
    } catch (thrown) {
      throw this.#refusal(where, thrown);
    } finally {
      cancel?.();
    }
  }

  #refusal(where: string, thrown: unknown): GatewayError {
    if (thrown instanceof GatewayError) return thrown;
    this.#failed(where, thrown);
    return new GatewayError("UNAVAILABLE", "The decision could not be made", { cause: thrown });
  }
}

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
