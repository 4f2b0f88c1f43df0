const TOKEN =
  /[ \t\n\r]*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([[\]{}:,]))/y;

/** What may stand next, as the words of the grammar. */
type Expected = "value" | "first entry" | "name" | "first name" | "colon" | "more" | "nothing";

/** Where a text stops being JSON, in UTF-16 units; its length where it only ends too early. Browsers do not always tell. */
export function errorOffset(text: string): number {
  const token = new RegExp(TOKEN);
  const open: ("[" | "{")[] = [];
  let expected: Expected = "value";
  const ended = (): Expected => (open.length === 0 ? "nothing" : "more");
  for (;;) {
    const before = token.lastIndex;
    const [whole, string, scalar, sign] = token.exec(text) ?? [];
    if (whole === undefined) return before + (/^[ \t\n\r]*/.exec(text.slice(before))?.[0].length ?? 0);
    const value = expected === "value" || expected === "first entry";
    const name = expected === "name" || expected === "first name";
    const innermost = open.at(-1);
    if (string !== undefined && name) expected = "colon";
    else if ((string ?? scalar) !== undefined && value) expected = ended();
    else if (sign === ":" && expected === "colon") expected = "value";
    else if (sign === "," && expected === "more") expected = innermost === "{" ? "name" : "value";
    else if ((sign === "[" || sign === "{") && value) {
      open.push(sign);
      expected = sign === "[" ? "first entry" : "first name";
    } else if (
      (sign === "]" && innermost === "[" && (expected === "more" || expected === "first entry")) ||
      (sign === "}" && innermost === "{" && (expected === "more" || expected === "first name"))
    ) {
      open.pop();
      expected = ended();
    } else return token.lastIndex - whole.trimStart().length;
  }
}
