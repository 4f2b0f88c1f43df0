import { bindRealtime, CreateResult, DeleteResult, UpdateResult } from "@roomcast/core/crud";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { unique } from "../native/suite.ts";
import { TwakeClient, type TwakeOptions } from "./client.ts";
import { accessToken, MessageService, startNodes, type ServiceNode, type ServiceNodes } from "./nodes.ts";

let nodes: ServiceNodes;
/** On the first node. */
let service: MessageService;
const clients: TwakeClient[] = [];

beforeAll(async () => {
  nodes = await startNodes();
  service = bindRealtime(new MessageService(), nodes.one.gateway);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  nodes.failures.length = 0;
});
afterAll(() => nodes.close());

/** A client of a node, logged in and in these rooms. */
async function member(node: ServiceNode, rooms: readonly string[], options: TwakeOptions = {}): Promise<TwakeClient> {
  const client = await TwakeClient.open(node.url, options);
  clients.push(client);
  await client.authenticate(accessToken("ann"));
  const signed = await nodes.one.roomcast.signRooms({ tenantId: "default", userId: "ann" }, rooms);
  for (const { room, token } of signed) await client.join(room, token);
  return client;
}

/** Waits until what was announced before now has come to a client that is in the room. */
async function fence(client: TwakeClient, room: string): Promise<void> {
  const mark = unique("fence-");
  const address = { tenantId: "default", name: room };
  await nodes.one.gateway.publish(address, mark, null);
  await client.until(() => JSON.stringify(client.events(room)).includes(mark), "the fence");
}

describe("3. realtime:resource", () => {
  it("8. two rooms: two deliveries, each with its room; 9. exactly five keys", async () => {
    const client = await member(nodes.clients, ["/messages", "/messages/8"]);
    await service.create({ id: "8", text: "hi" });
    await client.hears("realtime:resource", 2);
    const resource = { id: "8", text: "hi" };
    expect(client.of("realtime:resource")).toEqual([
      { action: "created", room: "/messages", type: "message", path: "/messages/8", resource },
      { action: "created", room: "/messages/8", type: "message", path: null, resource },
    ]);
    for (const one of client.of("realtime:resource")) {
      expect(Object.keys(one as object)).toEqual(["action", "room", "type", "path", "resource"]);
    }
  });

  it("tells of updates and deletions, in their order", async () => {
    const client = await member(nodes.clients, ["/messages"]);
    const id = unique("m");
    await service.create({ id, text: "a" });
    await service.update(id, { id, text: "b" });
    await service.delete(id);
    await client.hears("realtime:resource", 3);
    expect(client.resources("/messages").map(({ action, resource }) => [action, resource])).toEqual([
      ["created", { id, text: "a" }],
      ["updated", { id, text: "b" }],
      ["deleted", { id, text: "b" }],
    ]);
  });

  it("takes room names literally", async () => {
    const rooms = ["/c/1/channels", "/c/1/channels/", "/c/1/channels?type=public", "/c/1/channels?type=direct"];
    const client = await member(nodes.clients, rooms);
    for (const room of [...rooms, "/c/1", "/c/1/Channels", "/c/1/channels/1"]) {
      const change = { action: "saved", type: "channel", path: null, resource: room };
      await nodes.one.gateway.publishResource({ tenantId: "default", name: room }, change);
    }
    await fence(client, "/c/1/channels");
    expect(client.of("realtime:resource")).toEqual(
      rooms.map((room) => ({ action: "saved", room, type: "channel", path: null, resource: room })),
    );
  });

  it("10. a wrong result class, or `deleted: false`: no event, and the result untouched", async () => {
    const client = await member(nodes.clients, ["/messages"]);
    const item = { id: "10", text: "x" };
    const odd = await service.createOddly(item);
    expect(odd).toBeInstanceOf(UpdateResult);
    expect(odd.entity).toBe(item);
    const nothing = await service.delete("was never there");
    expect(nothing).toBeInstanceOf(DeleteResult);
    expect(nothing.deleted).toBe(false);
    await fence(client, "/messages");
    expect(client.of("realtime:resource")).toEqual([]);
  });

  it("11. empty recipients: nothing", async () => {
    const client = await member(nodes.clients, ["/messages", "/"]);
    expect(await service.createForNobody({ id: "11", text: "x" })).toBeInstanceOf(CreateResult);
    await fence(client, "/");
    expect(client.of("realtime:resource")).toEqual([]);
  });

  it("16. a resolver that throws: the call succeeds, the failure is counted", async () => {
    const client = await member(nodes.clients, ["/messages"]);
    const item = { id: "16", text: "x" };
    expect((await service.createBadly(item)).entity).toBe(item);
    await expect.poll(() => nodes.failures.map(String)).toEqual(["Error: the resolver is broken"]);
    await fence(client, "/messages");
    expect(client.of("realtime:resource")).toEqual([]);
  });

  it("14. two nodes: the service on one, the client on the other", async () => {
    const [here, there] = [
      await member(nodes.one, ["/messages"]),
      await member(nodes.two, ["/messages", "/messages/14"]),
    ];
    await service.create({ id: "14", text: "hi" });
    await there.hears("realtime:resource", 2);
    await here.hears("realtime:resource");
    expect(there.resources("/messages")).toEqual(here.resources("/messages"));
    expect(there.resources("/messages/14")).toHaveLength(1);
    there.emit("realtime:event", { name: "/messages", data: { typing: true } });
    await here.hears("realtime:event");
    expect(here.events("/messages")).toEqual([{ typing: true }]);
    expect(await there.ask("online:get", { data: ["ann", "bob"] })).toEqual({
      data: [
        ["ann", true],
        ["bob", false],
      ],
    });
  });
});

const CLIENTS = ([2, 4] as const).flatMap((version) =>
  ([["websocket"], ["polling"], ["polling", "websocket"]] as const).map((transports) => ({ version, transports })),
);

describe("13. the whole flow", () => {
  it.each(CLIENTS)("with socket.io-client $version over $transports", async (options) => {
    const client = await TwakeClient.open(nodes.clients.url, { ...options, path: "/socket" });
    clients.push(client);
    expect((await client.tryJoin("/messages"))[0]).toBe("realtime:join:error");
    await client.authenticate(accessToken("ann"));
    const [room] = await nodes.one.roomcast.signRooms({ tenantId: "default", userId: "ann" }, [
      { room: "/messages", name: "M" },
    ]);
    expect(await client.tryJoin("/messages", "twake")).toMatchObject(["realtime:join:error", { name: "/messages" }]);
    expect(await client.tryJoin(room?.room, room?.token)).toEqual(["realtime:join:success", { name: "/messages" }]);
    expect(await client.tryJoin("/ping", accessToken("ann"))).toEqual(["realtime:join:success", { name: "/ping" }]);
    const id = unique("m");
    await service.create({ id, text: "é".repeat(20_000) });
    const [resource] = (await client.hears("realtime:resource")) as { resource: unknown }[];
    expect(resource).toEqual({
      action: "created",
      room: "/messages",
      type: "message",
      path: `/messages/${id}`,
      resource: { id, text: "é".repeat(20_000) },
    });
    client.emit("realtime:event", { name: "/messages", data: { id } });
    await client.hears("realtime:event");
    expect(client.events("/messages")).toEqual([{ id }]);
    expect(await client.ask("online:get", { data: ["ann"] })).toEqual({ data: [["ann", true]] });
    expect(await client.ask("online:set", { data: true })).toEqual({});
    expect(await client.leave("/messages")).toEqual(["realtime:leave:success", { name: "/messages" }]);
    await service.delete(id);
    await client.ask("online:set", {});
    expect(client.of("realtime:resource")).toHaveLength(1);
    expect(client.reason).toBeUndefined();
  });

  it.each([2, 4] as const)("15. a reconnect re-authenticates and rejoins: client %i", async (version) => {
    const [room] = await nodes.one.roomcast.signRooms({ tenantId: "default", userId: "ann" }, ["/messages"]);
    const client = await TwakeClient.open(nodes.clients.url, { version, reconnection: true });
    clients.push(client);
    const begin = (): void => client.emit("authenticate", { token: accessToken("ann") });
    client.socket.on("connect", begin);
    client.socket.on("authenticated", () => client.emit("realtime:join", { name: room?.room, token: room?.token }));
    begin();
    await client.hears("realtime:join:success");
    for (const round of [2, 3]) {
      client.socket.io.engine.close();
      await client.hears("realtime:join:success", round);
      expect(client.of("authenticated")).toHaveLength(round);
      await service.create({ id: `${version}-${round}`, text: "again" });
      await client.hears("realtime:resource", round - 1);
    }
    expect(client.resources("/messages").map(({ path }) => path)).toEqual(
      [2, 3].map((round) => `/messages/${version}-${round}`),
    );
  });
});
