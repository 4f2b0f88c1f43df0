import { bindRealtime, CreateResult, RealtimeCreated } from "@roomcast/core/crud";
import type { ServiceBroker } from "moleculer";
import { expect } from "vitest";
import type { Heard, Language, LanguageClient } from "./clients.ts";
import type { Nodes } from "./nodes.ts";

const ISO = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/) as string;
export const READER = "ada";

/** What each language's reader hears; [] is the dash of the table. */
export type Row = Readonly<Record<Language, readonly Heard[]>>;

/** One kind of publication. */
export interface Kind {
  readonly name: string;
  /** The channel in question. */
  readonly channel?: () => string;
  /** Languages whose readers follow it, with a room token where it asks for one; all unless given. */
  readonly followers?: readonly Language[];
  /** Languages whose readers try to, and may not. */
  readonly refused?: readonly Language[];
  readonly act: (world: World) => Promise<unknown>;
  readonly row: (world: World, acted: unknown) => Row;
  /** What readers of another tenant hear, who follow the same names; nothing unless given. */
  readonly elsewhere?: Row;
}

/** What a kind's functions work with. */
export interface World {
  readonly nodes: Nodes;
  readonly broker: ServiceBroker;
  readonly tenantId: string;
  readonly channel: string;
  readonly readers: Readonly<Record<Language, LanguageClient>>;
  /** A client of another user of the tenant, on the first node. */
  readonly client: (language: Language, userId?: string) => Promise<LanguageClient>;
}

export const NOTHING: Row = { native: [], steedos: [], twake: [], plazer: [] };

/** Holds on the channel in question, for a publication that native readers know by these facts. */
function realtimeEvent(world: World, event: string, payload: unknown, facts: object): Heard {
  return [
    "event",
    {
      id: expect.any(String),
      topic: world.channel,
      event,
      payload,
      timestamp: expect.any(Number),
      position: { epoch: expect.any(String), offset: 1 },
      ...facts,
    },
  ];
}

/** The first row of the table: event `e` with data `d`, which is an object. */
function plain(world: World, e: string, d: object, facts: object): Row {
  return {
    native: [realtimeEvent(world, e, d, facts)],
    steedos: [[e, d]],
    twake: [["realtime:event", { name: world.channel, data: { ...d, _type: e } }]],
    plazer: [[e, d]],
  };
}

function sentBy(client: unknown): object {
  const { who, socket } = client as LanguageClient;
  return { source: "socket", sender: { userId: who.userId, socketId: socket.id } };
}

/** Has a client of this language publish to the channel, which it follows first; the client. */
async function publishAs(
  world: World,
  language: Language,
  data: unknown,
  options: { readonly event?: string; readonly token?: string; readonly follow?: boolean } = {},
): Promise<LanguageClient> {
  const { follow = true, ...others } = options;
  const client = await world.client(language, "sue");
  if (follow) expect(await client.follow(world.channel, others.token)).toBeUndefined();
  expect(await client.publish(world.channel, data, others)).toBeUndefined();
  return client;
}

const d = { text: "Hello", list: [1, { two: null }] };
const resource = { type: "message", path: "/messages/7", resource: { id: 7, text: "Hello" } };

const metadata = { type: "objects", action: "update", _id: "o1", name: "orders" };
const m = { name: "A task", body: "Look at it" };

const notified: Kind["row"] = (world) => ({
  ...plain(world, "notification", m, { source: "server" }),
  steedos: [["s:notification-change", { message: m }]],
  plazer: [["notification", m]],
});

/** Steedos and Plazer have ways of their own to notifications. */
const notifications = {
  channel: (): string => `notifications:${READER}`,
  followers: ["native", "twake"],
} as const;

export const KINDS: readonly Kind[] = [
  {
    name: "e, d, by a native client",
    act: (world) => publishAs(world, "native", d, { event: "greeting" }),
    row: (world, client) => plain(world, "greeting", d, sentBy(client)),
  },
  {
    name: "e, d, by REST",
    act: ({ nodes, tenantId, channel }) =>
      nodes.call("/api/socket/broadcast", tenantId, { body: { channel, event: "greeting", data: d } }),
    row: (world) => plain(world, "greeting", d, { source: "rest" }),
  },
  {
    name: "e, d, by gateway.publish",
    act: ({ nodes, tenantId, channel: name }) => nodes.first.gateway.publish({ tenantId, name }, "greeting", d),
    row: (world) => plain(world, "greeting", d, { source: "server" }),
  },
  {
    name: "e, d, by Moleculer's action",
    act: ({ broker, tenantId, channel }) =>
      broker.call("roomcast.publish", { tenantId, channel, event: "greeting", data: d }),
    row: (world) => plain(world, "greeting", d, { source: "server" }),
  },
  ...[null, 0, "text", false, [1, "two"]].map((value): Kind => ({
    name: `e, ${JSON.stringify(value)}, which is no object`,
    act: (world) => publishAs(world, "native", value, { event: "greeting" }),
    row: (world, client) => ({
      native: [realtimeEvent(world, "greeting", value, sentBy(client))],
      steedos: [["greeting", value]],
      twake: [["realtime:event", { name: world.channel, data: { _type: "greeting", value } }]],
      plazer: [["greeting", value]],
    }),
  })),
  {
    name: "e, d, where d has a _type of the client's own",
    act: (world) => publishAs(world, "native", { ...d, _type: "forged" }, { event: "greeting" }),
    row: (world, client) => ({
      ...plain(world, "greeting", { ...d, _type: "forged" }, sentBy(client)),
      twake: [["realtime:event", { name: world.channel, data: { ...d, _type: "greeting" } }]],
    }),
  },
  {
    name: "message, d, by a native client",
    act: (world) => publishAs(world, "native", d, { event: "message" }),
    row: (world, client) => ({
      ...plain(world, "message", d, sentBy(client)),
      plazer: [["message", { userId: "sue", data: d, timestamp: ISO }]],
    }),
  },
  {
    name: "message, d, by a back end",
    act: ({ nodes, tenantId, channel: name }) => nodes.first.gateway.publish({ tenantId, name }, "message", d),
    row: (world) => plain(world, "message", d, { source: "server" }),
  },
  {
    name: "Plazer's message",
    act: (world) => publishAs(world, "plazer", d),
    row: (world, client) => ({
      ...plain(world, "message", d, sentBy(client)),
      steedos: [["message", { userId: "sue", data: d, timestamp: ISO }]],
      plazer: [["message", { userId: "sue", data: d, timestamp: ISO }]],
    }),
  },
  {
    name: "Twake's realtime:event",
    act: (world) => publishAs(world, "twake", d),
    row: (world, client) => ({
      native: [realtimeEvent(world, "event", d, sentBy(client))],
      steedos: [["event", d]],
      twake: [["realtime:event", { name: world.channel, data: d }]],
      plazer: [["event", d]],
    }),
  },
  {
    name: "Twake's realtime:event, with a _type of the client's own, in a room that asks for a token",
    channel: () => "/companies/1/channels?type=public",
    followers: ["native", "twake"],
    refused: ["steedos", "plazer"],
    act: (world) => {
      const { nodes, tenantId, channel: room } = world;
      const token = nodes.roomToken({ room, tenantId, userId: "sue" });
      return publishAs(world, "twake", { ...d, _type: "created" }, { token, follow: false });
    },
    row: (world, client) => ({
      ...NOTHING,
      native: [realtimeEvent(world, "event", d, sentBy(client))],
      twake: [["realtime:event", { name: world.channel, data: d }]],
    }),
  },
  ...["created", "updated", "deleted", "saved", "event"].map((action): Kind => ({
    name: `a resource was ${action}`,
    channel: () => "/open/messages",
    act: ({ nodes, tenantId, channel: name }) =>
      nodes.first.gateway.publishResource({ tenantId, name }, { action, ...resource }),
    row: (world) => ({
      native: [realtimeEvent(world, action, resource, { source: "resource" })],
      steedos: [[action, resource]],
      twake: [["realtime:resource", { action, room: world.channel, ...resource }]],
      plazer: [[action, resource]],
    }),
  })),
  {
    name: "a resource without a path, in a room that asks for a token",
    channel: () => "/companies/1/workspaces/",
    followers: ["native", "twake"],
    refused: ["steedos", "plazer"],
    act: ({ nodes, tenantId, channel: name }) =>
      nodes.first.gateway.publishResource({ tenantId, name }, { action: "saved", type: "workspace", resource: [] }),
    row: (world) => {
      const saved = { type: "workspace", path: null, resource: [] };
      return {
        ...NOTHING,
        native: [realtimeEvent(world, "saved", saved, { source: "resource" })],
        twake: [["realtime:resource", { action: "saved", room: world.channel, ...saved }]],
      };
    },
  },
  {
    name: "a decorated service created something",
    channel: () => "/open/messages",
    act: async ({ nodes, tenantId, channel: room }) => {
      class Messages {
        async create(): Promise<CreateResult<{ id: number; text: string }>> {
          return new CreateResult("message", resource.resource);
        }
      }
      const descriptor = Object.getOwnPropertyDescriptor(Messages.prototype, "create");
      type Message = typeof resource.resource;
      const decorate = RealtimeCreated<Message>({ room, path: ({ id }) => `/messages/${id}` });
      const decorated = decorate(
        Messages.prototype,
        "create",
        descriptor as TypedPropertyDescriptor<Messages["create"]>,
      );
      Object.defineProperty(Messages.prototype, "create", decorated);
      await bindRealtime(new Messages(), nodes.first.gateway, { tenantId }).create();
    },
    row: (world) => ({
      native: [realtimeEvent(world, "created", resource, { source: "resource" })],
      steedos: [["created", resource]],
      twake: [["realtime:resource", { action: "created", room: world.channel, ...resource }]],
      plazer: [["created", resource]],
    }),
  },
  {
    name: "a notification, by gateway.notify",
    ...notifications,
    act: ({ nodes, tenantId }) => nodes.first.gateway.notify(tenantId, [READER], m),
    row: notified,
  },
  {
    name: "a notification, by REST",
    ...notifications,
    act: ({ nodes, tenantId }) => nodes.call("/api/socket/notify", tenantId, { body: { users: [READER], message: m } }),
    row: notified,
  },
  {
    name: "a notification, by Moleculer",
    ...notifications,
    act: ({ broker, tenantId }) =>
      broker.emit("$broadcast.$notification.users", { data: { tenantId, users: [READER], message: m } }),
    row: notified,
  },
  {
    name: "a notification that is a text",
    ...notifications,
    act: ({ nodes, tenantId }) => nodes.first.gateway.notify(tenantId, [READER], "A task"),
    row: (world) => ({
      native: [realtimeEvent(world, "notification", "A task", { source: "server" })],
      steedos: [["s:notification-change", { message: "A task" }]],
      twake: [["realtime:event", { name: world.channel, data: { _type: "notification", value: "A task" } }]],
      plazer: [["notification", "A task"]],
    }),
  },
  {
    name: "a notification to another user",
    act: ({ nodes, tenantId }) => nodes.first.gateway.notify(tenantId, ["bob"], m),
    row: () => NOTHING,
  },
  ...["inserted", "updated", "deleted"].map((action): Kind => ({
    name: `a record was ${action}`,
    channel: () => "record:orders:change-7",
    act: ({ broker, tenantId }) =>
      broker.emit(`@objectRecordEvent.orders.${action}`, {
        objectApiName: "orders",
        id: "7",
        userId: "sue",
        spaceId: tenantId,
        doc: { secret: true },
      }),
    row: (world) => ({
      ...plain(world, action, { _id: "7" }, { source: "server" }),
      steedos: [["s:record:orders:change-7", { _id: "7" }]],
    }),
  })),
  {
    name: "metadata of all tenants",
    act: ({ broker }) =>
      broker.emit("$metadata.objects", { type: "objects", action: "update", data: { _id: "o1", name: "orders" } }),
    row: () => ({ ...NOTHING, steedos: [["s:metadata:change", metadata]] }),
    elsewhere: { ...NOTHING, steedos: [["s:metadata:change", metadata]] },
  },
  {
    name: "metadata of one tenant",
    act: ({ broker, tenantId: space }) =>
      broker.emit("$metadata.objects", {
        type: "objects",
        action: "update",
        data: { _id: "o1", name: "orders", space },
      }),
    row: () => ({ ...NOTHING, steedos: [["s:metadata:change", metadata]] }),
  },
  {
    name: "a generic emit with a room",
    act: ({ broker, tenantId, channel: name }) =>
      broker.emit("$broadcast.socket.emit", {
        data: { eventName: "custom-event", eventParams: { key: "value" }, room: { tenantId, name } },
      }),
    row: (world) => plain(world, "custom-event", { key: "value" }, { source: "server" }),
  },
  {
    name: "a generic emit with a room's text",
    act: ({ broker, tenantId, channel }) =>
      broker.emit("$broadcast.socket.emit", {
        data: { eventName: "custom-event", eventParams: { key: "value" }, room: `${tenantId}-${channel}` },
      }),
    row: (world) => plain(world, "custom-event", { key: "value" }, { source: "server" }),
  },
  {
    name: "a generic emit without a room",
    act: ({ broker }) =>
      broker.emit("$broadcast.socket.emit", { data: { eventName: "custom-event", eventParams: { key: "value" } } }),
    row: () => ({ ...NOTHING, steedos: [["custom-event", { key: "value" }]] }),
    elsewhere: { ...NOTHING, steedos: [["custom-event", { key: "value" }]] },
  },
  {
    name: "a direct message to a user",
    act: async (world) => {
      const client = await world.client("native", "sue");
      expect(await client.ask("direct", { to: { userId: READER }, event: "psst", data: d })).toMatchObject({
        ok: true,
      });
      return client;
    },
    row: (_world, client) => ({ ...NOTHING, native: [direct(sentBy(client))] }),
  },
  {
    name: "a direct message to each session",
    act: async ({ nodes, tenantId, readers }) => {
      for (const { socket } of Object.values(readers)) {
        await nodes.first.gateway.direct(tenantId, { socketId: socket.id as string }, "psst", d);
      }
    },
    row: () => ({ ...NOTHING, native: [direct({})] }),
  },
  ...["s:notification-change", "s:record:orders:change-7", "s:", "connection-init", "pong"].map((event): Kind => ({
    name: `${event}, d, by a native client`,
    act: (world) => publishAs(world, "native", d, { event }),
    row: (world, client) => ({ ...plain(world, event, d, sentBy(client)), steedos: [] }),
  })),
];

function direct(facts: object): Heard {
  const { sender } = { sender: undefined, ...facts } as { sender: unknown };
  return [
    "event",
    {
      id: expect.any(String),
      topic: "@direct",
      event: "psst",
      payload: d,
      source: "direct",
      timestamp: expect.any(Number),
      ...(sender === undefined ? undefined : { sender }),
    },
  ];
}
