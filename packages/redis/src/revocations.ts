import type { Closer, Revocations } from "@roomcast/core";
import type { Keys } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import { script } from "./scripts.ts";

/** The longest life of a token by default: older revocations can concern none. */
const REMEMBER_MS = 31 * 24 * 60 * 60 * 1000;
/** Revocations of its own that a node keeps, at most, for a Redis that comes back without them. */
const KEPT = 10_000;
/** What is written again at once. */
const AT_ONCE = 200;
/** Up to so long after Redis has come back, so that not all nodes write at once; and between attempts. */
const AGAIN_MS = 1000;

export interface RedisRevocationsOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly rememberMs?: number;
  readonly failed?: (where: string, error: unknown) => void;
}

/** KEYS: the user's. ARGV: the moment, milliseconds to remember it for. A later moment stays. */
const REVOKE = script(`
local before = tonumber(redis.call('GET', KEYS[1]) or '')
if not before or before < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);

/**
 * The revocations of all nodes behind one Redis. Each node writes its own again when it has lost Redis for a while, for
 * Redis may have lost them; those of nodes that have gone are lost with a Redis that keeps nothing.
 */
export class RedisRevocations implements Revocations, Closer {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #rememberMs: number;
  readonly #failed: NonNullable<RedisRevocationsOptions["failed"]>;
  /** Moments by key, oldest first. */
  readonly #own = new Map<string, number>();
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RedisRevocationsOptions) {
    this.#link = options.link;
    this.#keys = options.keys;
    this.#rememberMs = options.rememberMs ?? REMEMBER_MS;
    this.#failed = options.failed ?? (() => undefined);
    this.#link.onResumed(() => this.#writeSoon());
  }

  async revoke(tenantId: string, userId: string, at: number): Promise<void> {
    const key = this.#key(tenantId, userId);
    await this.#write(key, at);
    const moment = Math.max(at, this.#own.get(key) ?? at);
    this.#own.delete(key);
    this.#own.set(key, moment);
    for (const [oldest] of this.#own) {
      if (this.#own.size <= KEPT) break;
      this.#own.delete(oldest);
    }
  }

  async revokedAt(tenantId: string, userId: string): Promise<number | undefined> {
    const key = this.#key(tenantId, userId);
    const moment = Number((await this.#link.command(key, ["GET", key])) ?? Number.NaN);
    return Number.isFinite(moment) ? moment : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
  }

  #writeSoon(): void {
    clearTimeout(this.#again);
    if (this.#closed || this.#own.size === 0) return;
    this.#again = setTimeout(() => {
      this.#writeAgain().catch((error: unknown) => {
        this.#failed("revocations", error);
        this.#writeSoon();
      });
    }, Math.random() * AGAIN_MS);
    this.#again.unref();
  }

  async #writeAgain(): Promise<void> {
    const own = [...this.#own];
    for (let at = 0; at < own.length; at += AT_ONCE) {
      await Promise.all(own.slice(at, at + AT_ONCE).map(async ([key, moment]) => await this.#write(key, moment)));
    }
  }

  async #write(key: string, at: number): Promise<void> {
    await this.#link.run(REVOKE, [key], [at, this.#rememberMs]);
  }

  #key(tenantId: string, userId: string): string {
    return this.#keys.tenant(tenantId, `revoked:${userId}`);
  }
}
