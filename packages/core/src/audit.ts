import { asObject, invalidPayload, isUserId, type ChannelAddress } from "@roomcast/protocol";
import type { ChannelSettings } from "./policy.ts";

/** What is written down. */
export const AUDIT_ACTIONS = [
  "disconnect",
  "revoke",
  "broadcast",
  "direct",
  "notify",
  "signIn",
  "signOut",
  "issueToken",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Something that somebody did. */
export interface AuditEntry {
  readonly action: AuditAction;
  /** What it was done to: a user, a connection, a channel. */
  readonly target?: string | null | undefined;
  /** Who did it, and what proved it: a token, an API key, or a session of the admin page. */
  readonly by: { readonly userId: string | null; readonly via: "token" | "key" | "session" };
  /** Further facts, without secrets and payloads. */
  readonly details?: Readonly<Record<string, unknown>> | null | undefined;
}

/** The same as the payload of its event. */
export type AuditRecord = { readonly [Key in keyof AuditEntry]-?: Exclude<AuditEntry[Key], undefined> };

export const AUDIT_NAME = "@audit";
/** One name for all of them: `disconnect`, which is one of the actions, can be no event's. */
export const AUDIT_EVENT = "audit";
const SECONDS_A_DAY = 86_400;

/** Kept for those who ask what happened, for longer than other events. */
export const AUDIT_SETTINGS: ChannelSettings = { keep: { size: 1000, seconds: 30 * SECONDS_A_DAY }, slow: "resync" };

/** The reserved channel of a tenant on which it stands what was done there. */
export function auditOf(tenantId: string): ChannelAddress {
  return { tenantId, name: AUDIT_NAME };
}

/** An entry as it is published. Throws `INVALID_PAYLOAD`. */
export function auditRecord({ action, target = null, by, details = null }: AuditEntry): AuditRecord {
  if (!AUDIT_ACTIONS.includes(action)) throw invalidPayload("action", AUDIT_ACTIONS.join(", "));
  if (target !== null && typeof target !== "string") throw invalidPayload("target", "text");
  if (by.userId !== null && !isUserId(by.userId)) throw invalidPayload("by.userId", "a user id or null");
  if (details !== null && asObject(details) === undefined) throw invalidPayload("details", "an object");
  return { action, target, by: { userId: by.userId, via: by.via }, details };
}
