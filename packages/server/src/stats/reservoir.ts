/** Values of an interval of which so many are kept, each with the same chance: algorithm R of Vitter, 1985. */
export class Reservoir {
  readonly #size: number;
  readonly #values: number[] = [];
  #seen = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(value: number): void {
    const place = this.#seen < this.#size ? this.#seen : Math.floor(Math.random() * (this.#seen + 1));
    this.#seen++;
    if (place < this.#size) this.#values[place] = value;
  }

  /** The values at these parts of the whole, 0 to 1, by the nearest rank; and begins anew. Undefined where there are none. */
  take<const Parts extends readonly number[]>(parts: Parts): { [Part in keyof Parts]: number } | undefined {
    const sorted = this.#values.sort((a, b) => a - b);
    if (sorted.length === 0) return undefined;
    const found = parts.map((part) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] as number);
    this.#values.length = 0;
    this.#seen = 0;
    return found as { [Part in keyof Parts]: number };
  }
}
