import { nativeDialect, steedosDialect, type Principal } from "@roomcast/protocol";
import { TestGateway, type TestClient } from "@roomcast/core/testing";
import { Errors, type Context } from "moleculer";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { TestBroker } from "../../../test/moleculer.ts";
import { roomcastService, type RoomcastServiceOptions } from "./index.ts";

const steedos = steedosDialect();
async function setUp(options: Partial<RoomcastServiceOptions> = {}) {
  const test = new TestGateway();
  const { gateway } = test;
  const broker = new TestBroker();
  broker.createService(roomcastService({ gateway, ...options }));
  await broker.start();
  onTestFinished(async () => {
    await broker.stop();
    await gateway.close();
  });
  const connect = (userId: string, tenantId = "acme", more: Partial<Principal> = {}): Promise<TestClient> =>
    test.connect({ userId, tenantId, ...more }, steedos);
  /** Emits, and waits until everybody has been told. */
  const emit = async (event: string, payload?: unknown): Promise<void> => {
    await broker.emit(event, payload);
    await test.settle();
  };
  return { test, gateway, broker, connect, emit };
}

/** What came after the greeting. */
function heard(client: TestClient): readonly unknown[] {
  return client.frames.filter(([event]) => event !== "connection-init");
}

async function subscribe(client: TestClient, roomParts: unknown, individual = false): Promise<void> {
  expect(await client.request("subscribe", { roomParts, individual })).toEqual({ ok: true });
}

/** The fields that validation errors name. */
function fields(error: unknown): readonly unknown[] {
  expect(error).toBeInstanceOf(Errors.ValidationError);
  const { data } = error as Errors.ValidationError;
  return (data as readonly { field: unknown }[]).map(({ field }) => field);
}

describe("$metadata.*", () => {
  it.each([
    [
      { type: "apps", action: "insert", data: { _id: "1", id: "2", code: "crm", name: "CRM" } },
      { type: "apps", action: "insert", _id: "1", name: "crm" },
    ],
    [
      { type: "objects", action: "inserted", data: { id: "2", name: "orders" } },
      { type: "objects", action: "inserted", _id: "2", name: "orders" },
    ],
    [
      {
        type: "object_listviews",
        action: "update",
        data: { _id: "3", name: "all", object: "orders", object_name: "x" },
      },
      { type: "object_listviews", action: "update", _id: "3", name: "all", objectName: "orders" },
    ],
    [
      { type: "object_actions", action: "delete", data: { _id: "4", name: "print", object_name: "orders", code: "c" } },
      { type: "object_actions", action: "delete", _id: "4", name: "print", objectName: "orders" },
    ],
    [{ type: "object_fields", data: {} }, { type: "object_fields" }],
  ])("%j", async (payload, expected) => {
    const { connect, emit } = await setUp();
    const [alice, bob] = [await connect("alice"), await connect("bob", "globex")];
    await emit(`$metadata.${payload.type}`, payload);
    for (const client of [alice, bob]) expect(heard(client)).toEqual([["s:metadata:change", expected]]);
  });

  it.each([
    [{ space: "acme" }],
    [{ spaceId: "acme" }],
    [{ space: null, spaceId: "acme" }],
    [{ space: "acme", spaceId: "globex" }],
  ])("goes to one tenant, given as %j", async (fields) => {
    const { connect, emit } = await setUp();
    const [alice, bob] = [await connect("alice"), await connect("bob", "globex")];
    const data = { _id: "1", name: "orders", ...fields };
    await emit("$metadata.objects", { type: "objects", action: "update", data });
    expect(heard(alice)).toHaveLength(1);
    expect(heard(bob)).toEqual([]);
  });

  it("drops other types", async () => {
    const { connect, emit, broker } = await setUp();
    const alice = await connect("alice");
    for (const type of ["permissionsets", "__proto__", "Apps"])
      await emit("$metadata.x", { type, action: "x", data: {} });
    expect(heard(alice)).toEqual([]);
    expect(broker.failures).toEqual([]);
  });

  it.each([[{ space: 5 }], [{ space: {} }], [{ spaceId: "" }], [{ space: "a,b" }], [{ space: ["acme"] }]])(
    "tells nobody where the tenant is none: %j",
    async (data) => {
      const { connect, emit, broker } = await setUp();
      const alice = await connect("alice");
      await emit("$metadata.apps", { type: "apps", action: "update", data });
      expect(heard(alice)).toEqual([]);
      expect(fields(broker.failures[0])).toEqual(["data.space"]);
    },
  );
});

describe("$broadcast.$notification.users", () => {
  it("reaches the users of the documents' example, and nobody else", async () => {
    const { connect, broker, test } = await setUp();
    const [user1, user2, other, stranger] = [
      await connect("user1", "space_id"),
      await connect("user2", "space_id"),
      await connect("user3", "space_id"),
      await connect("user1", "globex"),
    ];
    for (const client of [user1, user2, other, stranger]) await subscribe(client, "notification-change", true);
    await subscribe(other, "notification-change-user1");
    void broker.emit("$broadcast.$notification.users", {
      data: {
        tenantId: "space_id",
        users: ["user1", "user2"],
        message: "You have a new task",
      },
    });
    await vi.waitFor(() => expect(heard(user2)).toHaveLength(1));
    await test.settle();
    for (const client of [user1, user2]) {
      expect(heard(client)).toEqual([["s:notification-change", { message: "You have a new task" }]]);
    }
    expect(heard(other)).toEqual([]);
    expect(heard(stranger)).toEqual([]);
  });

  it("passes objects through whole, and takes users who are not there", async () => {
    const { connect, emit, broker } = await setUp();
    const alice = await connect("alice");
    await subscribe(alice, "notification-change", true);
    const message = { name: "Task", body: { text: "x" } };
    const data = { tenantId: "acme", users: ["nobody", "alice", "alice"], message };
    await emit("$broadcast.$notification.users", { data });
    expect(heard(alice)).toEqual([["s:notification-change", { message }]]);
    expect(broker.failures).toEqual([]);
  });

  it.each([
    [null, ["data"]],
    [{}, ["data"]],
    [{ data: null }, ["data"]],
    [{ data: {} }, ["data.tenantId", "data.users", "data.message"]],
    [{ data: { tenantId: 5, users: ["a"], message: "x" } }, ["data.tenantId"]],
    [{ data: { tenantId: "a b", users: ["a"], message: "x" } }, ["data.tenantId"]],
    [{ data: { tenantId: "acme", users: "a", message: "x" } }, ["data.users"]],
    [{ data: { tenantId: "acme", users: ["a", null], message: "x" } }, ["data.users"]],
    [{ data: { tenantId: "acme", users: ["a", { $gt: "" }], message: "x" } }, ["data.users[1]"]],
    [{ data: { tenantId: "acme", users: ["a*"], message: "x" } }, ["data.users"]],
    [{ data: { tenantId: "acme", users: ["a"] } }, ["data.message"]],
  ])("%j is a parameter error", async (payload, expected) => {
    const { emit, broker } = await setUp();
    await emit("$broadcast.$notification.users", payload);
    expect(broker.failures).toHaveLength(1);
    expect(fields(broker.failures[0])).toEqual(expected);
  });

  it("is bounded like every notification", async () => {
    const { emit, broker } = await setUp();
    const users = Array.from({ length: 1001 }, (_, i) => `user${i}`);
    await emit("$broadcast.$notification.users", { data: { tenantId: "acme", users, message: "x" } });
    expect(broker.failures).toMatchObject([{ code: 429, type: "LIMIT_REACHED", data: { limit: "usersPerNotify" } }]);
  });
});

describe("$broadcast.socket.emit", () => {
  it("reaches the room of the documents' example", async () => {
    const { connect, broker, test } = await setUp();
    const [alice, bob] = [await connect("alice", "tenantId"), await connect("bob", "globex")];
    for (const client of [alice, bob]) await subscribe(client, "room-name");
    void broker.emit("$broadcast.socket.emit", {
      data: {
        eventName: "custom-event",
        eventParams: { key: "value" },
        room: "tenantId-room-name",
      },
    });
    await vi.waitFor(() => expect(heard(alice)).toHaveLength(1));
    await test.settle();
    expect(heard(alice)).toEqual([["custom-event", { key: "value" }]]);
    expect(heard(bob)).toEqual([]);
  });

  it("reaches everybody without a room, visitors too, and other dialects not", async () => {
    const { connect, emit, test } = await setUp();
    const clients = [await connect("alice"), await connect("bob", "globex"), await test.connect(null, steedos)];
    const native = await test.connect({ userId: "carol", tenantId: "acme" }, nativeDialect);
    const before = native.frames.length;
    await emit("$broadcast.socket.emit", { data: { eventName: "custom-event", eventParams: [1] } });
    for (const client of clients) expect(heard(client)).toEqual([["custom-event", [1]]]);
    expect(native.frames).toHaveLength(before);
  });

  it("is refused without a room where that is switched off", async () => {
    const { connect, emit, broker } = await setUp({ globalEmit: false });
    const alice = await connect("alice");
    await emit("$broadcast.socket.emit", { data: { eventName: "custom-event", eventParams: 1 } });
    expect(heard(alice)).toEqual([]);
    expect(broker.failures).toMatchObject([{ name: "MoleculerClientError", code: 403, type: "FORBIDDEN" }]);
  });

  it("takes an address", async () => {
    const { connect, emit } = await setUp();
    const [alice, bob] = [await connect("alice"), await connect("bob")];
    for (const client of [alice, bob]) {
      await subscribe(client, "a-b");
      await subscribe(client, "mine", true);
    }
    const event = (room: unknown): unknown => ({ data: { eventName: "e", eventParams: room, room } });
    await emit("$broadcast.socket.emit", event({ tenantId: "acme", name: "a-b" }));
    await emit("$broadcast.socket.emit", event({ tenantId: "acme", name: "mine", userId: "bob" }));
    expect(heard(alice)).toEqual([["e", { tenantId: "acme", name: "a-b" }]]);
    expect(heard(bob)).toHaveLength(2);
  });

  it("prefers the individual room, where one is in use", async () => {
    const { connect, emit } = await setUp();
    const [alice, bob] = [await connect("alice"), await connect("bob")];
    await subscribe(bob, "inbox-alice");
    const event = { data: { eventName: "e", eventParams: true, room: "acme-inbox-alice" } };
    await emit("$broadcast.socket.emit", event);
    expect(heard(bob)).toHaveLength(1);
    await subscribe(alice, "inbox", true);
    await emit("$broadcast.socket.emit", event);
    expect(heard(bob)).toHaveLength(1);
    expect(heard(alice)).toEqual([["e", true]]);
  });

  it("reaches the individual room of notifications by its text", async () => {
    const { connect, emit } = await setUp();
    const alice = await connect("alice");
    await subscribe(alice, "notification-change", true);
    await emit("$broadcast.socket.emit", {
      data: { eventName: "e", eventParams: true, room: "acme-notification-change-alice" },
    });
    expect(heard(alice)).toEqual([["e", true]]);
  });

  it("reaches nobody, with a warning, where two tenants could be meant", async () => {
    const { connect, emit, broker } = await setUp();
    const [alice, bob] = [await connect("alice", "a"), await connect("bob", "a-b")];
    await subscribe(alice, "b-room");
    await subscribe(bob, "room");
    await emit("$broadcast.socket.emit", { data: { eventName: "e", eventParams: 1, room: "a-b-room" } });
    expect(heard(alice)).toEqual([]);
    expect(heard(bob)).toEqual([]);
    expect(broker.complaints).toEqual([
      [expect.stringContaining("reaches nobody"), expect.objectContaining({ room: "a-b-room" })],
    ]);
  });

  it.each([[null], [0], [""]])("refuses %j as eventParams", async (eventParams) => {
    const { connect, emit, broker } = await setUp();
    const alice = await connect("alice");
    await emit("$broadcast.socket.emit", { data: { eventName: "e", eventParams } });
    expect(fields(broker.failures[0])).toEqual(["data.eventParams"]);
    expect(heard(alice)).toEqual([]);
  });

  it.each([
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
    "",
    "x".repeat(129),
    5,
  ])("refuses %j as eventName", async (eventName) => {
    const { connect, emit, broker } = await setUp();
    const alice = await connect("alice");
    await subscribe(alice, "p");
    for (const room of [undefined, "acme-p"]) {
      await emit("$broadcast.socket.emit", { data: { eventName, eventParams: 1, room } });
    }
    expect(broker.failures).toHaveLength(2);
    for (const failure of broker.failures) expect(fields(failure)).toEqual(["data.eventName"]);
    expect(heard(alice)).toEqual([]);
  });

  it.each([
    [null, "data.room"],
    ["", "data.room"],
    [5, "data.room"],
    [["acme-p"], "data.room"],
    [{}, "data.room.tenantId"],
    [{ tenantId: "acme" }, "data.room.name"],
    [{ tenantId: "acme", name: "a b" }, "data.room.name"],
    [{ tenantId: "acme", name: "p", userId: null }, "data.room.userId"],
    ["acme-a b", "data.room"],
  ])("refuses %j as room", async (room, field) => {
    const { connect, emit, broker } = await setUp();
    const alice = await connect("alice");
    await subscribe(alice, "p");
    await emit("$broadcast.socket.emit", { data: { eventName: "e", eventParams: 1, room } });
    expect(fields(broker.failures[0])).toContain(field);
    expect(heard(alice)).toEqual([]);
  });

  it.each(["acme-@notifications-alice", "acme-$x", { tenantId: "acme", name: "@global" }])(
    "opens no channel of the gateway's own: %j",
    async (room) => {
      const { connect, emit, broker } = await setUp();
      const alice = await connect("alice");
      await subscribe(alice, "notification-change", true);
      await emit("$broadcast.socket.emit", { data: { eventName: "e", eventParams: 1, room } });
      expect(broker.failures).toMatchObject([{ code: 403, type: "FORBIDDEN" }]);
      expect(heard(alice)).toEqual([]);
    },
  );
});

describe("@objectRecordEvent.*.*", () => {
  it.each(["inserted", "updated", "deleted"])("%s", async (action) => {
    const { connect, emit, test } = await setUp();
    const [alice, stranger] = [await connect("alice"), await connect("alice", "globex")];
    for (const client of [alice, stranger]) await subscribe(client, "record:orders:change-17");
    const native = await test.connect({ userId: "bob", tenantId: "acme" }, nativeDialect);
    await native.request("subscribe", { topic: "record:orders:change-17" });
    await emit(`@objectRecordEvent.orders.${action}`, {
      objectApiName: "orders",
      id: "17",
      userId: "alice",
      spaceId: "acme",
      doc: { name: "secret" },
      previousDoc: null,
      isInsert: action === "inserted",
      isUpdate: action === "updated",
      isDelete: action === "deleted",
    });
    expect(heard(alice)).toEqual([["s:record:orders:change-17", { _id: "17" }]]);
    expect(heard(stranger)).toEqual([]);
    expect(native.events()).toMatchObject([{ event: action, payload: { _id: "17" }, source: "server" }]);
  });

  it("takes the object from objectName, else from the event's name", async () => {
    const { connect, emit } = await setUp();
    const alice = await connect("alice");
    await subscribe(alice, "record:orders:change-17");
    await emit("@objectRecordEvent.x.updated", { objectName: "orders", id: "17", spaceId: "acme" });
    await emit("@objectRecordEvent.orders.updated", { id: "17", spaceId: "acme" });
    expect(heard(alice)).toHaveLength(2);
  });

  it("warns where there is no spaceId", async () => {
    const { connect, emit, broker } = await setUp();
    const alice = await connect("alice");
    await subscribe(alice, "record:orders:change-17");
    await emit("@objectRecordEvent.orders.updated", { objectApiName: "orders", id: "17" });
    await emit("@objectRecordEvent.orders.updated", { objectApiName: "orders", id: "17", spaceId: null });
    expect(heard(alice)).toEqual([]);
    expect(broker.failures).toEqual([]);
    expect(broker.complaints).toHaveLength(2);
  });

  it("leaves other actions alone", async () => {
    const { emit, broker } = await setUp();
    await emit("@objectRecordEvent.orders.viewed", { objectApiName: "orders", id: "17", spaceId: "acme" });
    expect(broker.failures).toEqual([]);
    expect(broker.complaints).toEqual([]);
  });

  it.each([
    [null, "id"],
    [{ objectApiName: "orders", spaceId: "acme" }, "id"],
    [{ objectApiName: "orders", spaceId: "acme", id: {} }, "id"],
    [{ objectApiName: "orders", spaceId: "acme", id: "a b" }, "id"],
    [{ objectApiName: {}, spaceId: "acme", id: "1" }, "objectApiName"],
    [{ objectApiName: "orders", spaceId: 5, id: "1" }, "spaceId"],
    [{ objectApiName: "orders", spaceId: "a b", id: "1" }, "spaceId"],
  ])("%j is a parameter error", async (payload, field) => {
    const { emit, broker } = await setUp();
    await emit("@objectRecordEvent.orders.updated", payload);
    expect(fields(broker.failures[0])).toContain(field);
  });
});

describe("$socket.subscribe.*", () => {
  async function listening() {
    const set = await setUp();
    const told: unknown[] = [];
    set.broker.createService({
      name: "listener",
      events: { "$socket.subscribe.**": (ctx: Context) => void told.push([ctx.eventName, ctx.params]) },
    });
    return { ...set, told };
  }

  it("tells of each part once, shared and individual", async () => {
    const { connect, told } = await listening();
    const alice = await connect("alice");
    await subscribe(alice, ["a", "record:orders:change-17"]);
    await subscribe(alice, ["notification-change", "a"], true);
    await vi.waitFor(() => expect(told).toHaveLength(4));
    expect(told).toEqual([
      ["$socket.subscribe.a", { roomParts: "a", individual: false, space: "acme" }],
      [
        "$socket.subscribe.record:orders:change-17",
        { roomParts: "record:orders:change-17", individual: false, space: "acme" },
      ],
      [
        "$socket.subscribe.notification-change",
        { roomParts: "notification-change", individual: true, space: "acme", userId: "alice" },
      ],
      ["$socket.subscribe.a", { roomParts: "a", individual: true, space: "acme", userId: "alice" }],
    ]);
  });

  it("tells neither of parts that are no event's name, nor of what was refused, nor of other dialects", async () => {
    const { connect, told, test } = await listening();
    const alice = await connect("alice");
    await subscribe(alice, ["ü", "a/b", "a,b", "x".repeat(129)]);
    expect(await alice.request("subscribe", { roomParts: ["ok", "notifications:bob"] })).toMatchObject({ ok: false });
    const native = await test.connect({ userId: "bob", tenantId: "acme" }, nativeDialect);
    await native.request("subscribe", { topic: "a" });
    await native.request("join", { channel: "b" });
    await subscribe(alice, "last");
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(told).toMatchObject([["$socket.subscribe.last", {}]]);
  });

  it("is silent once the service has stopped", async () => {
    const { connect, told, broker, test } = await listening();
    const alice = await connect("alice");
    await broker.destroyService("roomcast");
    await subscribe(alice, "a");
    await test.settle();
    expect(told).toEqual([]);
  });
});

describe("actions", () => {
  it("publish", async () => {
    const { connect, broker, test } = await setUp();
    const alice = await connect("alice");
    await subscribe(alice, "a");
    await subscribe(alice, "a", true);
    const params = { tenantId: "acme", channel: "a", event: "e", data: { x: 1 }, id: "k1" };
    const first = await broker.call("roomcast.publish", params);
    expect(first).toMatchObject({ id: "k1", position: { offset: 1 } });
    expect(await broker.call("roomcast.publish", params)).toEqual(first);
    await broker.call("roomcast.publish", { tenantId: "acme", channel: "a", userId: "alice", event: "own" });
    await test.settle();
    expect(heard(alice)).toEqual([
      ["e", { x: 1 }],
      ["own", null],
    ]);
    await expect(broker.call("roomcast.publish", { ...params, data: 2 })).rejects.toMatchObject({
      name: "MoleculerClientError",
      code: 409,
      type: "CONFLICT",
    });
  });

  it("notify", async () => {
    const { connect, broker, test } = await setUp();
    const alice = await connect("alice");
    await subscribe(alice, "notification-change", true);
    const params = { tenantId: "acme", users: ["alice", "bob"], message: { body: "x" } };
    expect(await broker.call("roomcast.notify", params)).toEqual({ delivered: 1 });
    await test.settle();
    expect(heard(alice)).toEqual([["s:notification-change", { message: { body: "x" } }]]);
  });

  it("members", async () => {
    const { broker, test } = await setUp();
    const bob = await test.connect({ userId: "bob", tenantId: "acme" }, nativeDialect);
    await bob.request("join", { channel: "a" });
    const page = await broker.call("roomcast.members", { tenantId: "acme", channel: "a" });
    expect(page).toMatchObject({ members: [{ userId: "bob", socketId: bob.id }], total: 1 });
  });

  it("disconnect", async () => {
    const { connect, broker } = await setUp();
    const alice = await connect("alice");
    await expect(broker.call("roomcast.disconnect", { tenantId: "globex", socketId: alice.id })).rejects.toMatchObject({
      code: 404,
      type: "NOT_FOUND",
    });
    expect(alice.closed).toBeUndefined();
    await broker.call("roomcast.disconnect", { tenantId: "acme", socketId: alice.id });
    expect(alice.closed).toBe("stay-away");
  });

  it.each([
    ["publish", undefined, ["tenantId", "channel", "event"]],
    ["publish", { tenantId: "acme", channel: "a", event: "connect" }, ["event"]],
    ["publish", { tenantId: "acme", channel: "a b", event: "e" }, ["channel"]],
    ["publish", { tenantId: "acme", channel: "a", event: "e", userId: null }, ["userId"]],
    ["publish", { tenantId: "acme", channel: "a", event: "e", id: "a b" }, ["id"]],
    ["publish", { tenantId: "acme", channel: "a", event: "e", id: null }, ["id"]],
    ["publish", { tenantId: "acme", channel: "a", event: "e", data: 1n }, [undefined]],
    ["notify", { tenantId: "acme", users: [5], message: "x" }, ["users[0]"]],
    ["members", { tenantId: "acme" }, ["channel"]],
    ["members", { tenantId: "a b", channel: "a" }, ["tenantId"]],
    ["members", { tenantId: "acme", channel: "a", cursor: "nonsense" }, ["cursor"]],
    ["disconnect", { tenantId: "acme" }, ["socketId"]],
  ])("%s refuses %o", async (name, params, expected) => {
    const { broker } = await setUp();
    const error: unknown = await broker.call(`roomcast.${name}`, params).catch((thrown: unknown) => thrown);
    expect(fields(error)).toEqual(expected);
  });

  it("are for other services, and not offered to API gateways", async () => {
    const { broker } = await setUp();
    const actions = broker.registry.getActionList({ onlyLocal: true, skipInternal: true });
    expect(actions.map(({ name, action }) => [name, action?.["visibility"]])).toEqual([
      ["roomcast.publish", "public"],
      ["roomcast.notify", "public"],
      ["roomcast.members", "public"],
      ["roomcast.disconnect", "public"],
    ]);
  });
});
