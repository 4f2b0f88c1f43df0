import { z } from "@hono/zod-openapi";
import { CHANNEL_ACTIONS, ERROR_TABLE, ROLES, type ErrorCode } from "@roomcast/protocol";
import { channelName, ConnectionSchema, millis, PositionSchema, socketId, userId } from "./schemas.ts";

const CODES = Object.keys(ERROR_TABLE) as ErrorCode[];
const object = z.record(z.string(), z.unknown());
const count = z.int().min(0);
const role = z.enum(ROLES);

export const UserParams = z.object({ userId });

const IncidentSchema = z
  .object({
    at: millis,
    nodeId: z.string(),
    kind: z.enum(["refused", "ended", "dropped"]).openapi({
      description:
        "A command or an arrival was refused; a connection ended; a connection that did not keep up began to miss events",
    }),
    code: z.enum([...CODES, "client"]).openapi({ description: "`client`: it went by itself, or its link broke" }),
    message: z.string().optional(),
    socketId: z.string().optional(),
    dialect: z.string().optional(),
    command: z.string().optional().openapi({ description: "`connect` for an arrival" }),
    channel: z.string().optional(),
    times: count.optional().openapi({ description: "How often it came, where it came again; `at` is the last time" }),
  })
  .openapi("Incident");

const PrincipalSchema = z
  .object({
    userId: z.string().nullable(),
    tenantId: z.string(),
    roles: z.array(role).readonly(),
    anonymous: z.boolean(),
    grants: z.record(z.string(), z.array(z.enum(CHANNEL_ACTIONS)).readonly()),
    grantsOnly: z.boolean(),
    info: object.optional(),
    email: z.string().optional(),
    provider_id: z.string().optional(),
    application_id: z.string().optional(),
    issuedAt: millis.optional(),
    expiresAt: millis.optional(),
  })
  .openapi("Principal");

const SubscriptionSchema = z
  .object({
    channel: z.string(),
    own: z.boolean().openapi({ description: "Whether it is the user's own channel of that name" }),
    subscriptionId: z.string().openapi({ description: "Empty for a membership" }),
    filter: object.optional().openapi({ description: "Left out where it is longer than 4 KiB" }),
    filterBytes: z.int().optional().openapi({ description: "How long such a filter is" }),
    joined: z.boolean(),
    by: z.enum(["rule", "grant", "given"]),
    until: millis.optional(),
    lagging: z.boolean().openapi({ description: "Whether it misses events now" }),
  })
  .openapi("Subscription");

export const ConnectionDetailsSchema = ConnectionSchema.extend({
  principal: PrincipalSchema,
  claims: object.optional().openapi({ description: "What the token says beside the principal, 2 KiB of it" }),
  subscriptions: z.array(SubscriptionSchema).readonly(),
  backlog: z
    .object({ bytes: count, limit: count, overloaded: z.boolean() })
    .openapi({ description: "Bytes that wait for the client, and from how many on it misses events" }),
  rates: z
    .object({
      seconds: z.number().openapi({ description: "Of how many; 0 at the first question, when nothing is known yet" }),
      commandsPerSecond: z.number(),
      eventsPerSecond: z.number(),
      bytesPerSecond: z.number(),
    })
    .openapi({ description: "On average of the last ten seconds, or of less" }),
  totals: z.object({ commands: count, refused: count, events: count, dropped: count, bytes: count }),
  incidents: z.array(IncidentSchema).readonly().openapi({ description: "Of this connection, newest first" }),
}).openapi("ConnectionDetails");

export const UserReportSchema = z
  .object({
    userId: z.string(),
    connections: z.array(ConnectionSchema).readonly().openapi({ description: "100 at most" }),
    revokedAt: millis.nullable().openapi({ description: "When the user's tokens were last ended" }),
    incidents: z.array(IncidentSchema).readonly().openapi({ description: "Newest first, 100 at most" }),
    unreachable: z.array(z.string()).readonly().openapi({ description: "Nodes that did not say what they know" }),
  })
  .openapi("UserReport");

const right = z.string().openapi({ description: "As in the configuration; `function` for one of the application's" });

export const RuleMatchSchema = z
  .object({
    kind: z.enum(["builtIn", "rule", "none", "policy"]).openapi({
      description: "`none`: no rule matches, and the defaults hold; `policy`: the application decides by itself",
    }),
    index: z.int().nullable().openapi({ description: "Among the rules of the configuration, from 0" }),
    match: z.string().nullable(),
    params: z.record(z.string(), z.string()),
    rights: z.object({ subscribe: right, presence: right, history: right, publish: right }),
    keep: z.union([z.literal(false), z.object({ size: z.int(), seconds: z.int() })]),
    slow: z.enum(["disconnect", "resync"]),
    events: z
      .record(z.string(), object)
      .nullable()
      .openapi({ description: "JSON Schemas of what may be published, by event; null for anything" }),
  })
  .openapi("RuleMatch");

export const ChannelDetailsSchema = z
  .object({
    name: z.string(),
    memberCount: count,
    subscriberCount: count,
    position: PositionSchema.nullable().openapi({ description: "null where the channel keeps no history" }),
    rule: RuleMatchSchema,
  })
  .openapi("ChannelDetails");

/** Strict: a name that is misspelt must not have another question answered. */
export const RuleTestBody = z
  .strictObject({
    channel: channelName,
    userId: userId.optional(),
    roles: z.array(role).max(ROLES.length).optional().openapi({ description: "`client` unless given" }),
    anonymous: z.boolean().optional().openapi({ description: "A visitor" }),
    socketId: socketId.optional().openapi({ description: "A connection, of whose own principal is asked" }),
  })
  .refine(
    ({ socketId: socket, userId: user, roles, anonymous }) =>
      socket === undefined || (user === undefined && roles === undefined && anonymous === undefined),
    { path: ["socketId"], message: "must be alone beside channel" },
  )
  .openapi("RuleTest");

const DecisionSchema = z
  .object({
    allowed: z.boolean(),
    by: z.enum(["rule", "grant"]).optional(),
    code: z.enum(CODES).optional(),
    message: z.string().optional(),
  })
  .openapi("Decision");

export const RuleTestResultSchema = RuleMatchSchema.extend({
  decisions: z
    .object({
      subscribe: DecisionSchema,
      presence: DecisionSchema,
      history: DecisionSchema,
      publish: DecisionSchema.openapi({ description: "As for one who follows, where that is allowed" }),
    })
    .nullable()
    .openapi({ description: "null where nobody was named" }),
}).openapi("RuleTestResult");
