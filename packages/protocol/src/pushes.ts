import type { ChannelAddress } from "./address.ts";
import type { WireError } from "./errors.ts";
import type { EventSource, Member, Position } from "./events.ts";

/** One event on a channel, as the engine carries it between nodes and to each dialect. */
export interface Publication {
  readonly type: "publication";
  readonly address: ChannelAddress;
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
  readonly source: EventSource;
  readonly sender?: { readonly userId: string | null; readonly socketId?: string };
  /** The form in which a client of some dialect said it; see the command `publish`. */
  readonly form?: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly position?: Position;
}

/** What changed among the members of a channel, gathered over a short window. */
export interface PresenceChange {
  readonly type: "presence";
  readonly address: ChannelAddress;
  readonly joined: readonly Member[];
  readonly left: readonly Member[];
  readonly updated: readonly Member[];
}

/** What the server says unasked. A dialect has a form for each, or says nothing. */
export type Push =
  | Publication
  | PresenceChange
  /** A direct message to the session. */
  | { readonly type: "direct"; readonly message: DirectMessage }
  /** Events of this channel were lost for this reader, who follows from `position` on. */
  | { readonly type: "gap"; readonly address: ChannelAddress; readonly position: Position | undefined }
  | { readonly type: "expiring"; readonly expiresAt: number }
  /** A failure that answers no command, such as a subscription that ended because its right was lost. */
  | { readonly type: "error"; readonly error: WireError; readonly address?: ChannelAddress }
  /** Said last, before the connection ends. */
  | { readonly type: "closing"; readonly error: WireError; readonly reconnect: boolean };

export interface DirectMessage {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
  readonly sender?: { readonly userId: string | null; readonly socketId?: string };
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}
