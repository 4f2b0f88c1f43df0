import { describe, expect, it } from "vitest";
import { CLIENTS, FAULT_KINDS, NODES, schedule } from "./schedule.ts";

describe("a schedule", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(schedule(7, 60)).toEqual(schedule(7, 60));
    expect(schedule(7, 60)).not.toEqual(schedule(8, 60));
  });

  it("has each kind of fault in it, in the order of time, for someone who is there", () => {
    const steps = schedule(1, 600);
    expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).toSorted((a, b) => a - b));
    expect(steps.at(-1)?.at).toBeLessThan(600_000);
    const faults = steps.filter((step) => step.kind === "fault");
    expect(new Set(faults.map(({ fault }) => fault))).toEqual(new Set(FAULT_KINDS));
    for (const { fault, target } of faults) {
      expect(target).toBeLessThan(fault.startsWith("client") ? CLIENTS : fault.startsWith("node") ? NODES : 1);
    }
  });
});
