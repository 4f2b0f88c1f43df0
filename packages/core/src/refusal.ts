import { GatewayError, type ChannelAction } from "@roomcast/protocol";

const VERBS: Readonly<Record<ChannelAction, string>> = {
  subscribe: "follow",
  publish: "publish to",
  presence: "see or join the members of",
  history: "read the history of",
};

/** What somebody is told who may not. */
export function refusal(action: ChannelAction): GatewayError {
  return new GatewayError("FORBIDDEN", `You may not ${VERBS[action]} this channel`);
}
