export { ChannelHandle } from "./channel-handle.ts";
export { RealtimeClient, type RealtimeClientOptions } from "./client.ts";
export type { ConnectionState } from "./connector.ts";
export { RealtimeError, type RealtimeErrorOptions } from "./errors.ts";
export type { EventStream } from "./event-stream.ts";
export type { HistoryOptions, SocketClient } from "./socket-client.ts";
export type { Token } from "./token-source.ts";
export { decodeToken, getTokenExpiresIn, isTokenExpired, shouldRefreshToken, type TokenClaims } from "./tokens.ts";
export type { ListenerArgument, ListenerName, TypedEvent } from "./types.ts";
export type { GapEvent, HistoryPage, PresenceEvent, SessionInfo, SubscribedEvent } from "./wire.ts";
export type {
  AnyEvents,
  ChannelName,
  EventName,
  EventsOf,
  Filter,
  FilterCondition,
  InferEvents,
  Member,
  Position,
  RealtimeEvent,
  SentOf,
} from "@roomcast/protocol";
