interface Registration {
  readonly handler: (argument: never) => unknown;
  readonly once: boolean;
  gone: boolean;
}

/**
 * Listeners by name. Each `on` is a registration of its own: the same function registered twice is called twice, and
 * what one registration's remover takes away is that registration alone. What a listener throws, or what its promise
 * rejects with, goes to `failed`, and the other listeners are called all the same.
 */
export class Emitter {
  readonly #listeners = new Map<string, Registration[]>();
  readonly #failed: (thrown: unknown, name: string) => void;

  constructor(options: { failed: (thrown: unknown, name: string) => void }) {
    this.#failed = options.failed;
  }

  on(name: string, handler: (argument: never) => unknown, once = false): () => void {
    const registration: Registration = { handler, once, gone: false };
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), registration]);
    return () => this.#remove(name, registration);
  }

  /** Removes one registration of `handler`, the newest. */
  off(name: string, handler: (argument: never) => unknown): void {
    const registration = this.#listeners.get(name)?.findLast((candidate) => candidate.handler === handler);
    if (registration !== undefined) this.#remove(name, registration);
  }

  /** Whether anybody listened. A listener added meanwhile is not called, one removed meanwhile is not either. */
  emit(name: string, argument: unknown): boolean {
    const registrations = this.#listeners.get(name) ?? [];
    for (const registration of registrations) {
      if (registration.gone) continue;
      if (registration.once) this.#remove(name, registration);
      try {
        const result = registration.handler(argument as never);
        if (result instanceof Promise) result.catch((thrown: unknown) => this.#failed(thrown, name));
      } catch (thrown) {
        this.#failed(thrown, name);
      }
    }
    return registrations.length > 0;
  }

  #remove(name: string, registration: Registration): void {
    registration.gone = true;
    const left = this.#listeners.get(name)?.filter((candidate) => candidate !== registration) ?? [];
    if (left.length > 0) this.#listeners.set(name, left);
    else this.#listeners.delete(name);
  }
}
