import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { faultRun } from "./fault-run.ts";
import { report } from "./report.ts";
import { FAULT_KINDS } from "./schedule.ts";

const SEED = 7;
const SECONDS = 60;
/** The run, and what it takes to begin, to be well again and to be looked at. */
const MOST_MS = (SECONDS + 110) * 1000;

describe("many nodes behind one Redis", () => {
  it(`lose, repeat and mix up nothing through ${SECONDS} s of faults`, { timeout: MOST_MS }, async () => {
    const nodeFile = fileURLToPath(new URL("dist/tests/faults/node-host.js", import.meta.url));
    const result = await faultRun({ seed: SEED, seconds: SECONDS, nodeFile });
    // Which faults there were, and how to run them again, is of use where it fails.
    const told = `npm run faults -- --seconds ${SECONDS} --seed ${SEED}\n${report(result)}`;
    expect(result.violations, told).toEqual([]);
    expect([...result.faults.keys()].toSorted((a, b) => FAULT_KINDS.indexOf(a) - FAULT_KINDS.indexOf(b))).toEqual(
      FAULT_KINDS,
    );
    expect(result.history.publications.length).toBeGreaterThan(500);
  });
});
