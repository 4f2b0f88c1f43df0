export {
  addressKey,
  beginningOf,
  checkChannelName,
  checkEventName,
  isChannelName,
  isEventName,
  isIdempotencyKey,
  isReservedName,
  isTenantId,
  isUserId,
  RESERVED_EVENTS,
  utf8Length,
  type ChannelAddress,
} from "./address.ts";
export type { ChannelRights, ChannelRule, Keep, Right, RuleFunction } from "./channel-rule.ts";
export {
  REPLY_BYTES,
  REPLY_ENTRIES,
  type ChannelTarget,
  type Command,
  type CommandResult,
  type CommandResults,
  type CommandType,
  type DirectTarget,
  type Outcome,
  type Recovery,
} from "./commands.ts";
export {
  checkEvents,
  defineChannels,
  isChannelContract,
  type ChannelContract,
  type ChannelDefinition,
  type ChannelDefinitions,
  type ChannelPublisher,
  type InferEvents,
  type PublishingGateway,
} from "./contract.ts";
export {
  frameEvent,
  type Decoded,
  type Dialect,
  type Frame,
  type Handshake,
  type Reply,
  type SessionFacts,
} from "./dialect.ts";
export {
  checkPosition,
  directTarget,
  historyLimit,
  nativeDialect,
  NATIVE_PROTOCOL,
  toRealtimeEvent,
} from "./dialects/native.ts";
export { steedosDialect, type SteedosOptions } from "./dialects/steedos.ts";
export { plazerDialect } from "./dialects/plazer.ts";
export { twakeDialect } from "./dialects/twake.ts";
export {
  ERROR_TABLE,
  GatewayError,
  invalidPayload,
  type ErrorCode,
  type ErrorDetails,
  type TokenFailure,
  type WireError,
} from "./errors.ts";
export type { AnyEvents, ChannelName, EventName, EventsOf, SentOf } from "./event-map.ts";
export type { EventSource, Member, Position, RealtimeEvent } from "./events.ts";
export {
  compileFilter,
  splitPath,
  valueAt,
  type CompiledFilter,
  type Filter,
  type FilterCondition,
  type Scalar,
} from "./filter.ts";
export { asObject, checkJson } from "./json.ts";
export { checkReadableName, OPERATOR_CHANNELS, operatorRight, type OperatorChannel } from "./operator-channels.ts";
export { compilePattern, type ChannelPattern, type PatternOwner, type PatternParams } from "./pattern.ts";
export {
  CHANNEL_ACTIONS,
  isPrivileged,
  ROLES,
  type ChannelAction,
  type Credentials,
  type Principal,
  type Role,
} from "./principal.ts";
export type { DirectMessage, PresenceChange, Publication, Push } from "./pushes.ts";
export type {
  EventSchemas,
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
  StandardSchema,
} from "./standard-schema.ts";
