import { z } from "@hono/zod-openapi";
import { KEPT_SECONDS } from "@roomcast/core";
import { queryNumber } from "./schemas.ts";

const rate = z.number().min(0);
const count = z.int().min(0);
const moment = z.int().openapi({ description: "The end of the interval, in milliseconds since 1970" });
const seconds = z.number().openapi({ description: "How long the interval was" });
const refused = z.record(z.string(), rate).openapi({ description: "How many a second, by error code" });

export const NodeSampleSchema = z
  .object({
    t: moment,
    nodeId: z.string(),
    seconds,
    connections: count,
    channels: count,
    subscriptions: count,
    in: rate.openapi({ description: "Events accepted on this node, a second" }),
    out: rate.openapi({ description: "Events written to sessions of this node, a second" }),
    bytes: rate.openapi({ description: "Given to sockets, a second" }),
    latency: z.tuple([z.number(), z.number(), z.number()]).nullable().openapi({
      description: "Milliseconds from acceptance to writing: p50, p95, p99. Null where nothing was written",
    }),
    refused,
    dropped: rate.openapi({ description: "Frames a second that were meant for sessions and lost" }),
    backlog: z.number().openapi({ description: "Bytes that wait for clients, as last counted" }),
    slow: count.openapi({ description: "Connections that have more waiting than they may" }),
    rss: z.number(),
    heap: z.number(),
    loop: z.tuple([z.number(), z.number()]).openapi({ description: "Milliseconds of event-loop delay: p50, p99" }),
    cpu: z.number().openapi({ description: "Of one core; may be more than 1" }),
    draining: z.boolean(),
  })
  .openapi("NodeSample");

const TenantSampleSchema = z
  .object({ t: moment, nodeId: z.string(), seconds, connections: count, channels: count, in: rate, out: rate, refused })
  .openapi("TenantSample");

const unreachable = z.array(z.string()).openapi({ description: "Nodes that did not answer in time" });

export const ClusterStatsSchema = z
  .object({ nodes: z.array(z.object({ nodeId: z.string(), samples: z.array(NodeSampleSchema) })), unreachable })
  .openapi("ClusterStats");
export const TenantStatsSchema = z
  .object({ nodes: z.array(z.object({ nodeId: z.string(), samples: z.array(TenantSampleSchema) })), unreachable })
  .openapi("TenantStats");

export const NodeSchema = z
  .object({
    nodeId: z.string(),
    version: z.string().nullable(),
    startedAt: z.int().openapi({ description: "Milliseconds since 1970" }),
    host: z.string().nullable(),
    pid: z.int().nullable(),
    reachable: z
      .boolean()
      .openapi({ description: "Whether it answered; what only it can say is null where it did not" }),
    draining: z.boolean().nullable(),
    connections: count.nullable(),
    channels: count.nullable(),
    broker: z
      .object({
        kind: z.enum(["memory", "redis", "other"]),
        healthy: z.boolean(),
        latencyMs: z.number().nullable(),
        error: z.string().nullable(),
      })
      .nullable(),
    latest: NodeSampleSchema.nullable(),
  })
  .openapi("Node");

export const ConfigSchema = z
  .object({
    nodeId: z.string(),
    version: z.string(),
    config: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({ description: "Null where the node was put together without a configuration" }),
  })
  .openapi("NodeConfig");

export const StatsQuery = z.object({
  seconds: queryNumber(1, KEPT_SECONDS)
    .default(KEPT_SECONDS)
    .openapi({ type: "integer", minimum: 1, maximum: KEPT_SECONDS, default: KEPT_SECONDS }),
});
