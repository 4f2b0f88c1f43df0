import type { RealtimeEvent } from "@roomcast/client";
import { describe, expect, it } from "vitest";
import { NotificationList } from "./notification-list.ts";

const event = (id: string, timestamp: number): RealtimeEvent => ({
  id,
  timestamp,
  topic: "notifications:ada",
  event: "notification",
  payload: { id },
  source: "server",
});

function ids(list: NotificationList): string {
  return list.snapshot.notifications.map(({ id, read }) => (read ? id.toUpperCase() : id)).join("");
}

describe("NotificationList", () => {
  it("has each once, newest first, wherever they come from", () => {
    const list = new NotificationList({ limit: 10 });
    list.add([event("c", 3)]);
    list.add([event("a", 1), event("b", 2), event("c", 3), event("d", 3)]);
    list.add([event("b", 2), event("b", 2)]);
    expect(ids(list)).toBe("dcba");
    expect(list.snapshot.unread).toBe(4);
  });

  it("counts what is not read, and marks one or all", () => {
    const list = new NotificationList({ limit: 10 });
    list.add([event("a", 1), event("b", 2), event("c", 3)]);
    list.markRead("b");
    list.markRead("b");
    list.markRead("nothing");
    expect([ids(list), list.snapshot.unread]).toEqual(["cBa", 2]);
    list.markRead();
    expect([ids(list), list.snapshot.unread]).toEqual(["CBA", 0]);
    list.add([event("d", 4), event("a", 1)]);
    expect([ids(list), list.snapshot.unread]).toEqual(["dCBA", 1]);
  });

  it("forgets the oldest, for good", () => {
    const list = new NotificationList({ limit: 3 });
    list.add([event("a", 1), event("b", 2), event("c", 3), event("d", 4)]);
    list.add([event("a", 1)]);
    expect([ids(list), list.snapshot.unread]).toEqual(["dcb", 3]);
  });

  it("is another object only when something changed", () => {
    const list = new NotificationList({ limit: 3 });
    list.add([event("a", 1)]);
    const before = list.snapshot;
    list.add([event("a", 1)]);
    list.add([]);
    expect(list.snapshot).toBe(before);
  });
});
