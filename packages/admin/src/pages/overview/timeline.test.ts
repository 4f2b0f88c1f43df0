import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sumUp } from "./now.ts";
import { STEP, Timeline, WINDOW, type Reading } from "./timeline.ts";

const START = 1_800_000_000_000;

function reading(at: number, changes: Partial<Reading> = {}): Reading {
  return {
    t: START + at,
    nodeId: "a",
    seconds: 5,
    connections: 1,
    channels: 1,
    in: 0,
    out: 0,
    refused: {},
    ...changes,
  };
}

function timelineOf(...readings: Reading[]): Timeline {
  const timeline = new Timeline();
  for (const one of readings) timeline.add(one);
  return timeline;
}

describe("a timeline", () => {
  it("has nothing before the first sample, and then a quarter of an hour", () => {
    expect(new Timeline().points()).toEqual([]);
    const points = timelineOf(reading(0), reading(STEP)).points();
    expect(points).toHaveLength(WINDOW / STEP);
    expect(points.at(-1)).toMatchObject({ t: START, connections: 1 });
    expect(points.at(-2)).toMatchObject({ t: START - STEP, connections: null, in: null, p50: null });
  });

  it("weighs rates by time, adds nodes, and takes the worst of times", () => {
    const points = timelineOf(
      reading(-6000, { in: 10, latency: [1, 2, 9] }),
      reading(-1000, { in: 40, seconds: 1, connections: 7, latency: [3, 4, 5] }),
      reading(-2000, { nodeId: "b", in: 5, connections: 2, latency: null, refused: { FORBIDDEN: 1, TOO_LARGE: 2 } }),
      reading(STEP),
    ).points();
    const [last] = points.slice(-1);
    expect(last).toMatchObject({ in: 15 + 5, connections: 9, p50: 3, p95: 4, p99: 9, refused: 3 });
  });

  it("does not care in which order samples come, nor for what is too old", () => {
    const readings = fc.array(
      fc.record({ at: fc.integer({ min: -2 * WINDOW, max: 0 }), in: fc.integer({ min: 0, max: 100 }) }),
      { maxLength: 40 },
    );
    const check = fc.property(readings, (given) => {
      const all = [...given.map(({ at, in: rate }) => reading(at, { in: rate })), reading(STEP)];
      const pointsOf = (some: Reading[]) =>
        timelineOf(...some)
          .points()
          .map(({ t, in: rate }) => [t, rate?.toFixed(6)]);
      expect(pointsOf([...all].reverse())).toEqual(pointsOf(all));
      expect(pointsOf(all)).toHaveLength(WINDOW / STEP);
    });
    fc.assert(check);
  });
});

describe("what goes on now", () => {
  it("adds nodes, and what goes through a channel on several of them", () => {
    const now = sumUp([
      { ...reading(0), in: 2, refused: { FORBIDDEN: 1 }, backlog: 10, busiest: [["acme", "chat:1", 1, 2]] },
      {
        ...reading(0),
        nodeId: "b",
        refused: { FORBIDDEN: 1, TOO_LARGE: 5 },
        busiest: [
          ["acme", "chat:1", 3, 4],
          ["beta", "chat:1", 50, 0],
        ],
      },
    ]);
    expect(now).toMatchObject({ connections: 2, in: 2, refused: 7, backlog: 10, latency: null });
    expect(now.refusals).toEqual([
      ["TOO_LARGE", 5],
      ["FORBIDDEN", 2],
    ]);
    expect(now.busiest).toEqual([
      { tenantId: "beta", channel: "chat:1", in: 50, out: 0 },
      { tenantId: "acme", channel: "chat:1", in: 4, out: 6 },
    ]);
  });

  it("knows the channels of one tenant without its name", () => {
    expect(sumUp([{ ...reading(0), busiest: [["chat:1", 1, 2]] }]).busiest).toEqual([
      { tenantId: undefined, channel: "chat:1", in: 1, out: 2 },
    ]);
  });
});
