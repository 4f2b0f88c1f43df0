import type { RealtimeEvent } from "../../api/types.ts";

/** The actions that the page has words for. */
export const ACTIONS = [
  "disconnect",
  "revoke",
  "broadcast",
  "direct",
  "notify",
  "signIn",
  "signOut",
  "issueToken",
] as const;

/** Somebody did something. */
export interface AuditEntry {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly action: string;
  readonly who: string | null;
  readonly via: string | null;
  /** To whom or what: a user, a connection or a channel, as the action has it; several where users were notified. */
  readonly targets: readonly string[];
  /** What these are; undefined where that is not known. */
  readonly kind: "user" | "connection" | "channel" | undefined;
  readonly event: RealtimeEvent;
}

const KINDS: ReadonlyMap<string, AuditEntry["kind"]> = new Map([
  ["disconnect", "connection"],
  ["revoke", "user"],
  ["broadcast", "channel"],
  ["direct", "user"],
  ["notify", "user"],
  ["issueToken", "user"],
]);

type Fields = Readonly<Record<string, unknown>>;

/** An event of the audit channel, however little of it is there. */
export function readEntry(event: RealtimeEvent): AuditEntry {
  const payload = fieldsOf(event.payload);
  const by = fieldsOf(payload["by"]);
  const details = fieldsOf(payload["details"]);
  const action = textOf(payload["action"]) ?? event.event;
  const target = textOf(payload["target"]);
  const users: readonly unknown[] = Array.isArray(details["users"]) ? details["users"] : [];
  return {
    id: event.id,
    at: event.timestamp,
    action,
    who: textOf(by["userId"]),
    via: textOf(by["via"]),
    targets: target === null ? users.filter((user) => typeof user === "string") : [target],
    kind: action === "direct" && details["to"] === "socket" ? "connection" : KINDS.get(action),
    event,
  };
}

/** Whether an action is one, and a person did it or had it done; an empty filter lets all through. */
export function isSought(entry: AuditEntry, filter: { readonly action: string; readonly person: string }): boolean {
  if (filter.action !== "" && entry.action !== filter.action) return false;
  const person = filter.person.trim().toLowerCase();
  if (person === "") return true;
  const names = [entry.who ?? "", ...entry.targets];
  return names.some((name) => name.toLowerCase().includes(person));
}

/** New entries and old ones, each once, newest first. */
export function mergeEntries(live: readonly AuditEntry[], past: readonly AuditEntry[]): readonly AuditEntry[] {
  const known = new Set(past.map(({ id }) => id));
  return [...live.filter(({ id }) => !known.has(id)), ...past];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
