import type { Revocations } from "@roomcast/core";
import type { Keys } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import { script } from "./scripts.ts";

/** The longest life of a token by default: older revocations can concern none. */
const REMEMBER_MS = 31 * 24 * 60 * 60 * 1000;

/** KEYS: the user's. ARGV: the moment, milliseconds to remember it for. A later moment stays. */
const REVOKE = script(`
local before = redis.call('GET', KEYS[1])
if not before or tonumber(before) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);

/** The revocations of all nodes behind one Redis. */
export class RedisRevocations implements Revocations {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #rememberMs: number;

  constructor(options: { link: RedisLink; keys: Keys; rememberMs?: number }) {
    this.#link = options.link;
    this.#keys = options.keys;
    this.#rememberMs = options.rememberMs ?? REMEMBER_MS;
  }

  async revoke(tenantId: string, userId: string, at: number): Promise<void> {
    await this.#link.run(REVOKE, [this.#key(tenantId, userId)], [at, this.#rememberMs]);
  }

  async revokedAt(tenantId: string, userId: string): Promise<number | undefined> {
    const key = this.#key(tenantId, userId);
    const moment = Number((await this.#link.command(key, ["GET", key])) ?? Number.NaN);
    return Number.isFinite(moment) ? moment : undefined;
  }

  #key(tenantId: string, userId: string): string {
    return this.#keys.tenant(tenantId, `revoked:${userId}`);
  }
}
