import type { RealtimeEvent } from "@roomcast/client";
import { describe, expect, it } from "vitest";
import { applyChange, bounded, toChange, type ResourceChange, type ResourceListOptions } from "./resource-list.ts";

interface Task {
  readonly id: number;
  readonly title?: string;
}

const tasks: readonly Task[] = [{ id: 1 }, { id: 2 }, { id: 3 }];
const change = (action: ResourceChange["action"], resource: unknown, type = "task"): ResourceChange => ({
  action,
  type,
  resource,
});
const event = (name: string, payload: unknown, source: RealtimeEvent["source"] = "resource"): RealtimeEvent => ({
  id: "1",
  topic: "tasks",
  event: name,
  payload,
  source,
  timestamp: 0,
});
const ids = (one: ResourceChange, options: ResourceListOptions<Task> = {}): readonly number[] =>
  applyChange(tasks, one, options).map(({ id }) => id);

describe("applyChange", () => {
  it("adds what was created or saved, at the end where the newest are", () => {
    expect(ids(change("created", { id: 4 }))).toEqual([1, 2, 3, 4]);
    expect(ids(change("saved", { id: 4 }), { newest: "first" })).toEqual([4, 1, 2, 3]);
  });

  it("replaces in its place what is there, and drops what was deleted", () => {
    for (const action of ["created", "updated", "saved"] as const) {
      expect(applyChange(tasks, change(action, { id: 2, title: "new" }), {})).toEqual([
        { id: 1 },
        { id: 2, title: "new" },
        { id: 3 },
      ]);
    }
    expect(ids(change("deleted", { id: 2 }))).toEqual([1, 3]);
  });

  it("is the same list where nothing changes: what is not there is neither updated nor deleted", () => {
    for (const one of [
      change("updated", { id: 9 }),
      change("deleted", { id: 9 }),
      change("created", { title: "without an id" }),
      change("created", { id: { odd: true } }),
    ]) {
      expect(applyChange(tasks, one, {})).toBe(tasks);
    }
    expect(applyChange(tasks, change("created", { id: 4 }, "comment"), { type: "task" })).toBe(tasks);
  });

  it("knows items by what it is told", () => {
    const files = [{ path: "a" }, { path: "b" }];
    expect(applyChange(files, change("deleted", { path: "a" }), { getId: ({ path }) => path })).toEqual([
      { path: "b" },
    ]);
  });

  it("keeps to its limit, dropping the oldest", () => {
    expect(ids(change("created", { id: 4 }), { limit: 3 })).toEqual([2, 3, 4]);
    expect(ids(change("created", { id: 4 }), { limit: 3, newest: "first" })).toEqual([4, 1, 2]);
    expect(bounded(tasks, { limit: 2 })).toEqual([{ id: 2 }, { id: 3 }]);
    expect(bounded(tasks, { limit: 2, newest: "first" })).toEqual([{ id: 1 }, { id: 2 }]);
    expect(bounded(tasks, {})).toBe(tasks);
  });
});

describe("toChange", () => {
  it("reads what the server says of resources, and nothing else", () => {
    const payload = { type: "task", path: null, resource: { id: 1 } };
    for (const source of ["resource", "server", "rest"] as const) {
      expect(toChange(event("created", payload, source))).toEqual(change("created", { id: 1 }));
    }
    for (const name of ["event", "message", "toString"]) expect(toChange(event(name, payload))).toBeUndefined();
    for (const odd of [null, undefined, 7, "text", [], {}, { resource: null }, { resource: "text" }]) {
      expect(toChange(event("created", odd))).toBeUndefined();
    }
  });

  it("believes no other client", () => {
    expect(toChange(event("deleted", { type: "task", path: null, resource: { id: 1 } }, "socket"))).toBeUndefined();
  });
});
