import { addressKey, GatewayError, isReservedName, type ChannelAddress } from "@roomcast/protocol";
import type { Limits } from "@roomcast/core";
import { ADMIT, GROW } from "./account-scripts.ts";
import type { Keys } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import { CUT } from "./scripts.ts";

export interface TenantAccountsOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly limits: Pick<Limits, "channelsPerTenant" | "historyBytesPerTenant">;
  /** Milliseconds for which a log's position outlives it. */
  readonly outliveMs: number;
  /** Told when the account could not be kept; it is put right by the next append. */
  readonly failed: (error: unknown) => void;
}

/** How large a channel's log is, and for how many seconds it keeps an event. */
export interface LogSize {
  readonly bytes: number;
  readonly seconds: number;
}

interface Growth {
  readonly logs: Map<string, LogSize>;
  readonly written: Promise<void>;
}

/** Channels of which this node remembers that they have a log; and tenants that are far from their limit. */
const REMEMBERED = 10_000;
/** From this part of the limit on, whoever publishes waits until the tenant's oldest events are gone. */
const NEAR = 0.75;

/**
 * Keeps the limits that a tenant has over all its channels. Its account is in one slot of Redis, its logs are in others:
 * the account says which logs are too much, the node that wrote it cuts them. One call for a tenant and tick.
 */
export class TenantAccounts {
  readonly #options: TenantAccountsOptions;
  /** By key of the address, those used last at the end. */
  readonly #admitted = new Map<string, Promise<void>>();
  readonly #far = new Set<string>();
  readonly #growth = new Map<string, Growth>();

  constructor(options: TenantAccountsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the channel may have a log. Callers go on in the order in which they called. Rejects with `LIMIT_REACHED`
   * and `UNAVAILABLE`.
   */
  async admit(address: ChannelAddress, seconds: number): Promise<void> {
    // What the gateway itself keeps has room, however many channels clients have.
    if (isReservedName(address.name)) return;
    const key = addressKey(address);
    const known = this.#admitted.get(key);
    const admitted = known ?? this.#admit(address, key, seconds);
    if (known !== undefined) this.#admitted.delete(key);
    this.#admitted.set(key, admitted);
    if (known === undefined) {
      // Whoever waits is told; the next one asks again.
      admitted.catch(() => this.#admitted.delete(key));
      const [oldest] = this.#admitted.keys();
      if (this.#admitted.size > REMEMBERED && oldest !== undefined) this.#admitted.delete(oldest);
    }
    await admitted;
  }

  /** Writes down what was appended. Never rejects: what was published is published. */
  async appended(address: ChannelAddress, size: LogSize): Promise<void> {
    const { tenantId } = address;
    let growth = this.#growth.get(tenantId);
    if (growth === undefined) {
      const logs = new Map<string, LogSize>();
      growth = { logs, written: this.#writeSoon(tenantId, logs) };
      this.#growth.set(tenantId, growth);
    }
    growth.logs.set(addressKey(address), size);
    if (!this.#far.has(tenantId)) await growth.written;
  }

  async #admit({ tenantId }: ChannelAddress, key: string, seconds: number): Promise<void> {
    const { link, limits, outliveMs } = this.#options;
    const limit = "channelsPerTenant";
    const args = [limits[limit], seconds * 1000 + outliveMs, key];
    const [admitted] = (await link.run(ADMIT, this.#keys(tenantId), args)) as readonly number[];
    if (admitted === 1) return;
    throw new GatewayError("LIMIT_REACHED", "The tenant has too many channels", { details: { limit } });
  }

  async #writeSoon(tenantId: string, logs: ReadonlyMap<string, LogSize>): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#growth.delete(tenantId);
    try {
      await this.#write(tenantId, logs);
    } catch (error) {
      this.#far.delete(tenantId);
      this.#options.failed(error);
    }
  }

  async #write(tenantId: string, logs: ReadonlyMap<string, LogSize>): Promise<void> {
    const { link, keys, limits, outliveMs } = this.#options;
    const most = limits.historyBytesPerTenant;
    const each = [...logs].flatMap(([key, { bytes, seconds }]) => [key, bytes, seconds * 1000]);
    const reply = await link.run(GROW, this.#keys(tenantId), [most, outliveMs, ...each]);
    const [total, ...cut] = reply as readonly [string, ...string[]];
    if (Number(total) > most * NEAR) this.#far.delete(tenantId);
    else {
      if (this.#far.size >= REMEMBERED) this.#far.clear();
      this.#far.add(tenantId);
    }
    const work: Promise<unknown>[] = [];
    for (let at = 0; at < cut.length; at += 2) {
      const { meta, log } = keys.channelOf(cut[at] as string);
      work.push(link.run(CUT, [meta, log], [cut[at + 1] as string]));
    }
    await Promise.all(work);
  }

  #keys(tenantId: string): readonly string[] {
    return ["logs", "log-ages", "log-bytes"].map((name) => this.#options.keys.tenant(tenantId, name));
  }
}
