import { ClusterLink, type ClusterLinkOptions } from "./cluster-link.ts";
import type { RedisLink, RedisLinkOptions } from "./link.ts";
import { SentinelLink, type SentinelLinkOptions } from "./sentinel-link.ts";
import { SingleLink } from "./single-link.ts";

/** One Redis, by its URL; a Redis Cluster, by those of some of its nodes; or the Redis that Sentinels say is the primary. */
export type RedisTarget =
  | Pick<RedisLinkOptions, "url">
  | { readonly cluster: Pick<ClusterLinkOptions, "rootNodes"> }
  | { readonly sentinel: Omit<SentinelLinkOptions, "failed"> };

/** Makes the link to Redis; it connects when it is started. Throws for URLs that are none. */
export function connectRedis(options: RedisTarget & Pick<RedisLinkOptions, "failed">): RedisLink {
  const failed = options.failed === undefined ? undefined : { failed: options.failed };
  if ("cluster" in options) return new ClusterLink({ ...options.cluster, ...failed });
  if ("sentinel" in options) return new SentinelLink({ ...options.sentinel, ...failed });
  return new SingleLink({ url: options.url, ...failed });
}
