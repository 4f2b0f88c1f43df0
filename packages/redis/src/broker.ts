import { addressKey, GatewayError, type ChannelAddress, type Publication } from "@roomcast/protocol";
import {
  DEFAULT_LIMITS,
  SharedReads,
  type Broker,
  type BrokerKind,
  type BrokerReader,
  type Closer,
  type Draft,
  type HealthCheck,
  type HistoryPage,
  type HistoryQuery,
  type Keep,
  type Limits,
  type Published,
  type PublishOptions,
  type Signal,
} from "@roomcast/core";
import { announceSignal, readAnnouncement, readLine, type Announcement } from "./announcement.ts";
import { FollowedChannel, isUnbroken, type LogPart } from "./followed-channel.ts";
import type { Keys } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import { Listening } from "./listening.ts";
import { Outbox } from "./outbox.ts";
import { HISTORY } from "./scripts.ts";
import { TenantAccounts } from "./tenant-accounts.ts";

/** What of a broker goes wrong without anybody waiting for it. */
export interface RedisBrokerObserver {
  /** Something on one of our channels was no announcement. */
  malformed?(where: "announcement" | "log"): void;
  failed?(where: string, error: unknown): void;
}

export interface RedisBrokerOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly limits?: Pick<Limits, "channelsPerTenant" | "historyBytesPerChannel" | "historyBytesPerTenant">;
  readonly observer?: RedisBrokerObserver;
  /**
   * How often Redis is asked whether we are listening, and the positions of the channels that are followed are compared with
   * it; 15 s by default.
   */
  readonly checkSeconds?: number;
  /** How long Redis is listened to after the last reader of a channel has gone, in milliseconds; 5,000 by default. */
  readonly graceMs?: number;
}

/** A part of a log, and about how many bytes its publications take as JSON. */
type SizedPart = LogPart & { readonly bytes: number };

/** How long epoch and offset outlive the log, so that an idle reader sees no false gap. */
const OUTLIVE_MS = 24 * 60 * 60 * 1000;
/** For so long Redis is listened to after the last reader has gone: another often comes. */
const GRACE_MS = 5000;
/** Events that are read at once where some were missed. */
const PART = 500;
/** What an event has besides its line, about: the names of its parts, its channel, its position. */
const EVENT_BYTES = 300;
/** How soon positions are compared again when they could not be. */
const AGAIN_MS = 1000;
/** Channels whose positions are asked for at once. */
const CHECKED_AT_ONCE = 100;

/**
 * The broker of many nodes behind one Redis. Logs are streams, appended to and announced by one script, so that offsets
 * have no hole; announcements are sharded publish/subscribe, to which a node listens only where it has readers. What
 * announcements skip, e.g. while a connection was lost, is read from the log.
 */
export class RedisBroker implements Broker, BrokerKind, Closer, HealthCheck {
  readonly kind = "redis";
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #observer: RedisBrokerObserver;
  readonly #checkMs: number;
  readonly #outbox: Outbox;
  readonly #followed = new Map<string, FollowedChannel>();
  readonly #listening: Listening;
  readonly #reads = new SharedReads<SizedPart>();
  readonly #run = Math.random().toString(36).slice(2, 10);
  #count = 0;
  #reader: BrokerReader | undefined;
  #check: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RedisBrokerOptions) {
    this.#link = options.link;
    this.#keys = options.keys;
    this.#observer = options.observer ?? {};
    this.#checkMs = (options.checkSeconds ?? 15) * 1000;
    const limits = options.limits ?? DEFAULT_LIMITS;
    const accounts = new TenantAccounts({
      link: this.#link,
      keys: this.#keys,
      limits,
      outliveMs: OUTLIVE_MS,
      failed: (error) => this.#observer.failed?.("account", error),
    });
    this.#listening = new Listening({
      link: this.#link,
      graceMs: options.graceMs ?? GRACE_MS,
      failed: (error) => this.#observer.failed?.("unlisten", error),
    });
    this.#outbox = new Outbox({
      link: this.#link,
      keys: this.#keys,
      newId: () => this.#uniqueId(),
      logBytes: limits.historyBytesPerChannel,
      outliveMs: OUTLIVE_MS,
      accounts,
    });
  }

  async start(_nodeId: string, reader: BrokerReader): Promise<void> {
    this.#reader = reader;
    await this.#link.start();
    this.#link.onResumed(() => this.#compareSoon(0));
    this.#compareSoon(this.#checkMs);
  }

  publish(address: ChannelAddress, draft: Draft, options: PublishOptions): Promise<Published> {
    if (this.#closed) return Promise.reject(new GatewayError("UNAVAILABLE", "The broker is closed"));
    return this.#outbox.publish(address, draft, options);
  }

  async signal(address: ChannelAddress, signal: Signal): Promise<void> {
    const { announcements } = this.#keys.channel(address);
    await this.#link.command(announcements, ["SPUBLISH", announcements, announceSignal(signal)]);
  }

  async subscribe(address: ChannelAddress): Promise<() => void> {
    const key = addressKey(address);
    const channel = this.#follow(key, address);
    channel.holders++;
    try {
      await this.#listening.listen(this.#keys.channelOf(key).announcements, (message) => this.#hear(key, message));
    } catch (error) {
      this.#release(key, channel);
      throw error;
    }
    let held = true;
    return () => {
      if (held) this.#release(key, channel);
      held = false;
    };
  }

  async history(address: ChannelAddress, keep: Keep, query: HistoryQuery): Promise<HistoryPage> {
    const key = addressKey(address);
    const { limit, since } = query;
    // A crowd that comes back reads the same.
    const what = JSON.stringify([key, keep.size, keep.seconds, limit, since?.epoch, since?.offset]);
    const { position, first, publications, bytes } = await this.#reads.read(
      what,
      async () => await this.#read(address, keep, query),
    );
    const channel = this.#followed.get(key);
    await channel?.reach(position);
    if (channel?.position !== undefined && channel.position.epoch !== position.epoch) {
      throw new GatewayError("UNAVAILABLE", "The log was begun anew while it was read");
    }
    const complete =
      since !== undefined &&
      since.epoch === position.epoch &&
      since.offset <= position.offset &&
      since.offset + 1 >= first &&
      isUnbroken(publications, since.offset);
    return { events: publications, position, complete, bytes };
  }

  async check(): Promise<void> {
    await this.#link.check();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#check);
    this.#listening.close();
    this.#followed.clear();
    await this.#link.close();
  }

  #follow(key: string, address: ChannelAddress): FollowedChannel {
    const known = this.#followed.get(key);
    if (known !== undefined) return known;
    const channel: FollowedChannel = new FollowedChannel({
      address,
      // What is still being read when the last reader goes is nobody's: who comes next has a place of its own in the log.
      deliver: (announcement) => {
        if (this.#followed.get(key) === channel) this.#deliver(address, announcement);
      },
      lost: (where, position) => {
        if (this.#followed.get(key) === channel) this.#reader?.lost?.(where, position);
      },
      stray: () => this.#observer.malformed?.("announcement"),
      read: async (where, since) => await this.#read(where, undefined, { limit: PART, since }),
    });
    this.#followed.set(key, channel);
    return channel;
  }

  #release(key: string, channel: FollowedChannel): void {
    channel.holders--;
    if (channel.holders > 0) return;
    // Nobody hears what comes from now on; who follows it next begins anew.
    if (this.#followed.get(key) === channel) this.#followed.delete(key);
    this.#listening.leave(this.#keys.channelOf(key).announcements);
  }

  #hear(key: string, message: string): void {
    const channel = this.#followed.get(key);
    if (channel === undefined) return;
    const announcement = readAnnouncement(channel.address, message);
    if (announcement === undefined) this.#observer.malformed?.("announcement");
    else channel.announced(announcement);
  }

  /** The reader must not throw; if it does all the same, that is not the end of what listens. */
  #deliver(address: ChannelAddress, announcement: Announcement): void {
    try {
      if (announcement.kind === "signal") this.#reader?.signal(address, announcement.signal);
      else for (const publication of announcement.publications) this.#reader?.publication(publication);
    } catch (error) {
      this.#observer.failed?.("delivering", error);
    }
  }

  async #read(address: ChannelAddress, keep: Keep | undefined, { limit, since }: HistoryQuery): Promise<SizedPart> {
    const { meta, log } = this.#keys.channel(address);
    const bounds = keep === undefined ? ["", ""] : [keep.size, keep.seconds];
    const reply = await this.#link.run(
      HISTORY,
      [meta, log],
      [this.#uniqueId(), ...bounds, OUTLIVE_MS, limit, since?.epoch ?? "", since?.offset ?? ""],
    );
    const [epoch, top, first, ...entries] = reply as readonly [string, string, string, ...string[]];
    const publications: Publication[] = [];
    let bytes = 0;
    for (let at = 0; at < entries.length; at += 2) {
      const line = entries[at + 1] as string;
      bytes += Buffer.byteLength(line) + EVENT_BYTES;
      const publication = readLine(address, line, { epoch, offset: Number(entries[at]) });
      if (publication === undefined) this.#observer.malformed?.("log");
      else publications.push(publication);
    }
    return { position: { epoch, offset: Number(top) }, first: Number(first), publications, bytes };
  }

  #compareSoon(milliseconds: number): void {
    clearTimeout(this.#check);
    if (this.#closed) return;
    this.#check = setTimeout(() => {
      this.#compare().then(
        () => this.#compareSoon(this.#checkMs),
        (error: unknown) => {
          this.#observer.failed?.("comparing positions", error);
          this.#compareSoon(Math.min(this.#checkMs, AGAIN_MS));
        },
      );
    }, milliseconds);
    this.#check.unref();
  }

  /** Finds what announcements left out without anybody noticing; first of all whether they still come. */
  async #compare(): Promise<void> {
    const [reminded] = await Promise.allSettled([this.#link.remind()]);
    const channels = [...this.#followed.values()].filter(({ position }) => position !== undefined);
    for (let at = 0; at < channels.length; at += CHECKED_AT_ONCE) {
      await Promise.all(
        channels.slice(at, at + CHECKED_AT_ONCE).map(async (channel) => await this.#compareOne(channel)),
      );
    }
    if (reminded.status === "rejected") throw reminded.reason;
  }

  async #compareOne(channel: FollowedChannel): Promise<void> {
    const { position } = await this.#read(channel.address, undefined, { limit: 0 });
    await channel.reach(position);
  }

  #uniqueId(): string {
    return `${this.#run}~${(++this.#count).toString(36)}`;
  }
}
