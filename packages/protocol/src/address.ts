import { GatewayError, invalidPayload } from "./errors.ts";

/**
 * Where a publication goes. Structured on purpose: text such as `tenant-room-user` is made and parsed in dialects only,
 * so that no two addresses can meet in one string.
 */
export interface ChannelAddress {
  readonly tenantId: string;
  readonly name: string;
  /** Set for a channel that belongs to one user; it never equals the shared channel of the same name. */
  readonly userId?: string;
}

const TENANT_ID = /^[A-Za-z0-9._-]{1,128}$/;
const IDEMPOTENCY_KEY = /^[A-Za-z0-9_.:-]{1,64}$/;
/** White space, control and format characters, lone surrogates, and the characters of patterns. */
const FORBIDDEN_IN_NAMES = /[\s\p{Cc}\p{Cf}\p{Cs}*{}]/u;

/**
 * Event names that Socket.IO keeps for itself: its decoder ends a connection that receives one, so that no way of
 * publishing may let one through.
 */
export const RESERVED_EVENTS: ReadonlySet<string> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

/** At most `most` units of `text`, in memory of their own: a piece that `slice` cuts off keeps the whole text alive. */
export function beginningOf(text: string, most: number): string {
  return text.length <= most ? text : Array.from(text.slice(0, most)).join("");
}

/** The length of `text` in UTF-8 bytes. A lone surrogate counts as the three bytes of its replacement. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function isName(value: unknown, maxBytes: number): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    value.length <= maxBytes &&
    utf8Length(value) <= maxBytes &&
    !FORBIDDEN_IN_NAMES.test(value)
  );
}

export function isTenantId(value: unknown): value is string {
  return typeof value === "string" && TENANT_ID.test(value);
}

export function isUserId(value: unknown): value is string {
  return isName(value, 128);
}

/** Any well-formed channel name, the gateway's own (`@…`, `$…`) included. */
export function isChannelName(value: unknown): value is string {
  return isName(value, 255);
}

/** Names beginning with `@` or `$` are the gateway's own: no client reads or writes them. */
export function isReservedName(name: string): boolean {
  return name.startsWith("@") || name.startsWith("$");
}

export function isEventName(value: unknown): value is string {
  return typeof value === "string" && value.length >= 1 && value.length <= 128 && !RESERVED_EVENTS.has(value);
}

export function isIdempotencyKey(value: unknown): value is string {
  return typeof value === "string" && IDEMPOTENCY_KEY.test(value);
}

/** The channel name at `path` of a payload. Throws `INVALID_PAYLOAD`, and `FORBIDDEN` for the gateway's own names. */
export function checkChannelName(value: unknown, path: string): string {
  if (!isChannelName(value)) {
    throw invalidPayload(path, "1 to 255 bytes without white space, control or format characters, *, { and }");
  }
  if (isReservedName(value))
    throw new GatewayError("FORBIDDEN", `Names that begin with ${value[0]} are the gateway's own`);
  return value;
}

/** The event name at `path` of a payload. Throws `INVALID_PAYLOAD`. */
export function checkEventName(value: unknown, path: string): string {
  if (!isEventName(value))
    throw invalidPayload(path, "1 to 128 characters and no name that Socket.IO keeps for itself");
  return value;
}

/**
 * One string for an address, for maps and stores: two addresses give the same key only if they are equal. A tenant id has
 * no slash and names have no space, so that neither separator can occur in the part before it.
 */
export function addressKey(address: ChannelAddress): string {
  const shared = `${address.tenantId}/${address.name}`;
  return address.userId === undefined ? shared : `${shared} ${address.userId}`;
}
