import type { ErrorCode, EventSource } from "@roomcast/protocol";
import type { AuditRecord } from "./audit.ts";

/**
 * What happens in the engine, for metrics and logs. Called on hot paths: each method must be cheap and must not throw.
 * Labels come from closed sets, never from a client's strings.
 */
export interface Observer {
  connected?(dialect: string): void;
  disconnected?(dialect: string, reason: ErrorCode | "client"): void;
  /** A node's subscriptions changed by `change`. */
  subscriptions?(change: number): void;
  /** A publication was accepted on this node; `followed`: on a channel that has readers here. */
  published?(source: EventSource, followed: boolean): void;
  /** A publication was written to `count` sessions of a dialect on this node. */
  delivered?(dialect: string, count: number): void;
  /** A publication had no match among `count` sessions with filters. */
  filtered?(count: number): void;
  /** Frames that were meant for a session and were not written. */
  dropped?(reason: "slow" | "no-form" | "malformed", count: number): void;
  /** A command, handshake or request was refused; of a tenant where it is known whose it was. */
  refused?(code: ErrorCode, tenantId?: string): void;
  /** Somebody did something that is written down. */
  audited?(tenantId: string, record: AuditRecord): void;
  /** Something failed that no caller is told the cause of. */
  failed?(where: string, error: unknown): void;
}
