import { splitPath, valueAt, type CompiledFilter, type Scalar } from "@roomcast/protocol";

/** One distinct filter on a channel, and who asked for it. */
interface FilterGroup<Reader> {
  readonly filter: CompiledFilter;
  readonly readers: Set<Reader>;
}

/**
 * The filters of one channel, found by what they must equal: path → value → filters. A publication costs what it may
 * match, not how many filters there are; only filters without any equality are tried each time, once for each distinct
 * one.
 */
export class FilterIndex<Reader> {
  readonly #groups = new Map<string, FilterGroup<Reader>>();
  readonly #paths = new Map<string, { pieces: readonly string[]; byValue: Map<Scalar, Set<FilterGroup<Reader>>> }>();
  readonly #scanned = new Set<FilterGroup<Reader>>();
  #impure = 0;

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  /** Distinct filters that are not pure equality. */
  get impure(): number {
    return this.#impure;
  }

  has(filter: CompiledFilter): boolean {
    return this.#groups.has(filter.key);
  }

  add(filter: CompiledFilter, reader: Reader): void {
    let group = this.#groups.get(filter.key);
    if (group === undefined) {
      group = { filter, readers: new Set() };
      this.#groups.set(filter.key, group);
      this.#place(group);
    }
    group.readers.add(reader);
  }

  remove(filter: CompiledFilter, reader: Reader): void {
    const group = this.#groups.get(filter.key);
    if (group === undefined || !group.readers.delete(reader) || group.readers.size > 0) return;
    this.#groups.delete(filter.key);
    this.#displace(group);
  }

  /** Calls `found` for the readers of each filter that `payload` matches; for a reader of several, several times. */
  match(payload: unknown, found: (readers: ReadonlySet<Reader>) => void): void {
    for (const { pieces, byValue } of this.#paths.values()) {
      const value = valueAt(payload, pieces);
      if (typeof value === "object" && value !== null) continue;
      for (const group of byValue.get(value as Scalar) ?? []) if (group.filter.matches(payload)) found(group.readers);
    }
    for (const group of this.#scanned) if (group.filter.matches(payload)) found(group.readers);
  }

  #place(group: FilterGroup<Reader>): void {
    const { indexed, pureEquality } = group.filter;
    if (!pureEquality) this.#impure++;
    if (indexed === undefined) {
      this.#scanned.add(group);
      return;
    }
    let path = this.#paths.get(indexed.path);
    if (path === undefined)
      this.#paths.set(indexed.path, (path = { pieces: splitPath(indexed.path), byValue: new Map() }));
    for (const value of indexed.values) {
      const groups = path.byValue.get(value);
      if (groups === undefined) path.byValue.set(value, new Set([group]));
      else groups.add(group);
    }
  }

  #displace(group: FilterGroup<Reader>): void {
    const { indexed, pureEquality } = group.filter;
    if (!pureEquality) this.#impure--;
    if (indexed === undefined) {
      this.#scanned.delete(group);
      return;
    }
    const path = this.#paths.get(indexed.path);
    for (const value of indexed.values) {
      const groups = path?.byValue.get(value);
      groups?.delete(group);
      if (groups?.size === 0) path?.byValue.delete(value);
    }
    if (path?.byValue.size === 0) this.#paths.delete(indexed.path);
  }
}
