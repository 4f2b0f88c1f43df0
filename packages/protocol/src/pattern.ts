import { isReservedName } from "./address.ts";

/**
 * A channel pattern, as in rules and in the grants of a token: `{name}` is one piece between `:`, `.` and `/`; `{userId}`
 * and `{tenantId}` stand for the principal's own, whatever characters these have; `**` is the rest (possibly empty).
 */
export interface ChannelPattern {
  readonly source: string;
  /** Whether `{userId}` or `{tenantId}` occurs, which is what the right `owner` asks for. */
  readonly owned: boolean;
  /** The parameters found in `name`, or null when it does not match. */
  match(name: string, own: PatternOwner): Readonly<Record<string, string>> | null;
}

export interface PatternOwner {
  readonly userId: string | null;
  readonly tenantId: string;
}

type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "piece" | "own"; readonly name: string }
  | { readonly kind: "rest" };

const TOKEN = /\{([A-Za-z_][A-Za-z0-9_]*)\}|\*\*/g;
const SEPARATORS = ":./";

/** Compiles a pattern. Throws a plain `Error` that names what is wrong with it. */
export function compilePattern(source: string): ChannelPattern {
  const pieces = parse(source);
  const owned = pieces.some((piece) => piece.kind === "own");
  return {
    source,
    owned,
    match(name, own) {
      // The gateway's own names are nobody's to match, not even for `**`.
      if (isReservedName(name)) return null;
      const params: Record<string, string> = Object.create(null) as Record<string, string>;
      return matchPieces(pieces, name, own, params) ? params : null;
    },
  };
}

function parse(source: string): readonly Piece[] {
  if (typeof source !== "string" || source === "" || source.length > 512) {
    throw new Error("A channel pattern must be a string of 1 to 512 characters");
  }
  const pieces: Piece[] = [];
  const seen = new Set<string>();
  let at = 0;
  const text = (until: number): void => {
    if (until === at) return;
    const part = source.slice(at, until);
    if (/[*{}\s]/.test(part)) throw new Error(`The channel pattern "${source}" has a stray *, { or } or white space`);
    // A piece ends at a separator, so that text behind it that begins otherwise could never match.
    if (pieces.at(-1)?.kind === "piece" && !SEPARATORS.includes(part.charAt(0))) {
      throw new Error(`The channel pattern "${source}" needs :, . or / behind {${(pieces.at(-1) as { name: string }).name}}`);
    }
    pieces.push({ kind: "text", text: part });
  };
  for (const token of source.matchAll(TOKEN)) {
    text(token.index);
    at = token.index + token[0].length;
    const name = token[1];
    if (name === undefined) {
      if (at !== source.length) throw new Error(`The channel pattern "${source}" has ** before its end`);
      pieces.push({ kind: "rest" });
      continue;
    }
    if (seen.has(name)) throw new Error(`The channel pattern "${source}" has {${name}} twice`);
    seen.add(name);
    const last = pieces.at(-1);
    if (last !== undefined && last.kind !== "text") {
      throw new Error(`The channel pattern "${source}" has two parameters without a separator`);
    }
    pieces.push({ kind: name === "userId" || name === "tenantId" ? "own" : "piece", name });
  }
  text(source.length);
  return pieces;
}

function matchPieces(
  pieces: readonly Piece[],
  name: string,
  own: PatternOwner,
  params: Record<string, string>,
): boolean {
  let at = 0;
  for (const piece of pieces) {
    if (piece.kind === "rest") return true;
    if (piece.kind === "text") {
      if (!name.startsWith(piece.text, at)) return false;
      at += piece.text.length;
    } else if (piece.kind === "own") {
      const value = piece.name === "userId" ? own.userId : own.tenantId;
      if (value === null || !name.startsWith(value, at)) return false;
      params[piece.name] = value;
      at += value.length;
    } else {
      let end = at;
      while (end < name.length && !SEPARATORS.includes(name.charAt(end))) end++;
      if (end === at) return false;
      params[piece.name] = name.slice(at, end);
      at = end;
    }
  }
  return at === name.length;
}
