/** What the words with a dollar become in code; undefined where a word is no more than that. */
export type Expressions = (word: string, around: object | undefined) => string | undefined;

const WIDTH = 80;
const NAME = /^[A-Za-z_$][\w$]*$/;
/** Characters that one does not see in code. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

/** A JSON value as an expression of JavaScript. */
export function toLiteral(value: unknown, expressions: Expressions): string {
  return write(value, undefined, expressions, "");
}

/** A text as a literal of JavaScript, with what one does not see written out. */
export function quote(text: string): string {
  const escape = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  return JSON.stringify(text).replace(HIDDEN, escape);
}

function write(value: unknown, around: object | undefined, expressions: Expressions, indent: string): string {
  if (typeof value === "string") return expressions(value, around) ?? quote(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const bytes = bytesOf(value);
  if (bytes !== undefined) return `Uint8Array.from(atob(${quote(bytes)}), (character) => character.charCodeAt(0))`;
  const inner = `${indent}  `;
  const list = Array.isArray(value);
  const parts = list
    ? value.map((entry) => write(entry, around, expressions, inner))
    : Object.entries(value).map(([key, entry]) => property(key, write(entry, value, expressions, inner)));
  const [open, close, space] = list ? ["[", "]", ""] : ["{", "}", " "];
  if (parts.length === 0) return open + close;
  const line = `${open}${space}${parts.join(", ")}${space}${close}`;
  if (line.length + indent.length <= WIDTH && !line.includes("\n")) return line;
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join("")}${indent}${close}`;
}

function property(key: string, value: string): string {
  // Written plainly, this one would set the prototype.
  if (key === "__proto__") return `["__proto__"]: ${value}`;
  if (!NAME.test(key)) return `${quote(key)}: ${value}`;
  return key === value ? key : `${key}: ${value}`;
}

function bytesOf(value: object): string | undefined {
  const [[key, text] = []] = Object.entries(value) as [string, unknown][];
  return Object.keys(value).length === 1 && key === "$bytes" && typeof text === "string" ? text : undefined;
}
