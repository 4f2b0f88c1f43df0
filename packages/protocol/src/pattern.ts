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
  match(name: string, own: PatternOwner): PatternParams | null;
  /** The parameters found in `name` where `{userId}` may be anybody's, or null when it is no such channel at all. */
  cover(name: string, tenantId: string): PatternParams | null;
}

export type PatternParams = Readonly<Record<string, string>>;

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
    match: (name, own) => find(pieces, name, own),
    cover: (name, tenantId) => find(pieces, name, { tenantId, userId: undefined }),
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
      throw new Error(
        `The channel pattern "${source}" needs :, . or / behind {${(pieces.at(-1) as { name: string }).name}}`,
      );
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

/** Undefined as user id means anybody's. */
interface Owner {
  readonly userId: string | null | undefined;
  readonly tenantId: string;
}

function find(pieces: readonly Piece[], name: string, own: Owner): PatternParams | null {
  // The gateway's own names are nobody's to match, not even for `**`.
  if (isReservedName(name)) return null;
  const params = Object.create(null) as Record<string, string>;
  return matchFrom(pieces, 0, name, 0, own, params) ? params : null;
}

/** Deterministic but for a `{userId}` of anybody, which occurs once at most: at most the square of the name's length. */
function matchFrom(
  pieces: readonly Piece[],
  first: number,
  name: string,
  start: number,
  own: Owner,
  params: Record<string, string>,
): boolean {
  let at = start;
  for (let index = first; index < pieces.length; index++) {
    const piece = pieces[index] as Piece;
    if (piece.kind === "rest") return true;
    if (piece.kind === "text") {
      if (!name.startsWith(piece.text, at)) return false;
      at += piece.text.length;
      continue;
    }
    let end = at;
    if (piece.kind === "piece") {
      while (end < name.length && !SEPARATORS.includes(name.charAt(end))) end++;
    } else {
      const value = piece.name === "userId" ? own.userId : own.tenantId;
      if (value === undefined) return matchAnybody(pieces, index, name, at, own, params);
      if (value === null || !name.startsWith(value, at)) return false;
      end = at + value.length;
    }
    if (end === at) return false;
    params[piece.name] = name.slice(at, end);
    at = end;
  }
  return at === name.length;
}

function matchAnybody(
  pieces: readonly Piece[],
  index: number,
  name: string,
  at: number,
  own: Owner,
  params: Record<string, string>,
): boolean {
  for (let end = name.length; end > at; end--) {
    if (!matchFrom(pieces, index + 1, name, end, own, params)) continue;
    params["userId"] = name.slice(at, end);
    return true;
  }
  return false;
}
