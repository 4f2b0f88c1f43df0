import {
  isReservedName,
  type ChannelAction,
  type ChannelAddress,
  type EventSchemas,
  type Principal,
} from "@roomcast/protocol";
import { AUDIT_NAME, AUDIT_SETTINGS } from "./audit.ts";
import type { Keep } from "./broker.ts";

/** How a channel behaves, whoever uses it. */
export interface ChannelSettings {
  readonly keep: Keep | false;
  /** What happens to a reader that is too slow for it. */
  readonly slow: "disconnect" | "resync";
  /** What may be published: these events, as their schemas have them. Without it, anything. */
  readonly events?: EventSchemas;
}

/** What is known of who asks, beside the principal. */
export interface PolicyContext {
  /** Whether the session follows the channel already, and what it owes that to; for the right `member`. */
  readonly following: "rule" | "grant" | false;
  /** A room token, where the command brought one. */
  readonly token?: string;
  /** When the right of a room token that the session showed before ends, in milliseconds since 1970; for `roomToken`. */
  readonly until?: number;
}

export type Verdict =
  | { readonly allowed: false }
  | {
      readonly allowed: true;
      /** `grant`: only because of what the principal's credential lists. */
      readonly by: "rule" | "grant";
      /** When the right ends, in milliseconds since 1970, where it ends by itself. */
      readonly until?: number;
      /** Whether to ask again from time to time: the decision came from outside. */
      readonly recheck?: true;
      /** The right was given to the session when it began, and is never looked at again. */
      readonly given?: true;
    };

/**
 * PORT: decides who may do what on a channel. `ChannelRules` implements the rules of the configuration.
 *
 * `decide` answers at once where it can, so that the hot path has nothing to wait for. Rejecting, or taking longer than
 * the engine waits, refuses with `UNAVAILABLE`.
 */
export interface ChannelPolicy {
  settings(address: ChannelAddress): ChannelSettings;
  decide(
    principal: Principal,
    action: ChannelAction,
    address: ChannelAddress,
    context: PolicyContext,
  ): Verdict | Promise<Verdict>;
}

/** ABILITY of policies that can have a room token asked for where nothing else is said. */
export interface RoomTokenNames {
  /** Names that begin with `prefix`, and that no rule matches, ask for a room token from now on. */
  requireRoomTokens(prefix: string): void;
}

export function isRoomTokenNames(value: object): value is RoomTokenNames {
  return "requireRoomTokens" in value && typeof value.requireRoomTokens === "function";
}

/** The gateway's own channels carry what is for now only, but for the one of what was done. */
const RESERVED_SETTINGS: ChannelSettings = { keep: false, slow: "disconnect" };

/** The settings of any channel: a policy is not asked about the gateway's own. */
export function settingsOf(policy: ChannelPolicy, address: ChannelAddress): ChannelSettings {
  if (!isReservedName(address.name)) return policy.settings(address);
  return address.name === AUDIT_NAME ? AUDIT_SETTINGS : RESERVED_SETTINGS;
}
