import type { RealtimeEvent } from "@roomcast/client";

export interface Notification<Payload = unknown> {
  readonly id: string;
  /** `notification`, unless it was published under another name. */
  readonly event: string;
  readonly payload: Payload;
  /** When the server accepted it, in milliseconds since 1970. */
  readonly timestamp: number;
  readonly read: boolean;
}

export interface NotificationListSnapshot {
  /** Newest first. */
  readonly notifications: readonly Notification[];
  readonly unread: number;
}

/** The newest notifications, each once, and which of them were read. What is over the limit is forgotten, oldest first. */
export class NotificationList {
  readonly #limit: number;
  #snapshot: NotificationListSnapshot = { notifications: [], unread: 0 };

  constructor(options: { limit: number }) {
    this.#limit = options.limit;
  }

  get snapshot(): NotificationListSnapshot {
    return this.#snapshot;
  }

  add(events: readonly RealtimeEvent[]): void {
    const known = new Set(this.#snapshot.notifications.map(({ id }) => id));
    const fresh = events
      .filter(({ id }) => !known.has(id) && known.add(id))
      .map(({ id, event, payload, timestamp }): Notification => ({ id, event, payload, timestamp, read: false }));
    if (fresh.length === 0) return;
    // Those of one millisecond stay in the order in which they came.
    const all = [...fresh.toReversed(), ...this.#snapshot.notifications].sort((a, b) => b.timestamp - a.timestamp);
    this.#replace(all.slice(0, this.#limit));
  }

  /** Marks one as read, or all. */
  markRead(id?: string): void {
    this.#replace(
      this.#snapshot.notifications.map((one) =>
        !one.read && (id === undefined || one.id === id) ? { ...one, read: true } : one,
      ),
    );
  }

  #replace(notifications: readonly Notification[]): void {
    this.#snapshot = { notifications, unread: notifications.filter(({ read }) => !read).length };
  }
}
