import { EventEmitter } from "node:events";
import { expect, test, vi } from "vitest";
import { eventCompactor } from "./compact-events.ts";

test("a compacted emitter works as before", () => {
  const compact = eventCompactor(["end"]);
  const emitter = new EventEmitter();
  const [one, two, once, end, late] = [vi.fn(), vi.fn(), vi.fn(), vi.fn(), vi.fn()];
  const symbol = Symbol("event");
  emitter.on("data", one).on("data", two).once("data", once).once("end", end).on(symbol, one);
  compact(emitter);
  emitter.on("late", late);
  for (const event of ["data", "data", symbol, "late", "toString", "constructor", "__proto__"]) emitter.emit(event, 1);
  expect([one, two, once, late].map(({ mock }) => mock.calls.length)).toEqual([3, 2, 1, 1]);
  expect(emitter.eventNames()).toEqual(["data", "end", "late", symbol]);
  emitter.off("data", one).off("end", end).off("late", late);
  compact(emitter);
  for (const event of ["data", "end", "late"]) emitter.emit(event);
  expect([one, two, end, late].map(({ mock }) => mock.calls.length)).toEqual([3, 3, 0, 1]);
});

test("listeners of what comes once lose their wrappers, and can still be taken away", () => {
  const emitter = new EventEmitter();
  const end = vi.fn();
  emitter.once("end", end);
  eventCompactor(["end"])(emitter);
  expect(emitter.rawListeners("end")).toEqual([end]);
  emitter.off("end", end);
  emitter.emit("end");
  expect(end).not.toHaveBeenCalled();
});

test("what is no emitter of Node is left alone", () => {
  for (const events of [undefined, null, 7, { data: () => undefined }]) {
    const strange = { _events: events } as unknown as EventEmitter;
    eventCompactor()(strange);
    expect(Reflect.get(strange, "_events")).toBe(events);
  }
});
