import {
  GatewayError,
  type ChannelAction,
  type ChannelAddress,
  type ErrorCode,
  type Principal,
} from "@roomcast/protocol";
import type { PolicyContext } from "../policy.ts";
import { Refusal } from "../refusal.ts";
import type { Services } from "../services.ts";

/** Whether somebody may do something, and what that is owed to or the error that a client would be told. */
export interface Decision {
  readonly allowed: boolean;
  readonly by?: "rule" | "grant";
  readonly code?: ErrorCode;
  readonly message?: string;
}

export type Decisions = Readonly<Record<ChannelAction, Decision>>;

/**
 * What the policy says to all that `principal` may want of a channel. To publish takes to follow, so that it is decided as
 * for one who follows where that is allowed.
 */
export async function decisionsFor(
  services: Pick<Services, "hooks" | "policy">,
  principal: Principal,
  address: ChannelAddress,
  context: PolicyContext = { following: false },
): Promise<Decisions> {
  const decide = async (action: ChannelAction, known = context): Promise<Decision> => {
    try {
      const { hooks, policy } = services;
      const verdict = await hooks.bound("rule", () => policy.decide(principal, action, address, known));
      if (verdict.allowed) return { allowed: true, by: verdict.by };
      throw new Refusal(action, address.name);
    } catch (thrown) {
      const { code, message } = GatewayError.from(thrown);
      return { allowed: false, code, message };
    }
  };
  const subscribe = await decide("subscribe");
  const following = context.following === false ? (subscribe.by ?? false) : context.following;
  const [presence, history, publish] = await Promise.all([
    decide("presence"),
    decide("history"),
    decide("publish", { ...context, following }),
  ]);
  return { subscribe, presence, history, publish };
}
