import type { AnyEvents, EventName, EventsOf, RealtimeClient, RealtimeError } from "@roomcast/client";
import { useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import type { KeyedSource } from "./keyed-store.ts";
import type { Notification } from "./notification-list.ts";
import { NO_NOTIFICATIONS, type NotificationSnapshot } from "./notification-store.ts";
import { missingProvider, Realtime, RealtimeContext } from "./realtime.ts";
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

/** How many are kept where no provider says it. */
const MAX_NOTIFICATIONS = 100;
/** Where there is no client yet. */
const NOTHING: KeyedSource<NotificationSnapshot> = {
  initial: NO_NOTIFICATIONS,
  get: () => NO_NOTIFICATIONS,
  subscribe: subscribeToNothing,
};

/**
 * The notifications of the user that the session is of: those that the server keeps, and those that come. All components
 * below a provider share them.
 *
 * With a `client` of the application's own no provider is needed: the component then has a list of its own, of the newest
 * 100. Null is for a client that comes later.
 */
export function useNotifications<Events extends object = AnyEvents>(
  client?: RealtimeClient<Events> | null,
): Notifications<Events> {
  const provided = useContext(RealtimeContext);
  if (client === undefined && provided === undefined) throw missingProvider("useNotifications");
  const own = useOwn(client as RealtimeClient | null | undefined);
  const realtime = client === undefined ? provided : own;
  const store = realtime?.notifications;
  const userId = useSyncExternalStore(
    realtime?.connection.subscribe ?? subscribeToNothing,
    () => realtime?.connection.get().session?.userId ?? undefined,
    () => undefined,
  );
  const { notifications, unread, error } = useKeyed(store ?? NOTHING, userId);
  const actions = useMemo(
    () => ({
      markRead: (id: string) => store?.markRead(userId, id),
      markAllRead: () => store?.markRead(userId),
    }),
    [store, userId],
  );
  return { notifications: notifications as readonly NotificationOf<Events>[], unread, error, ...actions };
}

/** What a provider with this client would share, for one component alone. */
function useOwn(client: RealtimeClient | null | undefined): Realtime | undefined {
  const own = useMemo(
    () =>
      client === null || client === undefined
        ? undefined
        : new Realtime({ client, initial: client.state, maxNotifications: MAX_NOTIFICATIONS }),
    [client],
  );
  useEffect(() => own?.connection.start(), [own]);
  return own;
}

function subscribeToNothing(): () => void {
  return ignore;
}

function ignore(): void {}
