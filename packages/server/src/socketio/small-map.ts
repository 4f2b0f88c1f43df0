/** In the place of a key: there is no entry. */
const NONE: unique symbol = Symbol("none");

/**
 * A map that holds one entry in itself and makes a real `Map` for more. An empty `Map` takes 184 bytes; Socket.IO has
 * three for each connection, with one entry at most in nearly all of them.
 */
export class SmallMap<Key, Value> implements Map<Key, Value> {
  #key: Key | typeof NONE = NONE;
  #value: Value | undefined;
  #many: Map<Key, Value> | undefined;

  /** A map with the entries of another. */
  static of<Key, Value>(entries: Iterable<readonly [Key, Value]>): SmallMap<Key, Value> {
    const map = new SmallMap<Key, Value>();
    for (const [key, value] of entries) map.set(key, value);
    return map;
  }

  get size(): number {
    return this.#many?.size ?? Number(this.#key !== NONE);
  }

  get [Symbol.toStringTag](): string {
    return "SmallMap";
  }

  get(key: Key): Value | undefined {
    if (this.#many !== undefined) return this.#many.get(key);
    return this.#key === key ? this.#value : undefined;
  }

  has(key: Key): boolean {
    return this.#many?.has(key) ?? this.#key === key;
  }

  set(key: Key, value: Value): this {
    if (this.#many === undefined && (this.#key === NONE || this.#key === key)) {
      this.#key = key;
      this.#value = value;
      return this;
    }
    if (this.#many === undefined) {
      const many = new Map(this);
      this.clear();
      this.#many = many;
    }
    this.#many.set(key, value);
    return this;
  }

  delete(key: Key): boolean {
    if (this.#many !== undefined) return this.#many.delete(key);
    if (this.#key !== key) return false;
    this.clear();
    return true;
  }

  clear(): void {
    this.#key = NONE;
    this.#value = undefined;
    this.#many = undefined;
  }

  forEach(callback: (value: Value, key: Key, map: Map<Key, Value>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }

  /** The one entry as it is now; several as `Map` has them: they may come and go while they are walked over. */
  entries(): MapIterator<[Key, Value]> {
    if (this.#many !== undefined) return this.#many.entries();
    return (this.#key === NONE ? [] : [[this.#key, this.#value] as [Key, Value]]).values() as MapIterator<[Key, Value]>;
  }

  keys(): MapIterator<Key> {
    if (this.#many !== undefined) return this.#many.keys();
    return (this.#key === NONE ? [] : [this.#key]).values() as MapIterator<Key>;
  }

  values(): MapIterator<Value> {
    if (this.#many !== undefined) return this.#many.values();
    return (this.#key === NONE ? [] : [this.#value as Value]).values() as MapIterator<Value>;
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries();
  }
}
