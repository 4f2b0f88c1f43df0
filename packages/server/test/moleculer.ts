import { Loggers, ServiceBroker, type BrokerOptions, type BrokerRegistryOptions, type LogLevels } from "moleculer";
import { vi } from "vitest";

interface Line {
  readonly level: LogLevels;
  readonly args: readonly unknown[];
}

class Recorder extends Loggers.Base {
  readonly lines: Line[] = [];

  override getLogHandler() {
    return (level: LogLevels, args: readonly unknown[]) => void this.lines.push({ level, args });
  }
}

/** A real broker, what it logged, and what its handlers failed with. */
export class TestBroker extends ServiceBroker {
  readonly failures: Error[];
  readonly #recorder: Recorder;

  constructor(options: BrokerOptions = {}) {
    const recorder = new Recorder();
    const failures: Error[] = [];
    super({
      logger: recorder,
      skipProcessEventRegistration: true,
      registry: { stopDelay: 0 } as BrokerRegistryOptions,
      errorHandler: (error: Error) => {
        failures.push(error);
        throw error;
      },
      ...options,
    });
    this.#recorder = recorder;
    this.failures = failures;
  }

  /** Warnings and errors about the service. */
  get complaints(): readonly (readonly unknown[])[] {
    return this.#recorder.lines.flatMap(({ level, args }) => (level === "warn" || level === "error" ? [args] : []));
  }
}

/** Options of a node that others find by TCP. The first needs no `seed`; the rest are given the first. */
export function tcpNode(nodeID: string, seed?: ServiceBroker): BrokerOptions {
  const urls = seed === undefined ? [] : [`127.0.0.1:${seed.getLocalNodeInfo().port}/${seed.nodeID}`];
  return {
    nodeID,
    transporter: { type: "TCP", options: { udpDiscovery: false, useHostname: false, gossipPeriod: 1, urls } },
  };
}

/** Waits until `broker` sees the service on just these nodes. */
export async function seesService(broker: ServiceBroker, name: string, nodes: readonly string[]): Promise<void> {
  await vi.waitFor(
    () => {
      const found = broker.registry
        .getServiceList({ onlyAvailable: true })
        .flatMap(({ fullName, nodeID }) => (fullName === name ? [String(nodeID)] : []));
      if (found.toSorted().join() !== nodes.toSorted().join()) throw new Error(`${name} is on ${found.join()}`);
    },
    { timeout: 15_000, interval: 20 },
  );
}
