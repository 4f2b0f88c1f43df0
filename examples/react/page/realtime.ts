import { createRealtimeHooks } from "@roomcast/react";

export interface Message {
  readonly id: number;
  readonly author: string;
  readonly text: string;
  readonly writtenAt: number;
}

/** What is said on which channel. */
interface Events {
  "chat:{room}": { typing: null; created: { resource: Message } };
  "notifications:{userId}": { notification: { by: string; text: string } };
}

export const { RealtimeProvider, useChannel, useConnection, useNotifications, usePresence, useResource } =
  createRealtimeHooks<Events>();

export const ROOM = "chat:lobby";
