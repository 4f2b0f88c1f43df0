import type { ChannelName, EventName, EventsOf, RealtimeEvent } from "@roomcast/protocol";
import type { ConnectionState } from "./connector.ts";
import type { RealtimeError } from "./errors.ts";
import type { GapEvent, PresenceEvent, SessionInfo, SubscribedEvent } from "./wire.ts";

/** An event of a channel, told apart by `event`. */
export type TypedEvent<Map> = string extends keyof Map
  ? RealtimeEvent
  : { [Name in EventName<Map>]: RealtimeEvent & { readonly event: Name; readonly payload: Map[Name] } }[EventName<Map>];

/** What can be listened to. */
export type ListenerName<Events extends object> =
  | "event"
  | "event:@direct"
  | `event:${ChannelName<Events>}`
  | "connection"
  | "session"
  | "subscribed"
  | "error"
  | "presence"
  | `presence:${ChannelName<Events>}`
  | "gap";

/** What a listener of `Name` gets. */
export type ListenerArgument<Events extends object, Name extends string> = Name extends "event" | "event:@direct"
  ? RealtimeEvent
  : Name extends `event:${infer Channel}`
    ? TypedEvent<EventsOf<Events, Channel>>
    : Name extends "connection"
      ? { readonly state: ConnectionState }
      : Name extends "session"
        ? SessionInfo
        : Name extends "subscribed"
          ? SubscribedEvent
          : Name extends "error"
            ? RealtimeError
            : Name extends "gap"
              ? GapEvent
              : PresenceEvent;
