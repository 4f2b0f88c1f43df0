import { describe, expect, it } from "vitest";
import type { RealtimeEvent } from "../../api/types.ts";
import { isSought, mergeEntries, readEntry } from "./entry.ts";

const event = (payload: unknown, id = "e1"): RealtimeEvent => ({
  id,
  topic: "@audit",
  event: "audit",
  payload,
  source: "server",
  timestamp: 7,
});

describe("an entry of the audit", () => {
  it.each([
    ["revoke", "ada", null, "user", ["ada"]],
    ["disconnect", "s1", null, "connection", ["s1"]],
    ["broadcast", "chat", { event: "e" }, "channel", ["chat"]],
    ["direct", "s1", { to: "socket" }, "connection", ["s1"]],
    ["direct", "ada", { to: "user" }, "user", ["ada"]],
    ["notify", null, { users: ["ada", "alan", 7] }, "user", ["ada", "alan"]],
    ["signIn", null, null, undefined, []],
    ["constructor", "x", "none", undefined, ["x"]],
  ])("of %s tells what it was done to", (action, target, details, kind, targets) => {
    const entry = readEntry(event({ action, target, by: { userId: "root", via: "key" }, details }));
    expect(entry).toMatchObject({ action, who: "root", via: "key", kind, targets, at: 7 });
  });

  it("is read from anything", () => {
    for (const payload of [null, 7, [], { by: 7, target: {}, details: { users: {} } }]) {
      expect(readEntry(event(payload))).toMatchObject({ action: "audit", who: null, via: null, targets: [] });
    }
  });

  it("is sought by action and by who did it or had it done", () => {
    const entry = readEntry(event({ action: "revoke", target: "Ada", by: { userId: "root", via: "key" } }));
    const sought = (action: string, person: string): boolean => isSought(entry, { action, person });
    expect([sought("", ""), sought("revoke", " aD"), sought("", "ROO")]).toEqual([true, true, true]);
    expect([sought("notify", ""), sought("revoke", "grace")]).toEqual([false, false]);
  });
});

it("what comes live and is in the log is there once", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => readEntry(event({}, id))) as [never, never, never];
  expect(mergeEntries([c, b], [b, a])).toEqual([c, b, a]);
});
