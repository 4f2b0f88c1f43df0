import type { Clock } from "@roomcast/core";
import { GatewayError, type Principal, type Role } from "@roomcast/protocol";
import type { CryptoKey } from "jose";
import { fetchKeys } from "./jwks-fetch.ts";
import { importPublicKey, type KeyAlgorithm, type PublicKey } from "./jwks-key.ts";
import { unauthenticated } from "./verify.ts";

/** An issuer whose tokens are taken, and what they may carry. */
export interface JwksEntry {
  /** The `iss` of its tokens. */
  readonly issuer: string;
  /** Where its keys are listed. */
  readonly url: string;
  /** One of these must be in a token's `aud`. */
  readonly audience: string | readonly string[];
  /** Default: all three. */
  readonly algorithms?: readonly KeyAlgorithm[];
  readonly tenants: readonly string[] | "*";
  /** Default: `["client"]`. */
  readonly roles?: readonly Role[];
}

export const KEY_ALGORITHMS: readonly KeyAlgorithm[] = ["RS256", "ES256", "EdDSA"];

/** An unknown `kid` makes an issuer's keys be fetched again, and no sooner than this after the last time. */
const REFETCH_MS = 30_000;
/** After a failure, requests find the issuer away for this long without asking it. */
const RETRY_MS = 1000;
/** Keys older than this are fetched again in passing, so that withdrawn ones go. */
const FRESH_MS = 10 * 60_000;
/** Keys older than this are not used: the issuer has been away for too long to know which of them it withdrew. */
const STALE_MS = 60 * 60_000;
/** Most tokens that may wait for one issuer; what is more is sent away, so that it takes no place from other issuers. */
const MAX_WAITING = 32;

/** One issuer's keys, by `kid`. Fetched from the configured address only, and never twice at once. */
export class JwksIssuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly #entry: JwksEntry;
  readonly #algorithms: ReadonlySet<string>;
  readonly #roles: ReadonlySet<Role>;
  readonly #clock: Clock;
  #keys: readonly PublicKey[] = [];
  #loadedAt = Number.NEGATIVE_INFINITY;
  #refetchedAt = Number.NEGATIVE_INFINITY;
  /** When the last download failed; undefined after one that did not. */
  #failedAt: number | undefined;
  #loading: Promise<void> | undefined;
  #waiting = 0;

  constructor(options: { entry: JwksEntry; clock: Clock }) {
    const { entry } = options;
    this.#entry = entry;
    this.issuer = entry.issuer;
    this.audience = typeof entry.audience === "string" ? [entry.audience] : entry.audience;
    this.#algorithms = new Set<string>(entry.algorithms ?? KEY_ALGORITHMS);
    this.#roles = new Set(entry.roles ?? ["client"]);
    this.#clock = options.clock;
  }

  /** Whether this issuer's tokens may be of this algorithm. */
  accepts(algorithm: unknown): algorithm is KeyAlgorithm {
    return typeof algorithm === "string" && this.#algorithms.has(algorithm);
  }

  /** Whether this issuer may speak for this tenant and these roles. An operator reaches every tenant. */
  reaches(principal: Principal): boolean {
    const { tenants } = this.#entry;
    return (
      (tenants === "*" || (tenants.includes(principal.tenantId) && !principal.roles.includes("operator"))) &&
      principal.roles.every((role) => this.#roles.has(role))
    );
  }

  /** Fetches the keys ahead of the first token. Never rejects: the first token will tell. */
  async prepare(): Promise<void> {
    await this.#load().catch(() => undefined);
  }

  /**
   * The key that verifies a token with this header. Without `kid` that is the only key of the algorithm. Rejects with
   * `UNAUTHENTICATED` where there is none, and with `UNAVAILABLE` where that cannot be known now.
   */
  async key(algorithm: KeyAlgorithm, keyId: string | undefined): Promise<CryptoKey> {
    const justLoaded = await this.#ensureLoaded();
    let candidates = this.#find(algorithm, keyId);
    if (candidates.length === 0 && !justLoaded) {
      await this.#refetch();
      candidates = this.#find(algorithm, keyId);
    }
    const [first, second] = candidates;
    if (first === undefined) throw unauthenticated("The token's key is not known");
    if (keyId === undefined && second !== undefined)
      throw unauthenticated("The token does not say which key it is signed with");
    const found = candidates.find((candidate) => candidate.algorithm === algorithm);
    if (found === undefined) throw unauthenticated("The token's algorithm is not its key's");
    return found.key;
  }

  #find(algorithm: KeyAlgorithm, keyId: string | undefined): readonly PublicKey[] {
    return this.#keys.filter((key) => (keyId === undefined ? key.algorithm === algorithm : key.id === keyId));
  }

  /** Whether it had to wait for a download. */
  async #ensureLoaded(): Promise<boolean> {
    const age = this.#clock.now() - this.#loadedAt;
    if (age < FRESH_MS) return false;
    const load = this.#load();
    if (age < STALE_MS) {
      load.catch(() => undefined);
      return false;
    }
    await load;
    return true;
  }

  async #refetch(): Promise<void> {
    if (this.#loading === undefined) {
      const now = this.#clock.now();
      if (now - this.#refetchedAt < REFETCH_MS) {
        if (this.#failedAt !== undefined) throw away();
        return;
      }
      if (!this.#isResting()) this.#refetchedAt = now;
    }
    await this.#load();
  }

  #isResting(): boolean {
    return this.#failedAt !== undefined && this.#clock.now() - this.#failedAt < RETRY_MS;
  }

  async #load(): Promise<void> {
    if (this.#waiting >= MAX_WAITING) throw away();
    if (this.#loading === undefined) {
      if (this.#isResting()) throw away();
      this.#loading = this.#download().finally(() => {
        this.#loading = undefined;
      });
    }
    this.#waiting++;
    try {
      await this.#loading;
    } finally {
      this.#waiting--;
    }
  }

  async #download(): Promise<void> {
    try {
      const listed = await fetchKeys(this.#entry.url, this.#clock);
      const keys = await Promise.all(listed.map(importPublicKey));
      this.#keys = keys.filter((key) => key !== undefined);
      this.#loadedAt = this.#clock.now();
      this.#failedAt = undefined;
    } catch (thrown) {
      this.#failedAt = this.#clock.now();
      throw away(thrown);
    }
  }
}

function away(cause?: unknown): GatewayError {
  return new GatewayError("UNAVAILABLE", "The keys of the token's issuer cannot be had now", { cause });
}
