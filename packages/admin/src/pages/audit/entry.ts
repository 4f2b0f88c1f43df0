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
export type AuditAction = (typeof ACTIONS)[number];

/** Somebody did something. */
export interface AuditEntry {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly action: string;
  readonly who: string | null;
  readonly via: string | null;
  /** To whom or what: names by kind, such as `userId`. */
  readonly target: readonly (readonly [kind: string, name: string])[];
  readonly event: RealtimeEvent;
}

type Fields = Readonly<Record<string, unknown>>;

/** An event of the audit channel, however little of it is there. */
export function readEntry(event: RealtimeEvent): AuditEntry {
  const payload = fieldsOf(event.payload);
  const by = fieldsOf(payload["by"]);
  return {
    id: event.id,
    at: event.timestamp,
    action: event.event,
    who: textOf(by["userId"]),
    via: textOf(by["via"]),
    target: targetOf(payload["target"]),
    event,
  };
}

/** Whether an action is one, and a person did it or had it done; an empty filter lets all through. */
export function isSought(entry: AuditEntry, filter: { readonly action: string; readonly person: string }): boolean {
  if (filter.action !== "" && entry.action !== filter.action) return false;
  const person = filter.person.trim().toLowerCase();
  if (person === "") return true;
  const names = [entry.who ?? "", ...entry.target.map(([, name]) => name)];
  return names.some((name) => name.toLowerCase().includes(person));
}

/** New entries and old ones, each once, newest first. */
export function mergeEntries(live: readonly AuditEntry[], past: readonly AuditEntry[]): readonly AuditEntry[] {
  const known = new Set(past.map(({ id }) => id));
  return [...live.filter(({ id }) => !known.has(id)), ...past];
}

function targetOf(target: unknown): AuditEntry["target"] {
  if (typeof target === "string") return [["", target]];
  return Object.entries(fieldsOf(target)).flatMap(([kind, value]) => {
    const names: readonly unknown[] = Array.isArray(value) ? value : [value];
    return names.filter((name) => typeof name === "string").map((name) => [kind, name] as const);
  });
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
