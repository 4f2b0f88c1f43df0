/** Deeper than this, lines are indented no further: each level would make all that is in it longer. */
const MOST_INDENT = 40;

export interface WriteOptions {
  /** Characters after which nothing more is written. */
  readonly most: number;
  /** Whether each entry has a line of its own. */
  readonly lines?: boolean;
}

export interface Written {
  readonly text: string;
  /** Whether something is left out. */
  readonly cut: boolean;
}

interface Open {
  readonly entries: readonly unknown[];
  readonly names: readonly string[] | undefined;
  next: number;
}

/**
 * A JSON value as text, as far as it fits. Takes time and space for what is written alone, and no stack: neither a megabyte
 * nor a thousand levels are too much for it.
 */
export function writeJson(value: unknown, { most, lines = false }: WriteOptions): Written {
  const open: Open[] = [];
  let text = begin(value, open, most);
  while (open.length > 0 && text.length <= most) {
    const top = open[open.length - 1] as Open;
    const { entries, names } = top;
    if (top.next === entries.length) {
      open.pop();
      text += (lines ? newLine(open.length) : "") + (names === undefined ? "]" : "}");
      continue;
    }
    text += (top.next === 0 ? "" : ",") + (lines ? newLine(open.length) : "");
    const name = names?.[top.next];
    if (name !== undefined) text += quote(name, most) + (lines ? ": " : ":");
    text += begin(entries[top.next++], open, most);
  }
  return text.length > most ? { text: text.slice(0, most), cut: true } : { text, cut: open.length > 0 };
}

/** All of a scalar and of what is empty; of anything else its bracket, and what is in it is left `open`. */
function begin(value: unknown, open: Open[], most: number): string {
  if (typeof value === "string") return quote(value, most);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    open.push({ entries: value, names: undefined, next: 0 });
    return "[";
  }
  const names = Object.keys(value);
  if (names.length === 0) return "{}";
  open.push({ entries: Object.values(value), names, next: 0 });
  return "{";
}

function quote(text: string, most: number): string {
  return text.length > most ? JSON.stringify(text.slice(0, most)).slice(0, -1) : JSON.stringify(text);
}

function newLine(depth: number): string {
  return `\n${"  ".repeat(Math.min(depth, MOST_INDENT))}`;
}
