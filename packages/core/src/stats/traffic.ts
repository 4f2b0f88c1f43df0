import { isReservedName, OPERATOR_CHANNELS, type ChannelAddress, type ErrorCode } from "@roomcast/protocol";
import type { Busiest } from "./busiest.ts";

/** What one tenant has and did on this node, since it was first heard of. */
export class TenantTraffic {
  connections = 0;
  /** Channels that somebody follows here, without the gateway's own; `held` counts those too. */
  channels = 0;
  held = 0;
  in = 0;
  out = 0;
  /** Made for the first refusal: most tenants never have one. */
  refused: Map<ErrorCode, number> | undefined;

  /** Whether there is nothing here that would go on counting. */
  get idle(): boolean {
    return this.connections === 0 && this.held === 0;
  }
}

/** A channel of the hub, as far as it is counted. */
export interface CountedChannel {
  readonly key: string;
  readonly address: ChannelAddress;
  readonly tenant: TenantTraffic;
}

/**
 * What this node did since it began, as numbers that only grow: whoever wants a rate remembers what they were. Operators'
 * channels are left out, so that looking at a gateway does not show in it.
 */
export class Traffic {
  channels = 0;
  subscriptions = 0;
  in = 0;
  out = 0;
  dropped = 0;
  readonly refused = new Map<ErrorCode, number>();
  /** There while somebody wants to know of single channels. */
  busiest: Busiest | undefined;
  readonly #tenants = new Map<string, TenantTraffic>();

  get tenants(): ReadonlyMap<string, TenantTraffic> {
    return this.#tenants;
  }

  /** A tenant's, made where it is not there. */
  tenant(tenantId: string): TenantTraffic {
    let tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) this.#tenants.set(tenantId, (tenant = new TenantTraffic()));
    return tenant;
  }

  /** Lets go of a tenant that is idle. */
  forget(tenantId: string): void {
    if (this.#tenants.get(tenantId)?.idle === true) this.#tenants.delete(tenantId);
  }

  opened({ address, tenant }: CountedChannel): void {
    this.#hold(address, tenant, 1);
  }

  closed({ address, tenant }: CountedChannel): void {
    this.#hold(address, tenant, -1);
  }

  /** An event was accepted. */
  published(address: ChannelAddress): void {
    if (OPERATOR_CHANNELS.has(address.name)) return;
    this.in++;
    this.tenant(address.tenantId).in++;
    this.busiest?.published(address);
  }

  /** An event was written to `count` sessions. Once for each event and channel. */
  delivered(channel: CountedChannel, count: number): void {
    this.out += count;
    channel.tenant.out += count;
    this.busiest?.delivered(channel, count);
  }

  refuse(code: ErrorCode, tenantId: string | undefined): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
    if (tenantId === undefined) return;
    const tenant = this.tenant(tenantId);
    tenant.refused ??= new Map();
    tenant.refused.set(code, (tenant.refused.get(code) ?? 0) + 1);
  }

  #hold({ name }: ChannelAddress, tenant: TenantTraffic, change: 1 | -1): void {
    tenant.held += change;
    if (isReservedName(name)) return;
    tenant.channels += change;
    this.channels += change;
  }
}

/** What grew since it was last asked. */
export interface Growth {
  readonly in: number;
  readonly out: number;
  readonly refused: ReadonlyMap<ErrorCode, number>;
}

/** Remembers what the counters of a node or tenant were. */
export class TrafficReader {
  #in = 0;
  #out = 0;
  #refused: Map<ErrorCode, number> | undefined;

  /** Begins at `traffic` as it is now. */
  constructor(traffic?: Pick<TenantTraffic, "in" | "out" | "refused">) {
    if (traffic !== undefined) this.read(traffic);
  }

  read(traffic: Pick<TenantTraffic, "in" | "out" | "refused">): Growth {
    const growth = {
      in: traffic.in - this.#in,
      out: traffic.out - this.#out,
      refused: this.#grown(traffic.refused),
    };
    this.#in = traffic.in;
    this.#out = traffic.out;
    return growth;
  }

  #grown(counts: ReadonlyMap<ErrorCode, number> | undefined): ReadonlyMap<ErrorCode, number> {
    if (counts === undefined) return NONE;
    const before = (this.#refused ??= new Map());
    const grown = new Map<ErrorCode, number>();
    for (const [code, count] of counts) {
      const more = count - (before.get(code) ?? 0);
      if (more > 0) grown.set(code, more);
      before.set(code, count);
    }
    return grown;
  }
}

const NONE: ReadonlyMap<ErrorCode, number> = new Map();
