import { addressKey, GatewayError, type ChannelAddress, type Position, type Publication } from "@roomcast/protocol";
import type { Broker, Signal } from "./broker.ts";
import { HubChannel } from "./hub-channel.ts";
import type { Limits } from "./limits.ts";
import type { Observer } from "./observer.ts";
import { settingsOf, type ChannelPolicy } from "./policy.ts";
import type { PresenceStore } from "./presence.ts";
import type { Reader, Subscription } from "./reader.ts";
import type { Traffic } from "./stats/traffic.ts";

/**
 * Who follows what on this node. It asks the broker only for channels that have readers here, and holds the readers'
 * connections themselves, so that a delivery looks nothing up.
 */
export class Hub {
  readonly #broker: Broker;
  readonly #presence: PresenceStore;
  readonly #policy: ChannelPolicy;
  readonly #limits: Limits;
  readonly #observer: Observer;
  readonly #nodeId: string;
  readonly #traffic: Traffic;
  readonly #channels = new Map<string, HubChannel>();

  constructor(options: {
    broker: Broker;
    presence: PresenceStore;
    policy: ChannelPolicy;
    limits: Limits;
    observer: Observer;
    nodeId: string;
    traffic: Traffic;
  }) {
    this.#broker = options.broker;
    this.#presence = options.presence;
    this.#policy = options.policy;
    this.#limits = options.limits;
    this.#observer = options.observer;
    this.#nodeId = options.nodeId;
    this.#traffic = options.traffic;
  }

  get channelCount(): number {
    return this.#channels.size;
  }

  /** The channel, made when nobody follows it yet; a reader must be put on it, or `settle` called. Throws `LIMIT_REACHED`. */
  open(address: ChannelAddress): HubChannel {
    const key = addressKey(address);
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    const tenant = this.#traffic.tenant(address.tenantId);
    const limit = "channelsPerTenant";
    if (tenant.held >= this.#limits[limit]) {
      throw new GatewayError("LIMIT_REACHED", "The tenant has too many channels", { details: { limit } });
    }
    const settings = settingsOf(this.#policy, address);
    const traffic = this.#traffic;
    const channel = new HubChannel({ address, key, settings, observer: this.#observer, tenant, traffic });
    this.#channels.set(key, channel);
    traffic.opened(channel);
    channel.subscribed = this.#broker.subscribe(address);
    // Whoever awaits it is told; the channel goes, so that the next one tries again.
    channel.subscribed.catch(() => this.#forget(channel));
    return channel;
  }

  find(address: ChannelAddress): HubChannel | undefined {
    return this.#channels.get(addressKey(address));
  }

  /** Gives `reader` these subscriptions, instead of those that it had. */
  place(reader: Reader, subscriptions: readonly Subscription[]): void {
    const { channel } = reader;
    const before = channel.size;
    this.#observer.subscriptions?.(subscriptions.length - reader.subscriptions.length);
    channel.place(reader, subscriptions);
    if (channel.size !== before) this.#presence.count(channel.address, this.#nodeId, channel.size);
    this.settle(channel);
  }

  /** Lets go of a channel that nobody here follows. */
  settle(channel: HubChannel): void {
    if (channel.size > 0 || this.#channels.get(channel.key) !== channel) return;
    this.#forget(channel);
    channel.subscribed?.then(
      (release) => release(),
      () => undefined,
    );
  }

  publication(publication: Publication): void {
    this.find(publication.address)?.deliver(publication);
  }

  lost(address: ChannelAddress, position: Position): void {
    this.find(address)?.lost(position);
  }

  presence(address: ChannelAddress, change: Signal & { type: "presence" }): void {
    this.find(address)?.tell(change);
  }

  #forget(channel: HubChannel): void {
    // Another may stand in its place by now.
    if (this.#channels.get(channel.key) !== channel) return;
    this.#channels.delete(channel.key);
    this.#traffic.closed(channel);
  }
}
