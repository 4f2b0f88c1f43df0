import type { Broker } from "../broker.ts";
import type { Clock } from "../clock.ts";
import type { Insight } from "../insight/insight.ts";
import { brokerHealth, type BrokerHealth } from "./broker-health.ts";
import type { HostMeters } from "./host-meter.ts";
import type { NodeSample } from "./samples.ts";
import type { Stats } from "./stats.ts";

/** What a node says of itself when it is asked. */
export interface NodeState {
  readonly draining: boolean;
  readonly connections: number;
  /** Channels that somebody follows there. */
  readonly channels: number;
  readonly broker: BrokerHealth;
  /** Its newest sample that is kept; null just after it began. */
  readonly latest: NodeSample | null;
}

/** What the gateway knows of itself. */
interface Self {
  readonly draining: boolean;
  readonly sessionCount: number;
}

/** Has the questions of other nodes about this one's state and numbers answered. */
export function answerStats(
  insight: Insight,
  options: { self: Self; stats: Stats; broker: Broker; clock: Clock; meters: HostMeters; channels: () => number },
): void {
  const { self, stats, broker, clock, meters, channels } = options;
  const now = (): number => meters.now?.() ?? clock.now();
  insight.answer("node", async () => ({
    broker: await brokerHealth(broker, clock, now),
    draining: self.draining,
    connections: self.sessionCount,
    channels: channels(),
    latest: stats.latest,
  }));
  insight.answer("nodeStats", ({ seconds }) => stats.nodeSamples(seconds));
  insight.answer("tenantStats", ({ tenantId, seconds }) => stats.tenantSamples(tenantId, seconds));
}
