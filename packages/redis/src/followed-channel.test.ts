import type { ChannelAddress, Position, Publication } from "@roomcast/protocol";
import type { Signal } from "@roomcast/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Announcement } from "./announcement.ts";
import { FollowedChannel, type LogPart } from "./followed-channel.ts";

const ADDRESS: ChannelAddress = { tenantId: "acme", name: "chat:1" };
const SIGNAL: Signal = { type: "end", tenantId: "acme", socketId: "s1" };

/** Lets everything that waits for promises go on. */
const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

function publicationAt(epoch: string, offset: number): Publication {
  const position = { epoch, offset };
  const event = { event: "e", data: offset, source: "server", timestamp: 1 } as const;
  return { type: "publication", address: ADDRESS, id: `${epoch}:${offset}`, ...event, position };
}

function announced(epoch: string, first: number, last = first): Announcement {
  const publications = Array.from({ length: last - first + 1 }, (_, n) => publicationAt(epoch, first + n));
  return { kind: "publications", epoch, publications };
}

/** A log and a reader of it, who is answered when the test says so. */
class Subject {
  epoch = "a";
  top = 0;
  first = 1;
  /** Events that are read at once. */
  part = 100;
  /** Reads are answered at once; otherwise when `answer` or `fail` is called. */
  atOnce = true;
  reads = 0;
  strays = 0;
  readonly seen: (string | number)[] = [];
  readonly waiting: { readonly answer: () => void; readonly fail: () => void }[] = [];
  readonly channel = new FollowedChannel({
    address: ADDRESS,
    deliver: (announcement) => {
      if (announcement.kind === "signal") this.seen.push("signal");
      else for (const { position } of announcement.publications) this.seen.push(position?.offset ?? "plain");
    },
    lost: (_, { epoch, offset }) => this.seen.push(`lost ${epoch}:${offset}`),
    stray: () => this.strays++,
    read: async (_, since) => {
      this.reads++;
      if (this.atOnce) return this.#read(since);
      return await new Promise<LogPart>((resolve, reject) => {
        const answer = (): void => resolve(this.#read(since));
        this.waiting.push({ answer, fail: () => reject(new Error("Redis is away")) });
      });
    },
  });

  /** Appends, and gives what announces it. */
  append(count = 1): Announcement {
    this.top += count;
    return announced(this.epoch, this.top - count + 1, this.top);
  }

  /** Redis lost its data. */
  loseData(): void {
    this.epoch += "'";
    this.top = 0;
    this.first = 1;
  }

  get position(): Position {
    return { epoch: this.epoch, offset: this.top };
  }

  #read(since: Position): LogPart {
    const from = since.epoch === this.epoch ? Math.max(since.offset + 1, this.first) : this.first;
    const length = Math.max(0, Math.min(this.part, this.top - from + 1));
    const publications = Array.from({ length }, (_, n) => publicationAt(this.epoch, from + n));
    return { position: this.position, first: this.first, publications };
  }
}

describe("FollowedChannel", () => {
  it("delivers what is announced, in its order, and reads nothing for it", () => {
    const subject = new Subject();
    for (const count of [1, 3, 2]) subject.channel.announced(subject.append(count));
    expect([subject.seen, subject.reads]).toEqual([[1, 2, 3, 4, 5, 6], 0]);
  });

  it("drops what it has delivered, also where only a part of it is new", () => {
    const subject = new Subject();
    subject.channel.announced(announced("a", 1, 3));
    subject.channel.announced(announced("a", 2));
    subject.channel.announced(announced("a", 3, 5));
    expect(subject.seen).toEqual([1, 2, 3, 4, 5]);
  });

  it("reads a hole from the log, in parts, before it delivers on", async () => {
    const subject = new Subject();
    subject.part = 2;
    subject.channel.announced(subject.append());
    subject.append(5);
    subject.channel.announced(subject.append());
    expect(subject.seen).toEqual([1]);
    await turn();
    expect(subject.seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(subject.reads).toBe(3);
  });

  it("keeps signals and what has no position in their place while it reads", async () => {
    const subject = new Subject();
    subject.atOnce = false;
    subject.channel.announced(subject.append());
    subject.append();
    subject.channel.announced(subject.append());
    subject.channel.announced({ kind: "signal", signal: SIGNAL });
    const { position: _, ...plain } = publicationAt("a", 1);
    subject.channel.announced({ kind: "publications", epoch: undefined, publications: [plain] });
    subject.channel.announced(subject.append());
    expect(subject.seen).toEqual([1]);
    subject.waiting.shift()?.answer();
    await turn();
    expect(subject.seen).toEqual([1, 2, 3, 4, "signal", "plain"]);
  });

  it("says once that another epoch began, and goes on from there", async () => {
    const subject = new Subject();
    subject.channel.announced(subject.append(5));
    subject.loseData();
    subject.channel.announced(subject.append());
    subject.channel.announced(subject.append());
    await turn();
    subject.channel.announced(subject.append());
    expect(subject.seen).toEqual([1, 2, 3, 4, 5, "lost a':1", 2, 3]);
  });

  it("says so where the log no longer reaches back", async () => {
    const subject = new Subject();
    subject.channel.announced(subject.append(5));
    subject.append(20);
    subject.first = 10;
    subject.channel.announced(subject.append());
    await turn();
    subject.channel.announced(subject.append());
    expect(subject.seen).toEqual([1, 2, 3, 4, 5, "lost a:26", 27]);
  });

  it("says so where the log itself has a hole", async () => {
    const holed: LogPart = {
      position: { epoch: "a", offset: 4 },
      first: 1,
      publications: [publicationAt("a", 2), publicationAt("a", 4)],
    };
    const seen: unknown[] = [];
    const channel = new FollowedChannel({
      address: ADDRESS,
      deliver: () => seen.push("event"),
      lost: (_, position) => seen.push(position),
      read: () => Promise.resolve(holed),
    });
    channel.announced(announced("a", 1));
    await channel.reach({ epoch: "a", offset: 4 });
    expect(seen).toEqual(["event", { epoch: "a", offset: 4 }]);
  });

  it("delivers no hole when the log cannot be read, tries nothing by itself, and is mended by the next check", async () => {
    const subject = new Subject();
    subject.atOnce = false;
    subject.channel.announced(subject.append());
    subject.append();
    subject.channel.announced(subject.append());
    subject.channel.announced({ kind: "signal", signal: SIGNAL });
    subject.waiting.shift()?.fail();
    await turn();
    expect([subject.seen, subject.reads]).toEqual([[1, "signal"], 1]);
    const checked = subject.channel.reach(subject.position);
    subject.waiting.shift()?.fail();
    await expect(checked).rejects.toThrow("Redis is away");
    subject.atOnce = true;
    await subject.channel.reach(subject.position);
    expect(subject.seen).toEqual([1, "signal", 2, 3]);
  });

  it("is mended by the next announcement, too", async () => {
    const subject = new Subject();
    subject.atOnce = false;
    subject.channel.announced(subject.append());
    subject.append();
    subject.channel.announced(subject.append());
    subject.waiting.shift()?.fail();
    await turn();
    subject.atOnce = true;
    subject.channel.announced(subject.append());
    await turn();
    expect(subject.seen).toEqual([1, 2, 3, 4]);
  });

  it("asks the log once about an announcement that is nothing of it, and goes on", async () => {
    const subject = new Subject();
    subject.channel.announced(subject.append());
    for (const forged of [announced("a", 1000), announced("forged", 7), announced("forged", 1)]) {
      subject.channel.announced(forged);
      await turn();
    }
    subject.channel.announced(subject.append());
    expect([subject.seen, subject.reads, subject.strays]).toEqual([[1, 2], 3, 3]);
  });

  it("reaches what an answer has before the answer goes out, once for all who ask", async () => {
    const subject = new Subject();
    await subject.channel.reach(subject.position);
    subject.append(3);
    await Promise.all([1, 2, 3].map(async () => await subject.channel.reach(subject.position)));
    expect([subject.seen, subject.reads]).toEqual([[1, 2, 3], 1]);
    subject.channel.announced(announced("a", 1, 3));
    expect(subject.seen).toEqual([1, 2, 3]);
  });

  it("never repeats, never goes back, and leaves out nothing unless it says so, whatever happens", async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant("publish" as const), count: fc.integer({ min: 1, max: 4 }) }),
      },
      { weight: 6, arbitrary: fc.constant({ kind: "hear" as const }) },
      { weight: 2, arbitrary: fc.constant({ kind: "drop" as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: "hear twice" as const }) },
      { weight: 3, arbitrary: fc.constant({ kind: "answer" as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: "fail" as const }) },
      { weight: 2, arbitrary: fc.constant({ kind: "check" as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: "trim" as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: "lose data" as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: "forge" as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const subject = new Subject();
        subject.part = 3;
        await subject.channel.reach(subject.position);
        subject.atOnce = false;
        const underWay: Announcement[] = [];
        for (const { kind, ...rest } of steps) {
          if (kind === "publish") underWay.push(subject.append("count" in rest ? rest.count : 1));
          if (kind === "hear" || kind === "hear twice") {
            const [next] = underWay;
            if (kind === "hear") underWay.shift();
            if (next !== undefined) subject.channel.announced(next);
          }
          if (kind === "drop") underWay.shift();
          if (kind === "answer") subject.waiting.shift()?.answer();
          if (kind === "fail") subject.waiting.shift()?.fail();
          if (kind === "check") subject.channel.reach(subject.position).catch(() => undefined);
          if (kind === "trim") subject.first = Math.max(1, subject.top - 1);
          if (kind === "lose data") subject.loseData();
          if (kind === "forge") subject.channel.announced(announced("forged", 3));
          await turn();
          expect(subject.waiting.length).toBeLessThanOrEqual(1);
        }
        subject.atOnce = true;
        for (let left = 100; subject.waiting.length > 0 && left > 0; left--) {
          subject.waiting.shift()?.answer();
          await turn();
        }
        for (const announcement of underWay) subject.channel.announced(announcement);
        await turn();
        await subject.channel.reach(subject.position);
        let stands = 0;
        for (const entry of subject.seen) {
          if (typeof entry === "number") {
            expect(entry).toBe(stands + 1);
            stands = entry;
          } else stands = Number(entry.slice(entry.indexOf(":") + 1));
        }
        expect(subject.channel.position).toEqual(subject.position);
        expect(stands).toBe(subject.top);
      }),
      { numRuns: 300 },
    );
  });
});
