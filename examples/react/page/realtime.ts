import { createRealtimeHooks } from "@roomcast/react";

/** What is said on which channel. */
interface Events {
  "chat:{room}": { typing: null };
  "notifications:{userId}": { notification: { by: string; text: string } };
}

export const { RealtimeProvider, useChannel, useConnection, useNotifications, usePresence, useResource } =
  createRealtimeHooks<Events>();

export const ROOM = "chat:lobby";

export interface Message {
  readonly id: number;
  readonly author: string;
  readonly text: string;
  readonly writtenAt: number;
}
