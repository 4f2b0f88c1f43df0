import type { ConnectionState, RealtimeClient } from "@roomcast/client";
import { createContext, useContext } from "react";
import { createChannelStore, type ChannelStore } from "./channel-store.ts";
import { ConnectionStore } from "./connection-store.ts";
import { NotificationStore } from "./notification-store.ts";
import { PresenceStore } from "./presence-store.ts";

/** What a provider shares with the hooks below it: a client, and what is known through it. */
export class Realtime {
  readonly client: RealtimeClient;
  readonly connection: ConnectionStore;
  readonly channels: ChannelStore;
  readonly presence: PresenceStore;
  readonly notifications: NotificationStore;

  constructor(options: { client: RealtimeClient; initial: ConnectionState; maxNotifications: number }) {
    const { client, initial, maxNotifications } = options;
    this.client = client;
    this.connection = new ConnectionStore({ client, initial });
    this.channels = createChannelStore(client);
    this.presence = new PresenceStore({ client });
    this.notifications = new NotificationStore({ client, channels: this.channels, limit: maxNotifications });
  }
}

export const RealtimeContext = createContext<Realtime | undefined>(undefined);

/** What the provider above shares; throws where there is none. */
export function useRealtime(hook: string): Realtime {
  const realtime = useContext(RealtimeContext);
  if (realtime === undefined) throw missingProvider(hook);
  return realtime;
}

export function missingProvider(hook: string): Error {
  return new Error(`${hook} needs a <RealtimeProvider> around the component that calls it`);
}
