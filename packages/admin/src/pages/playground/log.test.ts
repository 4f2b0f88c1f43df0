import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Log } from "./log.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const row = (text: string, bytes = text.length) => ({ at: 0, direction: "in" as const, name: "", text, bytes });
const texts = (log: Log): string[] => log.snapshot().rows.map(({ text }) => text);

it("tells its readers at most ten times a second, and then of everything", () => {
  const log = new Log();
  const told = vi.fn();
  log.subscribe(told);
  for (let ms = 0; ms < 1000; ms++) {
    for (let i = 0; i < 5; i++) log.push(row("x"));
    vi.advanceTimersByTime(1);
  }
  vi.runAllTimers();
  expect(told.mock.calls.length).toBeGreaterThanOrEqual(9);
  expect(told.mock.calls.length).toBeLessThanOrEqual(10);
  expect(log.snapshot().in).toEqual({ count: 5000, bytes: 5000 });
});

it("keeps the newest thousand rows", () => {
  const log = new Log();
  for (let i = 1; i <= 1500; i++) log.push(row(String(i)));
  vi.runAllTimers();
  const { rows } = log.snapshot();
  expect([rows.length, rows[0]?.text, rows.at(-1)?.text]).toEqual([1000, "501", "1500"]);
});

it("keeps less of what is long, and never nothing", () => {
  const log = new Log();
  for (let i = 0; i < 5; i++) log.push(row(String(i).repeat(3_000_000)));
  vi.runAllTimers();
  expect(texts(log).map(([first]) => first)).toEqual(["3", "4"]);
  log.push(row("z".repeat(9_000_000)));
  vi.runAllTimers();
  expect(texts(log).map(([first]) => first)).toEqual(["z"]);
});

it("holds what is shown while it is paused, and says how much waits", () => {
  const log = new Log();
  log.push(row("a"));
  log.pause(true);
  log.push(row("b"));
  log.push(row("c"));
  vi.runAllTimers();
  expect([texts(log), log.snapshot().waiting, log.snapshot().in.count]).toEqual([["a"], 2, 3]);
  log.pause(false);
  expect([texts(log), log.snapshot().waiting]).toEqual([["a", "b", "c"], 0]);
});

it("forgets all when it is cleared, also while it is paused", () => {
  const log = new Log();
  log.push(row("a"));
  log.pause(true);
  log.push(row("b"));
  log.clear();
  expect(log.snapshot()).toMatchObject({ rows: [], in: { count: 0, bytes: 0 }, paused: true, waiting: 0 });
  log.push(row("c"));
  log.pause(false);
  expect(texts(log)).toEqual(["c"]);
});
