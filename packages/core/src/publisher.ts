import {
  addressKey,
  checkChannelName,
  checkEventName,
  checkJson,
  invalidPayload,
  isIdempotencyKey,
  isTenantId,
  isUserId,
  utf8Length,
  type ChannelAddress,
} from "@roomcast/protocol";
import type { Broker, Draft, HistoryPage, HistoryQuery, Published, PublishOptions } from "./broker.ts";
import type { Clock } from "./clock.ts";
import type { CheckedData, EventChecks } from "./event-checks.ts";
import { isPromise } from "./hooks.ts";
import type { Hub } from "./hub.ts";
import { draftDigest } from "./idempotency.ts";
import { jsonText } from "./json-text.ts";
import type { Limits } from "./limits.ts";
import type { Observer } from "./observer.ts";
import type { Traffic } from "./stats/traffic.ts";
import { settingsOf, type ChannelPolicy, type ChannelSettings } from "./policy.ts";

/** What is to be published: a draft that has not been accepted yet. */
export type PublishInput = Omit<Draft, "timestamp"> & Omit<PublishOptions, "keep">;

/** A publication that its channel's schemas let pass, as they made it. `Publisher.accept` alone makes these. */
export interface Accepted {
  readonly input: PublishInput;
  readonly settings: ChannelSettings;
}

/** On its way to the broker. */
interface Sent {
  readonly published: Promise<Published>;
}

/** The one way into channels: whoever publishes, by whatever door, comes through here after having been authorised. */
export class Publisher {
  readonly #broker: Broker;
  readonly #policy: ChannelPolicy;
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #limits: Limits;
  readonly #checks: EventChecks;
  readonly #traffic: Traffic;
  readonly #hub: Pick<Hub, "find">;
  /** The newest publication of a back end that waits for a schema, by channel. */
  readonly #turns = new Map<string, Promise<Sent>>();

  constructor(options: {
    broker: Broker;
    policy: ChannelPolicy;
    clock: Clock;
    observer: Observer;
    limits: Limits;
    checks: EventChecks;
    traffic: Traffic;
    hub: Pick<Hub, "find">;
  }) {
    this.#broker = options.broker;
    this.#policy = options.policy;
    this.#clock = options.clock;
    this.#observer = options.observer;
    this.#limits = options.limits;
    this.#checks = options.checks;
    this.#traffic = options.traffic;
    this.#hub = options.hub;
  }

  /**
   * Has the schemas of a channel look at what a dialect has checked already: at once where they answer at once. Throws or
   * rejects like `EventChecks.check`, and throws where the policy does.
   */
  accept(address: ChannelAddress, input: PublishInput): Accepted | Promise<Accepted> {
    const settings = settingsOf(this.#policy, address);
    const { events } = settings;
    if (events === undefined) return { input, settings };
    const said = withDigest(input);
    const checked = this.#checks.check(events, input);
    if (checked === undefined) return { input, settings };
    const accepted = ({ data, bytes }: CheckedData): Accepted => ({ input: { ...said, data, bytes }, settings });
    return isPromise(checked) ? checked.then(accepted) : accepted(checked);
  }

  /** Publishes what was accepted, to the address that it was accepted for. */
  send(address: ChannelAddress, { input, settings }: Accepted): Promise<Published> {
    const { event, data, source, sender, form, idempotency, bytes } = input;
    const draft: Draft = {
      event,
      data,
      source,
      ...(sender === undefined ? undefined : { sender }),
      ...(form === undefined ? undefined : { form }),
      timestamp: this.#clock.now(),
    };
    this.#observer.published?.(source, this.#hub.find(address) !== undefined);
    this.#traffic.published(address);
    return this.#broker.publish(address, draft, {
      keep: settings.keep,
      ...(idempotency === undefined ? undefined : { idempotency }),
      ...(bytes === undefined ? undefined : { bytes }),
    });
  }

  /**
   * Publishes what an application gave: checks it as a command would be. Rejects with `INVALID_PAYLOAD` or `FORBIDDEN`, and
   * `UNAVAILABLE`. What is given later is not published before, whatever time schemas take.
   */
  async publishChecked(given: ChannelAddress, input: PublishInput): Promise<Published> {
    this.check(given, input);
    // An application may go on changing what it gave; what is kept must be what was published.
    const address = { ...given };
    const text = jsonText(input.data);
    const accepted = this.accept(address, { ...input, data: JSON.parse(text), bytes: utf8Length(text) });
    if (!isPromise(accepted) && this.#turns.size === 0) return await this.send(address, accepted);
    return await (
      await this.#inTurn(address, accepted)
    ).published;
  }

  /** Sends what was accepted after everything that back ends gave the channel before it. */
  async #inTurn(address: ChannelAddress, accepted: Accepted | Promise<Accepted>): Promise<Sent> {
    const key = addressKey(address);
    const before = this.#turns.get(key);
    const turn = Promise.allSettled([before, accepted]).then(async () => ({
      published: this.send(address, await accepted),
    }));
    this.#turns.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    }
  }

  check(address: ChannelAddress, input: Pick<PublishInput, "event" | "data" | "idempotency">): void {
    checkAddress(address);
    checkEventName(input.event, "event");
    checkJson(input.data, this.#limits.jsonDepth);
    if (input.idempotency !== undefined && !isIdempotencyKey(input.idempotency.key)) {
      throw invalidPayload("id", "1 to 64 of A-Z, a-z, 0-9, _, ., : and -");
    }
  }

  /** A part of the channel's log, or undefined when it keeps none. */
  async history(address: ChannelAddress, query: HistoryQuery): Promise<HistoryPage | undefined> {
    const { keep } = settingsOf(this.#policy, address);
    return keep === false ? undefined : await this.#broker.history(address, keep, query);
  }
}

/** Throws `INVALID_PAYLOAD` for what is no address, `FORBIDDEN` for the gateway's own names. */
export function checkAddress(address: ChannelAddress): void {
  if (!isTenantId(address.tenantId)) throw invalidPayload("tenantId", "1 to 128 of A-Z, a-z, 0-9, ., _ and -");
  checkChannelName(address.name, "channel");
  if (address.userId !== undefined && !isUserId(address.userId)) throw invalidPayload("userId", "a user id");
}

/** Who says the same again is known by what was said, before a schema made something new of it. */
function withDigest(input: PublishInput): PublishInput {
  const { idempotency } = input;
  return idempotency === undefined ? input : { ...input, idempotency: { ...idempotency, digest: draftDigest(input) } };
}
