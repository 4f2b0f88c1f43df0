/**
 * A map that holds one entry in itself and makes a real `Map` for more. An empty `Map` takes 184 bytes; Socket.IO has
 * three for each connection, with one entry at most in nearly all of them.
 */
export class SmallMap<Key, Value> implements Map<Key, Value> {
  #key: Key | undefined;
  #value: Value | undefined;
  #single = false;
  #many: Map<Key, Value> | undefined;

  /** A map with the entries of another. */
  static of<Key, Value>(entries: Iterable<readonly [Key, Value]>): SmallMap<Key, Value> {
    const map = new SmallMap<Key, Value>();
    for (const [key, value] of entries) map.set(key, value);
    return map;
  }

  get size(): number {
    return this.#many?.size ?? Number(this.#single);
  }

  get [Symbol.toStringTag](): string {
    return "SmallMap";
  }

  get(key: Key): Value | undefined {
    if (this.#many !== undefined) return this.#many.get(key);
    return this.#single && this.#key === key ? this.#value : undefined;
  }

  has(key: Key): boolean {
    return this.#many?.has(key) ?? (this.#single && this.#key === key);
  }

  set(key: Key, value: Value): this {
    if (this.#many === undefined && this.#single && this.#key !== key) {
      this.#many = new Map([...this]);
      this.#empty();
    }
    if (this.#many !== undefined) {
      this.#many.set(key, value);
      return this;
    }
    this.#single = true;
    this.#key = key;
    this.#value = value;
    return this;
  }

  delete(key: Key): boolean {
    if (this.#many !== undefined) return this.#many.delete(key);
    if (!this.has(key)) return false;
    this.#empty();
    return true;
  }

  clear(): void {
    this.#empty();
    this.#many = undefined;
  }

  forEach(callback: (value: Value, key: Key, map: Map<Key, Value>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }

  /** As they are now where there is one; of several, as `Map` has it: entries may go while they are walked over. */
  entries(): MapIterator<[Key, Value]> {
    if (this.#many !== undefined) return this.#many.entries();
    return (this.#single ? [[this.#key, this.#value] as [Key, Value]] : []).values() as MapIterator<[Key, Value]>;
  }

  keys(): MapIterator<Key> {
    if (this.#many !== undefined) return this.#many.keys();
    return (this.#single ? [this.#key as Key] : []).values() as MapIterator<Key>;
  }

  values(): MapIterator<Value> {
    if (this.#many !== undefined) return this.#many.values();
    return (this.#single ? [this.#value as Value] : []).values() as MapIterator<Value>;
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries();
  }

  #empty(): void {
    this.#single = false;
    this.#key = undefined;
    this.#value = undefined;
  }
}
