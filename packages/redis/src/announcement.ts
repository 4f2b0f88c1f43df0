import { addressKey, isEventName, type ChannelAddress, type Position, type Publication } from "@roomcast/protocol";
import type { Draft, Signal } from "@roomcast/core";

/**
 * What goes over Redis, as text in lines. The first line says what it is: `p` and perhaps epoch and offset for publications
 * that have consecutive positions from there on, of which each next line is one: its id, a space, its body as JSON; `s` for a
 * signal, which is the second line. JSON has no line breaks outside of strings, and writes those in them otherwise.
 */
export type Announcement =
  | { readonly kind: "publications"; readonly epoch: string | undefined; readonly publications: readonly Publication[] }
  | { readonly kind: "signal"; readonly signal: Signal };

/** The body of a publication: short names, since every event is kept and announced with them. */
interface Body {
  readonly e: string;
  readonly d: unknown;
  readonly s: Publication["source"];
  readonly u?: Publication["sender"];
  readonly f?: string;
  readonly t: number;
}

const SOURCES: ReadonlySet<unknown> = new Set<Publication["source"]>([
  "socket",
  "rest",
  "server",
  "resource",
  "direct",
]);
const HEAD = /^p(?:(\S+) ([1-9]\d{0,15}))?$/;

export function bodyOf({ event, data, source, sender, form, timestamp }: Draft): string {
  const body: Body = {
    e: event,
    d: data,
    s: source,
    ...(sender === undefined ? undefined : { u: sender }),
    ...(form === undefined ? undefined : { f: form }),
    t: timestamp,
  };
  return JSON.stringify(body);
}

/** An announcement of publications without history. */
export function announce(lines: readonly string[]): string {
  return `p\n${lines.join("\n")}`;
}

export function announceSignal(signal: Signal): string {
  return `s\n${JSON.stringify(signal)}`;
}

/** Undefined for what is no announcement: others may write to the same Redis. */
export function readAnnouncement(address: ChannelAddress, text: string): Announcement | undefined {
  const end = text.indexOf("\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  try {
    if (head === "s") {
      const signal = readSignal(address, JSON.parse(text.slice(end + 1)));
      return signal === undefined ? undefined : { kind: "signal", signal };
    }
    const match = HEAD.exec(head);
    if (match === null) return undefined;
    const [, epoch, first] = match;
    const publications: Publication[] = [];
    for (const [n, line] of text
      .slice(end + 1)
      .split("\n")
      .entries()) {
      const position = epoch === undefined ? undefined : { epoch, offset: Number(first) + n };
      const publication = readLine(address, line, position);
      if (publication === undefined) return undefined;
      publications.push(publication);
    }
    return { kind: "publications", epoch, publications };
  } catch {
    return undefined;
  }
}

/** A publication as it stands in a log. Undefined for what is none. */
export function readLine(
  address: ChannelAddress,
  line: string,
  position: Position | undefined,
): Publication | undefined {
  const space = line.indexOf(" ");
  if (space < 1) return undefined;
  let body: unknown;
  try {
    body = JSON.parse(line.slice(space + 1));
  } catch {
    return undefined;
  }
  if (!isBody(body)) return undefined;
  const { e: event, d: data, s: source, u: sender, f: form, t: timestamp } = body;
  return {
    type: "publication",
    address,
    event,
    data,
    source,
    ...(sender === undefined ? undefined : { sender }),
    ...(form === undefined ? undefined : { form }),
    timestamp,
    id: line.slice(0, space),
    ...(position === undefined ? undefined : { position }),
  };
}

function isBody(value: unknown): value is Body {
  if (!isObject(value)) return false;
  const { e, d, s, u, f, t } = value;
  return (
    isEventName(e) &&
    d !== undefined &&
    SOURCES.has(s) &&
    (u === undefined || isSender(u)) &&
    (f === undefined || typeof f === "string") &&
    Number.isFinite(t)
  );
}

function isSender(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { userId, socketId } = value;
  return (userId === null || typeof userId === "string") && (socketId === undefined || typeof socketId === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Undefined for what is no signal, or of the presence of another channel. */
function readSignal(heardOn: ChannelAddress, value: unknown): Signal | undefined {
  if (!isObject(value)) return undefined;
  const { type, address, tenantId, socketId, userId, at, socketIds, message, nodeId, tenants } = value;
  const isIt = {
    presence: () =>
      isAddress(address) &&
      addressKey(address) === addressKey(heardOn) &&
      ["joined", "left", "updated"].every((list) => isMembers(value[list])),
    direct: () =>
      typeof tenantId === "string" &&
      Array.isArray(socketIds) &&
      socketIds.every((id) => typeof id === "string") &&
      isMessage(message),
    end: () => typeof tenantId === "string" && typeof socketId === "string",
    revoke: () => typeof tenantId === "string" && typeof userId === "string" && Number.isFinite(at),
    watch: () => typeof nodeId === "string" && Array.isArray(tenants) && tenants.every((id) => typeof id === "string"),
    ask: () => isBetweenNodes(value) && isObject(value["question"]) && typeof value["question"]["kind"] === "string",
    answer: () => isBetweenNodes(value) && (value["error"] === undefined ? "value" in value : isError(value["error"])),
  };
  const known = typeof type === "string" && Object.hasOwn(isIt, type) ? isIt[type as keyof typeof isIt] : undefined;
  return known?.() === true ? (value as unknown as Signal) : undefined;
}

function isBetweenNodes({ id, from }: Readonly<Record<string, unknown>>): boolean {
  return typeof id === "string" && typeof from === "string";
}

function isError(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { code, message, details } = value;
  return typeof code === "string" && typeof message === "string" && (details === undefined || isObject(details));
}

function isAddress(value: unknown): value is ChannelAddress {
  if (!isObject(value)) return false;
  const { tenantId, name, userId } = value;
  return (
    typeof tenantId === "string" && typeof name === "string" && (userId === undefined || typeof userId === "string")
  );
}

function isMembers(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (member) =>
        isObject(member) &&
        typeof member["socketId"] === "string" &&
        (member["userId"] === null || typeof member["userId"] === "string") &&
        Number.isFinite(member["joinedAt"]),
    )
  );
}

function isMessage(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { id, event, data, sender, timestamp } = value;
  return (
    typeof id === "string" &&
    isEventName(event) &&
    data !== undefined &&
    (sender === undefined || isSender(sender)) &&
    Number.isFinite(timestamp)
  );
}
