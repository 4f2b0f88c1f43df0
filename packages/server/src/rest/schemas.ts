import { z } from "@hono/zod-openapi";
import {
  CHANNEL_ACTIONS,
  ERROR_TABLE,
  isEventName,
  isIdempotencyKey,
  isTenantId,
  isUserId,
  REPLY_ENTRIES,
  ROLES,
  type ErrorCode,
} from "@roomcast/protocol";

/** Codes that a response can carry: those of the table that have a status. */
const REST_CODES = (Object.keys(ERROR_TABLE) as ErrorCode[]).filter((code) => "http" in ERROR_TABLE[code]);

const DEFAULT_PAGE = 100;
const MAX_CURSOR = 1024;

export const ErrorSchema = z
  .object({
    error: z.enum(REST_CODES),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi("Error");

export const millis = z.int().openapi({ description: "Milliseconds since 1970" });

/** A channel name; the grammar is checked by `checkChannelName`, which tells reserved names from malformed ones. */
export const channelName = z
  .string()
  .openapi({ description: "1 to 255 bytes, percent-encoded where it stands in a path", example: "chat:room1" });
const eventName = z
  .string()
  .refine(isEventName, "must be 1 to 128 characters and no name that Socket.IO keeps for itself")
  .openapi({ minLength: 1, maxLength: 128, example: "message" });
export const userId = z
  .string()
  .refine(isUserId, "must be 1 to 128 bytes without white space, control or format characters, *, { and }")
  .openapi({ minLength: 1, maxLength: 128, example: "user123" });
const tenantId = z
  .string()
  .refine(isTenantId, "must be 1 to 128 of A-Z, a-z, 0-9, ., _ and -")
  .openapi({ pattern: "^[A-Za-z0-9._-]{1,128}$", example: "default" });
const idempotencyKey = z.string().refine(isIdempotencyKey, "must be 1 to 64 of A-Z, a-z, 0-9, _, ., : and -").openapi({
  pattern: "^[A-Za-z0-9_.:-]{1,64}$",
  description: "Publishing it again within five minutes has the first result and no effect",
});
export const socketId = z.string().min(1).max(128).openapi({ example: "Yw0lXb1cQj2kAAAB" });
const json = z.unknown().openapi({ description: "Any JSON value" });

export const PositionSchema = z
  .object({ epoch: z.string(), offset: z.int().min(0) })
  .openapi("Position", { description: "Where a reader stands in one channel's log" });

export const MemberSchema = z
  .object({
    socketId: z.string(),
    userId: z.string().nullable(),
    joinedAt: millis,
    info: z.record(z.string(), z.unknown()).optional(),
    state: json.optional(),
  })
  .openapi("Member", { description: "One session that joined a channel" });

const EventSchema = z
  .object({
    id: z.string(),
    topic: z.string(),
    event: z.string(),
    payload: json,
    source: z.enum(["socket", "rest", "server", "resource", "direct"]),
    sender: z.object({ userId: z.string().nullable(), socketId: z.string().optional() }).optional(),
    timestamp: millis,
    position: PositionSchema.optional(),
  })
  .openapi("RealtimeEvent");

export const ChannelSchema = z
  .object({ name: z.string(), memberCount: z.int(), subscriberCount: z.int() })
  .openapi("Channel");

export const ConnectionSchema = z
  .object({
    socketId: z.string(),
    userId: z.string().nullable(),
    dialect: z.string(),
    transport: z.string(),
    nodeId: z.string().openapi({ description: "The node that holds it" }),
    address: z.string().nullable().openapi({ description: "The IP address that it comes from", example: "192.0.2.7" }),
    connectedAt: millis,
    channels: z.array(z.string()).readonly().openapi({
      description:
        "What it follows, as far as the asked node knows: nothing of a connection that another node holds. `GET /api/socket/connections/{socketId}` asks that node",
    }),
  })
  .openapi("Connection");

/** A number in a query: digits only, so that `1e3`, `0x10` and blanks are refused. */
export function queryNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);
}

const limit = queryNumber(1, REPLY_ENTRIES)
  .default(DEFAULT_PAGE)
  .openapi({ type: "integer", minimum: 1, maximum: REPLY_ENTRIES, default: DEFAULT_PAGE });
const cursor = z
  .string()
  .min(1)
  .max(MAX_CURSOR)
  .optional()
  .openapi({ description: "From the Link header of the page before; opaque" });

export const ChannelParams = z.object({ channel: channelName });
export const SocketParams = z.object({ socketId });
const soughtText = z.string().min(1).max(255).optional();
export const ChannelsQuery = z.object({
  prefix: z.string().max(255).optional().openapi({ description: "How the names begin" }),
  search: z
    .string()
    .max(255)
    .optional()
    .openapi({ description: "What stands somewhere in the names, in upper or lower case" }),
  sort: z.enum(["name", "members", "subscribers"]).default("name"),
  order: z
    .enum(["asc", "desc"])
    .optional()
    .openapi({ description: "`asc` for names and `desc` for numbers, unless told" }),
  limit,
  cursor: cursor.openapi({
    description: "From the Link header of the page before; for the same sort, order and search",
  }),
});
export const MembersQuery = z.object({ cursor });
export const ConnectionsQuery = z.object({
  limit,
  cursor,
  userId: userId.optional(),
  socketId: socketId.optional(),
  address: soughtText.openapi({ description: "How the address begins", example: "192.0.2." }),
  dialect: soughtText.openapi({ example: "native" }),
  nodeId: soughtText,
});
export const HistoryQuery = z
  .object({
    limit,
    epoch: z.string().min(1).max(128).optional(),
    offset: queryNumber(0, Number.MAX_SAFE_INTEGER).optional().openapi({ type: "integer", minimum: 0 }),
  })
  .refine((query) => (query.epoch === undefined) === (query.offset === undefined), {
    path: ["epoch"],
    message: "and offset must come together",
  });

export const BroadcastBody = z
  .object({ channel: channelName, event: eventName, data: json.optional(), id: idempotencyKey.optional() })
  .openapi("Broadcast");
export const DirectBody = z
  .object({ userId: userId.optional(), socketId: socketId.optional(), event: eventName, data: json.optional() })
  .refine((body) => (body.userId === undefined) !== (body.socketId === undefined), {
    path: ["userId"],
    message: "or socketId must be there, and only one of them",
  })
  .openapi("Direct");
export const RevokeBody = z.object({ userId }).openapi("Revoke");

/** Strict: a restriction that is misspelt must not yield a token without it. */
export const TokenBody = z
  .strictObject({
    userId,
    tenantId: tenantId.optional(),
    permissions: z.array(z.enum(ROLES)).max(ROLES.length).optional(),
    channels: z.record(z.string(), z.array(z.enum(CHANNEL_ACTIONS))).optional(),
    channelsOnly: z
      .boolean()
      .optional()
      .openapi({ description: "Whether the channels are all that the token reaches" }),
    info: z.record(z.string(), z.unknown()).optional(),
    expiresIn: z.int().min(1).optional().openapi({ description: "Seconds" }),
  })
  .openapi("TokenRequest");
export const RoomTokenBody = z
  .strictObject({
    userId,
    room: channelName,
    expiresIn: z.int().min(1).optional().openapi({ description: "Seconds; an hour unless given" }),
  })
  .openapi("RoomTokenRequest");
export const VerifyBody = z.object({ token: z.string().max(65_536) }).openapi("VerifyRequest");

/** How many users there may be is for the gateway to say. */
export const NotifyBody = z
  .object({ users: z.array(userId), message: json.refine((value) => value !== undefined, "must be there") })
  .openapi("Notify");

export const PublishedSchema = z.object({ id: z.string(), position: PositionSchema.optional() }).openapi("Published");
export const HistorySchema = z
  .object({
    events: z.array(EventSchema),
    position: PositionSchema.optional().openapi({ description: "Absent where the channel keeps no history" }),
  })
  .openapi("History");
export const CountSchema = z.object({ count: z.int() }).openapi("Count");
export const DirectResultSchema = z.object({ id: z.string(), delivered: z.int() }).openapi("DirectResult");
export const NotifyResultSchema = z.object({ delivered: z.int() }).openapi("NotifyResult");
export const RevokeResultSchema = z.object({ disconnected: z.int() }).openapi("RevokeResult");
export const TokenSchema = z.object({ token: z.string(), expiresAt: millis }).openapi("Token");
export const SignInBody = z
  .union(
    [
      z.strictObject({ token: z.string().max(65_536) }),
      z.strictObject({ apiKey: z.string().max(1024), tenantId: tenantId.optional() }),
    ],
    {
      error: "must be { token }, or { apiKey, tenantId? }",
    },
  )
  .openapi("SignIn");
export const TicketBody = z.strictObject({}).openapi("TicketRequest");
export const SessionSchema = z
  .object({
    userId: z.string().nullable().openapi({ description: "Null for an API key" }),
    tenantId: z.string().openapi({ description: "The tenant of requests that name none" }),
    tenants: z.union([z.literal("*"), z.array(z.string())]).openapi({ description: "Those that it reaches" }),
    roles: z.array(z.enum(ROLES)),
    expiresAt: millis,
    csrf: z.string().openapi({ description: "What requests with the cookie must bring as X-CSRF-Token" }),
    version: z.string(),
    nodeId: z.string(),
    capabilities: z.object({
      tokens: z.boolean().openapi({ description: "Whether tokens can be issued here" }),
      roomTokens: z.boolean(),
      socketPath: z.string(),
      usersPerNotify: z.int().openapi({ description: "How many users one notification may have" }),
      dialects: z.object({
        native: z.boolean(),
        steedos: z.boolean(),
        twake: z.boolean(),
        plazer: z.union([z.literal(false), z.object({ namespace: z.string() })]),
      }),
    }),
  })
  .openapi("Session");
export const VerifiedSchema = z
  .object({ valid: z.boolean(), claims: z.record(z.string(), z.unknown()).optional(), error: z.string().optional() })
  .openapi("Verified");
export const StatusSchema = z.object({ status: z.string() }).openapi("Status");
