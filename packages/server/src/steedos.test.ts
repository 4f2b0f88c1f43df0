import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { TestNode } from "../test/harness.ts";
import { CookieAuthenticator } from "./auth/cookie.ts";

/** What applications have behind `getUserByToken`. */
const USERS: Readonly<Record<string, object>> = {
  "space_id,token1": { user: "user1", space: "space_id" },
  "space_id,token2": { user: "user2", space: "space_id" },
  "other,token1": { user: "user1", space: "other" },
};

let node: TestNode;
const sockets: Socket[] = [];

beforeAll(async () => {
  const auth = new CookieAuthenticator({ getUserByToken: (token) => USERS[token] ?? null });
  node = await TestNode.start({ attach: { dialects: { native: true, steedos: true } }, gateway: { auth } });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});
afterAll(() => node.close());

interface Heard {
  readonly socket: Socket;
  /** All events but the greeting, with their arguments. */
  readonly events: (readonly unknown[])[];
}

/** A page of the application; resolves when it may subscribe. */
async function page(cookie?: string): Promise<Heard> {
  const socket = io(node.url, {
    path: "/socket.io/",
    forceNew: true,
    reconnection: false,
    ...(cookie === undefined ? undefined : { extraHeaders: { cookie } }),
  });
  sockets.push(socket);
  const events: (readonly unknown[])[] = [];
  socket.onAny((...event: unknown[]) => events.push(event));
  await new Promise<void>((resolve, reject) =>
    socket.once("connection-init", resolve).once("connect_error", reject).once("disconnect", reject),
  );
  events.length = 0;
  return { socket, events };
}

const user = (name: string, space = "space_id"): Promise<Heard> =>
  page(`X-Space-Id=${space}; X-Auth-Token=${name.replace("user", "token")}`);

async function ask(socket: Socket, event: string, payload: unknown): Promise<void> {
  expect(await socket.timeout(5000).emitWithAck(event, payload)).toEqual({ ok: true });
}

/** Everything that was sent to it before has come. */
async function settled({ socket, events }: Heard): Promise<readonly (readonly unknown[])[]> {
  await new Promise<void>((resolve) => socket.once("pong", () => resolve()).emit("ping", new Date()));
  return events.splice(0).filter(([event]) => event !== "pong");
}

describe("the client code of the Steedos document", () => {
  it("subscribes, and hears of records, metadata and notifications", async () => {
    const { gateway } = node;
    const recordId = "66f0c0ffee";
    const [one, other, stranger] = [await user("user1"), await user("user2"), await user("user1", "other")];
    const { socket } = one;
    const told: unknown[] = [];

    socket.emit("subscribe", { roomParts: ["orders", "notifications"], individual: false });
    socket.emit("subscribe", { roomParts: "notification-change", individual: true });
    socket.emit("unsubscribe", { roomParts: ["orders"] });
    socket.on("s:metadata:change", ({ type, action, _id, name, objectName }) =>
      told.push({ type, action, _id, name, objectName }),
    );
    socket.emit("subscribe", { roomParts: `record:orders:change-${recordId}`, individual: false });
    socket.on(`s:record:orders:change-${recordId}`, ({ _id }) => told.push({ record: _id as unknown }));
    socket.on("s:notification-change", ({ message }) => told.push({ message: message as unknown }));
    for (const { socket: listener } of [other, stranger]) {
      await ask(listener, "subscribe", { roomParts: "notification-change", individual: true });
    }
    await settled(one);

    const metadata = { type: "objects", action: "update", _id: "o1", name: "orders", objectName: "orders" };
    await gateway.broadcastMetadata(metadata);
    const record = { tenantId: "space_id", name: `record:orders:change-${recordId}` };
    await gateway.publish(record, "updated", { _id: recordId });
    await gateway.publish({ tenantId: "space_id", name: "orders" }, "custom-event", "nobody is there any more");
    await gateway.publish({ tenantId: "space_id", name: "notifications" }, "custom-event", { key: "value" });
    await gateway.notify("space_id", ["user1", "user2"], "You have a new task");
    await gateway.notify("space_id", ["user1"], { name: "Task", body: "Yours alone" });

    expect(await settled(one)).toEqual([
      ["s:metadata:change", metadata],
      [`s:record:orders:change-${recordId}`, { _id: recordId }],
      ["custom-event", { key: "value" }],
      ["s:notification-change", { message: "You have a new task" }],
      ["s:notification-change", { message: { name: "Task", body: "Yours alone" } }],
    ]);
    expect(told).toEqual([
      metadata,
      { record: recordId },
      { message: "You have a new task" },
      { message: { name: "Task", body: "Yours alone" } },
    ]);
    expect(await settled(other)).toEqual([
      ["s:metadata:change", metadata],
      ["s:notification-change", { message: "You have a new task" }],
    ]);
    expect(await settled(stranger)).toEqual([["s:metadata:change", metadata]]);
  });
});

describe("8. metadata changes", () => {
  it("reach everybody of every tenant, visitors too; those of a space its users alone", async () => {
    const pages = [await user("user1"), await user("user1", "other"), await page()] as const;
    const change = { type: "apps", action: "insert", _id: "a", name: "code", objectName: undefined };
    await node.gateway.broadcastMetadata(change);
    await node.gateway.broadcastMetadata({ ...change, _id: "b" }, "space_id");
    // Where visitors are counted is nobody's space to them.
    await node.gateway.broadcastMetadata({ ...change, _id: "c" }, "default");
    const heard = await Promise.all(pages.map(settled));
    const told = (_id: string): unknown[] => [
      "s:metadata:change",
      { type: "apps", action: "insert", _id, name: "code" },
    ];
    expect(heard).toEqual([[told("a"), told("b")], [told("a")], [told("a")]]);
  });
});

describe("9. what a back end emits", () => {
  it("without a room reaches every connection, with one whoever is in it", async () => {
    const pages = [await user("user1"), await user("user1", "other"), await page()] as const;
    const [one, stranger] = pages;
    for (const { socket } of [one, stranger]) await ask(socket, "subscribe", { roomParts: ["p", "p-user1"] });
    await ask(one.socket, "subscribe", { roomParts: ["p", "notification-change"], individual: true });
    const { gateway } = node;
    await gateway.emitGlobally("custom-event", { key: "value" });
    await gateway.publish({ tenantId: "space_id", name: "p" }, "shared", 1);
    await gateway.publish({ tenantId: "space_id", name: "p", userId: "user1" }, "individual", 2);
    // The individual room of notifications is a room like any other.
    const room = { tenantId: "space_id", name: "notification-change", userId: "user1" };
    await gateway.publish(room, "s:notification-change", { message: 3 });
    const [first, second, visitor] = await Promise.all(pages.map(settled));
    const everywhere = ["custom-event", { key: "value" }];
    expect(first).toEqual([everywhere, ["shared", 1], ["individual", 2], ["s:notification-change", { message: 3 }]]);
    expect(second).toEqual([everywhere]);
    expect(visitor).toEqual([everywhere]);
  });

  it("to a user's own room reaches nobody who names it as a shared one", async () => {
    const [one, mallory] = [await user("user1"), await user("user2")];
    await ask(one.socket, "subscribe", { roomParts: "p", individual: true });
    await ask(mallory.socket, "subscribe", { roomParts: ["p", "p-user1", "space_id-p-user1"] });
    await ask(mallory.socket, "subscribe", { roomParts: ["p", "p-user1"], individual: true });
    await node.gateway.publish({ tenantId: "space_id", name: "p", userId: "user1" }, "e", 1);
    expect(await settled(one)).toEqual([["e", 1]]);
    expect(await settled(mallory)).toEqual([]);
  });
});

describe("10. a subscription", () => {
  it("is told to whoever wants to know, by its address", async () => {
    const follows: object[] = [];
    const stop = node.gateway.onFollow((follow) => follows.push(follow));
    const { socket } = await user("user1");
    await ask(socket, "subscribe", { roomParts: ["a", "b"] });
    await ask(socket, "subscribe", { roomParts: "notification-change", individual: true });
    stop();
    const who = { dialect: "steedos", userId: "user1" };
    const shared = (name: string): object => ({ ...who, address: { tenantId: "space_id", name } });
    const own = (name: string): object => ({ ...who, address: { tenantId: "space_id", name, userId: "user1" } });
    expect(follows).toEqual([shared("a"), shared("b"), own("notification-change"), own("@notifications")]);
  });
});
