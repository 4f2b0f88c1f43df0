import type { Directory } from "../directory.ts";
import type { Backlog } from "./backlog.ts";
import type { HostMeter } from "./host-meter.ts";
import { rate, refusedRates, type NodeSample } from "./samples.ts";
import { TrafficReader, type Traffic } from "./traffic.ts";

/** Where a node's numbers come from. */
export interface NodeSources {
  readonly nodeId: string;
  readonly traffic: Traffic;
  readonly directory: Directory;
  readonly backlog: Backlog;
  readonly draining: () => boolean;
}

/** Makes samples of a node, each of the time since the one before. */
export class NodeMeter {
  readonly #sources: NodeSources;
  readonly #host: HostMeter;
  readonly #reader: TrafficReader;
  #dropped: number;

  constructor(sources: NodeSources, host: HostMeter) {
    this.#sources = sources;
    this.#host = host;
    this.#reader = new TrafficReader(sources.traffic);
    this.#dropped = sources.traffic.dropped;
  }

  /** Of the `seconds` that end at `t`. */
  sample(t: number, seconds: number): NodeSample {
    const { nodeId, traffic, directory, backlog, draining } = this.#sources;
    const { bytes, ...host } = this.#host.read();
    const growth = this.#reader.read(traffic);
    const dropped = traffic.dropped - this.#dropped;
    this.#dropped = traffic.dropped;
    backlog.count();
    return {
      t,
      nodeId,
      seconds,
      connections: directory.size,
      channels: traffic.channels,
      subscriptions: traffic.subscriptions,
      in: rate(growth.in, seconds),
      out: rate(growth.out, seconds),
      bytes: rate(bytes, seconds),
      refused: refusedRates(growth.refused, seconds),
      dropped: rate(dropped, seconds),
      backlog: backlog.bytes,
      slow: backlog.slow,
      ...host,
      draining: draining(),
    };
  }

  close(): void {
    this.#host.close();
  }
}
