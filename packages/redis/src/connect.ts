import { ClusterLink, type ClusterLinkOptions } from "./cluster-link.ts";
import type { RedisLink, RedisLinkOptions } from "./link.ts";
import { SingleLink } from "./single-link.ts";

/** One Redis, by its URL, or a Redis Cluster, by those of some of its nodes. */
export type RedisTarget = Pick<RedisLinkOptions, "url"> | { readonly cluster: Pick<ClusterLinkOptions, "rootNodes"> };

/** Makes the link to Redis; it connects when it is started. Throws for URLs that are none. */
export function connectRedis(options: RedisTarget & Pick<RedisLinkOptions, "failed">): RedisLink {
  const failed = options.failed === undefined ? undefined : { failed: options.failed };
  if ("cluster" in options) return new ClusterLink({ ...options.cluster, ...failed });
  return new SingleLink({ url: options.url, ...failed });
}
