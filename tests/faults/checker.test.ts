import { describe, expect, it } from "vitest";
import { check, count, type History, type ListenerRecord, type Seen } from "./checker.ts";

const T = "north";
const C = "chat:a";

function event(
  offset: number | undefined,
  key = `e${offset}`,
  epoch = "x",
  more: Partial<Seen & { kind: "event" }> = {},
): Seen {
  const seen = { kind: "event" as const, at: 100 + (offset ?? 0), key, tenant: T, channel: C, recovered: false };
  return { ...seen, ...(offset === undefined ? undefined : { position: { epoch, offset } }), ...more };
}

function gap(offset: number, epoch = "x"): Seen {
  return { kind: "gap", at: 100, position: { epoch, offset } };
}

function listener(seen: readonly Seen[], more: Partial<ListenerRecord> = {}): ListenerRecord {
  return { client: "c1", tenant: T, channel: C, seen, toTheEnd: true, ...more };
}

/** Five events, all published, acknowledged and kept. */
function history(seen: readonly Seen[], more: Partial<History> = {}): History {
  const offsets = [1, 2, 3, 4, 5];
  return {
    publications: offsets.map((offset) => ({
      key: `e${offset}`,
      tenant: T,
      channel: C,
      startedAt: offset,
      outcome: "acknowledged",
      position: { epoch: "x", offset },
    })),
    listeners: [listener(seen)],
    logs: [
      {
        tenant: T,
        channel: C,
        position: { epoch: "x", offset: 5 },
        entries: offsets.map((offset) => ({ key: `e${offset}`, offset })),
        keepsAll: true,
      },
    ],
    losses: [],
    rosters: [{ by: "node 1", tenant: T, channel: C, expected: ["a", "b"], found: ["b", "a"] }],
    ...more,
  };
}

const ALL = [1, 2, 3, 4, 5].map((offset) => event(offset));

function kinds(wrong: History): readonly string[] {
  return check(wrong).map(({ kind }) => kind);
}

describe("the checker", () => {
  it("finds nothing where all went well", () => {
    expect(check(history(ALL))).toEqual([]);
    expect(check(history([event(3), event(4), event(5)]))).toEqual([]);
    expect(check(history([event(1), gap(3), event(4), event(5)]))).toEqual([]);
    expect(check(history([event(1), gap(5)]))).toEqual([]);
    expect(check(history([event(1)], { listeners: [listener([event(1)], { toTheEnd: false })] }))).toEqual([]);
  });

  it.each([
    ["an event that was left out", [event(1), event(3), event(4), event(5)], ["silent loss"]],
    ["one left out after a gap", [gap(2), event(4), event(5)], ["silent loss"]],
    ["the last ones left out", [event(1), event(2)], ["silent loss"]],
    ["all left out", [], ["silent loss"]],
    ["a gap that leaves out the last", [event(1), gap(4)], ["silent loss"]],
    ["an event twice", [event(1), event(2), event(2), event(3), event(4), event(5)], ["duplicate"]],
    ["two in the wrong order", [event(1), event(3), event(2)], ["silent loss", "out of order", "silent loss"]],
    ["another tenant's event", [...ALL.slice(0, 4), event(5, "e5", "x", { tenant: "south" })], ["tenant crossing"]],
    ["another channel's event", [...ALL.slice(0, 4), event(5, "e5", "x", { channel: "chat:b" })], ["tenant crossing"]],
    ["another event at its place", [event(4, "e3"), event(5)], ["different events at one position", "published twice"]],
    ["an event that nobody published", [...ALL, event(undefined, "ghost")], ["invented event"]],
  ])("finds %s", (_what, seen, expected) => {
    expect(kinds(history(seen))).toEqual(expected);
  });

  it("finds what was acknowledged and is not in the log", () => {
    const whole = history(ALL);
    const logs = whole.logs.map((log) => ({ ...log, entries: log.entries.filter(({ offset }) => offset !== 2) }));
    expect(kinds({ ...whole, logs })).toEqual(["acknowledged but not in the log"]);
    const short = logs.map((log) => ({ ...log, keepsAll: false }));
    expect(kinds({ ...whole, logs: short })).toEqual([]);
  });

  it("takes a new log only where Redis lost its data, and only with a gap", () => {
    const whole = history(ALL);
    const logs = whole.logs.map((log) => ({
      ...log,
      position: { epoch: "y", offset: 1 },
      entries: [{ key: "n1", offset: 1 }],
    }));
    const publications = [
      ...whole.publications,
      { key: "n1", tenant: T, channel: C, startedAt: 90, outcome: "open" as const },
    ];
    const after = {
      ...whole,
      logs,
      publications,
      losses: [50],
      listeners: [listener([...ALL, gap(0, "y"), event(1, "n1", "y")])],
    };
    expect(kinds(after)).toEqual([]);
    expect(kinds({ ...after, losses: [] })).toEqual(
      Array.from({ length: 5 }, () => "log lost without Redis having lost it"),
    );
    expect(kinds({ ...after, listeners: [listener([...ALL, event(1, "n1", "y")])] })).toEqual(["silent loss"]);
    const mixed = [event(1), gap(0, "y"), event(1, "n1", "y"), event(2)];
    expect(kinds({ ...after, listeners: [listener(mixed, { toTheEnd: false })] })).toEqual(["out of order"]);
  });

  it("lets an event come again that Redis has forgotten, and no other", () => {
    const whole = history(ALL);
    const again = [...ALL, gap(0, "y"), event(1, "e5", "y")];
    const listeners = [listener(again, { toTheEnd: false })];
    expect(kinds({ ...whole, listeners, losses: [50] })).toEqual([]);
    expect(kinds({ ...whole, listeners })).toEqual(["duplicate"]);
    const fleeting = listener([event(undefined, "e1"), event(undefined, "e1")]);
    expect(kinds({ ...whole, logs: [], listeners: [fleeting] })).toEqual(["duplicate"]);
  });

  it("finds members that are missing or too many", () => {
    const roster = { by: "node 2", tenant: T, channel: C, expected: ["a", "b"] };
    expect(kinds(history(ALL, { rosters: [{ ...roster, found: ["a"] }] }))).toEqual(["presence did not converge"]);
    expect(kinds(history(ALL, { rosters: [{ ...roster, found: ["a", "b", "c"] }] }))).toEqual([
      "presence did not converge",
    ]);
  });

  it("counts", () => {
    const seen = [event(1), event(2, "e2", "x", { recovered: true }), gap(4), event(5), gap(0, "y")];
    expect(count(history(seen), () => 100)).toEqual({
      published: 5,
      acknowledged: 5,
      refused: 0,
      open: 0,
      delivered: 3,
      recovered: 1,
      gaps: 2,
      gapsWithinKept: 1,
    });
  });
});
