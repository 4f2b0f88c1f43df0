import { describe, expect, it } from "vitest";
import { expectRefusal } from "../native/client.ts";
import { unique, useTarget } from "../native/suite.ts";
import { received, receivedOnce } from "../plazer/plazer.ts";
import { fence, heard, notify, steedosUser, subscribe } from "./steedos.ts";

const suite = useTarget("steedos");
const OK = { ok: true };

describe("5. rooms", () => {
  it("of one part are the channel of that name, for whoever is in the tenant", async () => {
    const room = unique("orders-");
    const [ann, bob] = [await steedosUser(suite, "ann"), await steedosUser(suite, "bob")];
    for (const client of [ann, bob]) expect(await subscribe(client, room, false)).toEqual(OK);
    await suite.broadcast(room, { n: 1 }, { event: "changed" });
    for (const client of [ann, bob]) {
      expect(await receivedOnce(client, "changed", 1)).toEqual([{ n: 1 }]);
      await fence(suite, client);
      expect(heard(client)).toEqual([["changed", { n: 1 }]]);
    }
  });

  it("of several parts are all of them", async () => {
    const rooms = [unique("a-"), unique("b-"), "orders"];
    const client = await steedosUser(suite, "ann");
    expect(await subscribe(client, rooms)).toEqual(OK);
    for (const room of rooms) await suite.broadcast(room, room);
    await fence(suite, client);
    expect(received(client, "message")).toEqual(rooms);
  });

  it("of no part are none", async () => {
    const client = await steedosUser(suite, "ann");
    for (const payload of [{ roomParts: "" }, { roomParts: [] }, { roomParts: null }, {}, { individual: true }]) {
      expect(await client.ask("subscribe", payload)).toEqual(OK);
      expect(await client.ask("unsubscribe", payload)).toEqual(OK);
    }
  });

  it("need no acknowledgement", async () => {
    const room = unique("p-");
    const client = await steedosUser(suite, "ann");
    client.socket.emit("subscribe", { roomParts: [room, `${room}2`] });
    client.socket.emit("unsubscribe", { roomParts: `${room}2` });
    client.socket.emit("subscribe", { roomParts: [null] });
    await fence(suite, client);
    await suite.broadcast(room, 1);
    await suite.broadcast(`${room}2`, 2);
    await fence(suite, client);
    expect(heard(client)).toEqual([["message", 1]]);
  });

  it("are subscribed once, however often that is asked", async () => {
    const room = unique("p-");
    const client = await steedosUser(suite, "ann");
    for (const parts of [room, room, [room, room]]) expect(await subscribe(client, parts)).toEqual(OK);
    expect(await subscribe(client, ["notification-change", "notification-change"], true)).toEqual(OK);
    expect(await subscribe(client, "notification-change", true)).toEqual(OK);
    await suite.broadcast(room, 1);
    await notify(suite, ["ann"], 2);
    await fence(suite, client);
    expect(heard(client)).toEqual([
      ["message", 1],
      ["s:notification-change", { message: 2 }],
    ]);
  });

  it("of one's own bring notifications to their user alone, on all connections", async () => {
    const [ann, again, bob] = [
      await steedosUser(suite, "ann"),
      await steedosUser(suite, "ann"),
      await steedosUser(suite, "bob"),
    ];
    for (const client of [ann, again, bob]) {
      expect(await subscribe(client, "notification-change", true)).toEqual(OK);
    }
    const message = { name: "task", body: "You have a new task" };
    await notify(suite, ["ann", "nobody-is-called-so"], message);
    for (const client of [ann, again, bob]) await fence(suite, client);
    for (const client of [ann, again]) expect(heard(client)).toEqual([["s:notification-change", { message }]]);
    expect(heard(bob)).toEqual([]);
  });

  it("of one's own are not reached by any name for a shared one", async () => {
    const [ann, mallory] = [await steedosUser(suite, "ann"), await steedosUser(suite, "mallory")];
    expect(await subscribe(ann, "notification-change", true)).toEqual(OK);
    const { tenantId } = suite;
    for (const part of [
      "notification-change",
      "notification-change-ann",
      `${tenantId}-notification-change-ann`,
      `${tenantId}-notification-change`,
      "notification-change/ann",
    ]) {
      expect(await subscribe(mallory, part)).toEqual(OK);
      expect(await subscribe(mallory, part, true)).toEqual(OK);
    }
    for (const part of ["notifications:ann", "user:ann", "notifications:", "@notifications", "$", "org:default"]) {
      expectRefusal(await subscribe(mallory, part), "FORBIDDEN");
    }
    expectRefusal(await subscribe(mallory, "@notifications", true), "FORBIDDEN");
    await notify(suite, ["ann"], "for ann");
    expect(await receivedOnce(ann, "s:notification-change", 1)).toEqual([{ message: "for ann" }]);
    await fence(suite, mallory);
    expect(heard(mallory)).toEqual([]);
  });

  it("pass the channel rules", async () => {
    const client = await steedosUser(suite, "ann");
    for (const part of [
      unique("open:"),
      "inbox:ann",
      `floor:${suite.tenantId}`,
      "ask:yes",
      "notifications:ann",
      "user:ann",
    ]) {
      expect(await subscribe(client, part)).toEqual(OK);
    }
    for (const part of ["inbox:bob", "ask:no", "signed:x", "ops:x", "closed:x", "/companies/1", "/"]) {
      expectRefusal(await subscribe(client, part), "FORBIDDEN");
      // One's own individual rooms are always one's own.
      expect(await subscribe(client, part, true)).toEqual(OK);
    }
  });

  it("bring what native clients and back ends publish, and to native ones what back ends do", async () => {
    const room = unique("shared-");
    const [old, native] = [await steedosUser(suite, "ann"), await suite.user("ann")];
    expect(await subscribe(old, room)).toEqual(OK);
    await native.ok("subscribe", { topic: room });
    await native.ok("publish", { channel: room, event: "moved", data: { to: 1 } });
    await suite.broadcast(room, [2], { event: "s:own" });
    await fence(suite, old);
    expect(heard(old)).toEqual([
      ["moved", { to: 1 }],
      ["s:own", [2]],
    ]);
    expect((await native.eventsOf(room, 2)).map(({ event }) => event)).toEqual(["moved", "s:own"]);
  });

  it("never bring a client's publication under a name of the server's", async () => {
    const room = "record:orders:change-1";
    const [old, native] = [await steedosUser(suite, "ann"), await suite.user("ann")];
    expect(await subscribe(old, [room, "notification-change"])).toEqual(OK);
    for (const topic of [room, "notification-change"]) {
      await native.ok("subscribe", { topic });
      for (const event of [
        `s:${room}`,
        "s:notification-change",
        "s:metadata:change",
        "s:",
        "connection-init",
        "pong",
      ]) {
        await native.ok("publish", { channel: topic, event, data: { _id: "1", message: "forged" } });
      }
      await native.ok("publish", { channel: topic, event: "updated", data: { _id: "1" } });
    }
    await fence(suite, old);
    expect(heard(old)).toEqual([
      ["updated", { _id: "1" }],
      ["updated", { _id: "1" }],
    ]);
  });
});

describe("6. tenants", () => {
  it("with the same rooms and users have nothing to do with each other", async () => {
    const tenants = [unique("one-"), unique("two-")] as const;
    const room = "record:orders:change-1";
    const clients = [];
    for (const tenantId of tenants) {
      const client = await steedosUser(suite, "ann", { tenantId });
      expect(await subscribe(client, [room, "notification-change", `${tenants[0]}-${room}`])).toEqual(OK);
      expect(await subscribe(client, ["notification-change", room], true)).toEqual(OK);
      clients.push(client);
    }
    for (const tenantId of tenants) {
      await suite.broadcast(room, tenantId, { tenantId });
      await notify(suite, ["ann"], tenantId, tenantId);
    }
    for (const [i, tenantId] of tenants.entries()) {
      const client = clients[i] as (typeof clients)[number];
      await fence(suite, client, tenantId);
      expect(heard(client)).toEqual([
        ["message", tenantId],
        ["s:notification-change", { message: tenantId }],
      ]);
    }
  });

  it("are those of the cookie, whatever else a payload names", async () => {
    const other = unique("other-");
    const client = await steedosUser(suite, "ann");
    for (const payload of [
      { roomParts: "p", tenantId: other, space: other, portal: { tenantId: other } },
      { roomParts: `${other}-p` },
      { roomParts: "p", individual: true, userId: "bob", user: { id: "bob" } },
    ]) {
      expect(await client.ask("subscribe", payload)).toEqual(OK);
    }
    await suite.broadcast("p", "theirs", { tenantId: other });
    await suite.broadcast("p", "ours");
    await fence(suite, client);
    expect(heard(client)).toEqual([["message", "ours"]]);
  });
});

describe("7. unsubscribing", () => {
  it.each<[what: string, parts: (room: string) => unknown]>([
    ["a string", (room) => room],
    ["an array", (room) => [room]],
    ["several, of which some were never there", (room) => ["never", room, unique("nor-this-")]],
  ])("%s ends the delivery", async (_what, parts) => {
    const room = unique("p-");
    const client = await steedosUser(suite, "ann");
    await subscribe(client, [room, `${room}-stays`]);
    await suite.broadcast(room, 1);
    await receivedOnce(client, "message", 1);
    expect(await client.ask("unsubscribe", { roomParts: parts(room) })).toEqual(OK);
    expect(await client.ask("unsubscribe", { roomParts: parts(room) })).toEqual(OK);
    await suite.broadcast(room, 2);
    await suite.broadcast(`${room}-stays`, 3);
    await fence(suite, client);
    expect(received(client, "message")).toEqual([1, 3]);
    expect(await subscribe(client, room)).toEqual(OK);
    await suite.broadcast(room, 4);
    expect(await receivedOnce(client, "message", 3)).toEqual([1, 3, 4]);
  });

  it("from a user's own room leaves the shared one of its name, and the other way round", async () => {
    const client = await steedosUser(suite, "ann");
    await subscribe(client, "notification-change");
    await subscribe(client, "notification-change", true);
    await client.ask("unsubscribe", { roomParts: ["notification-change"], individual: true });
    await notify(suite, ["ann"], 1);
    await suite.broadcast("notification-change", 2);
    await fence(suite, client);
    expect(heard(client)).toEqual([["message", 2]]);
    await subscribe(client, "notification-change", true);
    await client.ask("unsubscribe", { roomParts: "notification-change" });
    await suite.broadcast("notification-change", 3);
    await notify(suite, ["ann"], 4);
    await fence(suite, client);
    expect(heard(client)).toEqual([
      ["message", 2],
      ["s:notification-change", { message: 4 }],
    ]);
  });
});

describe("13. payloads", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => i.toString(36));
  const table: readonly [what: string, payload: unknown, code: string | undefined][] = [
    ["undefined", undefined, "INVALID_PAYLOAD"],
    ["null", null, "INVALID_PAYLOAD"],
    ["5", 5, "INVALID_PAYLOAD"],
    ['"x"', "x", "INVALID_PAYLOAD"],
    ["true", true, "INVALID_PAYLOAD"],
    ["[]", [], "INVALID_PAYLOAD"],
    ['["p"]', ["p"], "INVALID_PAYLOAD"],
    ["{}", {}, undefined],
    ["{ roomParts: {} }", { roomParts: {} }, "INVALID_PAYLOAD"],
    ["{ roomParts: 5 }", { roomParts: 5 }, "INVALID_PAYLOAD"],
    ["{ roomParts: true }", { roomParts: true }, "INVALID_PAYLOAD"],
    ["{ roomParts: [null] }", { roomParts: [null] }, "INVALID_PAYLOAD"],
    ["{ roomParts: [[]] }", { roomParts: [["p"]] }, "INVALID_PAYLOAD"],
    ["good parts and a bad one", { roomParts: ["good", null] }, "INVALID_PAYLOAD"],
    ["good parts and an empty one", { roomParts: ["good", ""] }, "INVALID_PAYLOAD"],
    ["a pattern", { roomParts: ["good", "**"] }, "INVALID_PAYLOAD"],
    ["white space", { roomParts: ["good", "two words"] }, "INVALID_PAYLOAD"],
    ["a long part", { roomParts: ["good", "p".repeat(256)] }, "INVALID_PAYLOAD"],
    ["a name of the gateway's", { roomParts: ["good", "@metadata"] }, "FORBIDDEN"],
  ];

  it.each(table)("%s", async (_what, payload, code) => {
    const client = await steedosUser(suite, "ann");
    for (const event of ["subscribe", "unsubscribe"]) {
      // Without a payload the callback is the only argument.
      const answer = await (payload === undefined ? client.ask(event) : client.ask(event, payload));
      if (code === undefined) expect(answer).toEqual(OK);
      else expectRefusal(answer, code);
      client.socket.emit(event, payload);
    }
    await suite.broadcast("good", 1);
    await fence(suite, client);
    expect(heard(client)).toEqual([]);
    expect(client.reason).toBeUndefined();
  });

  it("of parts that are refused, or more than there may be, change nothing", async () => {
    const client = await steedosUser(suite, "ann");
    expectRefusal(await subscribe(client, ["good", "closed:x"]), "FORBIDDEN");
    expectRefusal(await subscribe(client, ["good", ...many]), "LIMIT_REACHED");
    expectRefusal(await subscribe(client, ["good", ...many.slice(0, 128)]), "LIMIT_REACHED");
    await suite.broadcast("good", 1);
    await suite.broadcast("0", 1);
    await fence(suite, client);
    expect(heard(client)).toEqual([]);
    expect(await subscribe(client, ["good", ...many.slice(1, 127)])).toEqual(OK);
    expectRefusal(await subscribe(client, ["0", "more"]), "LIMIT_REACHED");
    expect(await subscribe(client, ["0"])).toEqual(OK);
    expect(await client.ask("unsubscribe", { roomParts: many })).toEqual(OK);
    expect(await subscribe(client, many.slice(0, 100), true)).toEqual(OK);
  });

  it("that are too large are refused before they are read", async () => {
    const client = await steedosUser(suite, "ann");
    expectRefusal(
      await subscribe(
        client,
        many.map((part) => `${part}-of-many`),
      ),
      "TOO_LARGE",
    );
    await suite.expectServing();
  });
});
