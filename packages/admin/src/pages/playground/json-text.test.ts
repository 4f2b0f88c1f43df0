import { expect, it } from "vitest";
import { checkJsonText } from "./json-text.ts";

it("measures what it takes", () => {
  expect(checkJsonText('{ "a": [1, { "b": "é\u200b]" }] }')).toEqual({
    state: "good",
    value: { a: [1, { b: "é\u200b]" }] },
    bytes: '{"a":[1,{"b":"xx\u200b]"}]}'.length + 2,
    depth: 3,
    hidden: 1,
  });
  expect(checkJsonText("null")).toMatchObject({ state: "good", value: null, depth: 0 });
});

it("tells nothing from something", () => {
  expect(checkJsonText(" \n")).toEqual({ state: "empty" });
});

it.each([
  ['{\n  "a": 1,\n  b\n}', 3, 3],
  ['{\n  "a": 1', 2, 9],
  ["[1,]", 1, 4],
  ["nope", 1, 1],
  ["{} {}", 1, 4],
  ["[1 2]", 1, 4],
  ['{ "a" 1 }', 1, 7],
  ["{ a: 1 }", 1, 3],
  ['["a\tb"]', 1, 4],
  ['["a', 1, 2],
  ["[01]", 1, 2],
  ["[1}", 1, 3],
  ["[", 1, 2],
  ['{"a":', 1, 6],
])("says where %j is not JSON", (text, line, column) => {
  expect(checkJsonText(text)).toEqual({ state: "bad", line, column });
});

it("finds a place in whatever is not JSON, and as quickly as it is long", () => {
  for (const text of ["[".repeat(200_000), '"'.repeat(1001), `["${"a".repeat(200_000)}`, "\u200b{}", "-"]) {
    const check = checkJsonText(text);
    expect(check).toMatchObject({ state: "bad", line: 1 });
  }
});

it("refuses what would overflow the stack of who encodes it, and takes all else", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(checkJsonText(nested(500))).toMatchObject({ state: "good", depth: 500 });
  expect(checkJsonText(nested(501))).toEqual({ state: "too-deep" });
  expect(checkJsonText(nested(100_000))).toEqual({ state: "too-deep" });
  expect(checkJsonText(JSON.stringify("[{".repeat(1000)))).toMatchObject({ state: "good", depth: 0 });
});
