import type { Position, RealtimeEvent } from "@roomcast/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TopicLog, type Handed } from "./topic-log.ts";

const at = (offset: number, epoch = "e"): Position => ({ epoch, offset });

function event(offset: number, epoch = "e"): RealtimeEvent & { position: Position } {
  return {
    id: `${epoch}-${offset}`,
    topic: "t",
    event: "x",
    payload: offset,
    source: "server",
    timestamp: 0,
    position: at(offset, epoch),
  };
}

const show = (handed: readonly Handed[]): unknown[] =>
  handed.map((one) => (one.kind === "event" ? one.event.position?.offset : { gap: one.position?.offset }));

function following(...readers: string[]): TopicLog {
  const log = new TopicLog();
  for (const reader of readers) {
    log.add(reader);
    log.ask(reader);
    log.reply(reader, { position: at(0) });
  }
  return log;
}

describe("one reader", () => {
  it("asks from the position of its first reply when it never got an event", () => {
    const log = following("a");
    log.disconnected();
    expect(log.ask("a")).toEqual(at(0));
  });

  it("asks from the last event, and hands out what it recovers before what comes live", () => {
    const log = following("a");
    expect(show(log.live(event(1)))).toEqual([1]);
    log.disconnected();
    expect(log.ask("a")).toEqual(at(1));
    expect(show(log.reply("a", { position: at(3), recovered: true, events: [event(2), event(3)] }))).toEqual([2, 3]);
    expect(show(log.live(event(4)))).toEqual([4]);
  });

  it("leaves an earlier subscription's events alone until it is answered: between the two some may be missing", () => {
    const log = new TopicLog();
    log.add("a");
    log.ask("a");
    expect(show(log.live(event(5)))).toEqual([]);
    log.reply("a", { position: at(7) });
    expect(show(log.live(event(8)))).toEqual([8]);
  });

  it("drops what it has seen", () => {
    const log = following("a");
    log.live(event(1));
    log.live(event(2));
    expect(show(log.live(event(2)))).toEqual([]);
    expect(show(log.live(event(1)))).toEqual([]);
    expect(show(log.live(event(1, "next")))).toEqual([1]);
  });

  it("announces what cannot be recovered and follows from there", () => {
    const log = following("a");
    log.live(event(1));
    log.disconnected();
    log.ask("a");
    expect(show(log.reply("a", { position: at(0, "next"), recovered: false }))).toEqual([{ gap: 0 }]);
    log.disconnected();
    expect(log.ask("a")).toEqual(at(0, "next"));
  });

  it("takes a reply that does not speak of recovery for a gap", () => {
    const log = following("a");
    log.disconnected();
    log.ask("a");
    expect(show(log.reply("a", {}))).toEqual([{ gap: undefined }]);
    log.disconnected();
    expect(log.ask("a")).toBeUndefined();
  });

  it("hands on a pushed gap, and never goes back behind what it handed out", () => {
    const log = following("a");
    log.live(event(5));
    expect(show(log.gap(at(9)))).toEqual([{ gap: 9 }]);
    expect(show(log.live(event(8)))).toEqual([]);
    log.gap(at(4));
    expect(show(log.live(event(9)))).toEqual([]);
    expect(show(log.live(event(10)))).toEqual([10]);
  });

  it("hands out events without a position as they come", () => {
    const log = following("a");
    const { position: _, ...bare } = event(1);
    expect(log.live(bare)).toHaveLength(1);
    expect(log.live(bare)).toHaveLength(1);
  });

  it("hands out nothing when nobody reads", () => {
    const log = following("a");
    log.remove("a");
    expect(log.empty).toBe(true);
    expect(log.live(event(1))).toEqual([]);
    expect(log.gap(at(1))).toEqual([]);
  });
});

describe("several readers", () => {
  it("merges what each recovers, and holds live events until all have answered", () => {
    const log = following("a", "b");
    log.disconnected();
    log.ask("a");
    log.ask("b");
    expect(show(log.reply("a", { position: at(4), recovered: true, events: [event(2), event(4)] }))).toEqual([]);
    expect(show(log.live(event(5)))).toEqual([]);
    expect(show(log.reply("b", { position: at(6), recovered: true, events: [event(1), event(4), event(6)] }))).toEqual([
      1, 2, 4, 5, 6,
    ]);
  });

  it("moves no position when the connection is lost before all have answered", () => {
    const log = following("a", "b");
    log.disconnected();
    log.ask("a");
    log.ask("b");
    log.reply("a", { position: at(4), recovered: true, events: [event(2)] });
    log.live(event(5));
    log.disconnected();
    expect(log.ask("a")).toEqual(at(0));
    expect(log.ask("b")).toEqual(at(0));
  });

  it("waits no longer for a reader that is removed", () => {
    const log = following("a", "b");
    log.disconnected();
    log.ask("a");
    log.ask("b");
    log.reply("a", { position: at(2), recovered: true, events: [event(2)] });
    expect(show(log.remove("b"))).toEqual([2]);
  });

  it("says one gap for all, behind what was recovered below it", () => {
    const log = following("a", "b", "c");
    log.disconnected();
    for (const reader of ["a", "b", "c"]) log.ask(reader);
    log.reply("a", { position: at(8), recovered: false });
    log.reply("b", { position: at(9), recovered: false });
    log.live(event(10));
    expect(show(log.reply("c", { position: at(9), recovered: true, events: [event(7), event(9)] }))).toEqual([
      7,
      9,
      { gap: 9 },
      10,
    ]);
  });

  it("lets the others wait for one that the server ended and that is asked for again", () => {
    const log = following("a", "b");
    log.live(event(1));
    log.interrupt("b");
    expect(show(log.live(event(3)))).toEqual([]);
    expect(log.ask("b")).toEqual(at(1));
    expect(show(log.reply("b", { position: at(3), recovered: true, events: [event(2)] }))).toEqual([2, 3]);
  });

  it("does not move a reader that never had an answer", () => {
    const log = following("a");
    log.add("b");
    log.ask("b");
    log.live(event(1));
    log.disconnected();
    expect(log.ask("b")).toBeUndefined();
  });
});

/**
 * A channel and a session as the server keeps its promises, with random losses of the connection, a log of few events, and
 * answers that come when they like (but in order, as do events).
 */
describe("against a model of the server", () => {
  const READERS = ["odd", "even", "third", "all"] as const;
  const wants: Record<string, (offset: number) => boolean> = {
    odd: (offset) => offset % 2 === 1,
    even: (offset) => offset % 2 === 0,
    third: (offset) => offset % 3 === 0,
    all: () => true,
  };
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.constant({ kind: "publish" as const }) },
    { weight: 8, arbitrary: fc.constant({ kind: "deliver" as const }) },
    { weight: 4, arbitrary: fc.constant({ kind: "process" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "reconnect" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  );

  it("hands each event out once and in order, and misses none without a gap", () => {
    fc.assert(
      fc.property(
        fc.subarray([...READERS], { minLength: 1 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(step, { maxLength: 120 }),
        (readers, keep, steps) => {
          const log = new TopicLog();
          for (const reader of readers) log.add(reader);
          let epoch = 0;
          let top = 0;
          let asked: { reader: string; since: Position | undefined }[] = [];
          let live = new Set<string>();
          let wire: (() => readonly Handed[])[] = [];
          const handed: Handed[] = [];
          /** What each reader may rely on: everything from its first answer. */
          const owed: string[] = [];
          const begun = new Set<string>();

          const connect = (): void => {
            log.disconnected();
            wire = [];
            live = new Set();
            asked = readers.map((reader) => ({ reader, since: log.ask(reader) }));
          };
          const process = (): void => {
            const next = asked.shift();
            if (next === undefined) return;
            const { reader, since } = next;
            live.add(reader);
            const position = at(top, `${epoch}`);
            const reaches =
              since !== undefined && since.epoch === position.epoch && since.offset >= Math.min(top, top - keep);
            const events: RealtimeEvent[] = [];
            if (reaches) {
              for (let offset = since.offset + 1; offset <= top; offset++) {
                if (wants[reader]?.(offset) === true) events.push(event(offset, `${epoch}`));
              }
            }
            wire.push(() => {
              begun.add(reader);
              return log.reply(
                reader,
                since === undefined ? { position } : { position, recovered: reaches, ...(reaches ? { events } : {}) },
              );
            });
          };
          const deliver = (): void => {
            handed.push(...(wire.shift()?.() ?? []));
          };
          const publish = (): void => {
            top++;
            const offset = top;
            if (readers.some((reader) => begun.has(reader) && wants[reader]?.(offset) === true))
              owed.push(`${epoch}-${offset}`);
            if ([...live].some((reader) => wants[reader]?.(offset) === true))
              wire.push(() => log.live(event(offset, `${epoch}`)));
          };
          connect();
          for (const { kind } of steps) {
            if (kind === "publish") publish();
            else if (kind === "deliver") deliver();
            else if (kind === "process") process();
            else {
              if (kind === "restart") {
                epoch++;
                top = 0;
              }
              connect();
            }
          }
          while (asked.length > 0) process();
          while (wire.length > 0) deliver();

          const got = handed.flatMap((one) => (one.kind === "event" ? [one.event.id] : []));
          expect(new Set(got).size).toBe(got.length);
          // In order: epochs one after the other, offsets rising in each; nothing below a gap comes behind it.
          let last: Position | undefined;
          for (const one of handed) {
            const position = one.kind === "event" ? (one.event.position as Position) : (one.position as Position);
            if (last !== undefined) {
              expect(Number(position.epoch)).toBeGreaterThanOrEqual(Number(last.epoch));
              if (position.epoch === last.epoch) {
                if (one.kind === "event") expect(position.offset).toBeGreaterThan(last.offset);
                else expect(position.offset).toBeGreaterThanOrEqual(last.offset);
              }
            }
            last = position;
          }
          const gaps = handed.flatMap((one) =>
            one.kind === "gap" && one.position !== undefined ? [one.position] : [],
          );
          for (const id of owed) {
            if (got.includes(id)) continue;
            const [of, offset] = id.split("-").map(Number) as [number, number];
            const covered = gaps.some(
              (gap) => Number(gap.epoch) > of || (Number(gap.epoch) === of && gap.offset >= offset),
            );
            expect(covered, `${id} is missing without a gap`).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
