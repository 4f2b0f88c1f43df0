import type { ChannelName, RealtimeClient } from "@roomcast/client";
import type { ReactElement } from "react";
import type { PresenceSnapshot } from "./presence-store.ts";
import { RealtimeProvider, type RealtimeProviderProps } from "./provider.tsx";
import type { ResourceLoader } from "./resource-store.ts";
import { useChannel, type Channel, type ChannelHandlers, type ChannelOptions } from "./use-channel.ts";
import { useConnection, type Connection } from "./use-connection.ts";
import { useNotifications, type Notifications } from "./use-notifications.ts";
import { usePresence, type PresenceOptions } from "./use-presence.ts";
import { useResource, type Resource, type ResourceOptions } from "./use-resource.ts";

/** The provider and the hooks, for the channels and events of one application. */
export interface RealtimeHooks<Events extends object> {
  readonly RealtimeProvider: (props: RealtimeProviderProps<Events>) => ReactElement;
  readonly useConnection: () => Connection<Events>;
  readonly useChannel: <Name extends ChannelName<Events>>(
    name: Name | null | undefined,
    handlers?: ChannelHandlers<Events, Name>,
    options?: ChannelOptions,
  ) => Channel<Events, Name>;
  readonly usePresence: (name: ChannelName<Events> | null | undefined, options?: PresenceOptions) => PresenceSnapshot;
  readonly useNotifications: (client?: RealtimeClient<Events> | null) => Notifications<Events>;
  readonly useResource: <Item>(
    room: ChannelName<Events> | null | undefined,
    loader: ResourceLoader<Item>,
    options?: ResourceOptions<Item>,
  ) => Resource<Item>;
}

/**
 * The same provider and hooks, with the types of `Events`, such as `{ "chat:{room}": { message: { text: string } } }`, so that
 * no call needs to say them.
 */
export function createRealtimeHooks<Events extends object>(): RealtimeHooks<Events> {
  return {
    RealtimeProvider: RealtimeProvider<Events>,
    useConnection: useConnection<Events>,
    useChannel: (name, handlers, options) => useChannel(name, handlers, options),
    usePresence: usePresence<Events>,
    useNotifications: useNotifications<Events>,
    useResource: (room, loader, options) => useResource(room, loader, options),
  };
}
