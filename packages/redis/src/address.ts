/** Where a Redis is, as it may be told to others: without user name and password. */
export interface RedisAddress {
  /** Such as `redis.example:6379`. */
  readonly where: string;
  readonly tls: boolean;
}

/** Reads a URL. Throws an `Error` that does not repeat it, since it may hold a password. */
export function readRedisUrl(url: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["redis:", "rediss:"].includes(parsed.protocol) || parsed.hostname === "")
    throw new Error("The URL of Redis is none: it looks like redis://user:password@host:6379/0, or rediss:// for TLS");
  if (!/^\/?\d*$/.test(parsed.pathname)) throw new Error("The path of the URL of Redis is the number of a database");
  return {
    where: `${parsed.hostname}:${parsed.port === "" ? "6379" : parsed.port}`,
    tls: parsed.protocol === "rediss:",
  };
}
