import type { PatternParams } from "./pattern.ts";
import type { Principal } from "./principal.ts";
import type { EventSchemas } from "./standard-schema.ts";

/** Asked for a principal and the parameters of the rule's pattern. Only `true` allows. */
export type RuleFunction = (principal: Principal, params: PatternParams) => boolean | Promise<boolean>;

export type Right = "anyone" | "authenticated" | "owner" | "roomToken" | "service" | "nobody" | RuleFunction;

/** What a channel's log keeps. */
export interface Keep {
  /** Events. */
  readonly size: number;
  readonly seconds: number;
}

/** Who may do what on a channel, and how it behaves. */
export interface ChannelRights {
  /** Who may follow; `"authenticated"` by default. */
  readonly subscribe?: Right;
  /** Who may see members, and be one; what `subscribe` is by default, which it always needs besides. */
  readonly presence?: Right;
  /** Who may read what was kept; what `subscribe` is by default, which it always needs besides. */
  readonly history?: Right;
  /** Who may publish; `"member"` by default: whoever follows the channel. */
  readonly publish?: Right | "member";
  readonly keep?: Keep | false;
  readonly slow?: "disconnect" | "resync";
}

/** The behaviour of the channels that `match` matches. The first rule that matches a channel has it. */
export interface ChannelRule extends ChannelRights {
  readonly match: string;
  /**
   * What may be published there: these events, each as its schema has it. Without it, anything. A rule that has `events` and
   * no `subscribe` opens nothing: who may follow is what it would be without the rule.
   */
  readonly events?: EventSchemas;
}
