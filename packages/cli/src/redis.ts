import { GatewayError } from "@roomcast/protocol";
import { redisParts, type RedisPartsOptions } from "@roomcast/redis";
import type { Parts, RedisConfig, ResolvedConfig } from "@roomcast/server";

const DEFAULT_PORT = "6379";
/** Tokens are taken for a little longer than they live. */
const LEEWAY_MS = 60_000;
/** How long a session of the admin page may last, which signing out ends on all nodes. */
const LONGEST_SESSION_MS = 8 * 60 * 60 * 1000;

/** The parts of a gateway that shares a Redis; none where no Redis is configured. */
export function redisPartsOf(config: ResolvedConfig, failed: NonNullable<RedisPartsOptions["failed"]>): Parts {
  const { redis, limits, auth } = config;
  if (redis === undefined) return {};
  return redisParts({
    ...redis,
    limits,
    revocationsMs: Math.max(auth.jwt.maxTokenSeconds * 1000, LONGEST_SESSION_MS) + LEEWAY_MS,
    failed,
  });
}

/** Host and port, without what would let others in. */
export function redisAddress({ url }: RedisConfig): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === "" ? DEFAULT_PORT : port}`;
}

/** Why no start was possible with this Redis, as one line; undefined where something else is wrong. */
export function redisTrouble(error: unknown, redis: RedisConfig): string | undefined {
  if (!(error instanceof GatewayError) || error.code !== "UNAVAILABLE") return undefined;
  const said = causeOf(error).message.replaceAll(/\s+/g, " ").replace(/\.$/, "");
  const reason = said.startsWith("Redis at ") ? said : `Redis at ${redisAddress(redis)} cannot be used: ${said}`;
  return `${reason} (--redis, ROOMCAST_REDIS_URL or redis.url names it)`;
}

/** The first that is not ours: the gateway says only that there was one. */
function causeOf(error: GatewayError): Error {
  let found: Error = error;
  while (found instanceof GatewayError && found.cause instanceof Error) found = found.cause;
  return found;
}
