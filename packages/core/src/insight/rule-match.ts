import type { ChannelAction, ChannelAddress, EventSchemas, Keep, Right } from "@roomcast/protocol";
import type { ChannelPolicy, ChannelSettings } from "../policy.ts";

/** Rights as texts; one that a function decides is `"function"`. */
export type RightTexts = Readonly<Record<ChannelAction, string>>;

/** What holds for a channel, or for all that one rule means. */
export interface RuleMatch {
  /** `none`: no rule matches, and the defaults hold. `policy`: a policy of the application's decides. */
  readonly kind: "builtIn" | "rule" | "none" | "policy";
  /** Among the rules of the configuration, from 0. */
  readonly index: number | null;
  /** The pattern. */
  readonly match: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly rights: RightTexts;
  readonly keep: Keep | false;
  readonly slow: "disconnect" | "resync";
  /** What may be published; null for anything. */
  readonly events: EventSchemas | null;
}

/** ABILITY of policies that can tell what holds where. */
export interface RuleListing {
  /** What holds for a shared channel. */
  matchOf(address: ChannelAddress): RuleMatch;
  /** All that there is, in the order in which it is asked: built-in names first. */
  matches(): readonly RuleMatch[];
}

export function isRuleListing(value: object): value is RuleListing {
  return "matchOf" in value && typeof value.matchOf === "function" && "matches" in value;
}

/** Of a channel whose policy may be anybody's. */
export function matchOf(policy: ChannelPolicy, address: ChannelAddress): RuleMatch {
  if (isRuleListing(policy)) return policy.matchOf(address);
  return { ...POLICY, ...settingsPart(policy.settings(address)) };
}

/** Of a policy that may be anybody's: what cannot be told is one entry for everything. */
export function matchesOf(policy: ChannelPolicy): readonly RuleMatch[] {
  return isRuleListing(policy) ? policy.matches() : [{ ...POLICY, keep: false, slow: "disconnect", events: null }];
}

export function settingsPart({ keep, slow, events }: ChannelSettings): Pick<RuleMatch, "keep" | "slow" | "events"> {
  return { keep, slow, events: events ?? null };
}

/** A function's decision is known only for somebody. */
export function rightTexts(right: (action: ChannelAction) => Right | "member"): RightTexts {
  const text = (action: ChannelAction): string => {
    const found = right(action);
    return typeof found === "function" ? "function" : found;
  };
  return {
    subscribe: text("subscribe"),
    presence: text("presence"),
    history: text("history"),
    publish: text("publish"),
  };
}

/** Built-in names, by what stands before the colon: the name of what follows it, and who may. */
export const BUILT_IN_NAMES: ReadonlyMap<string, { readonly param: string; readonly rights: RightTexts }> = new Map([
  ["user", { param: "userId", rights: ownedBy("service") }],
  ["notifications", { param: "userId", rights: ownedBy("service") }],
  ["org", { param: "tenantId", rights: ownedBy("owner") }],
]);

function ownedBy(publish: string): RightTexts {
  return { subscribe: "owner", presence: "owner", history: "owner", publish };
}

const POLICY = { kind: "policy", index: null, match: null, params: {}, rights: rightTexts(() => () => false) } as const;
