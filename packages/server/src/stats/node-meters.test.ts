import { describe, expect, it, vi } from "vitest";
import { Metrics } from "../metrics.ts";
import { NodeMeters } from "./node-meters.ts";

/** A publication that was accepted, delivered and written. */
function written(metrics: Metrics, bytes = 100): void {
  metrics.published("socket", true);
  metrics.delivered("native", 1);
  metrics.bytesOut(bytes);
  metrics.flushed({ connections: 1, bytes });
}

/** Has the event loop turn for so long. */
async function turnFor(ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
}

describe("NodeMeters", () => {
  it("measures from one reading to the next, each meter at its own pace", () => {
    const metrics = new Metrics({ processMetrics: false });
    const meters = new NodeMeters(metrics);
    written(metrics);
    const first = meters.open();
    written(metrics);
    const second = meters.open();
    written(metrics, 50);
    expect(first.read()).toMatchObject({
      bytes: 150,
      latency: [expect.any(Number), expect.any(Number), expect.any(Number)],
    });
    expect(second.read()).toMatchObject({ bytes: 50, latency: expect.any(Array) as unknown });
    expect([first.read(), second.read()]).toMatchObject([
      { bytes: 0, latency: null },
      { bytes: 0, latency: null },
    ]);
    second.close();
    written(metrics);
    expect(first.read().latency).not.toBeNull();
    first.close();
  });

  it("has the latencies that the histogram has, in milliseconds", async () => {
    const metrics = new Metrics({ processMetrics: false });
    const meter = new NodeMeters(metrics).open();
    vi.spyOn(performance, "now").mockReturnValueOnce(1000).mockReturnValueOnce(1040);
    written(metrics);
    vi.restoreAllMocks();
    expect(meter.read().latency).toEqual([40, 40, 40]);
    expect(await metrics.text()).toContain("roomcast_publish_to_write_seconds_sum 0.04");
    meter.close();
  });

  it("measures the process: memory, its work, and how late the event loop is", async () => {
    const meter = new NodeMeters(new Metrics({ processMetrics: false })).open();
    meter.read();
    // The loop is looked at before it is held up, and after: for that, time must pass.
    await turnFor(60);
    const until = performance.now() + 300;
    while (performance.now() < until) Math.sqrt(until);
    await turnFor(60);
    const { rss, heap, cpu, loop } = meter.read();
    expect(rss).toBeGreaterThan(heap);
    expect(heap).toBeGreaterThan(1_000_000);
    expect(cpu).toBeGreaterThan(0.1);
    expect(loop[1]).toBeGreaterThan(150);
    expect(loop[0]).toBeLessThan(loop[1]);
    meter.close();
  });
});
