import type { InferEvents, RealtimeClient, RealtimeError } from "@roomcast/client";
import { defineChannels } from "@roomcast/protocol";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  createRealtimeHooks,
  RealtimeProvider,
  useChannel,
  useConnection,
  useNotifications,
  usePresence,
  useResource,
  type Person,
} from "./index.ts";

interface Events {
  "chat:{room}": { message: { text: string }; typing: { userId: string } };
  "notifications:{userId}": { notification: { title: string }; mention: { by: string } };
  news: { flash: number };
}

interface Task {
  readonly id: number;
  readonly title: string;
}

const hooks = createRealtimeHooks<Events>();
declare const client: RealtimeClient<Events>;
declare const other: RealtimeClient<{ other: { event: string } }>;
declare const room: string;

const contract = defineChannels({
  "counter:{name}": { events: { set: z.string().transform(Number) } },
});

describe("hooks of a contract", () => {
  it("hand out what its schemas make, and take what these take", () => {
    const counter = createRealtimeHooks<InferEvents<typeof contract>>();
    const { publish } = counter.useChannel("counter:1", {
      set: (payload) => expectTypeOf(payload).toEqualTypeOf<number>(),
    });
    void publish("set", "7");
    // @ts-expect-error what the schema makes, not what it takes
    void publish("set", 7);
    // @ts-expect-error no such event
    void publish("sett", "7");
  });
});

describe("hooks of an event map", () => {
  it("know the channels, the events and their payloads", () => {
    const { publish, error } = hooks.useChannel("chat:1", {
      message: (payload, event) => {
        expectTypeOf(payload).toEqualTypeOf<{ text: string }>();
        expectTypeOf(event.event).toEqualTypeOf<"message">();
      },
      typing: ({ userId }) => expectTypeOf(userId).toEqualTypeOf<string>(),
    });
    expectTypeOf(error).toEqualTypeOf<RealtimeError | undefined>();
    void publish("message", { text: "hi" });
    // @ts-expect-error a wrong payload
    void publish("message", { txt: "hi" });
    // @ts-expect-error no such event
    void publish("mesage", { text: "hi" });
    // @ts-expect-error no such event
    hooks.useChannel("chat:1", { mesage: () => undefined });
    // @ts-expect-error a wrong payload
    hooks.useChannel("chat:1", { message: (payload: { txt: string }) => payload });
    // @ts-expect-error no such channel
    hooks.useChannel("chta:1", {});
    hooks.useChannel(`chat:${room}`, { message: ({ text }) => expectTypeOf(text).toEqualTypeOf<string>() });
    hooks.useChannel(room === "" ? null : "news", { flash: (at) => expectTypeOf(at).toEqualTypeOf<number>() });
    hooks.useChannel("news", {}, { onGap: ({ channel }) => expectTypeOf(channel).toEqualTypeOf<string>() });
  });

  it("know the notifications of a client, without a provider", () => {
    expectTypeOf(useNotifications(client).notifications).toEqualTypeOf(hooks.useNotifications().notifications);
    expectTypeOf(useNotifications<Events>(null).notifications).toEqualTypeOf(hooks.useNotifications().notifications);
    // @ts-expect-error no client
    useNotifications("token");
  });

  it("know the channels of presence and resources", () => {
    expectTypeOf(hooks.usePresence("chat:1").people).toEqualTypeOf<readonly Person[]>();
    // @ts-expect-error no such channel
    hooks.usePresence("chta:1");
    const { items } = hooks.useResource("chat:1", async (): Promise<Task[]> => []);
    expectTypeOf(items).toEqualTypeOf<readonly Task[]>();
    hooks.useResource("chat:1", (): Task[] => [], { getId: (task) => task.title, newest: "first" });
    // @ts-expect-error no such channel
    hooks.useResource("chta:1", (): Task[] => []);
    // @ts-expect-error a loader gives a list
    hooks.useResource("chat:1", () => "tasks");
  });

  it("know what notifications hold", () => {
    for (const one of hooks.useNotifications().notifications) {
      if (one.event === "mention") expectTypeOf(one.payload).toEqualTypeOf<{ by: string }>();
      else expectTypeOf(one.payload).toEqualTypeOf<{ title: string }>();
    }
    expectTypeOf(
      createRealtimeHooks<{ news: { flash: number } }>().useNotifications().notifications[0]?.payload,
    ).toEqualTypeOf<unknown>();
  });

  it("give the client with its types", () => {
    expectTypeOf(hooks.useConnection().client).toEqualTypeOf<RealtimeClient<Events>>();
    expectTypeOf(hooks.useConnection().userId).toEqualTypeOf<string | null | undefined>();
    void (<hooks.RealtimeProvider client={client} />);
    // @ts-expect-error the client of other events
    void (<hooks.RealtimeProvider client={other} />);
  });
});

describe("hooks without a map", () => {
  it("take every channel, every event and any payload", () => {
    const { publish } = useChannel(room, {
      anything: (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>(),
      message: (payload: { text: string }) => payload.text,
    });
    void publish("anything", { at: 1 });
    expectTypeOf(usePresence(room).total).toEqualTypeOf<number>();
    expectTypeOf(useResource(room, async (): Promise<Task[]> => []).items).toEqualTypeOf<readonly Task[]>();
    expectTypeOf(useNotifications().notifications[0]?.payload).toEqualTypeOf<unknown>();
    expectTypeOf(useConnection().client).toEqualTypeOf<RealtimeClient>();
  });

  it("have a provider of a client, or of what makes one", () => {
    void (<RealtimeProvider url="" token={async () => "t"} reconnectionDelay={10} onError={(error) => error.code} />);
    void (<RealtimeProvider client={client} maxNotifications={10} />);
    // @ts-expect-error neither
    void (<RealtimeProvider />);
    // @ts-expect-error a token is a text
    void (<RealtimeProvider url="" token={7} />);
  });
});
