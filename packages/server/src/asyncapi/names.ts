/** Names for the parts of a document, of letters, digits, `_` and `-`, each once. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: readonly string[] = []) {
    this.#taken = new Set(taken);
  }

  /** A free name that looks like `text`. */
  of(text: string): string {
    const plain = text
      .replaceAll("**", "all")
      .replaceAll(/[^A-Za-z0-9_]+/g, "-")
      .replaceAll(/^-+|-+$/g, "");
    const base = plain === "" ? "unnamed" : plain;
    let name = base;
    for (let count = 2; this.#taken.has(name); count++) name = `${base}-${count}`;
    this.#taken.add(name);
    return name;
  }
}
