import { expect, it } from "vitest";
import { turn } from "../testing/index.ts";
import { EventBus, type RealtimeEntityEvent } from "./event-bus.ts";

const event: RealtimeEntityEvent = { type: "message", room: "/messages", path: null, entity: { id: 1 }, result: null };

it("gives an event to the listeners of its topic at once, in their order, of tenant default unless told", () => {
  const bus = new EventBus();
  const heard: unknown[] = [];
  bus.subscribe("event", (given, origin) => void heard.push(["first", given, origin]));
  bus.subscribe("event", (given) => void heard.push(["second", given]));
  bus.subscribe("saved", () => void heard.push("another topic"));
  bus.publish("event", event);
  expect(heard).toEqual([
    ["first", event, { tenantId: "default" }],
    ["second", event],
  ]);
  bus.publish("event", event, { tenantId: "other", context: 1 });
  expect(heard[2]).toEqual(["first", event, { tenantId: "other", context: 1 }]);
});

it("ends one subscription only, though the same function was subscribed twice", () => {
  const bus = new EventBus();
  let heard = 0;
  const listener = (): void => void heard++;
  const end = bus.subscribe("event", listener);
  bus.subscribe("event", listener);
  end();
  end();
  bus.publish("event", event);
  expect(heard).toBe(1);
});

it("lets nobody suffer from a listener that throws or rejects, and reports both", async () => {
  const failures: unknown[] = [];
  const bus = new EventBus({ failed: (error) => failures.push(error) });
  let heard = 0;
  bus.subscribe("event", () => {
    throw new Error("thrown");
  });
  bus.subscribe("event", async () => await Promise.reject(new Error("rejected")));
  bus.subscribe("event", () => void heard++);
  bus.publish("event", event);
  expect(heard).toBe(1);
  await turn();
  expect(failures).toEqual([new Error("thrown"), new Error("rejected")]);
});

it("calls a listener that subscribes during an event from the next event on", () => {
  const bus = new EventBus();
  const heard: string[] = [];
  bus.subscribe("event", () => {
    heard.push("old");
    bus.subscribe("event", () => void heard.push("new"));
  });
  bus.publish("event", event);
  expect(heard).toEqual(["old"]);
});
