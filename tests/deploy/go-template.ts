import { createHash } from "node:crypto";
import { stringify } from "yaml";

// As much of Go's text/template, and of the functions that Helm adds, as the chart uses. What it does not know is an error,
// and so is a value that is not there: a chart with a typing mistake does not render.

type Value = unknown;
type Scope = { readonly dot: Value; readonly variables: ReadonlyMap<string, Value> };
type Expression = (scope: Scope) => Value;
type Piece = (scope: Scope, names: Map<string, Value>) => string;

interface Token {
  readonly text?: string;
  readonly action?: string;
}

/** Renders templates, by their names, with what stands at `.`; those whose name begins with `_` only define. */
export function renderTemplates(files: ReadonlyMap<string, string>, dot: Value): ReadonlyMap<string, string> {
  const templates = new Map<string, Piece>();
  const bodies = [...files].map(([name, text]) => [name, new Parser(text, templates).parse()] as const);
  const rendered = new Map<string, string>();
  for (const [name, body] of bodies) {
    if (name.startsWith("_")) continue;
    try {
      rendered.set(name, body({ dot, variables: new Map([["$", dot]]) }, new Map()));
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return rendered;
}

class Parser {
  readonly #tokens: Token[];
  readonly #templates: Map<string, Piece>;
  #next = 0;

  constructor(text: string, templates: Map<string, Piece>) {
    this.#tokens = split(text);
    this.#templates = templates;
  }

  parse(): Piece {
    const [body, end] = this.#block();
    if (end !== undefined) throw new Error(`unexpected {{ ${end} }}`);
    return body;
  }

  /** Everything up to an `end` or `else` that belongs to an action before it, and that. */
  #block(): readonly [Piece, string | undefined] {
    const pieces: Piece[] = [];
    let end: string | undefined;
    while (this.#next < this.#tokens.length && end === undefined) {
      const { text, action } = this.#tokens[this.#next++] as Token;
      if (action === undefined) pieces.push(() => text ?? "");
      else if (action === "end" || /^else\b/.test(action)) end = action;
      else pieces.push(this.#action(action));
    }
    return [(scope) => run(pieces, scope), end];
  }

  #action(action: string): Piece {
    const [, word = "", rest = ""] = /^(if|with|range|define)\s+([^]*)$/.exec(action) ?? [];
    if (word === "define") {
      const [body] = this.#block();
      this.#templates.set(JSON.parse(rest) as string, body);
      return () => "";
    }
    if (word === "range") return this.#range(rest);
    if (word !== "") return this.#branch(word, rest);
    const [, name, value] = /^(\$\w+)\s*:=\s*([^]*)$/.exec(action) ?? [];
    const expression = this.#pipeline(value ?? action);
    if (name === undefined) return (scope) => show(expression(scope));
    return (scope, names) => {
      names.set(name, expression(scope));
      return "";
    };
  }

  #branch(word: string, condition: string): Piece {
    const test = this.#pipeline(condition);
    const [yes, end] = this.#block();
    const [, otherwise] = /^else if\s+([^]*)$/.exec(end ?? "") ?? [];
    const no = otherwise !== undefined ? this.#branch("if", otherwise) : end === "else" ? this.#block()[0] : () => "";
    return (scope, names) => {
      const value = test(scope);
      if (isEmpty(value)) return no(scope, names);
      return yes(word === "with" ? { ...scope, dot: value } : scope, names);
    };
  }

  #range(rest: string): Piece {
    const [, key = "", item = "", list] = /^(?:(\$\w+),\s*(\$\w+)\s*:=\s*)?([^]*)$/.exec(rest) ?? [];
    const over = this.#pipeline(list ?? "");
    const [body] = this.#block();
    return (scope, names) => {
      const value = over(scope);
      const entries = Array.isArray(value) ? [...value.entries()] : sorted(value as object);
      return entries
        .map(([at, dot]) => body({ dot, variables: new Map([...scope.variables, [key, at], [item, dot]]) }, names))
        .join("");
    };
  }

  #pipeline(text: string): Expression {
    const words = text.match(/"(?:[^"\\]|\\.)*"|[()|]|[^\s()|"]+/g) ?? [];
    let at = 0;
    const pipeline = (): Expression => {
      let value = command();
      while (words[at] === "|") {
        at += 1;
        value = command(value);
      }
      return value;
    };
    const command = (piped?: Expression): Expression => {
      const operands: Expression[] = [];
      const name = words[at] ?? "";
      const isCall = /^[a-zA-Z]\w*$/.test(name) && name !== "true" && name !== "false";
      if (isCall) at += 1;
      while (at < words.length && words[at] !== "|" && words[at] !== ")") operands.push(operand());
      if (piped !== undefined) operands.push(piped);
      if (!isCall) {
        const [only] = operands;
        if (only === undefined || operands.length > 1) throw new Error(`not understood: {{ ${text} }}`);
        return only;
      }
      return (scope) =>
        this.#call(
          name,
          operands.map((each) => each(scope)),
        );
    };
    const operand = (): Expression => {
      const word = words[at++] ?? "";
      if (word !== "(") return literal(word);
      const value = pipeline();
      at += 1;
      return value;
    };
    return pipeline();
  }

  #call(name: string, args: readonly Value[]): Value {
    if (name === "include") {
      const body = this.#templates.get(String(args[0]));
      if (body === undefined) throw new Error(`no template is named ${String(args[0])}`);
      return body({ dot: args[1], variables: new Map([["$", args[1]]]) }, new Map());
    }
    const known = FUNCTIONS.get(name);
    if (known === undefined) throw new Error(`no function is named ${name}`);
    return known(...args);
  }
}

/** Text and actions, with the white space gone that their dashes take. */
function split(source: string): Token[] {
  const tokens: Token[] = [];
  let trimNext = false;
  let at = 0;
  for (const match of source.matchAll(/\{\{(-\s)?\s*([^]*?)\s*(\s-)?\}\}/g)) {
    const [whole, left, action = "", right] = match;
    let text = source.slice(at, match.index);
    if (trimNext) text = text.trimStart();
    if (left !== undefined) text = text.trimEnd();
    tokens.push({ text });
    if (!action.startsWith("/*")) tokens.push({ action });
    trimNext = right !== undefined;
    at = match.index + whole.length;
  }
  const text = source.slice(at);
  tokens.push({ text: trimNext ? text.trimStart() : text });
  return tokens;
}

/** Pieces in order; what one assigns, those after it see. */
function run(pieces: readonly Piece[], scope: Scope): string {
  let text = "";
  let inner = scope;
  for (const piece of pieces) {
    const names = new Map<string, Value>();
    text += piece(inner, names);
    if (names.size > 0) inner = { ...inner, variables: new Map([...inner.variables, ...names]) };
  }
  return text;
}

function literal(word: string): Expression {
  if (word.startsWith('"')) return () => JSON.parse(word) as string;
  if (/^-?\d+$/.test(word)) return () => Number(word);
  if (word === "true" || word === "false") return () => word === "true";
  const [, variable = "", path = ""] = /^(\$\w*)?((?:\.\w+)+|\.)?$/.exec(word) ?? [];
  if (variable === "" && path === "") throw new Error(`not understood: ${word}`);
  return ({ dot, variables }) => {
    if (variable !== "" && !variables.has(variable)) throw new Error(`no variable is named ${variable}`);
    let value = variable === "" ? dot : variables.get(variable);
    for (const name of path.split(".").filter((piece) => piece !== "")) {
      if (typeof value !== "object" || value === null || !(name in value)) throw new Error(`there is no ${word}`);
      value = (value as Record<string, Value>)[name];
    }
    return value;
  };
}

function isEmpty(value: Value): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === false || value === 0 || value === "";
}

function show(value: Value): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function sorted(value: object): [string, Value][] {
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** As Go writes maps: by their keys. */
function inOrder(value: Value): Value {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(sorted(value).map(([key, item]) => [key, inOrder(item)]));
}

function indent(count: Value, text: Value): string {
  return String(text).replaceAll(/^/gm, " ".repeat(Number(count)));
}

const FUNCTIONS: ReadonlyMap<string, (...args: readonly Value[]) => Value> = new Map<
  string,
  (...args: readonly Value[]) => Value
>([
  ["add", (...numbers) => numbers.reduce<number>((sum, each) => sum + Number(each), 0)],
  ["and", (...values) => values.find(isEmpty) ?? values.at(-1)],
  ["b64enc", (text) => Buffer.from(String(text)).toString("base64")],
  ["contains", (piece, text) => String(text).includes(String(piece))],
  ["default", (otherwise, value) => (isEmpty(value) ? otherwise : value)],
  ["dict", (...pairs) => Object.fromEntries(pairs.flatMap((key, at) => (at % 2 === 0 ? [[key, pairs[at + 1]]] : [])))],
  [
    "fail",
    (message) => {
      throw new Error(String(message));
    },
  ],
  ["gt", (a, b) => Number(a) > Number(b)],
  ["int", (value) => Math.trunc(Number(value))],
  ["len", (value) => Buffer.byteLength(String(value))],
  ["list", (...values) => values],
  ["lt", (a, b) => Number(a) < Number(b)],
  ["mergeOverwrite", (...maps) => Object.assign({}, ...maps) as Value],
  ["nindent", (count, text) => `\n${indent(count, text)}`],
  ["not", (value) => isEmpty(value)],
  ["or", (...values) => values.find((value) => !isEmpty(value)) ?? values.at(-1)],
  [
    "printf",
    (format, ...values) => values.reduce<string>((text, value) => text.replace("%s", String(value)), String(format)),
  ],
  ["quote", (value) => JSON.stringify(String(value))],
  ["replace", (from, to, text) => String(text).replaceAll(String(from), String(to))],
  ["sha256sum", (text) => createHash("sha256").update(String(text)).digest("hex")],
  ["toJson", (value) => JSON.stringify(inOrder(value))],
  ["toYaml", (value) => stringify(inOrder(value), { version: "1.1", lineWidth: 0 }).trimEnd()],
  [
    "trimSuffix",
    (end, text) => (String(text).endsWith(String(end)) ? String(text).slice(0, -String(end).length) : text),
  ],
  ["trunc", (length, text) => String(text).slice(0, Number(length))],
]);
