import { GatewayError, type ChannelAction } from "@roomcast/protocol";

const VERBS: Readonly<Record<ChannelAction, string>> = {
  subscribe: "follow",
  publish: "publish to",
  presence: "see or join the members of",
  history: "read the history of",
};

/** What somebody is told who may not. */
export class Refusal extends GatewayError {
  /** Of several that a command may have named, the one that it was refused for. */
  readonly #channel: string;

  constructor(action: ChannelAction, channel: string) {
    super("FORBIDDEN", `You may not ${VERBS[action]} this channel`);
    this.#channel = channel;
  }

  get channel(): string {
    return this.#channel;
  }
}
