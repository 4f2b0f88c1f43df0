import type { Gateway } from "@roomcast/core";
import {
  checkChannelName,
  GatewayError,
  invalidPayload,
  isTenantId,
  isUserId,
  type ChannelAddress,
} from "@roomcast/protocol";
import type { ActionParams, ActionSchema, Context, Service, ServiceBroker, ServiceSchema } from "moleculer";
import { translated } from "./errors.ts";
import {
  DISCONNECT,
  MEMBERS,
  METADATA,
  NOTIFICATION,
  NOTIFY,
  PUBLISH,
  RECORD,
  SOCKET_EMIT,
  type DisconnectParams,
  type MembersParams,
  type MetadataParams,
  type NotificationParams,
  type NotifyParams,
  type PublishParams,
  type RecordParams,
  type SocketEmitParams,
} from "./parameters.ts";
import { readRoom } from "./room.ts";

export interface RoomcastServiceOptions {
  readonly gateway: Gateway;
  /**
   * `"roomcast"` unless given. It must be the same on all nodes of a cluster: Moleculer gives an `emit` to one node for each
   * service name.
   */
  readonly name?: string;
  /** Whether `$broadcast.socket.emit` without a room may go to everybody of all tenants; true unless given. */
  readonly globalEmit?: boolean;
}

const METADATA_TYPES = new Set(["apps", "objects", "object_listviews", "object_actions", "object_fields"]);
const RECORD_EVENT = /\.(inserted|updated|deleted)$/;
/** Parts of rooms that have an event when somebody subscribes; others would be patterns or no event's name. */
const ROOM_PART = /^[A-Za-z0-9_:.-]{1,128}$/;
/** Whose subscriptions Moleculer services are told of: the dialect that these events belong to. */
const DIALECT = "steedos";

/**
 * A Moleculer service that connects a gateway with the services of a broker, with the events that services written for the
 * Steedos Server know: it listens to `$metadata.*`, `$broadcast.$notification.users`, `$broadcast.socket.emit` and
 * `@objectRecordEvent.*.*`, and emits `$socket.subscribe.<room part>`. Actions `publish`, `notify`, `members` and
 * `disconnect` are for other services; API gateways do not publish them.
 *
 * Each client gets each event once, whether it was emitted (one node hears it, and publishes it) or broadcast (all hear
 * it, and the one with the lowest id publishes it), where the gateways of all nodes share one broker.
 */
export function roomcastService(options: RoomcastServiceOptions): ServiceSchema {
  const { gateway, name = "roomcast", globalEmit = true } = options;
  const unfollow = new Map<Service, () => void>();

  return {
    name,
    events: {
      "$metadata.*": event<MetadataParams>(METADATA, async ({ params: { type, action, data } }) => {
        if (!METADATA_TYPES.has(type)) return;
        const change = {
          type,
          action,
          _id: data["_id"] ?? data["id"],
          name: type === "apps" ? data["code"] : data["name"],
          objectName: data["object"] ?? data["object_name"],
        };
        const space = data["space"] ?? data["spaceId"] ?? undefined;
        await gateway.broadcastMetadata(change, ...(space === undefined ? [] : [checkTenant(space, "data.space")]));
      }),

      "$broadcast.$notification.users": event<NotificationParams>(NOTIFICATION, async ({ params: { data } }) => {
        const users = data.users.map((user) => checkUser(user, "data.users"));
        await gateway.notify(checkTenant(data.tenantId, "data.tenantId"), users, data.message);
      }),

      "$broadcast.socket.emit": event<SocketEmitParams>(SOCKET_EMIT, async (ctx) => {
        const { eventName, eventParams, room } = ctx.params.data;
        if (eventParams === null || eventParams === 0 || eventParams === "") {
          throw invalidPayload("data.eventParams", 'neither null, 0 nor ""');
        }
        if (room === null) throw invalidPayload("data.room", "an address, a text, or not there");
        if (room !== undefined) {
          const address = await addressOf(gateway, room, ctx);
          if (address !== undefined) await gateway.publish(address, eventName, eventParams);
        } else if (globalEmit) await gateway.emitGlobally(eventName, eventParams);
        else throw new GatewayError("FORBIDDEN", "Events without a room are switched off here");
      }),

      "@objectRecordEvent.*.*": event<RecordParams>(RECORD, async (ctx) => {
        const action = RECORD_EVENT.exec(ctx.eventName ?? "")?.[1];
        if (action === undefined) return;
        const { id: _id, spaceId, objectApiName, objectName } = ctx.params;
        if (spaceId === undefined || spaceId === null) {
          warn(ctx, "A record changed, but its event has no spaceId: nobody is told of it");
          return;
        }
        const object = objectApiName ?? objectName ?? ctx.eventName?.split(".")[1];
        const record = checkChannelName(`record:${object}:change-${_id}`, "id");
        await gateway.publish({ tenantId: checkTenant(spaceId, "spaceId"), name: record }, action, { _id });
      }),
    },

    actions: {
      publish: action<PublishParams>(PUBLISH, ({ tenantId, channel, userId, event: eventName, data, id }) =>
        gateway.publish(
          { tenantId, name: channel, ...(userId === undefined ? undefined : { userId }) },
          eventName,
          data,
          id === undefined ? {} : { id },
        ),
      ),
      notify: action<NotifyParams>(NOTIFY, ({ tenantId, users, message }) => gateway.notify(tenantId, users, message)),
      members: action<MembersParams>(MEMBERS, ({ tenantId, channel, cursor }) =>
        gateway.members({ tenantId, name: channel }, cursor ? { cursor } : {}),
      ),
      disconnect: action<DisconnectParams>(DISCONNECT, ({ tenantId, socketId }) =>
        gateway.disconnect(tenantId, socketId),
      ),
    },

    started(this: Service) {
      const { broker, logger } = this;
      const stop = gateway.onFollow(({ address, dialect }) => {
        if (dialect !== DIALECT) return;
        tellFollow(broker, address).catch((error: unknown) => logger.error("A subscription could not be told", error));
      });
      unfollow.set(this, stop);
    },

    stopped(this: Service) {
      unfollow.get(this)?.();
      unfollow.delete(this);
    },
  };
}

type Room = NonNullable<SocketEmitParams["data"]["room"]>;

/** Where an event for `room` goes; undefined, with a warning, where its text could mean several. */
async function addressOf(gateway: Gateway, room: Room, ctx: Context<unknown>): Promise<ChannelAddress | undefined> {
  if (typeof room !== "string") {
    const { tenantId, name, userId } = room;
    return {
      tenantId: checkTenant(tenantId, "data.room.tenantId"),
      name: checkChannelName(name, "data.room.name"),
      ...(userId === undefined ? undefined : { userId: checkUser(userId, "data.room.userId") }),
    };
  }
  const { address, meanings } = await readRoom(gateway, room, "data.room");
  if (meanings !== undefined) warn(ctx, "The text of a room could mean several: it reaches nobody", { room, meanings });
  return address;
}

async function tellFollow(
  broker: ServiceBroker,
  { tenantId: space, name: part, userId }: ChannelAddress,
): Promise<void> {
  if (!ROOM_PART.test(part)) return;
  const room = { roomParts: part, individual: userId !== undefined, space };
  await broker.emit(`$socket.subscribe.${part}`, userId === undefined ? room : { ...room, userId });
}

function event<Params>(params: ActionParams, publish: (ctx: Context<Params>) => Promise<void>) {
  const handler = async (ctx: Context<Params>): Promise<void> => {
    if (isOurTurn(ctx)) await translated(ctx.broker, () => publish(ctx));
  };
  return { params, context: true, handler };
}

/**
 * Whether this node is the one to publish. What was emitted was given to us alone. What was broadcast was given to every
 * node that has the service, without an id by which they could tell that it is the same: the lowest of them publishes it.
 */
function isOurTurn({ eventType, broker, service }: Context<unknown>): boolean {
  if (eventType === "emit") return true;
  return broker.registry
    .getServiceList({ onlyAvailable: true })
    .every(({ fullName, nodeID }) => fullName !== service?.fullName || broker.nodeID <= String(nodeID));
}

function action<Params>(params: ActionParams, handle: (params: Params) => Promise<unknown>): ActionSchema {
  // Other services may call it; API gateways do not offer it to the world.
  const handler = (ctx: Context<Params>): Promise<unknown> => translated(ctx.broker, () => handle(ctx.params));
  return { params, visibility: "public", handler };
}

function checkTenant(value: unknown, path: string): string {
  if (!isTenantId(value)) throw invalidPayload(path, "the id of a tenant");
  return value;
}

function checkUser(value: unknown, path: string): string {
  if (!isUserId(value)) throw invalidPayload(path, "the id of a user");
  return value;
}

function warn({ service, broker, eventName }: Context<unknown>, message: string, facts: object = {}): void {
  (service?.logger ?? broker.logger).warn(message, { event: eventName, ...facts });
}
