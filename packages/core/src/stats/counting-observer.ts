import type { ErrorCode, EventSource } from "@roomcast/protocol";
import type { AuditRecord } from "../audit.ts";
import type { Observer } from "../observer.ts";
import type { Traffic } from "./traffic.ts";

/** Counts, of what happens, what nothing else counts; then tells the observer that the gateway was given. */
export class CountingObserver implements Required<Observer> {
  readonly #traffic: Traffic;
  readonly #next: Observer;

  constructor(traffic: Traffic, next: Observer) {
    this.#traffic = traffic;
    this.#next = next;
  }

  connected(dialect: string): void {
    this.#next.connected?.(dialect);
  }

  disconnected(dialect: string, reason: ErrorCode | "client"): void {
    this.#next.disconnected?.(dialect, reason);
  }

  subscriptions(change: number): void {
    this.#traffic.subscriptions += change;
    this.#next.subscriptions?.(change);
  }

  published(source: EventSource, followed: boolean): void {
    this.#next.published?.(source, followed);
  }

  delivered(dialect: string, count: number): void {
    this.#next.delivered?.(dialect, count);
  }

  filtered(count: number): void {
    this.#next.filtered?.(count);
  }

  dropped(reason: "slow" | "no-form" | "malformed", count: number): void {
    // That a dialect has no word for something is no loss.
    if (reason !== "no-form") this.#traffic.dropped += count;
    this.#next.dropped?.(reason, count);
  }

  refused(code: ErrorCode, tenantId?: string): void {
    this.#traffic.refuse(code, tenantId);
    this.#next.refused?.(code, tenantId);
  }

  audited(tenantId: string, record: AuditRecord): void {
    this.#next.audited?.(tenantId, record);
  }

  failed(where: string, error: unknown): void {
    this.#next.failed?.(where, error);
  }
}
