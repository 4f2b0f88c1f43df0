import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Reservoir } from "./reservoir.ts";

const PARTS = [0.5, 0.95, 0.99] as const;

describe("Reservoir", () => {
  it("knows the quantiles of what it saw, by the nearest rank, and begins anew", () => {
    const reservoir = new Reservoir(100);
    expect(reservoir.take(PARTS)).toBeUndefined();
    for (let n = 100; n >= 1; n--) reservoir.add(n);
    expect(reservoir.take(PARTS)).toEqual([50, 95, 99]);
    reservoir.add(7);
    expect(reservoir.take(PARTS)).toEqual([7, 7, 7]);
    expect(reservoir.take(PARTS)).toBeUndefined();
  });

  it("of more than it keeps has about the same quantiles, and only values that it saw", () => {
    const reservoir = new Reservoir(1024);
    for (let n = 0; n < 100_000; n++) reservoir.add(n % 1000);
    const [p50, p95, p99] = reservoir.take(PARTS) ?? [0, 0, 0];
    // Ten standard deviations of a sample of so many.
    expect(Math.abs(p50 - 500)).toBeLessThan(160);
    expect(Math.abs(p95 - 950)).toBeLessThan(70);
    expect(p99).toBeGreaterThanOrEqual(p95);
    expect(p99).toBeLessThan(1000);
  });

  it("gives rising values between the least and the greatest, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 50 }), (values) => {
        const reservoir = new Reservoir(10);
        for (const value of values) reservoir.add(value);
        const found = reservoir.take(PARTS) ?? [];
        expect(found.every((value) => values.includes(value))).toBe(true);
        expect([...found]).toEqual([...found].sort((a, b) => a - b));
      }),
    );
  });
});
