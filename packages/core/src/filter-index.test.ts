import { compileFilter, type CompiledFilter } from "@roomcast/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FilterIndex } from "./filter-index.ts";

const scalar = fc.constantFrom<string | number | boolean | null>("a", "b", 0, 1, true, null);
const path = fc.constantFrom("x", "y", "x.y", "__proto__", "constructor");
const condition = fc.oneof(
  scalar,
  fc.array(scalar, { minLength: 1, maxLength: 3 }),
  fc.record({ gt: fc.constantFrom(0, "a") }),
  fc.record({ exists: fc.boolean() }),
  fc.record({ ne: scalar }),
  fc.record({ eq: scalar }),
  fc.record({ in: fc.array(scalar, { minLength: 1, maxLength: 3 }) }),
);
const filter = fc
  .array(fc.tuple(path, condition), { maxLength: 3 })
  .map((entries) => compileFilter(Object.fromEntries(entries)));
const value = fc.oneof(scalar, fc.record({ y: scalar }), fc.array(scalar, { maxLength: 2 }));
const payload = fc.oneof(
  scalar,
  fc.array(fc.tuple(fc.constantFrom("x", "y", "__proto__"), value), { maxLength: 3 }).map(Object.fromEntries),
);
const step = fc.record({ add: fc.boolean(), filter, reader: fc.integer({ min: 0, max: 5 }) });

function matched(index: FilterIndex<number>, data: unknown): readonly number[] {
  const found = new Set<number>();
  index.match(data, (readers) => {
    for (const reader of readers) found.add(reader);
  });
  return [...found].toSorted((a, b) => a - b);
}

describe("FilterIndex", () => {
  it("finds exactly whom trying every filter finds, whatever came and went", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 25 }),
        fc.array(payload, { minLength: 1, maxLength: 8 }),
        (steps, payloads) => {
          const index = new FilterIndex<number>();
          const naive = new Map<string, { filter: CompiledFilter; reader: number }>();
          for (const { add, filter: one, reader } of steps) {
            const key = `${reader} ${one.key}`;
            if (add) {
              index.add(one, reader);
              naive.set(key, { filter: one, reader });
            } else {
              index.remove(one, reader);
              naive.delete(key);
            }
          }
          const held = [...naive.values()];
          for (const data of payloads) {
            const expected = held.filter((one) => one.filter.matches(data)).map((one) => one.reader);
            expect(matched(index, data)).toEqual([...new Set(expected)].toSorted((a, b) => a - b));
          }
          const distinct = new Map(held.map((one) => [one.filter.key, one.filter]));
          expect(index.impure).toBe([...distinct.values()].filter(({ pureEquality }) => !pureEquality).length);
          for (const { filter: one } of held) expect(index.has(one)).toBe(true);
          for (const { filter: one, reader } of held) index.remove(one, reader);
          expect([index.isEmpty, index.impure]).toEqual([true, 0]);
          for (const data of payloads) expect(matched(index, data)).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("tries only filters that the payload can match", () => {
    const index = new FilterIndex<number>();
    let tried = 0;
    for (let n = 0; n < 1000; n++) {
      const { matches, ...rest } = compileFilter({ id: n });
      index.add({ ...rest, matches: (data) => (tried++, matches(data)) }, n);
    }
    expect(matched(index, { id: 7 })).toEqual([7]);
    expect(tried).toBe(1);
  });
});
