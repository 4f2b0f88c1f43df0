import type { CompiledFilter } from "./filter.ts";
import type { Member, Position } from "./events.ts";
import type { Publication } from "./pushes.ts";
import type { TokenFailure, WireError } from "./errors.ts";

/**
 * The channel that a command speaks of. It names no tenant: the engine adds the session's own, so that no frame can yield
 * a command for another. `own` means the channel of that name which belongs to the speaker alone.
 */
export interface ChannelTarget {
  readonly name: string;
  readonly own?: true;
}

/** Where a direct message goes. */
export type DirectTarget = { readonly socketId: string } | { readonly userId: string };

/** What a client may ask for, whatever its dialect calls it. Dialects make these; the engine carries them out. */
export type Command =
  | {
      readonly type: "subscribe";
      readonly channel: ChannelTarget;
      readonly filter?: CompiledFilter;
      readonly subscriptionId?: string;
      readonly since?: Position;
      readonly token?: string;
    }
  | {
      readonly type: "unsubscribe";
      readonly subscriptionId: string;
      /** It need not be there: then there is nothing to do. */
      readonly lenient?: true;
    }
  /** Carried out together, or not at all: where one is refused, none is begun. */
  | { readonly type: "all"; readonly commands: readonly Extract<Command, { type: "subscribe" | "unsubscribe" }>[] }
  | {
      readonly type: "join";
      readonly channel: ChannelTarget;
      readonly state?: unknown;
      readonly since?: Position;
      readonly token?: string;
    }
  | { readonly type: "leave"; readonly channel: ChannelTarget }
  | {
      readonly type: "publish";
      readonly channel: ChannelTarget;
      readonly event: string;
      readonly data: unknown;
      /** Idempotency key. */
      readonly id?: string;
      /** The form in which the dialect's clients say it, where others must tell it from a plain event of that name. */
      readonly form?: string;
      /** A room token, with which one may publish without following the channel. */
      readonly token?: string;
    }
  | { readonly type: "direct"; readonly to: DirectTarget; readonly event: string; readonly data: unknown }
  | { readonly type: "members"; readonly channel: ChannelTarget; readonly cursor?: string }
  | { readonly type: "state"; readonly channel: ChannelTarget; readonly state: unknown }
  | { readonly type: "history"; readonly channel: ChannelTarget; readonly limit: number; readonly since?: Position }
  | { readonly type: "refresh"; readonly token: unknown }
  /** Says who the session speaks for, where its dialect logs in late; later another token of the same user. */
  | {
      readonly type: "login";
      readonly token: unknown;
      /** Claims that tell a token of another purpose: one that has any of them is refused. */
      readonly without?: readonly string[];
    }
  /** Whether users of the session's tenant are connected. */
  | { readonly type: "online"; readonly userIds: readonly string[] }
  | { readonly type: "ping" };

export type CommandType = Command["type"];

/** What a reader gets when it comes to a channel that keeps history. */
export interface Recovery {
  /** Where the reader stands from now on. */
  readonly position?: Position;
  /** Only when `since` was asked: whether `events` is everything that was missed. */
  readonly recovered?: boolean;
  readonly events?: readonly Publication[];
}

/** The result of each command. */
export interface CommandResults {
  readonly subscribe: { readonly subscriptionId: string } & Recovery;
  readonly unsubscribe: Record<never, never>;
  readonly join: { readonly members: readonly Member[]; readonly total: number; readonly cursor?: string } & Recovery;
  readonly leave: Record<never, never>;
  readonly publish: { readonly id: string; readonly position?: Position };
  readonly direct: { readonly id: string; readonly delivered: number };
  readonly members: { readonly members: readonly Member[]; readonly total: number; readonly cursor?: string };
  readonly state: Record<never, never>;
  readonly history: { readonly events: readonly Publication[]; readonly position?: Position };
  readonly refresh: { readonly expiresAt: number | null };
  readonly all: Record<never, never>;
  readonly login: { readonly expiresAt: number | null };
  readonly online: { readonly online: readonly (readonly [userId: string, online: boolean])[] };
  /** Milliseconds since 1970. */
  readonly ping: { readonly serverTime: number };
}

export type CommandResult = CommandResults[CommandType];

export type Outcome =
  | { readonly ok: true; readonly result: CommandResult }
  | {
      readonly ok: false;
      readonly error: WireError;
      /** Of a token that was refused: why, for dialects that tell it. */
      readonly token?: TokenFailure;
    };

/** The most entries that one reply carries before it gives a cursor. */
export const REPLY_ENTRIES = 1000;
/** The most bytes of JSON that one reply carries before it gives a cursor. */
export const REPLY_BYTES = 256 * 1024;
