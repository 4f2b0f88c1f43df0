import type { RealtimeClient, RealtimeError } from "@roomcast/client";
import type { ChannelStore } from "./channel-store.ts";
import { KeyedStore, type KeyedSource } from "./keyed-store.ts";
import { NotificationList, type NotificationListSnapshot } from "./notification-list.ts";

export interface NotificationSnapshot extends NotificationListSnapshot {
  /** Why there may be some that are missing. */
  readonly error: RealtimeError | undefined;
}

export const NO_NOTIFICATIONS: NotificationSnapshot = { notifications: [], unread: 0, error: undefined };

/**
 * The notifications of the user that a client speaks for. The list is kept while no component looks, and forgotten when
 * somebody else's is asked for; what came meanwhile is read from what the server keeps.
 */
export class NotificationStore implements KeyedSource<NotificationSnapshot> {
  readonly initial = NO_NOTIFICATIONS;
  readonly #client: RealtimeClient;
  readonly #channels: ChannelStore;
  readonly #limit: number;
  readonly #store: KeyedStore<NotificationSnapshot>;
  #kept: { userId: string; list: NotificationList; snapshot: NotificationSnapshot; show: () => void } | undefined;

  constructor(options: { client: RealtimeClient; channels: ChannelStore; limit: number }) {
    this.#client = options.client;
    this.#channels = options.channels;
    this.#limit = options.limit;
    this.#store = new KeyedStore<NotificationSnapshot>({
      initial: NO_NOTIFICATIONS,
      begin: (userId, set) => this.#begin(userId, set),
    });
  }

  get(userId: string | undefined): NotificationSnapshot {
    return this.#kept !== undefined && this.#kept.userId === userId ? this.#kept.snapshot : NO_NOTIFICATIONS;
  }

  subscribe(userId: string | undefined, listener: () => void): () => void {
    return this.#store.subscribe(userId, listener);
  }

  /** Marks one of the user's as read, or all. */
  markRead(userId: string | undefined, id?: string): void {
    if (this.#kept === undefined || this.#kept.userId !== userId) return;
    this.#kept.list.markRead(id);
    this.#kept.show();
  }

  #begin(userId: string, set: (snapshot: NotificationSnapshot) => void): () => void {
    const client = this.#client;
    const channel = `notifications:${userId}`;
    let error: RealtimeError | undefined;
    const list = this.#kept?.userId === userId ? this.#kept.list : new NotificationList({ limit: this.#limit });
    const show = (): void => {
      kept.snapshot = { ...list.snapshot, error };
      set(kept.snapshot);
    };
    const kept = { userId, list, snapshot: { ...list.snapshot, error }, show };
    this.#kept = kept;
    const fill = async (): Promise<void> => {
      try {
        const { events } = await client.socketClient.history(channel, { limit: Math.min(this.#limit, 1000) });
        list.add(events);
        error = undefined;
      } catch (thrown) {
        error = thrown as RealtimeError;
      }
      show();
    };
    let filled = false;
    const followed = (): void => {
      const { status, error: refused, position } = this.#channels.get(channel);
      if (status === "refused") {
        error = refused;
        show();
      } else if (status === "live" && (!filled || position === undefined)) {
        filled = true;
        void fill();
      }
    };
    const stops = [
      client.on(`event:${channel}`, (event) => {
        list.add([event]);
        show();
      }),
      client.on("gap", (gap) => {
        if (gap.channel === channel) void fill();
      }),
      this.#channels.subscribe(channel, followed),
    ];
    followed();
    return () => {
      for (const stop of stops) stop();
    };
  }
}
