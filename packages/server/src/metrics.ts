import type { Observer } from "@roomcast/core";
import type { ErrorCode, EventSource } from "@roomcast/protocol";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { WriteObserver } from "./socketio/writer.ts";

export interface MetricsOptions {
  /** Where the metrics are registered; a registry of their own unless given. */
  readonly registry?: Registry;
  /** Whether to measure the process too (memory, CPU, event loop, garbage collection); yes unless false. */
  readonly processMetrics?: boolean;
}

/** Acceptance times that may wait for a flush; publications beyond it in one tick are not measured. */
const PENDING_SAMPLES = 256;
/** A publication that nothing was written for within this time had no reader here, and is not measured. */
const PENDING_MS = 5000;

/**
 * Prometheus metrics of a node, fed by the engine and by the writer. All labels come from closed sets (dialects, sources,
 * error codes), never from a client's strings. Nothing is shared between two of them, so that several nodes can live in
 * one process.
 *
 * The publish-to-write histogram runs from the acceptance of a publication on this node to the end of the flush that
 * wrote it here. Publications accepted on other nodes are not in it, nor those without a reader here.
 */
export class Metrics implements Observer, WriteObserver {
  readonly registry: Registry;
  readonly #connections: Gauge<"dialect">;
  readonly #disconnections: Counter<"dialect" | "reason">;
  readonly #subscriptions: Gauge;
  readonly #publications: Counter<"source">;
  readonly #deliveries: Counter<"dialect">;
  readonly #bytes: Counter;
  readonly #filtered: Counter;
  readonly #dropped: Counter<"reason">;
  readonly #refused: Counter<"code">;
  readonly #failures: Counter;
  readonly #flushConnections: Histogram;
  readonly #flushBytes: Histogram;
  readonly #latency: Histogram;
  /** When the publications that wait for their flush were accepted, on the monotonic clock. */
  #pending: number[] = [];
  /** Whether something was delivered since the last flush. */
  #delivered = false;

  constructor(options: MetricsOptions = {}) {
    const registry = options.registry ?? new Registry();
    const registers = [registry];
    this.registry = registry;
    if (options.processMetrics !== false) collectDefaultMetrics({ register: registry });
    this.#connections = new Gauge({
      name: "roomcast_connections",
      help: "Sessions of this node",
      labelNames: ["dialect"],
      registers,
    });
    this.#disconnections = new Counter({
      name: "roomcast_disconnections_total",
      help: "Sessions that ended, by dialect and by what ended them",
      labelNames: ["dialect", "reason"],
      registers,
    });
    this.#subscriptions = new Gauge({
      name: "roomcast_subscriptions",
      help: "Subscriptions of this node's sessions",
      registers,
    });
    this.#publications = new Counter({
      name: "roomcast_publications_total",
      help: "Publications accepted on this node, by where they came from",
      labelNames: ["source"],
      registers,
    });
    this.#deliveries = new Counter({
      name: "roomcast_deliveries_total",
      help: "Publications written to sessions, once for each session",
      labelNames: ["dialect"],
      registers,
    });
    this.#bytes = new Counter({ name: "roomcast_sent_bytes_total", help: "Bytes given to sockets", registers });
    this.#filtered = new Counter({
      name: "roomcast_filtered_total",
      help: "Publications that a session's filters kept from it",
      registers,
    });
    this.#dropped = new Counter({
      name: "roomcast_dropped_total",
      help: "Frames that were meant for a session and not written",
      labelNames: ["reason"],
      registers,
    });
    this.#refused = new Counter({
      name: "roomcast_refused_total",
      help: "Commands, handshakes and requests that were refused, by error code",
      labelNames: ["code"],
      registers,
    });
    this.#failures = new Counter({
      name: "roomcast_failures_total",
      help: "Failures whose cause only the log tells",
      registers,
    });
    this.#flushConnections = new Histogram({
      name: "roomcast_flush_connections",
      help: "Connections that one flush wrote to",
      buckets: [1, 2, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000],
      registers,
    });
    this.#flushBytes = new Histogram({
      name: "roomcast_flush_bytes",
      help: "Bytes that one flush wrote",
      buckets: [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304],
      registers,
    });
    this.#latency = new Histogram({
      name: "roomcast_publish_to_write_seconds",
      help: "From the acceptance of a publication to the end of the flush that wrote it on this node",
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    });
  }

  /** The value of the `Content-Type` header that belongs to `text`. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** All metrics in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  connected(dialect: string): void {
    this.#connections.inc({ dialect });
  }

  disconnected(dialect: string, reason: ErrorCode | "client"): void {
    this.#connections.dec({ dialect });
    this.#disconnections.inc({ dialect, reason });
  }

  subscriptions(change: number): void {
    this.#subscriptions.inc(change);
  }

  published(source: EventSource): void {
    this.#publications.inc({ source });
    // A full list that nothing was delivered for belongs to channels without readers.
    if (this.#pending.length >= PENDING_SAMPLES && !this.#delivered) this.#pending = [];
    if (this.#pending.length < PENDING_SAMPLES) this.#pending.push(performance.now());
  }

  delivered(dialect: string, count: number): void {
    this.#deliveries.inc({ dialect }, count);
    this.#delivered = true;
  }

  filtered(count: number): void {
    this.#filtered.inc(count);
  }

  dropped(reason: "slow" | "no-form" | "malformed", count: number): void {
    this.#dropped.inc({ reason }, count);
  }

  refused(code: ErrorCode): void {
    this.#refused.inc({ code });
  }

  failed(): void {
    this.#failures.inc();
  }

  bytesOut(bytes: number): void {
    this.#bytes.inc(bytes);
  }

  flushed(flush: { readonly connections: number; readonly bytes: number }): void {
    this.#flushConnections.observe(flush.connections);
    this.#flushBytes.observe(flush.bytes);
    if (!this.#delivered) return;
    this.#delivered = false;
    const now = performance.now();
    const pending = this.#pending;
    this.#pending = [];
    for (const acceptedAt of pending) {
      if (now - acceptedAt < PENDING_MS) this.#latency.observe((now - acceptedAt) / 1000);
    }
  }
}
