import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locate, placeOf, scanJson } from "./scan-json.ts";

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("scanning JSON", () => {
  it("accepts what JSON.parse accepts, and nothing else", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "\\",
      "1",
      "-",
      ".5",
      "0",
      "e3",
      "true",
      "nul",
      " ",
      "\n",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.array(pieces, { maxLength: 9 }).map((some) => some.join("")),
        ),
        (text) => {
          expect([text, scanJson(text) === undefined]).toEqual([text, parses(text)]);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("accepts nothing that was broken at one place and does not parse", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom("", "x", '"', ",", "}", "\u0001", "\\"), (text, where, put) => {
        const at = where % text.length;
        const broken = text.slice(0, at) + put + text.slice(at + 1);
        expect([broken, scanJson(broken) === undefined]).toEqual([broken, parses(broken)]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["", "end", 1, 1],
    ['{\n  "a": 1,\n}', "name", 3, 1],
    ['{\n  "a" 1\n}', "colon", 2, 7],
    ["[1 2]", "comma", 1, 4],
    ['["a]', "text", 1, 2],
    ['["\\x"]', "escape", 1, 3],
    ['["a\nb"]', "control", 1, 4],
    ["[01]", "number", 1, 2],
    ["[1,]", "value", 1, 4],
    ["{} {}", "rest", 1, 4],
    ['{"a": [1, {"b": ', "end", 1, 17],
    ["[nul]", "value", 1, 2],
  ])("tells where %j is wrong", (text, problem, line, column) => {
    const mistake = scanJson(text);
    expect([mistake?.problem, placeOf(text, mistake?.offset ?? -1)]).toEqual([problem, { line, column }]);
  });

  it("finds a value by the path of an error", () => {
    const text = '{ "a.b": 1, "order": {\n"items": [{}, { "id": 7 }] } }';
    expect(placeOf(text, locate(text, "order.items.1.id") ?? -1)).toEqual({ line: 2, column: 23 });
    expect(locate(text, "")).toBe(0);
    expect(locate(text, "a.b")).toBe(9);
    expect(locate(text, "order.none")).toBeUndefined();
  });

  it("takes any depth", () => {
    expect(scanJson("[".repeat(200_000) + "]".repeat(200_000))).toBeUndefined();
    expect(scanJson("[".repeat(200_000))).toEqual({ problem: "end", offset: 200_000 });
  });
});
