import {
  checkChannelName,
  checkEventName,
  checkJson,
  GatewayError,
  invalidPayload,
  isIdempotencyKey,
  isTenantId,
  isUserId,
  utf8Length,
  type ChannelAddress,
} from "@roomcast/protocol";
import type { Broker, Draft, HistoryPage, HistoryQuery, Published, PublishOptions } from "./broker.ts";
import type { Clock } from "./clock.ts";
import type { Limits } from "./limits.ts";
import type { Observer } from "./observer.ts";
import { settingsOf, type ChannelPolicy } from "./policy.ts";

/** What is to be published: a draft that has not been accepted yet. */
export type PublishInput = Omit<Draft, "timestamp"> & Omit<PublishOptions, "keep">;

/** The one way into channels: whoever publishes, by whatever door, comes through here after having been authorised. */
export class Publisher {
  readonly #broker: Broker;
  readonly #policy: ChannelPolicy;
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #limits: Limits;

  constructor(options: { broker: Broker; policy: ChannelPolicy; clock: Clock; observer: Observer; limits: Limits }) {
    this.#broker = options.broker;
    this.#policy = options.policy;
    this.#clock = options.clock;
    this.#observer = options.observer;
    this.#limits = options.limits;
  }

  /** Publishes what a dialect has checked already. Rejects, or throws where the policy does. */
  publish(address: ChannelAddress, input: PublishInput): Promise<Published> {
    const { event, data, source, sender, form, idempotency, bytes } = input;
    const draft: Draft = {
      event,
      data,
      source,
      ...(sender === undefined ? undefined : { sender }),
      ...(form === undefined ? undefined : { form }),
      timestamp: this.#clock.now(),
    };
    this.#observer.published?.(source);
    return this.#broker.publish(address, draft, {
      keep: settingsOf(this.#policy, address).keep,
      ...(idempotency === undefined ? undefined : { idempotency }),
      ...(bytes === undefined ? undefined : { bytes }),
    });
  }

  /** Publishes what an application gave: checks it as a command would be. Rejects with `INVALID_PAYLOAD` or `FORBIDDEN`. */
  async publishChecked(address: ChannelAddress, input: PublishInput): Promise<Published> {
    this.check(address, input);
    // An application may go on changing what it gave; what is kept must be what was published.
    const text = jsonText(input.data);
    return await this.publish(address, { ...input, data: JSON.parse(text), bytes: utf8Length(text) });
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

/** `data` as JSON sees it. Throws `INVALID_PAYLOAD` for what has no JSON: cycles, functions, bigints. */
export function toJson(data: unknown): unknown {
  return JSON.parse(jsonText(data));
}

function jsonText(data: unknown): string {
  if (data === undefined) return "null";
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw new GatewayError("INVALID_PAYLOAD", "The data cannot be written as JSON", { cause });
  }
  if (text === undefined) throw invalidPayload("data", "a JSON value");
  return text;
}
