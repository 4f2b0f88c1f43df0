import { count, VIOLATIONS } from "./checker.ts";
import type { FaultRunResult } from "./fault-run.ts";
import { CHANNELS, FAULT_KINDS, LITTLE } from "./schedule.ts";

/** Violations of a kind that are shown. */
const SHOWN = 10;

/** What a run was, for people. */
export function report({ history, faults, reconnects, violations }: FaultRunResult): string {
  const keeps = (channel: string): number =>
    CHANNELS.find(({ name }) => name === channel)?.keeping === "little" ? LITTLE : Infinity;
  const counts = count(history, keeps);
  const total = [...faults.values()].reduce((sum, one) => sum + one, 0);
  const lines = [
    `faults injected   ${total}`,
    ...FAULT_KINDS.map((kind) => `  ${kind.padEnd(34)}${faults.get(kind) ?? 0}`),
    `events published  ${counts.published}: ${counts.acknowledged} acknowledged, ${counts.refused} refused, ${counts.open} without an answer`,
    `delivered         ${counts.delivered}, of these ${counts.recovered} recovered`,
    `announced as gap  ${counts.gaps}, of these ${counts.gapsWithinKept} over what the log may have had`,
    `reconnects        ${reconnects}`,
    `violations        ${violations.length}`,
  ];
  for (const kind of VIOLATIONS) {
    const some = violations.filter((violation) => violation.kind === kind);
    lines.push(...some.slice(0, SHOWN).map(({ about }) => `  ${kind}: ${about}`));
    if (some.length > SHOWN) lines.push(`  ${kind}: ${some.length - SHOWN} more`);
  }
  return `${lines.join("\n")}\n`;
}
