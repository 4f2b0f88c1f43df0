import { frameEvent } from "@roomcast/protocol";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/index.ts";
import { Journal } from "./journal.ts";

const alice = { tenantId: "acme", userId: "alice" };

function setUp() {
  const clock = new ManualClock(1000);
  const journal = new Journal({ nodeId: "one", clock });
  const refused = (channel: string, whose: Parameters<Journal["add"]>[0] = alice): void =>
    journal.add(whose, { kind: "refused", code: "FORBIDDEN", command: "subscribe", channel });
  return { clock, journal, refused };
}

describe("Journal", () => {
  it("has the newest twenty of a user, newest first, with node and time", async () => {
    const { clock, journal, refused } = setUp();
    for (let n = 1; n <= 25; n++) {
      refused(`c${n}`);
      await clock.advance(1);
    }
    const incidents = journal.of(alice);
    expect(incidents.map(({ channel }) => channel)).toEqual(Array.from({ length: 20 }, (_, n) => `c${25 - n}`));
    expect(incidents[0]).toEqual({
      at: 1024,
      nodeId: "one",
      kind: "refused",
      code: "FORBIDDEN",
      command: "subscribe",
      channel: "c25",
    });
  });

  it("has the memory of what it keeps, and not of the texts that clients wrote", () => {
    const { journal } = setUp();
    setFlagsFromString("--expose_gc");
    const collect = runInNewContext("gc") as () => void;
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 1000; n++) {
      const long = (start: string): string => JSON.parse(`"${start}${"x".repeat(50_000)}"`) as string;
      const incident = { kind: "refused", code: "UNKNOWN_COMMAND" } as const;
      journal.add(
        { ...alice, userId: `user${n % 50}` },
        { ...incident, command: frameEvent([long(`${n}`)]), message: long("m") },
      );
    }
    collect();
    expect(journal.of({ ...alice, userId: "user7" })).toHaveLength(20);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1000 * 5000);
  });

  it("counts what comes again instead of keeping it again, so that it pushes nothing out", async () => {
    const { clock, journal, refused } = setUp();
    journal.add(alice, { kind: "ended", code: "client", socketId: "s1" });
    for (let n = 0; n < 50; n++) {
      await clock.advance(10);
      refused(n % 2 === 0 ? "a" : "b");
    }
    expect(journal.of(alice)).toMatchObject([
      { channel: "b", times: 25, at: 1500 },
      { channel: "a", times: 25, at: 1490 },
      { kind: "ended", at: 1000 },
    ]);
    expect(journal.of(alice)[2]).not.toHaveProperty("times");
    journal.add(alice, { kind: "ended", code: "client", socketId: "s2" });
    expect(journal.of(alice).length).toBe(4);
  });

  it("keeps users and tenants apart, and has nothing of visitors", () => {
    const { journal, refused } = setUp();
    refused("a");
    refused("b", { tenantId: "other", userId: "alice" });
    refused("c", { tenantId: "acme", userId: null });
    expect(journal.of(alice).map(({ channel }) => channel)).toEqual(["a"]);
    expect(journal.of({ tenantId: "other", userId: "alice" }).map(({ channel }) => channel)).toEqual(["b"]);
    expect(journal.of({ tenantId: "acme", userId: null })).toEqual([]);
  });

  it("has room of their own for those who only left, however many they are", () => {
    const { journal, refused } = setUp();
    const user = (n: number) => ({ tenantId: "acme", userId: `u${n}` });
    const left = { kind: "ended", code: "client" } as const;
    refused("a");
    journal.add(user(0), { ...left, socketId: "s1" });
    journal.add(user(0), { ...left, socketId: "s2" });
    refused("b", user(0));
    for (let n = 1; n <= 10_001; n++) journal.add(user(n), left);
    expect(journal.of(alice)).toMatchObject([{ channel: "a" }]);
    // What is known of a user stays together.
    expect(journal.of(user(0))).toMatchObject([{ channel: "b" }, { socketId: "s2" }, { socketId: "s1" }]);
    expect([1, 2, 10_001].map((n) => journal.of(user(n)).length)).toEqual([0, 1, 1]);
    for (let n = 0; n < 10_000; n++) refused("c", user(n + 20_000));
    expect([alice, user(0)].map((whose) => journal.of(whose).length)).toEqual([0, 0]);
  });

  it("forgets the user that was touched longest ago when there are ten thousand, and the ends of long texts", () => {
    const { journal, refused } = setUp();
    const user = (n: number) => ({ tenantId: "acme", userId: `u${n}` });
    for (let n = 0; n < 10_000; n++) refused("a", user(n));
    refused("b", user(0));
    refused("a", user(10_000));
    expect([0, 1, 2, 10_000].map((n) => journal.of(user(n)).length)).toEqual([2, 0, 1, 1]);
    journal.add(alice, { kind: "ended", code: "REVOKED", message: "x".repeat(1000) });
    expect(journal.of(alice)[0]?.message?.length).toBe(300);
  });
});
