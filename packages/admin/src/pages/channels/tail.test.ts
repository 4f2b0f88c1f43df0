import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RealtimeEvent } from "../../api/types.ts";
import { MOST_ROWS, Tail } from "./tail.ts";

const event = (n: number, more: Partial<RealtimeEvent> = {}): RealtimeEvent => ({
  id: `e${n}`,
  topic: "chat",
  event: "message",
  payload: { n },
  source: "socket",
  timestamp: n,
  ...more,
});

const ids = (tail: Tail): string[] => tail.snapshot().rows.map(({ id }) => id);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("the tail of a channel", () => {
  it("has the newest first, as many as it keeps", () => {
    const tail = new Tail();
    for (let n = 1; n <= 5 * MOST_ROWS + 7; n++) tail.push(event(n));
    vi.advanceTimersByTime(100);
    const { rows, received } = tail.snapshot();
    expect([rows.length, rows[0]?.id, rows.at(-1)?.id, received]).toEqual([500, "e2507", "e2008", 2507]);
  });

  it("tells ten times a second at most, and of the rate until it is nothing", () => {
    const tail = new Tail();
    let told = 0;
    const stop = tail.subscribe(() => told++);
    for (let n = 0; n < 25_000; n++) {
      tail.push(event(n));
      if (n % 5 === 4) vi.advanceTimersByTime(1);
    }
    expect(told).toBeGreaterThan(40);
    expect(told).toBeLessThanOrEqual(50);
    expect(tail.snapshot().rate).toBeGreaterThan(4500);
    vi.advanceTimersByTime(10_000);
    expect(tail.snapshot().rate).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    tail.push(event(0));
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("stands still while it is paused, and counts", () => {
    const tail = new Tail();
    tail.push(event(1));
    tail.pause();
    tail.push(event(2));
    tail.push(event(3));
    vi.advanceTimersByTime(100);
    expect([ids(tail), tail.snapshot().waiting, tail.snapshot().paused]).toEqual([["e1"], 2, true]);
    tail.resume();
    expect([ids(tail), tail.snapshot().waiting]).toEqual([["e3", "e2", "e1"], 0]);
  });

  it("filters by event and by text, what came and what comes, and widens again", () => {
    const tail = new Tail();
    tail.push(event(1, { event: "typing" }));
    tail.push(event(2, { payload: { text: 'Say "Hello"' } }));
    tail.filter({ event: "MESS", text: '\\"hello' });
    expect(ids(tail)).toEqual(["e2"]);
    tail.pause();
    tail.push(event(3));
    tail.push(event(4, { payload: 'it said "HELLO"' }));
    vi.advanceTimersByTime(100);
    expect(tail.snapshot().waiting).toBe(1);
    tail.resume();
    expect(ids(tail)).toEqual(["e4", "e2"]);
    tail.filter({ event: "", text: "" });
    expect(ids(tail)).toEqual(["e4", "e3", "e2", "e1"]);
  });

  it("keeps what is rare while much else comes", () => {
    const tail = new Tail();
    tail.filter({ event: "rare", text: "" });
    for (let n = 0; n < 5000; n++) tail.push(event(n, n % 1000 === 0 ? { event: "rare" } : {}));
    vi.advanceTimersByTime(100);
    expect(ids(tail)).toEqual(["e4000", "e3000", "e2000", "e1000", "e0"]);
  });

  it("is not ended by what is too deep to be written", () => {
    let deep: unknown = "x";
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const tail = new Tail();
    tail.filter({ event: "", text: "x" });
    tail.push(event(1, { payload: deep }));
    tail.push(event(2, { payload: "x" }));
    vi.advanceTimersByTime(100);
    expect(ids(tail)).toEqual(["e2"]);
  });

  it("forgets on demand, and counts gaps", () => {
    const tail = new Tail();
    tail.push(event(1));
    tail.gap();
    tail.clear();
    expect([ids(tail), tail.snapshot().gaps, tail.snapshot().received]).toEqual([[], 1, 1]);
  });
});
