import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SignInAttempts } from "./sign-in-attempts.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Tries once, as it says; how long the address must wait for that instead, in milliseconds. */
async function wait(attempts: SignInAttempts, address = "a"): Promise<number> {
  return await attempts.begin(address).then(
    () => 0,
    (thrown: unknown) => (thrown as { details: { retryAfterMs: number } }).details.retryAfterMs,
  );
}

describe("tries to sign in", () => {
  it("are free five times, and then cost twice as much each time, up to a quarter of an hour", async () => {
    const attempts = new SignInAttempts();
    for (let n = 0; n < 5; n++) expect(await wait(attempts)).toBe(0);
    const waits: number[] = [];
    for (let n = 0; n < 9; n++) {
      const ms = await wait(attempts);
      waits.push(ms);
      await expect(attempts.check("a")).rejects.toMatchObject({ code: "RATE_LIMITED", status: 429 });
      await vi.advanceTimersByTimeAsync(ms - 1);
      expect(await wait(attempts)).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      await attempts.check("a");
      expect(await wait(attempts)).toBe(0);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900].map((seconds) => seconds * 1000));
  });

  it("of one address cost no other anything", async () => {
    const attempts = new SignInAttempts();
    for (let n = 0; n < 5; n++) await wait(attempts, "a");
    expect(await wait(attempts, "a")).toBe(5000);
    expect(await wait(attempts, "b")).toBe(0);
  });

  it("that are right have those before them forgotten", async () => {
    const attempts = new SignInAttempts();
    for (let n = 0; n < 5; n++) await wait(attempts);
    await attempts.right("a");
    for (let n = 0; n < 5; n++) expect(await wait(attempts)).toBe(0);
    expect(await wait(attempts)).toBe(5000);
  });

  it("of which nobody knows whether they were right do not count", async () => {
    const attempts = new SignInAttempts();
    for (let n = 0; n < 20; n++) {
      expect(await wait(attempts)).toBe(0);
      await attempts.unknown("a");
    }
  });

  it("are forgotten after an hour", async () => {
    const attempts = new SignInAttempts();
    for (let n = 0; n < 4; n++) await wait(attempts);
    await vi.advanceTimersByTimeAsync(3_600_000);
    for (let n = 0; n < 5; n++) expect(await wait(attempts)).toBe(0);
  });

  it("are remembered of those addresses that tried last, however many try", async () => {
    const attempts = new SignInAttempts();
    for (let n = 0; n < 5; n++) await wait(attempts, "last");
    for (let n = 0; n < 9_999; n++) await wait(attempts, `a${n}`);
    expect([attempts.size, await wait(attempts, "last")]).toEqual([10_000, 5000]);
    await wait(attempts, "one more");
    expect([attempts.size, await wait(attempts, "last")]).toEqual([10_000, 0]);
  });

  it("that come all at once gain nothing", async () => {
    const attempts = new SignInAttempts();
    const waits = await Promise.all(Array.from({ length: 50 }, () => wait(attempts)));
    expect(waits.filter((ms) => ms === 0)).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(5000);
    // Those that were refused did not count.
    expect(await wait(attempts)).toBe(0);
    expect(await wait(attempts)).toBe(10_000);
  });
});
