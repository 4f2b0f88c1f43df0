import type { Observer } from "@roomcast/core";
import type { ErrorCode, EventSource } from "@roomcast/protocol";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { WriteObserver } from "./socketio/writer.ts";
import { PublishToWrite } from "./stats/publish-to-write.ts";

export interface MetricsOptions {
  /** Where the metrics are registered; a registry of their own unless given. */
  readonly registry?: Registry;
  /** Whether to measure the process too (memory, CPU, event loop, garbage collection); yes unless false. */
  readonly processMetrics?: boolean;
}

/**
 * Prometheus metrics of a node, fed by the engine and by the writer. All labels come from closed sets (dialects, sources,
 * error codes), never from a client's strings. Nothing is shared between two of them, so that several nodes can live in
 * one process.
 *
 * The publish-to-write histogram is what `PublishToWrite` measures.
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
  /** What the histogram of the same name is fed from. */
  readonly publishToWrite = new PublishToWrite();
  #sentBytes = 0;

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
    const latency = new Histogram({
      name: "roomcast_publish_to_write_seconds",
      help: "From the acceptance of a publication to the end of the flush that wrote it on this node",
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    });
    this.publishToWrite.onSample((ms) => latency.observe(ms / 1000));
  }

  /** Bytes that were given to sockets, ever. */
  get sentBytes(): number {
    return this.#sentBytes;
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

  published(source: EventSource, followed: boolean): void {
    this.#publications.inc({ source });
    // What nobody here reads would wait for the next flush, which is another's.
    if (followed) this.publishToWrite.published();
  }

  delivered(dialect: string, count: number): void {
    this.#deliveries.inc({ dialect }, count);
    this.publishToWrite.delivered();
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
    this.#sentBytes += bytes;
  }

  flushed(flush: { readonly connections: number; readonly bytes: number }): void {
    this.#flushConnections.observe(flush.connections);
    this.#flushBytes.observe(flush.bytes);
    this.publishToWrite.flushed();
  }
}
