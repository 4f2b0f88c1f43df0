import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "./errors.ts";
import { compileFilter, valueAt, type Filter } from "./filter.ts";

/** The specification once more, as plainly as it can be said. */
function naive(filter: Readonly<Record<string, unknown>>, payload: unknown): boolean {
  return Object.entries(filter).every(([path, condition]) => {
    let value: unknown = payload;
    let there = true;
    for (const piece of path.split(".")) {
      there = there && typeof value === "object" && value !== null && Object.keys(value).includes(piece);
      if (!there) break;
      value = Object.getOwnPropertyDescriptor(value, piece)?.value;
    }
    const equals = (scalar: unknown): boolean => there && value === scalar;
    if (Array.isArray(condition)) return condition.some(equals);
    if (typeof condition !== "object" || condition === null) return equals(condition);
    return Object.entries(condition).every(([operator, operand]) => {
      const comparable =
        (typeof value === "number" && typeof operand === "number") ||
        (typeof value === "string" && typeof operand === "string");
      const [left, right] = [value as number, operand as number];
      switch (operator) {
        case "eq":
          return equals(operand);
        case "ne":
          return !equals(operand);
        case "in":
          return (operand as unknown[]).some(equals);
        case "exists":
          return there === operand;
        case "prefix":
          return typeof value === "string" && value.slice(0, (operand as string).length) === operand;
        case "gt":
          return comparable && left > right;
        case "gte":
          return comparable && left >= right;
        case "lt":
          return comparable && left < right;
        case "lte":
          return comparable && left <= right;
        default:
          throw new Error(operator);
      }
    });
  });
}

const name = fc.constantFrom("a", "b", "c", "0", "length", "__proto__", "constructor", "toString");
const scalar = fc.constantFrom<string | number | boolean | null>(
  "",
  "a",
  "ab",
  "b",
  "1",
  0,
  -0,
  1,
  1.5,
  -1,
  true,
  false,
  null,
);
const orderable = fc.constantFrom<string | number>("", "a", "ab", 0, 1, 1.5, -1);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join("."));
const operators = fc
  .record(
    {
      eq: scalar,
      ne: scalar,
      gt: orderable,
      gte: orderable,
      lt: orderable,
      lte: orderable,
      in: fc.array(scalar, { minLength: 1, maxLength: 3 }),
      exists: fc.boolean(),
      prefix: fc.constantFrom("", "a", "ab"),
    },
    { requiredKeys: [] },
  )
  .filter((condition) => Object.keys(condition).length > 0);
const condition = fc.oneof(scalar, fc.array(scalar, { minLength: 1, maxLength: 3 }), operators);
/** Own properties by definition, so that `__proto__` is one too. */
const record = <T>(value: fc.Arbitrary<T>, key: fc.Arbitrary<string>, maxLength: number) =>
  fc.array(fc.tuple(key, value), { maxLength }).map((entries) => Object.fromEntries(entries));
const filter = record(condition, path, 4);
const { payload } = fc.letrec<{ payload: unknown }>((tie) => ({
  payload: fc.oneof(
    { depthSize: "small" },
    scalar,
    record(tie("payload"), name, 4),
    fc.array(tie("payload"), { maxLength: 3 }),
  ),
}));

describe("compileFilter", () => {
  it("matches exactly what the specification says", () => {
    fc.assert(
      fc.property(filter, payload, (input, value) => {
        expect(compileFilter(input).matches(value)).toBe(naive(input, value));
      }),
      { numRuns: 600 },
    );
  });

  it("has a payload match its index before it can match the filter", () => {
    fc.assert(
      fc.property(filter, payload, (input, value) => {
        const { indexed, pureEquality, matches } = compileFilter(input);
        if (indexed === undefined) expect(pureEquality).toBe(Object.keys(input).length === 0);
        else if (matches(value)) expect(indexed.values).toContain(valueAt(value, indexed.path.split(".")));
      }),
      { numRuns: 600 },
    );
  });

  it("says what a filter is, and gives the same key to filters that mean the same in other order", () => {
    expect(compileFilter({})).toMatchObject({ matchesAll: true, pureEquality: true, indexed: undefined });
    expect(compileFilter({ a: 1, b: [2, 3], c: { eq: 4 }, d: { in: [5] } })).toMatchObject({ pureEquality: true });
    expect(compileFilter({ a: 1, b: { gt: 1 } })).toMatchObject({
      pureEquality: false,
      indexed: { path: "a", values: [1] },
    });
    expect(compileFilter({ a: { eq: 1, exists: true } })).toMatchObject({ pureEquality: false, indexed: undefined });
    fc.assert(
      fc.property(filter, filter, (one, two) => {
        const reversed = Object.fromEntries(Object.entries(one).toReversed());
        expect(compileFilter(reversed).key).toBe(compileFilter(one).key);
        if (compileFilter(one).key !== compileFilter(two).key) return;
        expect(JSON.stringify(sorted(one))).toBe(JSON.stringify(sorted(two)));
      }),
    );
  });

  it("has null be there, and a missing path match only exists: false and ne", () => {
    const matches = (input: unknown, value: unknown): boolean => compileFilter(input).matches(value);
    expect(matches({ a: null }, { a: null })).toBe(true);
    expect(matches({ a: null }, {})).toBe(false);
    expect(matches({ a: { exists: true } }, { a: null })).toBe(true);
    expect(matches({ a: { exists: false } }, {})).toBe(true);
    expect(matches({ a: { ne: null } }, {})).toBe(true);
    expect(matches({ a: { ne: 1 } }, {})).toBe(true);
    expect(matches({ "a.b": { ne: 1 } }, { a: 5 })).toBe(true);
    expect(matches({ toString: { exists: false } }, {})).toBe(true);
    expect(matches(JSON.parse('{"__proto__":{"exists":true}}'), {})).toBe(false);
    expect(matches({ "a.length": 1 }, { a: "x" })).toBe(false);
    expect(matches({ a: "1" }, { a: 1 })).toBe(false);
    expect(matches({ a: { lt: "2" } }, { a: 1 })).toBe(false);
    for (const value of [null, 1, "a", true, []]) expect(matches({ a: 1 }, value)).toBe(false);
  });

  it("bounds keys, values, pieces and characters", () => {
    const keys = (count: number): Filter => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 1]));
    const values = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
    for (const input of [
      keys(16),
      { a: values(64) },
      { a: { in: values(64) } },
      { "a.b.c.d.e.f.g.h": 1 },
      { ["a".repeat(128)]: 1 },
    ]) {
      expect(() => compileFilter(input)).not.toThrow();
    }
    for (const input of [
      keys(17),
      { a: values(65) },
      { a: { in: values(65) } },
      { "a.b.c.d.e.f.g.h.i": 1 },
      { ["a".repeat(129)]: 1 },
    ]) {
      expect(() => compileFilter(input)).toThrow(GatewayError);
    }
  });

  it("refuses whatever else there is, with INVALID_PAYLOAD that says where", () => {
    const wrong: readonly unknown[] = [
      null,
      undefined,
      1,
      "a",
      true,
      [],
      [1],
      { "": 1 },
      { "a.": 1 },
      { ".a": 1 },
      { "a..b": 1 },
    ];
    const conditions: readonly unknown[] = [
      [],
      {},
      [[1]],
      [{}],
      { eq: {} },
      { eq: [] },
      { ne: [1] },
      { gt: null },
      { gt: true },
    ];
    const more: readonly unknown[] = [
      { in: 1 },
      { in: [] },
      { in: [[]] },
      { exists: 1 },
      { exists: null },
      { prefix: 1 },
    ];
    const operatorsOfNobody = ["nope", "EQ", "toString", "hasOwnProperty"].map((operator) => ({ [operator]: 1 }));
    operatorsOfNobody.push(JSON.parse('{"__proto__":1}'));
    for (const bad of [...conditions, ...more, ...operatorsOfNobody]) {
      expect(() => compileFilter({ a: bad }), JSON.stringify(bad)).toThrow(GatewayError);
    }
    for (const input of wrong) expect(() => compileFilter(input), JSON.stringify(input)).toThrow(GatewayError);
    try {
      compileFilter({ "a.b": { gt: null } });
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: "INVALID_PAYLOAD", details: { path: "filter.a.b.gt" } });
    }
  });

  it("throws nothing but GatewayError for any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: "medium" }), payload, (input, value) => {
        try {
          expect(typeof compileFilter(input).matches(value)).toBe("boolean");
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(GatewayError);
          expect((thrown as GatewayError).code).toBe("INVALID_PAYLOAD");
        }
      }),
      { numRuns: 500 },
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]) => [key, sorted(entry)]);
}
