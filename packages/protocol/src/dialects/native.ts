import { checkChannelName, checkEventName, isIdempotencyKey, isUserId } from "../address.ts";
import { REPLY_ENTRIES, type Command, type CommandResult, type DirectTarget } from "../commands.ts";
import type { Dialect, Frame, Handshake } from "../dialect.ts";
import { invalidPayload } from "../errors.ts";
import type { Position, RealtimeEvent } from "../events.ts";
import { compileFilter, type CompiledFilter } from "../filter.ts";
import { asObject } from "../json.ts";
import type { Credentials } from "../principal.ts";
import type { Publication, Push } from "../pushes.ts";
import { checkReadableName } from "../operator-channels.ts";
import { commandFrom, decodeFrame, type Decoders, type Payload } from "../decoding.ts";

/** The version of the native dialect that `session` tells. */
export const NATIVE_PROTOCOL = 1;

const BEARER = /^Bearer +(\S+) *$/i;
const DEFAULT_HISTORY = 100;

/** The native dialect: one Socket.IO event with one object for each command, answered by its acknowledgement. */
export const nativeDialect: Dialect = {
  name: "native",
  login: "handshake",
  joins: true,
  accepts: (handshake) => credentials(handshake).kind === "token" || Object.hasOwn(handshake.auth, "token"),
  credentials,
  refusal: (error) => ({ message: error.message, data: error.toWire() }),
  greeting: (session) => [["session", { protocol: NATIVE_PROTOCOL, ...session }]],
  decode: (frame) => decodeFrame(frame, commandFrom(DECODERS)),
  reply(request, outcome, acknowledged) {
    if (acknowledged) {
      return {
        acknowledgement: [
          outcome.ok ? { ok: true, ...encodeResult(outcome.result) } : { ok: false, error: outcome.error },
        ],
      };
    }
    return outcome.ok ? {} : { frames: [["error", { command: request.event, ...outcome.error }]] };
  },
  encode,
};

/** A publication as readers of the native dialect and REST get it. */
export function toRealtimeEvent(publication: Publication): RealtimeEvent {
  const { address, id, event, data, source, sender, timestamp, position } = publication;
  return {
    id,
    topic: address.name,
    event,
    payload: data === undefined ? null : data,
    source,
    ...(sender === undefined ? undefined : { sender }),
    timestamp,
    ...(position === undefined ? undefined : { position }),
  };
}

function credentials(handshake: Handshake): Credentials {
  if (Object.hasOwn(handshake.auth, "token")) {
    const token = handshake.auth["token"];
    return token === null ? { kind: "none" } : { kind: "token", token };
  }
  const header = handshake.headers["authorization"];
  const bearer = typeof header === "string" ? BEARER.exec(header)?.[1] : undefined;
  return bearer === undefined ? { kind: "none" } : { kind: "token", token: bearer };
}

const DECODERS: Decoders = new Map<string, (payload: Payload) => Command>([
  [
    "subscribe",
    (payload) => ({
      type: "subscribe",
      channel: { name: checkReadableName(payload["topic"], "topic") },
      ...optional("filter", compiled(payload)),
      ...optional("subscriptionId", optionalText(payload, "subscriptionId", 128)),
      ...optional("since", since(payload)),
      ...optional("token", optionalText(payload, "token", 8192)),
    }),
  ],
  ["unsubscribe", (payload) => ({ type: "unsubscribe", subscriptionId: text(payload, "subscriptionId", 128) })],
  [
    "join",
    (payload) => ({
      type: "join",
      channel: channel(payload),
      ...optional("state", payload["state"]),
      ...optional("since", since(payload)),
      ...optional("token", optionalText(payload, "token", 8192)),
    }),
  ],
  ["leave", (payload) => ({ type: "leave", channel: channel(payload) })],
  [
    "publish",
    (payload) => ({
      type: "publish",
      channel: channel(payload),
      event: checkEventName(payload["event"], "event"),
      data: payload["data"] ?? null,
      ...optional("id", idempotencyKey(payload)),
    }),
  ],
  [
    "direct",
    (payload) => ({
      type: "direct",
      to: directTarget(payload["to"], "to"),
      event: checkEventName(payload["event"], "event"),
      data: payload["data"] ?? null,
    }),
  ],
  [
    "members",
    (payload) => ({
      type: "members",
      channel: channel(payload),
      ...optional("cursor", optionalText(payload, "cursor", 1024)),
    }),
  ],
  [
    "state",
    (payload) => {
      if (payload["state"] === undefined) throw invalidPayload("state", "a JSON value");
      return { type: "state", channel: channel(payload), state: payload["state"] };
    },
  ],
  [
    "history",
    (payload) => ({
      type: "history",
      channel: { name: checkReadableName(payload["channel"], "channel") },
      limit: historyLimit(payload["limit"]),
      ...optional("since", since(payload)),
    }),
  ],
  ["refresh", (payload) => ({ type: "refresh", token: payload["token"] })],
]);

/** `value` as the number of events that a history reply may hold. Throws `INVALID_PAYLOAD`. */
export function historyLimit(value: unknown): number {
  if (value === undefined) return DEFAULT_HISTORY;
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > REPLY_ENTRIES) {
    throw invalidPayload("limit", `a whole number from 1 to ${REPLY_ENTRIES}`);
  }
  return value as number;
}

/** `value` as a position in a log. Throws `INVALID_PAYLOAD`. */
export function checkPosition(value: unknown, path: string): Position {
  const position = asObject(value);
  const epoch = position?.["epoch"];
  const offset = position?.["offset"];
  if (
    typeof epoch !== "string" ||
    epoch.length < 1 ||
    epoch.length > 128 ||
    !Number.isSafeInteger(offset) ||
    (offset as number) < 0
  ) {
    throw invalidPayload(path, "{ epoch: string, offset: whole number }");
  }
  return { epoch, offset: offset as number };
}

/** `value` as where a direct message goes: exactly one of `socketId` and `userId`. Throws `INVALID_PAYLOAD`. */
export function directTarget(value: unknown, path: string): DirectTarget {
  const to = asObject(value);
  const socketId = to?.["socketId"];
  const userId = to?.["userId"];
  if (userId === undefined && typeof socketId === "string" && socketId !== "" && socketId.length <= 128)
    return { socketId };
  if (socketId === undefined && isUserId(userId)) return { userId };
  throw invalidPayload(path, "{ socketId } or { userId }");
}

function channel(payload: Payload): { name: string } {
  return { name: checkChannelName(payload["channel"], "channel") };
}

function compiled(payload: Payload): CompiledFilter | undefined {
  return payload["filter"] === undefined ? undefined : compileFilter(payload["filter"]);
}

function since(payload: Payload): Position | undefined {
  return payload["since"] === undefined ? undefined : checkPosition(payload["since"], "since");
}

function idempotencyKey(payload: Payload): string | undefined {
  const id = payload["id"];
  if (id === undefined) return undefined;
  if (!isIdempotencyKey(id)) throw invalidPayload("id", "1 to 64 of A-Z, a-z, 0-9, _, ., : and -");
  return id;
}

function text(payload: Payload, name: string, max: number): string {
  const value = payload[name];
  if (typeof value !== "string" || value === "" || value.length > max) {
    throw invalidPayload(name, `a string of 1 to ${max} characters`);
  }
  return value;
}

function optionalText(payload: Payload, name: string, max: number): string | undefined {
  return payload[name] === undefined ? undefined : text(payload, name, max);
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]: Value });
}

function encodeResult(result: CommandResult): object {
  return "events" in result && result.events !== undefined
    ? { ...result, events: result.events.map(toRealtimeEvent) }
    : result;
}

function encode(push: Push): Frame | undefined {
  switch (push.type) {
    case "publication":
      return ["event", toRealtimeEvent(push)];
    case "presence":
      return ["presence", { channel: push.address.name, joined: push.joined, left: push.left, updated: push.updated }];
    case "direct": {
      const { id, event, data, sender, timestamp } = push.message;
      return [
        "event",
        { id, topic: "@direct", event, payload: data, source: "direct", ...optional("sender", sender), timestamp },
      ];
    }
    case "gap":
      return ["gap", { channel: push.address.name, ...optional("position", push.position) }];
    case "expiring":
      return ["token:expiring", { expiresAt: push.expiresAt }];
    case "error":
      return ["error", { ...push.error, ...optional("channel", push.address?.name) }];
    case "closing":
      return ["closing", { code: push.error.code, message: push.error.message, reconnect: push.reconnect }];
  }
}
