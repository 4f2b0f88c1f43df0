/** A room's name in pieces; `toString` joins them with `/`, and changes nothing else about them. */
export class ResourcePath {
  readonly path: readonly string[];

  constructor(path: readonly string[]) {
    this.path = path;
  }

  static get(path: string | readonly string[]): ResourcePath {
    return new ResourcePath(typeof path === "string" ? [path] : path);
  }

  toString(): string {
    return this.path.join("/");
  }
}
