import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { Metrics } from "./metrics.ts";

async function value(metrics: Metrics, line: string): Promise<number> {
  const found = (await metrics.text()).split("\n").find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? Number.NaN : Number(found.slice(line.length + 1));
}

describe("Metrics", () => {
  it("counts what the engine and the writer tell", async () => {
    const metrics = new Metrics({ processMetrics: false });
    metrics.connected("native");
    metrics.connected("native");
    metrics.disconnected("native", "SLOW_CONSUMER");
    metrics.subscriptions(3);
    metrics.subscriptions(-1);
    metrics.published("rest", true);
    metrics.delivered("native", 7);
    metrics.filtered(2);
    metrics.dropped("slow", 4);
    metrics.refused("FORBIDDEN");
    metrics.failed();
    metrics.bytesOut(1000);
    metrics.flushed({ connections: 7, bytes: 1000 });
    expect(await value(metrics, 'roomcast_connections{dialect="native"}')).toBe(1);
    expect(await value(metrics, 'roomcast_disconnections_total{dialect="native",reason="SLOW_CONSUMER"}')).toBe(1);
    expect(await value(metrics, "roomcast_subscriptions")).toBe(2);
    expect(await value(metrics, 'roomcast_publications_total{source="rest"}')).toBe(1);
    expect(await value(metrics, 'roomcast_deliveries_total{dialect="native"}')).toBe(7);
    expect(await value(metrics, "roomcast_filtered_total")).toBe(2);
    expect(await value(metrics, 'roomcast_dropped_total{reason="slow"}')).toBe(4);
    expect(await value(metrics, 'roomcast_refused_total{code="FORBIDDEN"}')).toBe(1);
    expect(await value(metrics, "roomcast_failures_total")).toBe(1);
    expect(await value(metrics, "roomcast_sent_bytes_total")).toBe(1000);
    expect(await value(metrics, 'roomcast_flush_connections_bucket{le="5"}')).toBe(0);
    expect(await value(metrics, 'roomcast_flush_connections_bucket{le="10"}')).toBe(1);
    expect(await value(metrics, "roomcast_flush_bytes_sum")).toBe(1000);
    expect(await value(metrics, "roomcast_publish_to_write_seconds_count")).toBe(1);
  });

  it("measures publications that were written, and no others", async () => {
    const metrics = new Metrics({ processMetrics: false });
    metrics.published("socket", true);
    // Such as a ping, while nobody reads the channel.
    metrics.flushed({ connections: 1, bytes: 3 });
    expect(await value(metrics, "roomcast_publish_to_write_seconds_count")).toBe(0);
    for (let i = 0; i < 1000; i++) metrics.published("socket", true);
    metrics.delivered("native", 1);
    metrics.flushed({ connections: 1, bytes: 100 });
    const measured = await value(metrics, "roomcast_publish_to_write_seconds_count");
    expect(measured).toBeGreaterThan(0);
    expect(measured).toBeLessThanOrEqual(256);
    metrics.flushed({ connections: 1, bytes: 3 });
    expect(await value(metrics, "roomcast_publish_to_write_seconds_count")).toBe(measured);
  });

  it("measures none that has no reader here, though others of the same time are written", async () => {
    const metrics = new Metrics({ processMetrics: false });
    metrics.published("rest", false);
    metrics.published("rest", true);
    metrics.delivered("native", 1);
    metrics.flushed({ connections: 1, bytes: 100 });
    expect(await value(metrics, "roomcast_publish_to_write_seconds_count")).toBe(1);
    expect(await value(metrics, 'roomcast_publications_total{source="rest"}')).toBe(2);
  });

  it("shares nothing between two of them, and measures the process", async () => {
    const [one, two] = [new Metrics(), new Metrics()];
    one.connected("native");
    expect(await one.text()).toContain("process_cpu_user_seconds_total");
    expect(await two.text()).not.toContain('dialect="native"');
    expect(two.contentType).toMatch(/^text\/plain/);
  });

  it("registers where it is told to", async () => {
    const registry = new Registry();
    new Metrics({ registry, processMetrics: false }).refused("TOO_LARGE");
    expect(await registry.metrics()).toContain('roomcast_refused_total{code="TOO_LARGE"} 1');
  });
});
