export { RedisBroker, type RedisBrokerObserver, type RedisBrokerOptions } from "./broker.ts";
export { ClusterLink, type ClusterLinkOptions } from "./cluster-link.ts";
export { connectRedis, type RedisTarget } from "./connect.ts";
export { Keys } from "./keys.ts";
export { type RedisLink, type RedisLinkOptions } from "./link.ts";
export { redisParts, type RedisParts, type RedisPartsOptions, type RedisPartsSettings } from "./parts.ts";
export { RedisPresenceStore, type RedisPresenceStoreOptions } from "./presence.ts";
export { RedisRevocations } from "./revocations.ts";
export { SingleLink } from "./single-link.ts";
