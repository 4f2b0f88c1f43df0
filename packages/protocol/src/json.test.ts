import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "./errors.ts";
import { asObject, checkJson } from "./json.ts";

function depth(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depth));
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

describe("checkJson", () => {
  it("bounds depth, in arrays and in objects", () => {
    for (const wrap of [
      (inner: unknown) => [inner],
      (inner: unknown) => ({ a: inner }),
      (inner: unknown) => [0, { a: [inner] }],
    ]) {
      for (let levels = 0; levels < 15; levels++) {
        const value = nested(levels, wrap);
        const run = (): void => checkJson(value, 10);
        if (depth(value) <= 10) expect(run).not.toThrow();
        else expect(run).toThrow(GatewayError);
      }
    }
    expect(() =>
      checkJson(
        nested(100_000, (inner) => [inner]),
        32,
      ),
    ).toThrow(GatewayError);
    expect(() => checkJson(JSON.parse('{"__proto__":{"__proto__":{"a":1}}}'), 2)).toThrow(GatewayError);
  });

  it("agrees with a plain count for any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: "medium" }), fc.nat(6), (value, most) => {
        const run = (): void => checkJson(value, most);
        if (depth(value) <= most) expect(run).not.toThrow();
        else expect(run).toThrow(GatewayError);
      }),
    );
  });

  it("refuses binary data, wherever it is", () => {
    const binary = [new Uint8Array(1), new ArrayBuffer(1), new DataView(new ArrayBuffer(1)), new Float64Array(1)];
    for (const data of binary) {
      for (const value of [data, [data], { a: [{ b: data }] }])
        expect(() => checkJson(value, 32)).toThrow(GatewayError);
    }
  });

  it("takes a cycle for deep, and comes to an end", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => checkJson(cycle, 32)).toThrow(GatewayError);
  });
});

describe("asObject", () => {
  it("takes objects that are no arrays", () => {
    const value = {};
    expect(asObject(value)).toBe(value);
    for (const other of [null, undefined, [], [1], 1, "a", true]) expect(asObject(other)).toBeUndefined();
  });
});
