import { GatewayError } from "@roomcast/protocol";
import { describe, expect, it } from "vitest";
import type { Broker, HealthCheck } from "../broker.ts";
import { MemoryBroker } from "../memory-broker.ts";
import { ManualClock, turn } from "../testing/index.ts";
import { brokerHealth } from "./broker-health.ts";

function checked(check: () => Promise<void>, kind?: string): Broker & HealthCheck {
  const unused = async () => await Promise.reject(new Error("unused"));
  const broker = { start: unused, publish: unused, signal: unused, subscribe: unused, history: unused, check };
  return kind === undefined ? broker : Object.assign(broker, { kind });
}

describe("the health of a broker", () => {
  it("of memory is good, and has nothing to measure", async () => {
    const clock = new ManualClock();
    expect(await brokerHealth(new MemoryBroker({ clock }), clock, () => 0)).toEqual({
      kind: "memory",
      healthy: true,
      latencyMs: null,
      error: null,
    });
  });

  it("is how long it takes to answer", async () => {
    const clock = new ManualClock();
    let now = 10;
    const broker = checked(async () => {
      now += 0.25;
    }, "redis");
    expect(await brokerHealth(broker, clock, () => now)).toEqual({
      kind: "redis",
      healthy: true,
      latencyMs: 0.25,
      error: null,
    });
    expect(
      await brokerHealth(
        checked(async () => {}, "kafka"),
        clock,
        () => now,
      ),
    ).toMatchObject({ kind: "other" });
    expect(clock.pending).toBe(0);
  });

  it("tells what went wrong in words of ours, and no address", async () => {
    const clock = new ManualClock();
    const ours = new GatewayError("UNAVAILABLE", "Redis is a read-only replica");
    const secret = new Error("connect ECONNREFUSED redis://user:secret@10.0.0.1");
    const health = async (error: Error) =>
      await brokerHealth(
        checked(async () => await Promise.reject(error)),
        clock,
        () => 0,
      );
    expect(await health(ours)).toMatchObject({ healthy: false, error: "Redis is a read-only replica" });
    expect(await health(secret)).toEqual({
      kind: "other",
      healthy: false,
      latencyMs: null,
      error: "It cannot be reached",
    });
  });

  it("does not wait for one that hangs", async () => {
    const clock = new ManualClock();
    const asked = brokerHealth(
      checked(async () => await new Promise<never>(() => {})),
      clock,
      () => 0,
    );
    await turn();
    await clock.advance(1500);
    expect(await asked).toMatchObject({ healthy: false, error: "No answer within 1500 ms" });
  });
});
