import { GatewayError } from "@roomcast/protocol";
import { isBrokerKind, isHealthCheck, type Broker } from "../broker.ts";
import type { Clock } from "../clock.ts";

/** What a node thinks of its broker. */
export interface BrokerHealth {
  readonly kind: "memory" | "redis" | "other";
  readonly healthy: boolean;
  /** Milliseconds that it took to answer; null where it did not, or cannot be asked. */
  readonly latencyMs: number | null;
  /** For operators: without addresses and secrets. */
  readonly error: string | null;
}

/** Less than a node has time to answer another. */
const CHECK_MS = 1500;

/** Asks a broker whether it works, if it can be asked; ends in time whatever it does. `now` is in milliseconds. */
export async function brokerHealth(broker: Broker, clock: Clock, now: () => number): Promise<BrokerHealth> {
  const kind = isBrokerKind(broker) && (broker.kind === "memory" || broker.kind === "redis") ? broker.kind : "other";
  if (!isHealthCheck(broker)) return { kind, healthy: true, latencyMs: null, error: null };
  const began = now();
  let cancel: (() => void) | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new GatewayError("UNAVAILABLE", `No answer within ${CHECK_MS} ms`);
    cancel = clock.after(CHECK_MS, () => reject(error));
  });
  try {
    await Promise.race([broker.check(), late]);
    return { kind, healthy: true, latencyMs: Math.round((now() - began) * 1000) / 1000, error: null };
  } catch (thrown) {
    // What is not ours may quote an address.
    const error = thrown instanceof GatewayError ? thrown.message : "It cannot be reached";
    return { kind, healthy: false, latencyMs: null, error };
  } finally {
    cancel?.();
  }
}
