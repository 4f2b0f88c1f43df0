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
    const result = this.#run(where, hook);
    if (!isPromise(result)) return result;
    this.#running++;
    return this.#bounded(where, result, () => {
      this.#running--;
      this.#waiting.shift()?.();
    });
  }

  /** The same without taking a place: for what may call hooks, but mostly does not. */
  bound<T>(where: string, hook: () => T | Promise<T>): T | Promise<T> {
    const result = this.#run(where, hook);
    return isPromise(result) ? this.#bounded(where, result) : result;
  }

  #run<T>(where: string, hook: () => T | Promise<T>): T | Promise<T> {
    try {
      return hook();
    } catch (thrown) {
      throw this.#refusal(where, thrown);
    }
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

  /** What `result` comes to in time. `settled` is called before anybody hears of it. */
  #bounded<T>(where: string, result: Promise<T>, settled?: () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let waiting = true;
      // True once.
      const isFirst = (): boolean => {
        const first = waiting;
        waiting = false;
        if (first) settled?.();
        return first;
      };
      const cancel = this.#clock.after(HOOK_TIMEOUT_MS, () => {
        if (isFirst()) reject(this.#refusal(where, new Error(`No answer within ${HOOK_TIMEOUT_MS} ms`)));
      });
      // Of what only looks like a promise, a real one is made.
      Promise.resolve(result).then(
        (value) => {
          cancel();
          if (isFirst()) resolve(value);
        },
        (thrown: unknown) => {
          cancel();
          if (isFirst()) reject(this.#refusal(where, thrown));
        },
      );
    });
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
