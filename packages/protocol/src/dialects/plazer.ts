import { checkChannelName } from "../address.ts";
import type { ChannelTarget, Command } from "../commands.ts";
import type { Dialect, Frame } from "../dialect.ts";
import { ERROR_TABLE, type WireError } from "../errors.ts";
import type { Publication, Push } from "../pushes.ts";
import { commandFrom, decodeFrame, type Decoders, type Payload } from "../decoding.ts";

/** Where each user's notifications come from. */
const NOTIFICATIONS = "@notifications";
/** The tenant of tokens that name none: it is no organisation, and has no room as one. */
const NO_ORGANISATION = "default";

/**
 * The Plazer dialect: a token in the handshake, rooms of the user and of the organisation that nobody has to ask for,
 * `message` from room to room, and `notification` for the user.
 */
export function plazerDialect(): Dialect {
  return {
    name: "plazer",
    login: "handshake",
    joins: true,
    follows: [{ name: NOTIFICATIONS, of: "user" }],
    accepts: ({ auth }) => Object.hasOwn(auth, "token"),
    // Whatever is there, and be it nothing: a connection of this dialect is always somebody's.
    credentials: ({ auth }) => ({ kind: "token", token: Object.hasOwn(auth, "token") ? auth["token"] : undefined }),
    rooms: ({ userId, tenantId }) => (userId === null ? [] : automaticRooms(userId, tenantId)),
    refusal: (error) => ({
      message: error.status === ERROR_TABLE.UNAUTHENTICATED.http ? "Authentication error" : error.message,
      data: error.toWire(),
    }),
    greeting: () => [],
    decode: (frame) => decodeFrame(frame, commandFrom(DECODERS)),
    reply(_request, outcome, acknowledged) {
      if (acknowledged) return { acknowledgement: [outcome.ok ? { ok: true } : { ok: false, error: outcome.error }] };
      return outcome.ok ? {} : { frames: [exception(outcome.error)] };
    },
    encode,
  };
}

function automaticRooms(userId: string, tenantId: string): readonly ChannelTarget[] {
  const own = { name: `user:${userId}` };
  return tenantId === NO_ORGANISATION ? [own] : [own, { name: `org:${tenantId}` }];
}

const DECODERS: Decoders = new Map<string, (payload: Payload) => Command>([
  [
    "message",
    (payload) => ({
      type: "publish",
      channel: room(payload),
      event: "message",
      data: payload["data"] ?? null,
      form: "message",
    }),
  ],
  ["join", (payload) => ({ type: "join", channel: room(payload) })],
  ["leave", (payload) => ({ type: "leave", channel: room(payload) })],
]);

function room(payload: Payload): ChannelTarget {
  return { name: checkChannelName(payload["room"], "room") };
}

function encode(push: Push): Frame | undefined {
  switch (push.type) {
    case "publication":
      return publication(push);
    case "error":
      return exception(push.error, push.address?.name);
    case "closing":
      return exception(push.error);
    case "presence":
    case "direct":
    case "gap":
    case "expiring":
      return undefined;
  }
}

function publication({ address, event, data, source, sender, timestamp }: Publication): Frame | undefined {
  if (address.name === NOTIFICATIONS) return ["notification", data];
  // Others of the gateway's own channels are none of this dialect's.
  if (address.name.startsWith("@")) return undefined;
  if (event !== "message" || source !== "socket") return [event, data];
  return [event, { userId: sender?.userId ?? null, data, timestamp: new Date(timestamp).toISOString() }];
}

/** What went wrong, where nobody waits for the answer; `room` where it concerns one that was not asked about. */
function exception({ code, message }: WireError, name?: string): Frame {
  return ["exception", name === undefined ? { code, message } : { code, message, room: name }];
}
