export { Admission } from "./admission.ts";
export { AUDIT_ACTIONS, type AuditAction, type AuditEntry, type AuditRecord } from "./audit.ts";
export {
  ExpiredCredentials,
  isRoomTokenVerifier,
  type Arrival,
  type ArrivalHook,
  type Authentication,
  type Authenticator,
  type Origin,
  type Revocations,
  type RoomTokenVerifier,
} from "./auth.ts";
export {
  isBrokerKind,
  isCloser,
  isHealthCheck,
  type Broker,
  type BrokerKind,
  type BrokerReader,
  type Closer,
  type Draft,
  type HealthCheck,
  type HistoryPage,
  type HistoryQuery,
  type Keep,
  type Published,
  type PublishOptions,
  type Signal,
} from "./broker.ts";
export type { BrokerRecord } from "./broker-record.ts";
export { systemClock, type Clock } from "./clock.ts";
export type { Connection, ConnectionLoad, EncodedFrame, Wire } from "./connection.ts";
export type { ChannelHistory, HistoryPart, PublishingOptions, ResourceChange } from "./back-end.ts";
export type { ConnectionInfo } from "./connection-info.ts";
export { channelCursor, channelOrder, channelPlace, ChannelSelection, type ChannelPlace } from "./channel-selection.ts";
export { createGateway, Gateway, type GatewayOptions } from "./gateway.ts";
export { draftDigest } from "./idempotency.ts";
export type { ConnectionDetails, PrincipalDetails, SubscriptionDetails } from "./insight/connection-details.ts";
export type { Decision, Decisions } from "./insight/decisions.ts";
export type { ConnectionRates } from "./insight/gauges.ts";
export type { Incident } from "./insight/incident.ts";
export type { Answers, ChannelDetails, Insight, RuleQuestion, UserReport } from "./insight/insight.ts";
export type { NodeAbout, NodeInfo } from "./insight/node-registry.ts";
export type { Answerer, AnswerTo, Question, QuestionKind, QuestionKinds } from "./insight/questions.ts";
export type { RightTexts, RuleListing, RuleMatch } from "./insight/rule-match.ts";
export { DEFAULT_LIMITS, type Limits } from "./limits.ts";
export type { ChannelListing, ConnectionFilter, ListQuery } from "./list-queries.ts";
export { isAskedFor } from "./member-filter.ts";
export { MemoryBroker, type MemoryBrokerOptions } from "./memory-broker.ts";
export { MemoryPresenceStore } from "./memory-presence.ts";
export { MemoryRevocations } from "./memory-revocations.ts";
export type { Observer } from "./observer.ts";
export type { ChannelPolicy, ChannelSettings, PolicyContext, RoomTokenNames, Verdict } from "./policy.ts";
export type {
  ChannelOrder,
  ChannelQuery,
  ChannelSort,
  ChannelSummary,
  MemberFilter,
  MemberQuery,
  MemberRecord,
  Page,
  PresenceStore,
} from "./presence.ts";
export type { MembersPage } from "./roster.ts";
export { ChannelRules, type ChannelRule, type Right, type RuleFunction } from "./rules.ts";
export type { Follow, FollowListener } from "./services.ts";
export type { NodeState } from "./stats/answers.ts";
export type { BrokerHealth } from "./stats/broker-health.ts";
export type { HostMeter, HostMeters, HostReading } from "./stats/host-meter.ts";
export type { NodeSample, RefusedRates, TenantSample } from "./stats/samples.ts";
export { KEPT_SECONDS } from "./stats/stats.ts";
export type { FrameInfo, Session, SessionTotals } from "./session.ts";
export { SharedReads } from "./shared-reads.ts";
