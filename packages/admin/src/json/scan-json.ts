/** What stands where something else should. */
export type JsonProblem =
  | "end"
  | "value"
  | "name"
  | "colon"
  | "comma"
  | "text"
  | "escape"
  | "control"
  | "number"
  | "rest";

export interface JsonMistake {
  readonly problem: JsonProblem;
  readonly offset: number;
}

export interface Place {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

interface Frame {
  readonly list: boolean;
  /** Of the entry that comes, or is being read. */
  key: string | number;
}

type Expected = "value" | "value or end" | "name" | "name or end" | "colon" | "comma" | "nothing";

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
/** What may stand in a text, up to its end or what may not. */
// oxlint-disable-next-line no-control-regex
const PLAIN_TEXT = /(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

/**
 * Reads JSON for where things stand, which JSON.parse does not tell in all browsers. Takes any depth: it keeps its own stack.
 * `found` is told where each value begins, with the names and indices that lead there; it ends the reading by answering true.
 */
export function scanJson(
  text: string,
  found?: (offset: number, path: () => readonly (string | number)[]) => boolean,
): JsonMistake | undefined {
  const frames: Frame[] = [];
  let at = 0;
  let expected: Expected = "value";
  const path = (): readonly (string | number)[] => frames.map(({ key }) => key);
  const ended = (): Expected => (frames.length === 0 ? "nothing" : "comma");

  for (;;) {
    at = skip(SPACE, text, at);
    const character = text[at];
    if (character === undefined) return expected === "nothing" ? undefined : { problem: "end", offset: at };
    switch (expected) {
      case "nothing":
        return { problem: "rest", offset: at };
      case "colon":
        if (character !== ":") return { problem: "colon", offset: at };
        at++;
        expected = "value";
        continue;
      case "comma": {
        const top = frames.at(-1) as Frame;
        if (character === (top.list ? "]" : "}")) {
          at++;
          frames.pop();
          expected = ended();
        } else if (character === ",") {
          at++;
          if (top.list) top.key = Number(top.key) + 1;
          expected = top.list ? "value" : "name";
        } else return { problem: "comma", offset: at };
        continue;
      }
      case "name":
      case "name or end": {
        if (character === "}" && expected === "name or end") {
          at++;
          frames.pop();
          expected = ended();
          continue;
        }
        if (character !== '"') return { problem: "name", offset: at };
        const end = textEnd(text, at);
        if (typeof end !== "number") return end;
        (frames.at(-1) as Frame).key = JSON.parse(text.slice(at, end)) as string;
        at = end;
        expected = "colon";
        continue;
      }
      case "value":
      case "value or end": {
        if (character === "]" && expected === "value or end") {
          at++;
          frames.pop();
          expected = ended();
          continue;
        }
        if (found?.(at, path) === true) return undefined;
        if (character === "{" || character === "[") {
          at++;
          frames.push({ list: character === "[", key: 0 });
          expected = character === "[" ? "value or end" : "name or end";
          continue;
        }
        const end = character === '"' ? textEnd(text, at) : scalarEnd(text, at);
        if (typeof end !== "number") return end;
        at = end;
        expected = ended();
      }
    }
  }
}

/** Where in a JSON text the value stands that a path with dots leads to, as the gateway's errors tell it. */
export function locate(text: string, dotted: string): number | undefined {
  let place: number | undefined;
  scanJson(text, (offset, path) => {
    if (path().join(".") !== dotted) return false;
    place = offset;
    return true;
  });
  return place;
}

export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** The offset behind the text that begins at `at`. */
function textEnd(text: string, at: number): number | JsonMistake {
  const end = skip(PLAIN_TEXT, text, at + 1);
  const character = text[end];
  if (character === '"') return end + 1;
  if (character === undefined) return { problem: "text", offset: at };
  return { problem: character === "\\" ? "escape" : "control", offset: end };
}

function scalarEnd(text: string, at: number): number | JsonMistake {
  const word = skip(WORD, text, at);
  const end = word > at ? word : skip(NUMBER, text, at);
  if (end === at) return { problem: "value", offset: at };
  // Such as 01 and 1.e, of which the beginning is a number.
  return /[\w.+-]/.test(text[end] ?? "") ? { problem: word > at ? "value" : "number", offset: at } : end;
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
