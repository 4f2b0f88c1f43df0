import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { Clock } from "@roomcast/core";

/**
 * How far `X-Forwarded-For` and `X-Forwarded-Host` are believed: not at all, or so many proxies, the last of which wrote
 * the last entry. `true` is one.
 */
export type TrustProxy = boolean | number;

/** The most addresses that are remembered at once. */
const MOST_ADDRESSES = 10_000;
const WINDOW_MS = 1000;

interface Bucket {
  tokens: number;
  at: number;
}

export interface HandshakeLimiterOptions {
  readonly clock: Clock;
  /** Steady rate and burst of one address; 0: no limit. */
  readonly perSecond: number;
}

/** Bounds how often one address may open a link: a token bucket for each, which holds one second's worth. */
export class HandshakeLimiter {
  readonly #clock: Clock;
  readonly #perSecond: number;
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: HandshakeLimiterOptions) {
    this.#clock = options.clock;
    this.#perSecond = options.perSecond;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Whether this address may open a link now. */
  take(address: string): boolean {
    if (this.#perSecond === 0) return true;
    const now = this.#clock.now();
    this.#forget(now);
    const key = networkOf(address);
    const bucket = this.#buckets.get(key) ?? { tokens: this.#perSecond, at: now };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    bucket.tokens = Math.min(this.#perSecond, bucket.tokens + (Math.max(0, now - bucket.at) * this.#perSecond) / 1000);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  /** A bucket that was left alone for a window is full, and so the same as none. */
  #forget(now: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (now - bucket.at < WINDOW_MS && this.#buckets.size < MOST_ADDRESSES) return;
      this.#buckets.delete(key);
    }
  }
}

/** Where a request comes from. */
export function clientAddress(request: IncomingMessage, trustProxy: TrustProxy): string | undefined {
  const direct = request.socket.remoteAddress;
  const forwarded = forwardedValue(request.headers["x-forwarded-for"], trustProxy);
  return forwarded !== undefined && isIP(forwarded) !== 0 ? forwarded : direct;
}

/** What the last proxy that is believed wrote into a header which each of them adds to. */
export function forwardedValue(header: string | string[] | undefined, trustProxy: TrustProxy): string | undefined {
  const hops = Number(trustProxy);
  if (header === undefined || hops < 1) return undefined;
  const values = String(header).split(",");
  return values[Math.max(0, values.length - hops)]?.trim();
}

/** The query of a request, without its question mark. */
export function queryOf(request: IncomingMessage): string {
  const url = request.url ?? "";
  const mark = url.indexOf("?");
  return mark === -1 ? "" : url.slice(mark + 1);
}

/** One customer of the internet: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = "", tail = ""] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return groups.map((group) => group.replace(/^0+(?=.)/, "").toLowerCase()).join(":");
}
