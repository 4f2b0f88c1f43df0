import { describe, expectTypeOf, it } from "vitest";
import { RealtimeClient, type ChannelName, type EventsOf, type RealtimeError, type RealtimeEvent } from "./index.ts";

interface Events {
  "chat:{room}": { message: { text: string }; typing: { userId: string } };
  "orders/{id}/status": { changed: { status: "open" | "closed" } };
  "user:{userId}": { notice: string };
  "logs.**": { line: string };
  news: { flash: number };
}

const client = new RealtimeClient<Events>({ url: "http://localhost", autoConnect: false });
const untyped = new RealtimeClient({ url: "http://localhost", autoConnect: false });
declare const room: string;

describe("names", () => {
  it("are made from patterns", () => {
    expectTypeOf<ChannelName<Events>>().toEqualTypeOf<
      `chat:${string}` | `orders/${string}/status` | `user:${string}` | `logs.${string}` | "news"
    >();
    expectTypeOf<EventsOf<Events, "chat:1">>().toEqualTypeOf<Events["chat:{room}"]>();
    expectTypeOf<EventsOf<Events, `chat:${string}`>>().toEqualTypeOf<Events["chat:{room}"]>();
    expectTypeOf<EventsOf<Events, "orders/7/status">>().toEqualTypeOf<Events["orders/{id}/status"]>();
    expectTypeOf<EventsOf<Events, `orders/${string}/status`>>().toEqualTypeOf<Events["orders/{id}/status"]>();
    expectTypeOf<EventsOf<Events, "user:a:b">>().toEqualTypeOf<Events["user:{userId}"]>();
    expectTypeOf<EventsOf<Events, "logs.a.b/c">>().toEqualTypeOf<Events["logs.**"]>();
    expectTypeOf<EventsOf<Events, "news">>().toEqualTypeOf<Events["news"]>();
  });

  it("do not match across separators", () => {
    expectTypeOf<keyof EventsOf<Events, "chat:1:2">>().toEqualTypeOf<never>();
    expectTypeOf<keyof EventsOf<Events, "chat:">>().toEqualTypeOf<never>();
    expectTypeOf<keyof EventsOf<Events, "orders/7/8/status">>().toEqualTypeOf<never>();
  });
});

describe("a typed client", () => {
  it("knows the payloads of a channel", () => {
    client.channel("chat:1").on("message", (payload, event) => {
      expectTypeOf(payload).toEqualTypeOf<{ text: string }>();
      expectTypeOf(event.event).toEqualTypeOf<"message">();
      expectTypeOf(event.payload).toExtend<{ text: string }>();
    });
    client.channel(`chat:${room}`).on("typing", ({ userId }) => expectTypeOf(userId).toEqualTypeOf<string>());
    client.on("event:chat:1", (event) => {
      if (event.event === "typing") expectTypeOf(event.payload.userId).toEqualTypeOf<string>();
    });
    // @ts-expect-error no such event
    client.channel("chat:1").on("mesage", () => undefined);
    // @ts-expect-error no such channel
    client.channel("chta:1");
    // @ts-expect-error no such channel
    client.subscribe({ topic: "chta:1" });
    // @ts-expect-error no such channel
    client.on("event:chta:1", () => undefined);
    // @ts-expect-error no such listener
    client.on("evnt", () => undefined);
  });

  it("knows what may be published", async () => {
    await client.channel("chat:1").publish("message", { text: "hi" });
    await client.socketClient.publish("orders/1/status", "changed", { status: "open" });
    await client.socketClient.publish("user:me", "notice", "hello");
    // @ts-expect-error a wrong payload
    await client.channel("chat:1").publish("message", { txt: "hi" });
    // @ts-expect-error a wrong payload
    await client.socketClient.publish("orders/1/status", "changed", { status: "gone" });
    // @ts-expect-error no such event
    await client.socketClient.publish("news", "message", 1);
  });

  it("iterates over typed events", async () => {
    for await (const event of client.channel("chat:1")) {
      if (event.event === "message") expectTypeOf(event.payload.text).toEqualTypeOf<string>();
    }
  });
});

describe("every client", () => {
  it("types its own events", () => {
    for (const it of [client, untyped])
      expectTypeOf(it.state).toEqualTypeOf<"connecting" | "connected" | "disconnected" | "reconnecting">();
    client.on("connection", ({ state }) => expectTypeOf(state).toEqualTypeOf(client.state));
    client.on("error", (error) => expectTypeOf(error).toEqualTypeOf<RealtimeError>());
    client.on("session", ({ userId }) => expectTypeOf(userId).toEqualTypeOf<string | null>());
    client.on("subscribed", ({ subscriptionId }) => expectTypeOf(subscriptionId).toEqualTypeOf<string>());
    client.on("gap", ({ channel }) => expectTypeOf(channel).toEqualTypeOf<string>());
    client.on("presence:chat:1", ({ joined }) => expectTypeOf(joined[0]?.socketId).toEqualTypeOf<string | undefined>());
    client.on("event", (event) => expectTypeOf(event).toEqualTypeOf<RealtimeEvent>());
    client.on("event:@direct", (event) => expectTypeOf(event).toEqualTypeOf<RealtimeEvent>());
  });
});

describe("a client without types", () => {
  it("takes every name and any payload", async () => {
    untyped.channel(room).on("anything", (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>());
    untyped.channel(room).on("anything", (payload: { text: string }) => payload.text);
    untyped.on(`event:${room}`, (event) => expectTypeOf(event).toEqualTypeOf<RealtimeEvent>());
    await untyped.socketClient.publish(room, "anything", { at: 1 });
  });
});
