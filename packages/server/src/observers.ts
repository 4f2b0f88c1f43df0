import type { AuditRecord, Observer } from "@roomcast/core";
import type { ErrorCode, EventSource } from "@roomcast/protocol";

/** Several observers as one; each hears everything, in the order given. */
export function combineObservers(observers: readonly Observer[]): Required<Observer> {
  return new Observers(observers);
}

class Observers implements Required<Observer> {
  readonly #all: readonly Observer[];

  constructor(all: readonly Observer[]) {
    this.#all = all;
  }

  connected(dialect: string): void {
    for (const observer of this.#all) observer.connected?.(dialect);
  }

  disconnected(dialect: string, reason: ErrorCode | "client"): void {
    for (const observer of this.#all) observer.disconnected?.(dialect, reason);
  }

  subscriptions(change: number): void {
    for (const observer of this.#all) observer.subscriptions?.(change);
  }

  published(source: EventSource, followed: boolean): void {
    for (const observer of this.#all) observer.published?.(source, followed);
  }

  delivered(dialect: string, count: number): void {
    for (const observer of this.#all) observer.delivered?.(dialect, count);
  }

  filtered(count: number): void {
    for (const observer of this.#all) observer.filtered?.(count);
  }

  dropped(reason: "slow" | "no-form" | "malformed", count: number): void {
    for (const observer of this.#all) observer.dropped?.(reason, count);
  }

  refused(code: ErrorCode, tenantId?: string): void {
    for (const observer of this.#all) observer.refused?.(code, tenantId);
  }

  audited(tenantId: string, record: AuditRecord): void {
    for (const observer of this.#all) observer.audited?.(tenantId, record);
  }

  failed(where: string, error: unknown): void {
    for (const observer of this.#all) observer.failed?.(where, error);
  }
}
