import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Deadlines, type Deadline } from "./deadlines.ts";
import { ManualClock } from "./testing/index.ts";

type Step = { readonly kind: "schedule" | "cancel" | "advance"; readonly value: number };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("schedule", "schedule", "schedule", "cancel", "advance"),
  value: fc.integer({ min: -5, max: 60 }),
});

describe("Deadlines", () => {
  it("runs each once, at its time and in the order of time, as a plain list would", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = new ManualClock(0);
        const deadlines = new Deadlines(clock);
        const ran: { id: number; at: number; due: number }[] = [];
        const waiting = new Map<number, { deadline: Deadline; due: number }>();
        const expected: number[] = [];
        let ids = 0;
        for (const { kind, value } of steps) {
          if (kind === "schedule") {
            const id = ++ids;
            const due = clock.now() + value;
            const deadline = deadlines.schedule(due, () => ran.push({ id, at: clock.now(), due }));
            waiting.set(id, { deadline, due });
          } else if (kind === "cancel") {
            const [id, known] = [...waiting][Math.abs(value) % Math.max(1, waiting.size)] ?? [];
            if (id === undefined) continue;
            deadlines.cancel(known?.deadline);
            deadlines.cancel(known?.deadline);
            waiting.delete(id);
          } else {
            await clock.advance(Math.max(0, value));
            for (const [id, { due }] of waiting) {
              if (due > clock.now()) continue;
              expected.push(id);
              waiting.delete(id);
            }
          }
          expect(deadlines.size).toBe(waiting.size);
        }
        expect(ran.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
        for (const { at, due } of ran) expect(at).toBeGreaterThanOrEqual(due);
        for (const [n, { at }] of ran.entries()) expect(at).toBeGreaterThanOrEqual(ran[n - 1]?.at ?? 0);
        expect(clock.pending).toBe(waiting.size === 0 ? 0 : 1);
        deadlines.clear();
        expect([deadlines.size, clock.pending]).toEqual([0, 0]);
        await clock.advance(1000);
        expect(ran.length).toBe(expected.length);
      }),
      { numRuns: 60 },
    );
  });

  it("keeps the heap in order under many cancellations", async () => {
    const clock = new ManualClock(0);
    const deadlines = new Deadlines(clock);
    const ran: number[] = [];
    const all = Array.from({ length: 1000 }, (_, n) => {
      const at = (n * 7919) % 1000;
      return { at, deadline: deadlines.schedule(at, () => ran.push(at)) };
    });
    for (const [n, { deadline }] of all.entries()) if (n % 3 === 0) deadlines.cancel(deadline);
    await clock.advance(1000);
    const left = all.filter((_, n) => n % 3 !== 0).map(({ at }) => at);
    expect(ran).toEqual(left.toSorted((a, b) => a - b));
  });

  it("lets a task schedule and cancel others", async () => {
    const clock = new ManualClock(0);
    const deadlines = new Deadlines(clock);
    const ran: string[] = [];
    const never = deadlines.schedule(10, () => ran.push("never"));
    deadlines.schedule(5, () => {
      ran.push("first");
      deadlines.cancel(never);
      deadlines.schedule(5, () => ran.push("at once"));
      deadlines.schedule(7, () => ran.push("later"));
    });
    await clock.advance(6);
    expect(ran).toEqual(["first", "at once"]);
    await clock.advance(10);
    expect(ran).toEqual(["first", "at once", "later"]);
  });

  it("has no timer for what is never due", () => {
    const clock = new ManualClock(0);
    const deadlines = new Deadlines(clock);
    deadlines.schedule(Number.POSITIVE_INFINITY, () => expect.unreachable());
    expect([deadlines.size, clock.pending]).toEqual([1, 0]);
  });
});
