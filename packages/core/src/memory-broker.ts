import {
  addressKey,
  GatewayError,
  isReservedName,
  utf8Length,
  type ChannelAddress,
  type Publication,
} from "@roomcast/protocol";
import type {
  Broker,
  BrokerKind,
  BrokerReader,
  Closer,
  Draft,
  HistoryPage,
  HistoryQuery,
  Keep,
  Published,
  PublishOptions,
  Signal,
} from "./broker.ts";
import type { BrokerRecord } from "./broker-record.ts";
import { ChannelLog, type LogEntry } from "./channel-log.ts";
import { systemClock, type Clock } from "./clock.ts";
import { Deadlines } from "./deadlines.ts";
import { IdempotencyKeys } from "./idempotency.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";

/** How long epoch and offset outlive the log, so that an idle reader sees no false gap. */
const REMEMBER_MS = 24 * 60 * 60 * 1000;
/** What an entry costs beside its JSON. */
const ENTRY_BYTES = 200;

export interface MemoryBrokerOptions {
  readonly clock?: Clock;
  readonly limits?: Pick<Limits, "channelsPerTenant" | "historyBytesPerChannel" | "historyBytesPerTenant">;
}

/** The logs of a tenant, and its entries in the order of acceptance. */
interface TenantLogs {
  readonly logs: Map<string, ChannelLog>;
  /** Logs that nothing was ever published to, oldest first: the first to be forgotten when there are too many. */
  readonly unpublished: Set<string>;
  bytes: number;
  oldest: LogEntry | undefined;
  newest: LogEntry | undefined;
}

/** The broker of a single node: logs in memory, announcements by a call. */
export class MemoryBroker implements Broker, BrokerKind, Closer {
  readonly kind = "memory";
  readonly #clock: Clock;
  readonly #limits: Pick<Limits, "channelsPerTenant" | "historyBytesPerChannel" | "historyBytesPerTenant">;
  readonly #tenants = new Map<string, TenantLogs>();
  readonly #subscribed = new Map<string, number>();
  readonly #deadlines: Deadlines;
  readonly #idempotency = new IdempotencyKeys();
  readonly #run = Math.random().toString(36).slice(2, 10);
  #reader: BrokerReader | undefined;
  #count = 0;
  #sealed = false;
  /** Whether the end of the oldest idempotency key is waited for. */
  #sweeping = false;

  constructor(options: MemoryBrokerOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#deadlines = new Deadlines(this.#clock);
  }

  start(_nodeId: string, reader: BrokerReader): Promise<void> {
    this.#reader = reader;
    return Promise.resolve();
  }

  async publish(address: ChannelAddress, draft: Draft, options: PublishOptions): Promise<Published> {
    if (this.#sealed) throw new GatewayError("UNAVAILABLE", "The broker is closed");
    const key = addressKey(address);
    const now = this.#clock.now();
    const once = options.idempotency;
    let id: string | undefined;
    if (once !== undefined) {
      const known = this.#idempotency.find({ channel: key, ...once }, draft, now);
      if (known !== undefined) return known;
      if (!this.#idempotency.idTaken(key, once.key)) id = once.key;
    }
    id ??= this.#uniqueId();
    const log = options.keep === false ? undefined : this.#log(address, key, options.keep, now);
    const position = log === undefined ? undefined : { epoch: log.epoch, offset: log.position.offset + 1 };
    const published: Published = position === undefined ? { id } : { id, position };
    const publication: Publication = { type: "publication", address, ...draft, ...published };
    if (log !== undefined) this.#append(address.tenantId, key, log, publication, now, options.bytes);
    if (once !== undefined) {
      this.#idempotency.add({ channel: key, ...once }, draft, published, now);
      this.#forgetKeysLater();
    }
    if (this.#subscribed.has(key)) this.#reader?.publication(publication);
    return published;
  }

  async signal(address: ChannelAddress, signal: Signal): Promise<void> {
    if (this.#subscribed.has(addressKey(address))) this.#reader?.signal(address, signal);
  }

  async subscribe(address: ChannelAddress): Promise<() => void> {
    const key = addressKey(address);
    this.#subscribed.set(key, (this.#subscribed.get(key) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#subscribed.get(key) ?? 1) - 1;
      if (left === 0) this.#subscribed.delete(key);
      else this.#subscribed.set(key, left);
    };
  }

  async history(address: ChannelAddress, keep: Keep, query: HistoryQuery): Promise<HistoryPage> {
    const now = this.#clock.now();
    const log = this.#log(address, addressKey(address), keep, now);
    this.#trim(address.tenantId, log, now);
    return log.read(query);
  }

  /** Refuses publications from now on, with `UNAVAILABLE`. */
  seal(): void {
    this.#sealed = true;
  }

  /** What the broker holds, for the process that comes after this one; seal it before. */
  *records(): Generator<BrokerRecord> {
    for (const [tenantId, tenant] of this.#tenants) {
      for (const [key, log] of tenant.logs) {
        const { epoch, keep, touchedAt, position } = log;
        const { events: publications } = log.read({ limit: log.size });
        const address = addressOf(tenantId, key);
        yield { kind: "log", address, epoch, top: position.offset, keep, touchedAt, publications };
      }
    }
    for (const { once, digest, published, at } of this.#idempotency.entries()) {
      yield { kind: "key", once, digest, published, at };
    }
  }

  /**
   * Takes over what another process held; before the first publication. Records must be given to one process only: two
   * that go on with one epoch would give the same positions to different events.
   */
  restore(record: BrokerRecord): void {
    if (record.kind === "key") {
      this.#idempotency.restore(record);
      this.#forgetKeysLater();
      return;
    }
    const { address, epoch, top, keep, touchedAt, publications } = record;
    const { tenantId } = address;
    const key = addressKey(address);
    const log = new ChannelLog(epoch, keep, touchedAt, top - publications.length);
    const tenant = this.#tenant(tenantId);
    tenant.logs.set(key, log);
    if (top === 0) tenant.unpublished.add(key);
    this.#forgetLater(tenantId, key, log);
    for (const publication of publications) this.#append(tenantId, key, log, publication, this.#clock.now());
  }

  async close(): Promise<void> {
    this.seal();
    this.#deadlines.clear();
    this.#tenants.clear();
    this.#reader = undefined;
  }

  /** Generated ids hold a character that idempotency keys cannot have, so that no client takes one in advance. */
  #uniqueId(): string {
    return `${this.#run}~${(++this.#count).toString(36)}`;
  }

  #log(address: ChannelAddress, key: string, keep: Keep, now: number): ChannelLog {
    const tenant = this.#tenant(address.tenantId);
    let log = tenant.logs.get(key);
    if (log === undefined) {
      if (!isReservedName(address.name)) this.#makeRoom(tenant);
      log = new ChannelLog(this.#uniqueId(), keep, now);
      tenant.logs.set(key, log);
      tenant.unpublished.add(key);
      this.#forgetLater(address.tenantId, key, log);
    }
    log.keep = keep;
    log.touchedAt = now;
    return log;
  }

  #tenant(tenantId: string): TenantLogs {
    let tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) {
      tenant = { logs: new Map(), unpublished: new Set(), bytes: 0, oldest: undefined, newest: undefined };
      this.#tenants.set(tenantId, tenant);
    }
    return tenant;
  }

  #makeRoom(tenant: TenantLogs): void {
    if (tenant.logs.size < this.#limits.channelsPerTenant) return;
    const [spare] = tenant.unpublished;
    if (spare === undefined) {
      const limit = "channelsPerTenant";
      throw new GatewayError("LIMIT_REACHED", "The tenant has too many channels", { details: { limit } });
    }
    tenant.unpublished.delete(spare);
    this.#deadlines.cancel(tenant.logs.get(spare)?.forgetting);
    tenant.logs.delete(spare);
  }

  #append(
    tenantId: string,
    key: string,
    log: ChannelLog,
    publication: Publication,
    now: number,
    bytes = utf8Length(JSON.stringify(publication.data) ?? ""),
  ): void {
    const tenant = this.#tenant(tenantId);
    tenant.unpublished.delete(key);
    const entry = log.append(publication, bytes + ENTRY_BYTES);
    if (!isReservedName(publication.address.name)) this.#link(tenant, entry);
    this.#trim(tenantId, log, now);
    while (tenant.bytes > this.#limits.historyBytesPerTenant && tenant.oldest !== undefined) {
      this.#drop(tenant, tenant.oldest.log);
    }
    this.#ageLater(tenantId, log);
  }

  /** Among those of which the tenant may have so much; what the gateway itself keeps is not pushed out by its clients. */
  #link(tenant: TenantLogs, entry: LogEntry): void {
    tenant.bytes += entry.bytes;
    entry.older = tenant.newest;
    if (tenant.newest !== undefined) tenant.newest.newer = entry;
    tenant.newest = entry;
    tenant.oldest ??= entry;
  }

  /** Drops what is too much or too old for the channel. */
  #trim(tenantId: string, log: ChannelLog, now: number): void {
    const tenant = this.#tenant(tenantId);
    const bornBefore = now - log.keep.seconds * 1000;
    for (let oldest = log.oldest; oldest !== undefined; oldest = log.oldest) {
      const fits = log.size <= log.keep.size && log.bytes <= this.#limits.historyBytesPerChannel;
      if (fits && oldest.publication.timestamp > bornBefore) return;
      this.#drop(tenant, log);
    }
  }

  #drop(tenant: TenantLogs, log: ChannelLog): void {
    const entry = log.shift();
    if (isReservedName(entry.publication.address.name)) return;
    tenant.bytes -= entry.bytes;
    if (entry.older === undefined) tenant.oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === undefined) tenant.newest = entry.older;
    else entry.newer.older = entry.older;
  }

  /** Ages the log also when nobody writes or asks, so that its memory comes back. */
  #ageLater(tenantId: string, log: ChannelLog): void {
    const oldest = log.oldest;
    if (oldest === undefined || log.ageing !== undefined) return;
    log.ageing = this.#deadlines.schedule(oldest.publication.timestamp + log.keep.seconds * 1000, () => {
      log.ageing = undefined;
      this.#trim(tenantId, log, this.#clock.now());
      this.#ageLater(tenantId, log);
    });
  }

  /** Forgets keys also when nobody publishes with one, so that their memory comes back. */
  #forgetKeysLater(): void {
    const at = this.#idempotency.oldestEndsAt;
    if (at === undefined || this.#sweeping) return;
    this.#sweeping = true;
    this.#deadlines.schedule(at, () => {
      this.#sweeping = false;
      this.#idempotency.sweep(this.#clock.now());
      this.#forgetKeysLater();
    });
  }

  #forgetLater(tenantId: string, key: string, log: ChannelLog): void {
    const at = Math.max(log.touchedAt + log.keep.seconds * 1000, this.#clock.now()) + REMEMBER_MS;
    log.forgetting = this.#deadlines.schedule(at, () => {
      const tenant = this.#tenants.get(tenantId);
      if (tenant === undefined) return;
      const now = this.#clock.now();
      // A log with readers stays, however idle it is.
      if (this.#subscribed.has(key)) log.touchedAt = now;
      if (log.size > 0 || log.touchedAt + log.keep.seconds * 1000 + REMEMBER_MS > now) {
        this.#forgetLater(tenantId, key, log);
        return;
      }
      tenant.logs.delete(key);
      tenant.unpublished.delete(key);
      if (tenant.logs.size === 0) this.#tenants.delete(tenantId);
    });
  }
}

/** The address behind a key: a tenant id has no slash, a name no space. */
function addressOf(tenantId: string, key: string): ChannelAddress {
  const [name, userId] = key.slice(tenantId.length + 1).split(" ");
  return userId === undefined ? { tenantId, name: name as string } : { tenantId, name: name as string, userId };
}
