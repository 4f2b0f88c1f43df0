import { isEventName, type ChannelAddress } from "./address.ts";
import type { ChannelRights, ChannelRule } from "./channel-rule.ts";
import type { ChannelName, EventName, EventsOf, SentOf } from "./event-map.ts";
import { compilePattern } from "./pattern.ts";
import { isStandardSchema, type EventSchemas, type SchemaInput, type SchemaOutput } from "./standard-schema.ts";

/** What is said of the channels of one pattern: their events, who may do what, or both. */
export interface ChannelDefinition extends ChannelRights {
  /** What may be published there, each event as its schema has it; without it, anything. */
  readonly events?: EventSchemas;
}

/** By pattern; the first that matches a channel has it. */
export type ChannelDefinitions = Readonly<Record<string, ChannelDefinition>>;

/** Which channels there are and what is said on them, in one place for servers and clients. */
export interface ChannelContract<Definitions extends ChannelDefinitions = ChannelDefinitions> {
  readonly definitions: Definitions;
  /** The definitions as rules, in their order. */
  readonly rules: readonly ChannelRule[];
  /**
   * The same contract with rights that only the server knows, for any of its patterns. Throws an `Error` for a pattern
   * that the contract has not, and for a key that was given already.
   */
  withRights(rights: { readonly [Pattern in keyof Definitions]?: ChannelRights }): ChannelContract<Definitions>;
  /** A gateway's `publish` that knows the contract. It is checked at run time whoever publishes. */
  publisher<Options, Published>(
    gateway: PublishingGateway<Options, Published>,
  ): ChannelPublisher<EventMapOf<Definitions>, Options, Published>;
}

/** What of a gateway a typed publisher needs. */
export interface PublishingGateway<Options, Published> {
  publish(address: ChannelAddress, event: string, data?: unknown, options?: Options): Promise<Published>;
}

/** Publishes events of a map, and nothing else. */
export interface ChannelPublisher<Events extends object, Options, Published> {
  /** As the gateway's. An event whose schema takes `null` needs no data. */
  publish<Name extends ChannelName<Events>, Event extends EventName<EventsOf<Events, Name>>>(
    address: ChannelAddress & { readonly name: Name },
    event: Event,
    ...rest: DataOf<SentOf<EventsOf<Events, Name>, Event>, Options>
  ): Promise<Published>;
}

type DataOf<Data, Options> = null extends Data ? [data?: Data, options?: Options] : [data: Data, options?: Options];

/** The event map of a contract, as `RealtimeClient` and others take it: `RealtimeClient<InferEvents<typeof contract>>`. */
export type InferEvents<Contract extends { readonly definitions: ChannelDefinitions }> = EventMapOf<
  Contract["definitions"]
>;

type EventMapOf<Definitions> = {
  readonly [Pattern in keyof Definitions]: Definitions[Pattern] extends { readonly events: infer Schemas }
    ? Schemas extends EventSchemas
      ? PayloadsOf<Schemas>
      : never
    : Readonly<Record<string, unknown>>;
};

type Received<Schemas extends EventSchemas> = {
  readonly [Event in keyof Schemas]: AsJson<SchemaOutput<Schemas[Event]>>;
};
type Sent<Schemas extends EventSchemas> = { readonly [Event in keyof Schemas]: SchemaInput<Schemas[Event]> };

/** What arrives; and under the key 0 what is sent, where that is something else (see `SentOf`). */
type PayloadsOf<Schemas extends EventSchemas> = [Received<Schemas>, Sent<Schemas>] extends [
  Sent<Schemas>,
  Received<Schemas>,
]
  ? Received<Schemas>
  : Received<Schemas> & { readonly 0: Sent<Schemas> };

/** What of a value arrives over a wire of JSON: of a `Date`, for one, its text. */
type AsJson<Value> = unknown extends Value
  ? Value
  : Value extends string | number | boolean | null | undefined
    ? Value
    : Value extends { toJSON(): infer Json }
      ? Json
      : Value extends object
        ? { [Key in keyof Value]: AsJson<Value[Key]> }
        : Value;

const RIGHTS: ReadonlySet<string> = new Set<keyof ChannelRights>([
  "subscribe",
  "presence",
  "history",
  "publish",
  "keep",
  "slow",
]);
/** Names that the gateway has rules of its own for. */
const BUILT_IN = /^(user|notifications|org):/;
/** An object has such keys before all others, wherever they were written. */
const INDEX = /^(0|[1-9]\d*)$/;

/**
 * Says which channels there are. The order of the patterns is that of rules: the first that matches a channel has it.
 * Throws an `Error` that says what is wrong: a pattern that is none or that never matches because an equal one stands
 * before it, an event that no event may be called, a schema that is none, an unknown key.
 */
export function defineChannels<Definitions extends ChannelDefinitions>(
  definitions: Definitions,
): ChannelContract<Definitions> {
  if (!isRecord(definitions)) throw new Error("defineChannels takes an object of channel patterns");
  const seen = new Map<string, string>();
  const rules = Object.entries<ChannelDefinition>(definitions).map(([pattern, definition]) => {
    checkPattern(pattern, seen);
    return toRule(pattern, definition);
  });
  return contractOf(definitions, rules);
}

export function isChannelContract(value: unknown): value is ChannelContract {
  return isRecord(value) && Array.isArray(value["rules"]) && isRecord(value["definitions"]);
}

function contractOf<Definitions extends ChannelDefinitions>(
  definitions: Definitions,
  rules: readonly ChannelRule[],
): ChannelContract<Definitions> {
  return Object.freeze<ChannelContract<Definitions>>({
    definitions,
    rules: Object.freeze(rules),
    withRights: (rights) => contractOf(definitions, withRights(rules, rights)),
    publisher: (gateway) => ({
      publish: (address, event, ...[data, options]) => gateway.publish(address, event, data, options),
    }),
  });
}

function withRights(
  rules: readonly ChannelRule[],
  rights: Readonly<Record<string, ChannelRights | undefined>>,
): readonly ChannelRule[] {
  if (!isRecord(rights)) throw new Error("withRights takes an object of channel patterns");
  for (const pattern of Object.keys(rights)) {
    if (!rules.some(({ match }) => match === pattern))
      throw new Error(`There is no channel "${pattern}" in the contract`);
  }
  return rules.map((rule) => {
    const added = Object.hasOwn(rights, rule.match) ? rights[rule.match] : undefined;
    if (added === undefined) return rule;
    const { events: _, ...more } = toRule(rule.match, added);
    if ("events" in added) throw new Error(`The events of "${rule.match}" are said where the contract is`);
    for (const key of Object.keys(more)) {
      if (key !== "match" && key in rule) throw new Error(`"${key}" of the channel "${rule.match}" is given twice`);
    }
    return Object.freeze({ ...rule, ...more });
  });
}

function checkPattern(pattern: string, seen: Map<string, string>): void {
  compilePattern(pattern);
  if (INDEX.test(pattern)) {
    throw new Error(
      `The channel pattern "${pattern}" is a number, which has no place in the order of an object's keys`,
    );
  }
  // What its parameters are called makes no difference to what a pattern matches, but for these two.
  const shape = pattern.replaceAll(/\{(?!userId\}|tenantId\})[^}]*\}/g, "{}");
  const before = seen.get(shape);
  if (before !== undefined)
    throw new Error(`The channel pattern "${pattern}" matches nothing that "${before}" does not`);
  seen.set(shape, pattern);
}

function toRule(match: string, definition: ChannelDefinition): ChannelRule {
  if (!isRecord(definition)) throw new Error(`The channel "${match}" must have an object of events and rights`);
  const rule: Record<string, unknown> = { match };
  for (const [key, value] of Object.entries(definition)) {
    if (value === undefined) continue;
    if (key !== "events" && !RIGHTS.has(key)) {
      throw new Error(`"${key}" of the channel "${match}" is not known; there are events, ${[...RIGHTS].join(", ")}`);
    }
    if (key !== "events" && BUILT_IN.test(match)) {
      throw new Error(
        `"${key}" of the channel "${match}" cannot be said: the gateway has its own rules for such names`,
      );
    }
    rule[key] = key === "events" ? checkEvents(match, value) : value;
  }
  return Object.freeze(rule) as unknown as ChannelRule;
}

/** The events of a channel, frozen. Throws an `Error` that says what is wrong with them. */
export function checkEvents(match: string, events: unknown): EventSchemas {
  const names = isRecord(events) ? Object.entries(events) : [];
  if (names.length === 0) throw new Error(`"events" of the channel "${match}" must be an object of at least one event`);
  for (const [name, schema] of names) {
    const known: unknown = name;
    if (!isEventName(known)) {
      throw new Error(
        `"${name}" of the channel "${match}" cannot be an event: its name must have 1 to 128 characters, and be none that Socket.IO keeps for itself`,
      );
    }
    if (!isStandardSchema(schema)) {
      throw new Error(`The event "${name}" of the channel "${match}" must have a schema that follows Standard Schema`);
    }
  }
  // Shallow: the schemas are their libraries'.
  return Object.freeze(Object.fromEntries(names)) as EventSchemas;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
