import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

describe("TokenBucket", () => {
  it("gives its burst at once, then one each time that one has come back", () => {
    const bucket = new TokenBucket(200, 0);
    for (let n = 0; n < 200; n++) expect(bucket.take(0, 100, 200)).toBe(0);
    expect(bucket.take(0, 100, 200)).toBe(10);
    expect(bucket.take(9, 100, 200)).toBe(1);
    expect(bucket.take(10, 100, 200)).toBe(0);
    expect(bucket.take(10, 100, 200)).toBe(10);
    expect(bucket.take(19, 100, 200)).toBe(1);
    expect(bucket.take(20, 100, 200)).toBe(0);
  });

  it("never holds more than its burst, however long nobody asks", () => {
    const bucket = new TokenBucket(3, 0);
    const late = 24 * 60 * 60 * 1000;
    for (let n = 0; n < 3; n++) expect(bucket.take(late, 1, 3)).toBe(0);
    expect(bucket.take(late, 1, 3)).toBe(1000);
  });

  it("takes another rate and burst from when it is told", () => {
    const bucket = new TokenBucket(10, 0);
    for (let n = 0; n < 10; n++) bucket.take(0, 1, 10);
    expect(bucket.take(1000, 100, 1000)).toBe(0);
    for (let n = 0; n < 99; n++) expect(bucket.take(1000, 100, 1000)).toBe(0);
    expect(bucket.take(1000, 100, 1000)).toBeGreaterThan(0);
  });

  it("gives back", () => {
    const bucket = new TokenBucket(1, 0);
    expect(bucket.take(0, 1, 1)).toBe(0);
    bucket.giveBack();
    expect(bucket.take(0, 1, 1)).toBe(0);
    expect(bucket.take(0, 1, 1)).toBe(1000);
  });

  it("does not stop when the clock goes back", () => {
    const bucket = new TokenBucket(1, 10_000);
    expect(bucket.take(10_000, 1, 1)).toBe(0);
    expect(bucket.take(5000, 1, 1)).toBe(1000);
    expect(bucket.take(6000, 1, 1)).toBe(0);
  });

  it("serves who waits as long as it was told, and never more than burst and rate allow", () => {
    const rates = fc.record({ rate: fc.integer({ min: 1, max: 1000 }), burst: fc.integer({ min: 1, max: 20 }) });
    const waits = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(rates, waits, ({ rate, burst }, pauses) => {
        const bucket = new TokenBucket(burst, 0);
        let now = 0;
        let served = 0;
        for (const pause of pauses) {
          now += pause;
          const wait = bucket.take(now, rate, burst);
          if (wait > 0) {
            now += wait;
            expect(bucket.take(now, rate, burst)).toBe(0);
          }
          served++;
          expect(served).toBeLessThanOrEqual(burst + (now * rate) / 1000 + 1e-6);
        }
      }),
    );
  });
});
