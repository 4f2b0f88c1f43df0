import { describe, expect, it } from "vitest";
import { unique } from "../native/suite.ts";
import { roomKey, sign } from "../native/tokens.ts";
import { NOT_AUTHORIZED, useTwake } from "./suite.ts";

const suite = useTwake("main");
const { native } = suite;

describe("5. realtime:event", () => {
  it("12. to a room without joining it, with its token: members get it, the sender does not", async () => {
    const room = unique("/e/");
    const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
    await bob.join(room, suite.roomToken("bob", room));
    ann.emit("realtime:event", { name: room, data: { typing: true }, token: suite.roomToken("ann", room) });
    await bob.hears("realtime:event");
    await suite.fence(ann);
    await suite.fence(bob);
    expect(bob.events(room)).toEqual([{ typing: true }]);
    expect(ann.events(room)).toEqual([]);
    expect(ann.of("realtime:event:error")).toEqual([]);
    // Who joined hears itself, and needs to show no token again.
    bob.emit("realtime:event", { name: room, data: 2 });
    await bob.until(() => bob.events(room).length === 2, "its own");
    expect(bob.events(room)).toEqual([{ typing: true }, 2]);
  });

  it("without the right to join: error, and nobody hears of it", async () => {
    const room = unique("/e/");
    const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
    await bob.join(room, suite.roomToken("bob", room));
    const tokens = [
      undefined,
      null,
      5,
      "",
      "twake",
      native.token("ann"),
      suite.roomToken("bob", room),
      suite.roomToken("ann", `${room}/`),
      suite.roomToken("ann", room, { tenantId: "another" }),
      sign({ name: room, sub: "ann" }, { secret: roomKey("another secret, long enough for HS256") }),
    ];
    for (const [index, token] of tokens.entries()) {
      ann.emit("realtime:event", { name: room, data: index, token });
      await ann.hears("realtime:event:error", index + 1);
    }
    for (const said of ann.of("realtime:event:error")) expect(said).toEqual({ name: room, message: NOT_AUTHORIZED });
    await suite.fence(bob);
    expect(bob.events(room)).toEqual([]);
    const { body } = await native.call(`/api/socket/channels/${encodeURIComponent(room)}/history`);
    expect((body as { events: unknown[] }).events).toEqual([]);
  });

  it("to a room that is open needs neither token nor joining, and a rule may forbid it", async () => {
    const [lounge, news, frozen] = [unique("lounge:"), unique("news:"), unique("frozen:")];
    const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
    for (const room of [lounge, news, frozen]) await bob.join(room);
    for (const name of [lounge, news, frozen]) ann.emit("realtime:event", { name, data: 1, token: "twake" });
    await ann.hears("realtime:event:error", 2);
    expect(ann.of("realtime:event:error")).toEqual([news, frozen].map((name) => ({ name, message: NOT_AUTHORIZED })));
    await suite.fence(bob);
    expect([bob.events(lounge), bob.events(news), bob.events(frozen)]).toEqual([[1], [], []]);
  });

  it("carries any data, without a _type of the client's own", async () => {
    const room = unique("lounge:");
    const client = await suite.user("ann");
    await client.join(room);
    const sent = [
      null,
      0,
      "",
      false,
      [1, { _type: "kept" }],
      { a: { _type: "kept" } },
      { _type: "message", a: 1 },
      { _type: null },
    ];
    for (const data of sent) client.emit("realtime:event", { name: room, data });
    client.emit("realtime:event", { name: room });
    await client.until(() => client.events(room).length === sent.length + 1, "all of them");
    const kept = [...sent.slice(0, 6), { a: 1 }, {}];
    expect(client.events(room)).toEqual([...kept, null]);
    for (const frame of client.of("realtime:event")) expect(Object.keys(frame as object)).toEqual(["name", "data"]);
  });

  it("comes to native readers as the event `event`, and theirs say which event they were", async () => {
    const room = unique("lounge:");
    const client = await suite.user("ann");
    await client.join(room);
    const reader = await native.user("bob");
    await reader.ok("subscribe", { topic: room });
    client.emit("realtime:event", { name: room, data: { a: 1, _type: "x" } });
    const [event] = await reader.eventsOf(room, 1);
    expect(event).toMatchObject({
      topic: room,
      event: "event",
      payload: { a: 1 },
      source: "socket",
      sender: { userId: "ann" },
    });

    await reader.ok("publish", { channel: room, event: "moved", data: { x: 1, _type: "forged" } });
    await reader.ok("publish", { channel: room, event: "moved", data: [1] });
    await reader.ok("publish", { channel: room, event: "event", data: { y: 1, _type: "forged" } });
    await native.broadcast(room, { z: 1 }, { event: "told" });
    await client.until(() => client.events(room).length === 5, "all of them");
    expect(client.events(room)).toEqual([
      { a: 1 },
      { x: 1, _type: "moved" },
      { _type: "moved", value: [1] },
      { y: 1 },
      { z: 1, _type: "told" },
    ]);
  });

  it("does not cross tenants", async () => {
    const room = unique("/t/");
    const other = unique("t-");
    const here = await suite.user("ann");
    const there = await suite.user("ann", { tenantId: other });
    await here.join(room, suite.roomToken("ann", room));
    await there.join(room, suite.roomToken("ann", room, { tenantId: other }));
    for (const extra of [
      { tenantId: other },
      { tenant: other },
      { channel: { tenantId: other, name: room } },
      { own: true },
    ]) {
      here.emit("realtime:event", { name: room, data: 1, ...extra });
    }
    await suite.fence(here);
    await suite.fence(there, other);
    expect(here.events(room)).toEqual([1, 1, 1, 1]);
    expect(there.events(room)).toEqual([]);
  });

  it("is no relay of `message` to everybody", async () => {
    const [ann, bob] = [await suite.user("ann"), await suite.user("bob")];
    for (const payload of [{ text: "hi" }, { room: "/ping", data: 1 }, "hi", null]) ann.emit("message", payload);
    await suite.fence(ann);
    await suite.fence(bob);
    const others = (client: typeof ann) =>
      client.heard.filter(
        ({ event, args }) =>
          !/^(authenticated|realtime:(join|leave):success)$/.test(event) && !JSON.stringify(args).includes("fence:"),
      );
    expect(others(ann)).toEqual([]);
    expect(others(bob)).toEqual([]);
  });
});

describe("5. presence", () => {
  it("online:get tells of users of one's own tenant, through whatever they are connected", async () => {
    const [ann, carol, dave, other] = [unique("a-"), unique("c-"), unique("d-"), unique("o-")];
    const client = await suite.user(ann);
    const native1 = await native.user(carol);
    await native.user(other, { tenantId: unique("t-") });
    expect(await client.ask("online:get", { data: [ann, carol, dave, other, carol] })).toEqual({
      data: [
        [ann, true],
        [carol, true],
        [dave, false],
        [other, false],
        [carol, true],
      ],
    });
    native1.close();
    await expect.poll(() => client.ask("online:get", { data: [carol] })).toEqual({ data: [[carol, false]] });
    expect(await client.ask("online:get", { data: [] })).toEqual({ data: [] });
  });

  it("online:get takes 100 ids, and no more", async () => {
    const client = await suite.user("ann");
    const ids = Array.from({ length: 100 }, (_, index) => `nobody${index}`);
    expect(await client.ask("online:get", { data: ids })).toEqual({ data: ids.map((id) => [id, false]) });
    expect(await client.ask("online:get", { data: [...ids, "more"] })).toEqual({ data: [], error: expect.any(String) });
  });

  it.each(
    [
      null,
      true,
      5,
      "ann",
      [],
      ["ann"],
      {},
      { data: null },
      { data: "ann" },
      { data: {} },
      { data: [5] },
      { data: [""] },
      { data: [["ann"]] },
      { data: ["a b"] },
    ].map((payload) => ({ payload })),
  )("online:get with $payload is answered all the same", async ({ payload }) => {
    const client = await suite.user("ann");
    expect(await client.ask("online:get", payload)).toEqual({ data: [], error: expect.any(String) });
  });

  it("online:set is acknowledged", async () => {
    const client = await suite.user("ann");
    for (const payload of [undefined, null, {}, { data: true }, "x"]) {
      expect(await client.ask("online:set", payload)).toEqual({});
    }
    // Without an acknowledgement there is nothing to say.
    client.emit("online:set", {});
    client.emit("online:get", { data: ["ann"] });
    client.emit("online:get", null);
    await suite.fence(client);
    expect(client.heard.filter(({ event }) => event.startsWith("online"))).toEqual([]);
  });
});
