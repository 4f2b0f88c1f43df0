import { OPERATOR_CHANNELS, type ChannelAddress } from "@roomcast/protocol";
import type { Broker, Signal } from "../broker.ts";
import type { Clock } from "../clock.ts";
import type { Directory } from "../directory.ts";
import type { Hub } from "../hub.ts";
import type { Observer } from "../observer.ts";
import { EVERYBODY, type FollowListener } from "../services.ts";
import { Backlog } from "./backlog.ts";
import { Busiest, type Busy } from "./busiest.ts";
import type { HostMeters } from "./host-meter.ts";
import { NodeMeter, type NodeSources } from "./node-meter.ts";
import { rate, refusedRates, type NodeSample, type TenantSample } from "./samples.ts";
import { TenantHistory } from "./tenant-history.ts";
import { TrafficReader, type TenantTraffic, type Traffic } from "./traffic.ts";
import { placeOf, Watchers } from "./watchers.ts";

/** How often what is told is measured, and how often what is kept. */
const LIVE_MS = 1000;
const KEPT_MS = 5000;
/** A quarter of an hour. */
export const KEPT_SECONDS = 900;
const KEPT_SAMPLES = (KEPT_SECONDS * 1000) / KEPT_MS;

/** What is measured while somebody follows. */
interface Live {
  readonly meter: NodeMeter;
  /** By tenant that is followed. */
  readonly tenants: Map<string, { readonly traffic: TenantTraffic; readonly reader: TrafficReader }>;
  at: number;
  cancel: () => void;
}

export interface StatsOptions {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly broker: Broker;
  readonly hub: Hub;
  readonly directory: Directory;
  readonly observer: Observer;
  readonly traffic: Traffic;
  readonly meters: HostMeters;
  readonly draining: () => boolean;
}

/**
 * The numbers of this node. While somebody on any node follows `@cluster`, or a tenant's `@stats`, it says each second
 * what happened in it there; and it always keeps the last quarter of an hour itself, in steps of five seconds.
 */
export class Stats {
  readonly #clock: Clock;
  readonly #nodeId: string;
  readonly #broker: Broker;
  readonly #observer: Observer;
  readonly #traffic: Traffic;
  readonly #meters: HostMeters;
  readonly #sources: NodeSources;
  readonly #backlog: Backlog;
  readonly #watchers: Watchers;
  readonly #tenants: TenantHistory;
  #nodes: NodeSample[] = [];
  #keeping: { readonly meter: NodeMeter; at: number; cancel: () => void } | undefined;
  #live: Live | undefined;
  /** Publications that the broker has not taken; none is given to it while it has so many. */
  #sending = 0;
  #failing = false;
  #stopped = false;

  constructor(options: StatsOptions) {
    const { clock, nodeId, broker, observer, traffic, meters, directory, draining } = options;
    this.#clock = clock;
    this.#nodeId = nodeId;
    this.#broker = broker;
    this.#observer = observer;
    this.#traffic = traffic;
    this.#meters = meters;
    this.#backlog = new Backlog({ directory, clock });
    this.#sources = { nodeId, traffic, directory, draining, backlog: this.#backlog };
    this.#watchers = new Watchers(options);
    this.#tenants = new TenantHistory({ traffic, size: KEPT_SAMPLES });
  }

  /** Begins to keep. Once. */
  start(): void {
    if (this.#stopped) return;
    const meter = new NodeMeter(this.#sources, this.#meters.open());
    const keeping = { meter, at: this.#clock.now(), cancel: () => {} };
    this.#keeping = keeping;
    const arm = (): void => {
      keeping.cancel = this.#clock.after(KEPT_MS, () => {
        arm();
        this.#keep();
      });
    };
    arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#keeping?.cancel();
    this.#keeping?.meter.close();
    this.#keeping = undefined;
    this.#endLive();
    this.#backlog.stop();
  }

  /** Hears of what clients of this node begin to follow. */
  readonly followed: FollowListener = ({ address }) => {
    if (!isPlace(address)) return;
    this.#watchers.began(address.tenantId);
    this.#beginLive();
    // From now on, not from its first second's end.
    if (this.#live !== undefined) this.#reader(this.#live, address.tenantId);
  };

  /** Hears what clients of other nodes follow. */
  heard(signal: Signal & { type: "watch" }): void {
    this.#watchers.heard(signal);
    const followed = this.#watchers.all;
    if (followed.size > 0) this.#beginLive();
    if (this.#live !== undefined) for (const tenantId of followed) this.#reader(this.#live, tenantId);
  }

  /** The newest sample that is kept; null before the first. */
  get latest(): NodeSample | null {
    return this.#nodes.at(-1) ?? null;
  }

  /** What is kept of this node, of the last `seconds`, oldest first. */
  nodeSamples(seconds: number = KEPT_SECONDS): readonly NodeSample[] {
    const after = this.#clock.now() - seconds * 1000;
    return this.#nodes.filter(({ t }) => t > after);
  }

  /** What is kept of a tenant on this node, likewise. */
  tenantSamples(tenantId: string, seconds: number = KEPT_SECONDS): readonly TenantSample[] {
    return this.#tenants.samples(tenantId, this.#nodeId, this.#clock.now() - seconds * 1000);
  }

  #keep(): void {
    const keeping = this.#keeping;
    if (keeping === undefined) return;
    const { t, seconds } = this.#since(keeping, KEPT_MS);
    this.#nodes = [...this.#nodes.slice(1 - KEPT_SAMPLES), keeping.meter.sample(t, seconds)];
    this.#tenants.add(t, seconds);
  }

  #beginLive(): void {
    if (this.#live !== undefined || this.#stopped) return;
    const meter = new NodeMeter(this.#sources, this.#meters.open());
    this.#live = { meter, tenants: new Map(), at: this.#clock.now(), cancel: () => {} };
    this.#traffic.busiest = new Busiest();
    this.#armLive(this.#live);
  }

  #endLive(): void {
    this.#live?.cancel();
    this.#live?.meter.close();
    this.#live = undefined;
    this.#traffic.busiest = undefined;
  }

  #armLive(live: Live): void {
    live.cancel = this.#clock.after(LIVE_MS, () => this.#tell(live));
  }

  #tell(live: Live): void {
    this.#watchers.look();
    const followed = this.#watchers.all;
    if (followed.size === 0) {
      this.#endLive();
      return;
    }
    this.#armLive(live);
    const { t, seconds } = this.#since(live, LIVE_MS);
    const top = this.#traffic.busiest?.top(followed);
    this.#traffic.busiest = new Busiest();
    const sample = live.meter.sample(t, seconds);
    for (const tenantId of live.tenants.keys()) if (!followed.has(tenantId)) live.tenants.delete(tenantId);
    // What a broker does not take is out of date when it does.
    if (this.#sending > followed.size) return;
    for (const tenantId of followed) {
      if (tenantId === EVERYBODY) {
        const busiest = (top?.all ?? []).map((busy) => [busy.tenantId, ...rates(busy, seconds)] as const);
        this.#publish(tenantId, { ...sample, busiest });
      } else {
        const busiest = (top?.of.get(tenantId) ?? []).map((busy) => rates(busy, seconds));
        this.#publish(tenantId, { ...this.#tenantSample(live, tenantId, { t, seconds }), busiest });
      }
    }
  }

  #tenantSample(live: Live, tenantId: string, { t, seconds }: { t: number; seconds: number }): TenantSample {
    const { traffic, reader } = this.#reader(live, tenantId);
    const { connections, channels } = traffic;
    const growth = reader.read(traffic);
    return {
      t,
      nodeId: this.#nodeId,
      seconds,
      connections,
      channels,
      in: rate(growth.in, seconds),
      out: rate(growth.out, seconds),
      refused: refusedRates(growth.refused, seconds),
    };
  }

  #reader(live: Live, tenantId: string) {
    const traffic = this.#traffic.tenant(tenantId);
    let own = live.tenants.get(tenantId);
    // One that was forgotten and came again has begun anew.
    if (own?.traffic !== traffic) {
      const reader = own === undefined ? new TrafficReader(traffic) : new TrafficReader();
      live.tenants.set(tenantId, (own = { traffic, reader }));
    }
    return own;
  }

  /** Past the publisher: what the gateway says of itself is not counted as if somebody had said it. */
  #publish(tenantId: string, sample: NodeSample | TenantSample): void {
    this.#sending++;
    const draft = { event: "stats", data: sample, source: "server", timestamp: sample.t } as const;
    void this.#broker
      .publish(placeOf(tenantId), draft, { keep: false })
      .then(
        () => (this.#failing = false),
        (error: unknown) => {
          // Once for a broker that is away, not each second.
          if (!this.#failing) this.#observer.failed?.("stats", error);
          this.#failing = true;
        },
      )
      .finally(() => this.#sending--);
  }

  /** The time since the sample before. A clock that was set back says nothing: then it is as long as was waited for. */
  #since(last: { at: number }, expected: number): { readonly t: number; readonly seconds: number } {
    const t = this.#clock.now();
    const elapsed = t - last.at;
    last.at = t;
    return { t, seconds: (elapsed > 0 ? elapsed : expected) / 1000 };
  }
}

function rates({ channel, in: in_, out }: Busy, seconds: number): readonly [string, number, number] {
  return [channel, rate(in_, seconds), rate(out, seconds)];
}

/** Whether samples are told there. */
function isPlace({ name }: ChannelAddress): boolean {
  return OPERATOR_CHANNELS.get(name)?.history === false;
}
