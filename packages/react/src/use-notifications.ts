import type { AnyEvents, EventName, EventsOf, RealtimeError } from "@roomcast/client";
import { useMemo, useSyncExternalStore } from "react";
import type { Notification } from "./notification-list.ts";
import { useRealtime } from "./realtime.ts";
import { useKeyed } from "./use-keyed.ts";

/** What `Events` says of `notifications:{userId}`: any payload where it says nothing. */
export type NotificationOf<Events extends object> = ByName<EventsOf<Events, `notifications:${string}`>>;

type ByName<Map> = string extends keyof Map
  ? Notification
  : [keyof Map] extends [never]
    ? Notification
    : { [Name in EventName<Map>]: Notification<Map[Name]> & { readonly event: Name } }[EventName<Map>];

export interface Notifications<Events extends object = AnyEvents> {
  /** Newest first, at most the provider's `maxNotifications`. */
  readonly notifications: readonly NotificationOf<Events>[];
  /** How many of them are not read. */
  readonly unread: number;
  /** Why there may be some that are missing. */
  readonly error: RealtimeError | undefined;
  /** Marks one as read, in this page alone. */
  readonly markRead: (id: string) => void;
  readonly markAllRead: () => void;
}

/**
 * The notifications of the user that the session is of: those that the server keeps, and those that come. All components
 * share them.
 */
export function useNotifications<Events extends object = AnyEvents>(): Notifications<Events> {
  const { connection, notifications: store } = useRealtime("useNotifications");
  const userId = useSyncExternalStore(
    connection.subscribe,
    () => connection.get().session?.userId ?? undefined,
    () => undefined,
  );
  const { notifications, unread, error } = useKeyed(store, userId);
  const actions = useMemo(
    () => ({
      markRead: (id: string) => store.markRead(userId, id),
      markAllRead: () => store.markRead(userId),
    }),
    [store, userId],
  );
  return { notifications: notifications as readonly NotificationOf<Events>[], unread, error, ...actions };
}
