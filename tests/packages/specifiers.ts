import type { Manifest } from "../packed.ts";

/** What one can import of a package, its manifest excepted. */
export function specifiers({ name, exports = {} }: Manifest): readonly string[] {
  return Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => name + path.slice(1));
}
