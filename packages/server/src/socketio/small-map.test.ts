import fc from "fast-check";
import { expect, test } from "vitest";
import { SmallMap } from "./small-map.ts";

test("holds what a Map would, whatever is done to it", () => {
  const key = fc.constantFrom("a", "b", undefined);
  const act = fc.oneof(
    fc.tuple(fc.constant("set" as const), key, fc.nat(3)),
    fc.tuple(fc.constant("delete" as const), key),
    fc.tuple(fc.constant("clear" as const)),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
      const real = new Map<string | undefined, number>();
      const small = new SmallMap<string | undefined, number>();
      for (const [name, on, value] of acts) {
        if (name === "set") for (const map of [real, small]) map.set(on, value);
        else if (name === "delete") expect(small.delete(on)).toBe(real.delete(on));
        else for (const map of [real, small]) map.clear();
        expect([...small]).toEqual([...real]);
        expect(small.size).toBe(real.size);
        expect([[...small.keys()], [...small.values()]]).toEqual([[...real.keys()], [...real.values()]]);
        for (const one of ["a", "b", undefined]) {
          expect([small.has(one), small.get(one)]).toEqual([real.has(one), real.get(one)]);
        }
        const each: unknown[] = [];
        small.forEach((number, one) => each.push([one, number]));
        expect(each).toEqual([...real]);
      }
      expect([...SmallMap.of(real)]).toEqual([...real]);
    }),
  );
});
