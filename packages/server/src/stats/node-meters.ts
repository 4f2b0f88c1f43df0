import type { HostMeter, HostMeters, HostReading } from "@roomcast/core";
import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";
import process from "node:process";
import type { Metrics } from "../metrics.ts";
import { Reservoir } from "./reservoir.ts";

/** Of an interval, so many latencies are looked at. */
const LATENCIES = 1024;
/** How often the event loop is looked at, in milliseconds. */
const LOOP_RESOLUTION = 20;

/** Measures this process, and what `metrics` hears of its sockets. */
export class NodeMeters implements HostMeters {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  open(): HostMeter {
    return new ProcessMeter(this.#metrics);
  }

  now(): number {
    return performance.now();
  }
}

class ProcessMeter implements HostMeter {
  readonly #metrics: Metrics;
  readonly #latencies = new Reservoir(LATENCIES);
  readonly #deafen: () => void;
  readonly #loop: IntervalHistogram;
  #bytes: number;
  #cpu = process.cpuUsage();
  #at = performance.now();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    this.#bytes = metrics.sentBytes;
    this.#deafen = metrics.publishToWrite.onSample((ms) => this.#latencies.add(ms));
    this.#loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION });
    this.#loop.enable();
  }

  read(): HostReading {
    const bytes = this.#metrics.sentBytes - this.#bytes;
    this.#bytes += bytes;
    const latency = this.#latencies.take([0.5, 0.95, 0.99]);
    const { rss, heapUsed } = process.memoryUsage();
    return {
      bytes,
      latency: latency === undefined ? null : [short(latency[0]), short(latency[1]), short(latency[2])],
      rss,
      heap: heapUsed,
      loop: this.#readLoop(),
      cpu: this.#readCpu(),
    };
  }

  close(): void {
    this.#deafen();
    this.#loop.disable();
  }

  /** What it measures is the time between two looks: what is beyond the usual is the delay. */
  #readLoop(): readonly [number, number] {
    const loop = this.#loop;
    const delay = (percent: number): number =>
      loop.count === 0 ? 0 : short(Math.max(0, loop.percentile(percent) / 1e6 - LOOP_RESOLUTION));
    const read = [delay(50), delay(99)] as const;
    loop.reset();
    return read;
  }

  #readCpu(): number {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.#cpu);
    const share = (user + system) / 1000 / Math.max(now - this.#at, 1);
    this.#cpu = process.cpuUsage();
    this.#at = now;
    return short(share);
  }
}

/** As short as text as it is still of use. */
function short(value: number): number {
  return Math.round(value * 1000) / 1000;
}
