import { defineChannels } from "@roomcast/protocol";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { RealtimeClient, type ChannelName, type EventsOf, type InferEvents } from "./index.ts";

const contract = defineChannels({
  "chat:{room}": { events: { message: z.object({ text: z.string() }), typing: z.null() } },
  "orders:{id}": { events: { changed: v.object({ status: v.picklist(["open", "closed"]) }) } },
  news: { events: { flash: type({ title: "string" }) } },
  "counted:{id}": { events: { set: z.string().transform(Number) } },
  "open:{id}": { keep: false },
  "**": { subscribe: "nobody" },
});
type Events = InferEvents<typeof contract>;
const client = new RealtimeClient<Events>({ url: "http://localhost", autoConnect: false });

describe("a client with the events of a contract", () => {
  it("hears what it has, without generics where it is called", () => {
    client.channel("chat:1").on("message", (payload) => expectTypeOf(payload).toEqualTypeOf<{ text: string }>());
    client.channel("orders:1").on("changed", ({ status }) => expectTypeOf(status).toEqualTypeOf<"open" | "closed">());
    client.channel("news").on("flash", ({ title }) => expectTypeOf(title).toEqualTypeOf<string>());
    client.channel("counted:1").on("set", (count) => expectTypeOf(count).toEqualTypeOf<number>());
    client.on("event:chat:1", (event) => {
      if (event.event === "message") expectTypeOf(event.payload.text).toEqualTypeOf<string>();
    });
    // @ts-expect-error no such event
    client.channel("chat:1").on("mesage", () => undefined);
    // @ts-expect-error another channel's event
    client.channel("news").on("message", () => undefined);
    // @ts-expect-error another payload
    client.channel("chat:1").on("message", (payload: { txt: string }) => payload);
  });

  it("publishes what it takes", async () => {
    await client.channel("chat:1").publish("message", { text: "hi" });
    await client.channel("chat:1").publish("typing");
    await client.socketClient.publish("orders:1", "changed", { status: "open" });
    await client.channel("counted:1").publish("set", "7");
    // @ts-expect-error a wrong payload
    await client.channel("chat:1").publish("message", { txt: "hi" });
    // @ts-expect-error a wrong payload
    await client.socketClient.publish("orders:1", "changed", { status: "gone" });
    // @ts-expect-error a wrong payload
    await client.channel("news").publish("flash", { title: 1 });
    // @ts-expect-error no such event
    await client.channel("news").publish("message", { title: "hi" });
    // @ts-expect-error what is heard is not what is sent
    await client.channel("counted:1").publish("set", 7);
  });

  it("knows nothing of the events of channels that have none", async () => {
    await client.channel("open:1").publish("anything", { at: 1 });
    client.channel("open:1").on("anything", (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>());
    client.channel("else").on("anything", (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>());
    expectTypeOf<ChannelName<Events>>().toEqualTypeOf<string>();
    expectTypeOf<keyof EventsOf<Events, "chat:1">>().toEqualTypeOf<"message" | "typing">();
  });
});

describe("a client of a contract without a pattern for the rest", () => {
  it("has no other channels", () => {
    const strict = defineChannels({ "chat:{room}": { events: { message: z.string() } } });
    const typed = new RealtimeClient<InferEvents<typeof strict>>({ url: "http://localhost", autoConnect: false });
    typed.channel("chat:1").on("message", (text) => expectTypeOf(text).toEqualTypeOf<string>());
    // @ts-expect-error no such channel
    typed.channel("chta:1");
  });
});
