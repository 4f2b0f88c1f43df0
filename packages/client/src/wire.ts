import type { Member, Position, RealtimeEvent } from "@roomcast/protocol";

/** What a reader is told in the reply to `subscribe` and `join`. */
export interface RecoveryReply {
  readonly position?: Position;
  readonly recovered?: boolean;
  readonly events?: readonly RealtimeEvent[];
}

export interface MembersReply {
  readonly members: readonly Member[];
  readonly total: number;
  readonly cursor?: string;
}

export type JoinReply = MembersReply & RecoveryReply;

/** One page of a channel's log. */
export interface HistoryPage {
  /** Oldest first. */
  readonly events: readonly RealtimeEvent[];
  /** The top of the log. */
  readonly position?: Position;
}

/** What changed among the members of a channel. Apply it idempotently, by `socketId`. */
export interface PresenceEvent {
  readonly channel: string;
  readonly joined: readonly Member[];
  readonly left: readonly Member[];
  readonly updated: readonly Member[];
}

/** Events of a channel were lost for this client: reload your state and its members, you now follow from `position`. */
export interface GapEvent {
  readonly channel: string;
  /** Absent where the channel keeps no history. */
  readonly position?: Position | undefined;
}

/** A subscription is in force: on this connection, what is published from now on is handed out. */
export interface SubscribedEvent {
  readonly topic: string;
  readonly subscriptionId: string;
  /** Absent where the channel keeps no history: what happened while there was no connection is lost without a `gap`. */
  readonly position?: Position | undefined;
}

/** What the server told of this session when it began. */
export interface SessionInfo {
  readonly socketId: string;
  /** Null for anonymous visitors. */
  readonly userId: string | null;
  readonly tenantId: string;
  readonly nodeId: string;
  /** Milliseconds since 1970, by the server's clock. */
  readonly expiresAt: number | null;
  /** Milliseconds since 1970, by the server's clock, when it was sent. */
  readonly serverTime: number;
}
