import { checkChannelName, isTenantId } from "../address.ts";
import type { ChannelTarget, Command, CommandResult } from "../commands.ts";
import type { Dialect, Frame, Handshake } from "../dialect.ts";
import { GatewayError, invalidPayload } from "../errors.ts";
import { asObject } from "../json.ts";
import type { Principal } from "../principal.ts";
import type { Publication, Push } from "../pushes.ts";
import { decodeFrame } from "../decoding.ts";

export interface SteedosOptions {
  /**
   * What becomes of a connection without a valid login. `"connect"` (the default): it stays, hears metadata changes of all
   * tenants and subscribes to nothing. `"subscribe"`: besides, it may follow the shared rooms of its cookie's tenant that are
   * open to every user there. `"reject"`: it is refused.
   */
  readonly anonymous?: "connect" | "subscribe" | "reject";
  /** Whether its connections hear what is emitted without a room; true unless given. */
  readonly globalEmit?: boolean;
}

const TENANT_COOKIE = "X-Space-Id";
const TOKEN_COOKIE = "X-Auth-Token";
/** The individual room of a user's notifications. */
const NOTIFICATION_ROOM = "notification-change";
const METADATA = "@metadata";
const NOTIFICATIONS = "@notifications";
const GLOBAL = "@global";
/** Where visitors stand who belong to no tenant. */
const NO_TENANT = "default";
/** The form of a publication that is a message from one to others. */
const MESSAGE_FORM = "message";
const RECORD_ACTIONS: ReadonlySet<string> = new Set(["inserted", "updated", "deleted"]);
/** Events that only the server may say. */
const SERVER_EVENTS = /^(?:s:.*|connection-init|pong)$/su;

type Part = Extract<Command, { type: "subscribe" | "unsubscribe" }>;

/**
 * The Steedos dialect: login by the cookies `X-Space-Id` and `X-Auth-Token`, rooms of a tenant and of a user in it, and
 * events that carry their data as it is. Whoever logs in by nothing else speaks it, so it stands last among the dialects
 * of a namespace.
 */
export function steedosDialect(options: SteedosOptions = {}): Dialect {
  const { anonymous = "connect", globalEmit = true } = options;
  return {
    name: "steedos",
    login: "handshake",
    joins: false,
    follows: [
      { name: METADATA, of: "everybody" },
      { name: METADATA, of: "tenant" },
      ...(globalEmit ? ([{ name: GLOBAL, of: "everybody" }] as const) : []),
    ],
    accepts: () => true,
    // Cookies that are missing are empty, so that nobody takes the connection for a visitor of another dialect.
    credentials: (handshake) => ({
      kind: "cookies",
      tenantId: cookie(handshake, TENANT_COOKIE),
      token: cookie(handshake, TOKEN_COOKIE),
    }),
    visitor: (handshake) => (anonymous === "reject" ? undefined : visitor(handshake, anonymous)),
    refusal: (error) => ({ message: error.message, data: error.toWire() }),
    greeting: () => [["connection-init"]],
    decode: (frame) => decodeFrame(frame, command),
    reply(_request, outcome, acknowledged) {
      const answer = outcome.ok ? { ok: true } : { ok: false, error: outcome.error };
      return {
        ...(acknowledged ? { acknowledgement: [answer] } : undefined),
        ...(outcome.ok ? pong(outcome.result) : undefined),
      };
    },
    encode,
  };
}

/**
 * The value of the first cookie of this name, percent-decoded; empty where there is none or its encoding is broken. Names
 * are compared as they are.
 */
function cookie({ headers }: Handshake, name: string): string {
  const header = headers["cookie"];
  const text = typeof header === "string" ? header : (header ?? []).join(";");
  for (const pair of text.split(";")) {
    const mark = pair.indexOf("=");
    if (mark === -1 || pair.slice(0, mark).trim() !== name) continue;
    const value = pair.slice(mark + 1).trim();
    try {
      return decodeURIComponent(/^"(.*)"$/su.exec(value)?.[1] ?? value);
    } catch {
      return "";
    }
  }
  return "";
}

function visitor(handshake: Handshake, mode: "connect" | "subscribe"): Principal {
  const tenantId = cookie(handshake, TENANT_COOKIE);
  const reaches = mode === "subscribe" && isTenantId(tenantId);
  return {
    userId: null,
    tenantId: reaches ? tenantId : NO_TENANT,
    roles: [],
    grants: reaches ? { "**": ["subscribe"] } : {},
    grantsOnly: true,
    anonymous: true,
  };
}

function command(event: string, payload: unknown): Command {
  switch (event) {
    case "subscribe":
      return {
        type: "all",
        commands: parts(payload, (channel, subscriptionId) => ({ type: "subscribe", channel, subscriptionId })),
      };
    case "unsubscribe":
      return {
        type: "all",
        commands: parts(payload, (_channel, subscriptionId) => ({
          type: "unsubscribe",
          subscriptionId,
          lenient: true,
        })),
      };
    case "ping":
      return { type: "ping" };
    default:
      throw new GatewayError("UNKNOWN_COMMAND", "There is no such command");
  }
}

/** One command for each channel that `{ roomParts, individual? }` means. Throws `INVALID_PAYLOAD` or `FORBIDDEN`. */
function parts(payload: unknown, make: (channel: ChannelTarget, subscriptionId: string) => Part): readonly Part[] {
  const fields = asObject(payload);
  if (fields === undefined) throw invalidPayload("", "one object");
  const { roomParts, individual } = fields;
  if (roomParts === undefined || roomParts === null || roomParts === "") return [];
  const names: ReadonlySet<unknown> = new Set(Array.isArray(roomParts) ? roomParts : [roomParts]);
  return [...names].flatMap((part): readonly Part[] => {
    const name = checkChannelName(part, "roomParts");
    // A name has no space: no two of these ids are the same.
    if (!individual) return [make({ name }, `shared ${name}`)];
    const own = make({ name, own: true }, `own ${name}`);
    if (name !== NOTIFICATION_ROOM) return [own];
    return [own, make({ name: NOTIFICATIONS, own: true }, `own ${NOTIFICATIONS}`)];
  });
}

function pong(result: CommandResult): { readonly frames: readonly Frame[] } | undefined {
  return "serverTime" in result ? { frames: [["pong", new Date(result.serverTime).toISOString()]] } : undefined;
}

function encode(push: Push): Frame | undefined {
  return push.type === "publication" ? publication(push) : undefined;
}

function publication(push: Publication): Frame | undefined {
  const { address, event, source, sender, timestamp, form } = push;
  const data = push.data === undefined ? null : push.data;
  switch (address.name) {
    case METADATA:
      return ["s:metadata:change", data];
    case NOTIFICATIONS:
      return ["s:notification-change", { message: data }];
    case GLOBAL:
      return [event, data];
  }
  // Others of the gateway's own channels are none of this dialect's.
  if (address.name.startsWith("@")) return undefined;
  const record = source === "server" ? changedRecord(push) : undefined;
  if (record !== undefined) return [`s:${address.name}`, { _id: record }];
  if (source !== "socket") return [event, data];
  if (SERVER_EVENTS.test(event)) return undefined;
  // Of what was said in the form of a message its readers learn who sent it, and when.
  if (form !== MESSAGE_FORM || event !== MESSAGE_FORM) return [event, data];
  return [event, { userId: sender?.userId ?? null, data, timestamp: new Date(timestamp).toISOString() }];
}

/** The id of the record whose change this tells, on the channel `record:{object}:change-{id}` of that record. */
function changedRecord({ address, event, data }: Publication): string | number | undefined {
  const id = asObject(data)?.["_id"];
  if (address.userId !== undefined || !RECORD_ACTIONS.has(event)) return undefined;
  if (typeof id !== "string" && typeof id !== "number") return undefined;
  const [start, end] = ["record:", `:change-${id}`];
  const { name } = address;
  return name.startsWith(start) && name.endsWith(end) && name.length > start.length + end.length ? id : undefined;
}
