/** The address of a page, below the page's path, with what it is to show of. */
export function href(path: string, query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(query);
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

/** A name as one piece of a path. Undefined for `.` and `..`, which browsers take out of paths however they are written. */
export function pathPiece(name: string): string | undefined {
  return name === "." || name === ".." ? undefined : encodeURIComponent(name);
}
