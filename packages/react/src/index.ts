"use client";

export { createRealtimeHooks, type RealtimeHooks } from "./create-realtime-hooks.ts";
export type { Notification } from "./notification-list.ts";
export type { Person } from "./people.ts";
export type { PresenceSnapshot } from "./presence-store.ts";
export { RealtimeProvider, type RealtimeProviderProps } from "./provider.tsx";
export type { ResourceId } from "./resource-list.ts";
export type { ResourceLoader } from "./resource-store.ts";
export { useChannel, type Channel, type ChannelHandlers, type ChannelOptions } from "./use-channel.ts";
export { useConnection, type Connection } from "./use-connection.ts";
export { useNotifications, type NotificationOf, type Notifications } from "./use-notifications.ts";
export { usePresence, type PresenceOptions } from "./use-presence.ts";
export { useResource, type Resource, type ResourceOptions } from "./use-resource.ts";
