import { describe, expect, it } from "vitest";
import { RealtimeError } from "./errors.ts";
import { EventStream } from "./event-stream.ts";

function stream(): { stream: EventStream<number>; ends: () => number } {
  let ends = 0;
  return { stream: new EventStream<number>({ ended: () => void ends++ }), ends: () => ends };
}

describe("EventStream", () => {
  it("gives what waited and what comes, in order, to each reader one", async () => {
    const { stream: it } = stream();
    it.push(1);
    it.push(2);
    const results = [it.next(), it.next(), it.next(), it.next()];
    it.push(3);
    it.push(4);
    expect((await Promise.all(results)).map(({ value }) => value)).toEqual([1, 2, 3, 4]);
  });

  it("ends its waiting readers, after what waited", async () => {
    const { stream: it, ends } = stream();
    it.push(1);
    it.end();
    it.push(2);
    const seen: number[] = [];
    for await (const value of it) seen.push(value);
    expect(seen).toEqual([1]);
    expect(ends()).toBe(1);
  });

  it("throws what it fails with, to the reader that waits or to the next", async () => {
    const error = new RealtimeError({ code: "FORBIDDEN", message: "no" });
    const { stream: waited, ends } = stream();
    const results = [waited.next(), waited.next()];
    waited.fail(error);
    await expect(results[0]).rejects.toBe(error);
    expect(await results[1]).toEqual({ done: true, value: undefined });
    expect(ends()).toBe(1);
    const { stream: later } = stream();
    later.push(1);
    later.fail(error);
    expect(await later.next()).toEqual({ done: false, value: 1 });
    await expect(later.next()).rejects.toBe(error);
    expect(await later.next()).toEqual({ done: true, value: undefined });
  });

  it("ends when its loop is left", async () => {
    const { stream: it, ends } = stream();
    it.push(1);
    it.push(2);
    for await (const _ of it) break;
    expect(ends()).toBe(1);
    expect(await it.next()).toEqual({ done: true, value: undefined });
  });

  it("says so when more came than it keeps", async () => {
    const { stream: it, ends } = stream();
    for (let i = 0; i < 1001; i++) it.push(i);
    expect(ends()).toBe(1);
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const value of it) seen.push(value);
      })(),
    ).rejects.toMatchObject({ code: "SLOW_CONSUMER" });
    expect(seen).toHaveLength(1000);
  });
});
