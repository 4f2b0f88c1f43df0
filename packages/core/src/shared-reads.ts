/** What is being read, and what is to be read after it for all that have asked meanwhile. */
interface Reading<Value> {
  readonly work: Promise<Value>;
  next: Promise<Value> | undefined;
}

/**
 * Reads that many ask for at once. Of each key one is under way; who asks meanwhile shares the next with all others who do,
 * so that every answer was read after it was asked for, and a crowd costs two reads rather than one each.
 */
export class SharedReads<Value> {
  readonly #reading = new Map<string, Reading<Value>>();

  /** What `read` resolves to, or that of another who asked for the same `key`; rejects as it does. */
  async read(key: string, read: () => Promise<Value>): Promise<Value> {
    const reading = this.#reading.get(key);
    if (reading === undefined) return await this.#begin(key, read);
    reading.next ??= reading.work.then(
      async () => await this.#begin(key, read),
      async () => await this.#begin(key, read),
    );
    return await reading.next;
  }

  async #begin(key: string, read: () => Promise<Value>): Promise<Value> {
    const reading: Reading<Value> = { work: read(), next: undefined };
    this.#reading.set(key, reading);
    try {
      return await reading.work;
    } finally {
      if (this.#reading.get(key) === reading && reading.next === undefined) this.#reading.delete(key);
    }
  }
}
