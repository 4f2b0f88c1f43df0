import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeJson } from "./write-json.ts";

const deep = (levels: number): unknown => {
  let value: unknown = "core";
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { in: value };
  return value;
};

describe("writing JSON", () => {
  it("writes what JSON.stringify does, where there is room", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(writeJson(value, { most: 1_000_000 })).toEqual({ text: JSON.stringify(value), cut: false });
        expect(writeJson(value, { most: 1_000_000, lines: true }).text).toBe(JSON.stringify(value, undefined, 2));
      }),
    );
  });

  it("stops where there is none, and says so", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(40), (value, most) => {
        const whole = JSON.stringify(value);
        expect(writeJson(value, { most })).toEqual({ text: whole.slice(0, most), cut: whole.length > most });
      }),
    );
  });

  it("needs no stack, and does not grow with the square of the depth", () => {
    const { text, cut } = writeJson(deep(100_000), { most: 10_000_000 });
    expect([text.length, cut]).toEqual([50_000 * '{"in":[]}'.length + '"core"'.length, false]);
    expect(writeJson(deep(1000), { most: 1_000_000, lines: true }).text.length).toBeLessThan(200_000);
  });

  it("writes what has no JSON as null", () => {
    expect(writeJson([undefined, () => 1], { most: 100 }).text).toBe("[null,null]");
    expect(writeJson(undefined, { most: 100 }).text).toBe("null");
  });
});
