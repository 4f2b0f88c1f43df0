import { isChannelName, isReservedName, isUserId } from "../address.ts";
import type { ChannelTarget, Command, Outcome } from "../commands.ts";
import { frameEvent, type Decoded, type Dialect, type Frame, type Reply } from "../dialect.ts";
import { GatewayError, invalidPayload, type ErrorCode } from "../errors.ts";
import { asObject } from "../json.ts";
import type { Publication, Push } from "../pushes.ts";
import { decodeFrame } from "../decoding.ts";

/** What the original says to whoever may not enter a room. */
const NOT_AUTHORIZED = "User is not authorized to join room";
/** The event of what a client sends to a room: this dialect's clients name none. */
const ROOM_EVENT = "event";
/** Says to a reader which event a publication was; no client may say it. */
const TYPE_KEY = "_type";
/** A token with a room's name opens a room, and is no login. */
const NO_LOGIN_WITH: readonly string[] = ["name"];
const MOST_ONLINE_IDS = 100;

type Payload = Readonly<Record<string, unknown>>;
type Request = Exclude<Decoded, { kind: "ignored" }>;
type Failure = Extract<Outcome, { ok: false }>;

/** One event that clients send: the command that it means, and how it is answered. Throws `GatewayError`. */
interface Word {
  decode(payload: Payload): Command;
  reply(request: Request, outcome: Outcome): Reply;
  /** Whether it is answered though the client has not logged in yet. */
  readonly early?: true;
}

/**
 * The dialect of the Twake back end: clients log in by `authenticate`, join rooms by tokens, and hear of resources that
 * changed. Answers are events of their own.
 */
export function twakeDialect(): Dialect {
  return {
    name: "twake",
    login: "late",
    joins: true,
    accepts: () => true,
    credentials: () => ({ kind: "none" }),
    refusal: (error) => ({ message: error.message, data: error.toWire() }),
    greeting: () => [],
    decode,
    reply(request, outcome, acknowledged) {
      const word = WORDS.get(request.event);
      if (word === undefined || (isTooEarly(outcome) && word.early !== true)) return {};
      const reply = word.reply(request, outcome);
      return acknowledged || reply.acknowledgement === undefined ? reply : {};
    },
    encode,
  };
}

/** A session that has not logged in is refused everything so; one that has is ended rather than told it. */
function isTooEarly(outcome: Outcome): boolean {
  return !outcome.ok && outcome.error.code === "UNAUTHENTICATED";
}

function decode(frame: readonly unknown[]): Decoded {
  const word = WORDS.get(frameEvent(frame));
  if (word === undefined) return { kind: "ignored" };
  return decodeFrame(frame, (_event, payload) => word.decode(asObject(payload) ?? {}));
}

const WORDS: ReadonlyMap<string, Word> = new Map<string, Word>([
  [
    "authenticate",
    {
      early: true,
      decode: ({ token }) => ({ type: "login", token, without: NO_LOGIN_WITH }),
      reply: (_request, outcome) =>
        frames(outcome.ok ? ["authenticated"] : ["unauthorized", { err: loginError(outcome) }]),
    },
  ],
  [
    "realtime:join",
    {
      early: true,
      decode: (payload) => ({ type: "join", channel: room(payload), ...roomToken(payload) }),
      reply: (request, outcome) => answer("realtime:join", request, outcome),
    },
  ],
  [
    "realtime:leave",
    {
      decode: (payload) => ({ type: "leave", channel: room(payload) }),
      reply(request, outcome) {
        const name = roomOf(request);
        // A name that no room can have was never joined.
        if (request.kind === "invalid" && name !== null) return frames(["realtime:leave:success", { name }]);
        return answer("realtime:leave", request, outcome);
      },
    },
  ],
  [
    "realtime:event",
    {
      decode: (payload) => ({
        type: "publish",
        channel: room(payload),
        event: ROOM_EVENT,
        data: withoutType(payload["data"] ?? null),
        // It takes the right to join, also where that needs no token, and not the joining.
        token: "",
        ...roomToken(payload),
      }),
      reply: (request, outcome) =>
        outcome.ok ? {} : frames(["realtime:event:error", { name: roomOf(request), message: roomError(outcome) }]),
    },
  ],
  [
    "online:get",
    {
      decode: (payload) => ({ type: "online", userIds: userIds(payload["data"]) }),
      reply: (_request, outcome) => ({
        acknowledgement: [
          outcome.ok
            ? { data: "online" in outcome.result ? outcome.result.online : [] }
            : { data: [], error: outcome.error.message },
        ],
      }),
    },
  ],
  [
    // Whoever is connected is online: there is nothing to set.
    "online:set",
    {
      decode: () => ({ type: "ping" }),
      reply: (_request, outcome) => ({ acknowledgement: [outcome.ok ? {} : { error: outcome.error.message }] }),
    },
  ],
]);

function room(payload: Payload): ChannelTarget {
  const name = payload["name"];
  if (typeof name !== "string") throw invalidPayload("name", "a string");
  if (isChannelName(name) && !isReservedName(name)) return { name };
  throw new GatewayError("FORBIDDEN", NOT_AUTHORIZED, { details: { name } });
}

/** Whatever is no text is no token; a rule may open the room without one. */
function roomToken(payload: Payload): { readonly token?: string } {
  const token = payload["token"];
  return typeof token === "string" ? { token } : {};
}

function userIds(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > MOST_ONLINE_IDS || !value.every(isUserId)) {
    throw invalidPayload("data", `a list of at most ${MOST_ONLINE_IDS} user ids`);
  }
  return value;
}

function withoutType(data: unknown): unknown {
  const object = asObject(data);
  if (object === undefined || !Object.hasOwn(object, TYPE_KEY)) return data;
  const { [TYPE_KEY]: _, ...others } = object;
  return others;
}

function frames(frame: Frame): Reply {
  return { frames: [frame] };
}

function answer(event: string, request: Request, outcome: Outcome): Reply {
  const name = roomOf(request);
  if (outcome.ok) return frames([`${event}:success`, { name }]);
  const message = roomError(outcome);
  // The document says `error`, the original sends `message`.
  return frames([`${event}:error`, { name, error: message, message }]);
}

/** The room that a request speaks of, as far as it says one. */
function roomOf(request: Request): string | null {
  if (request.kind === "command") return "channel" in request.command ? request.command.channel.name : null;
  const name = request.error.details?.["name"];
  return typeof name === "string" ? name : null;
}

function roomError({ error: { code, message } }: Failure): string {
  return code === "FORBIDDEN" || code === "UNAUTHENTICATED" ? NOT_AUTHORIZED : message;
}

/** Refusals that lie in the token, and not in the gateway's state. */
const OF_THE_TOKEN: ReadonlySet<ErrorCode> = new Set([
  "UNAUTHENTICATED",
  "TOKEN_EXPIRED",
  "FORBIDDEN",
  "INVALID_PAYLOAD",
  "TOO_LARGE",
]);

/** A refused login in the words of the original's library, jsonwebtoken: `{ name, message, expiredAt? or date? }`. */
function loginError({ error, token }: Failure): unknown {
  switch (token?.reason) {
    case "missing":
      return "No token provided";
    case "malformed":
      return { name: "JsonWebTokenError", message: "jwt malformed" };
    case "signature":
      return { name: "JsonWebTokenError", message: "invalid signature" };
    case "expired":
      return { name: "TokenExpiredError", message: "jwt expired", ...moment("expiredAt", token.at) };
    case "not-yet":
      return { name: "NotBeforeError", message: "jwt not active", ...moment("date", token.at) };
    case "claims":
    case undefined:
      return { name: OF_THE_TOKEN.has(error.code) ? "JsonWebTokenError" : "Error", message: error.message };
  }
}

/** As JSON writes a `Date`. A token may name a time that no date can be. */
function moment(key: string, at: number | undefined): Readonly<Record<string, string>> {
  const date = new Date(at ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? {} : { [key]: date.toISOString() };
}

function encode(push: Push): Frame | undefined {
  return push.type === "publication" ? publication(push) : undefined;
}

function publication({ address, event, data, source }: Publication): Frame | undefined {
  // The gateway's own channels, and those of one user, are none of this dialect's.
  if (isReservedName(address.name) || address.userId !== undefined) return undefined;
  if (source === "resource") {
    const { type = null, path = null, resource = null } = asObject(data) ?? {};
    return ["realtime:resource", { action: event, room: address.name, type, path, resource }];
  }
  return ["realtime:event", { name: address.name, data: typed(event, data) }];
}

function typed(event: string, data: unknown): unknown {
  if (event === ROOM_EVENT) return withoutType(data ?? null);
  return { ...(asObject(data) ?? { value: data ?? null }), [TYPE_KEY]: event };
}
