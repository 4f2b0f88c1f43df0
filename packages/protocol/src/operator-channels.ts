import { checkChannelName } from "./address.ts";
import type { ChannelAction, Principal, Role } from "./principal.ts";

/** A channel of the gateway's own that those who steer it follow. The gateway alone publishes there. */
export interface OperatorChannel {
  readonly roles: readonly Role[];
  /** Whether there is one in each tenant, or one for all of them. */
  readonly of: "tenant" | "everybody";
  /** Whether it keeps what was said there. */
  readonly history: boolean;
}

/** Of all names that begin with `@` or `$`, those that the native dialect opens. */
export const OPERATOR_CHANNELS: ReadonlyMap<string, OperatorChannel> = new Map([
  ["@stats", { roles: ["admin", "operator"], of: "tenant", history: false }],
  ["@cluster", { roles: ["operator"], of: "everybody", history: false }],
  ["@audit", { roles: ["admin", "operator"], of: "tenant", history: true }],
]);

/**
 * Whether a principal may do this on an operators' channel; undefined for any other name. Neither rules nor grants are
 * asked, and a credential that reaches its grants only reaches none of these.
 */
export function operatorRight(principal: Principal, action: ChannelAction, name: string): boolean | undefined {
  const channel = OPERATOR_CHANNELS.get(name);
  if (channel === undefined) return undefined;
  if (action !== "subscribe" && !(action === "history" && channel.history)) return false;
  if (principal.anonymous || principal.grantsOnly === true) return false;
  return principal.roles.some((role) => channel.roles.includes(role));
}

/** Like `checkChannelName`, but operators' channels are let through: `operatorRight` decides about them. */
export function checkReadableName(value: unknown, path: string): string {
  return typeof value === "string" && OPERATOR_CHANNELS.has(value) ? value : checkChannelName(value, path);
}
