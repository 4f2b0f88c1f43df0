import { Random } from "./random.ts";

export const NODES = 3;
export const CLIENTS = 8;
export const TENANTS = ["north", "south"] as const;

export type Keeping = "all" | "little" | "nothing";

/** The channels of each tenant, by the same names: what crosses is seen. */
export const CHANNELS = [
  { name: "chat:a", keeping: "all" },
  { name: "chat:b", keeping: "all" },
  { name: "quiet:c", keeping: "all" },
  { name: "brief:d", keeping: "little" },
  { name: "fleeting:e", keeping: "nothing" },
] as const satisfies readonly { readonly name: string; readonly keeping: Keeping }[];

/** Events that a channel keeps which keeps little. */
export const LITTLE = 15;

export const FAULT_KINDS = [
  "node killed",
  "node stopped",
  "Redis restarted",
  "Redis restarted without its data",
  "connections to Redis killed",
  "Redis paused",
  "node cut off, stalling",
  "node cut off, refusing",
  "client link reset",
  "client link stalled",
  "client closed and opened",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type Step =
  | {
      readonly at: number;
      readonly kind: "publish";
      readonly client: number;
      readonly channel: number;
      readonly count: number;
    }
  /** Follows or joins what it does not, ends what it does. */
  | { readonly at: number; readonly kind: "toggle"; readonly client: number; readonly channel: number }
  | {
      readonly at: number;
      readonly kind: "fault";
      readonly fault: FaultKind;
      /** Of the node or client that it befalls, where it befalls one. */
      readonly target: number;
      /** Milliseconds until it is mended. */
      readonly lasts: number;
      /** Where there is a choice: which sort of it. */
      readonly variant: number;
    };

/** Often enough that each comes in a run of a minute or two; what costs most of all comes least often. */
const FAULTS: readonly {
  readonly fault: FaultKind;
  readonly weight: number;
  readonly least: number;
  readonly most: number;
}[] = [
  { fault: "node killed", weight: 3, least: 100, most: 2000 },
  { fault: "node stopped", weight: 3, least: 300, most: 12_000 },
  { fault: "Redis restarted", weight: 2, least: 50, most: 3000 },
  { fault: "Redis restarted without its data", weight: 1, least: 50, most: 2000 },
  { fault: "connections to Redis killed", weight: 3, least: 0, most: 0 },
  { fault: "Redis paused", weight: 2, least: 200, most: 4000 },
  { fault: "node cut off, stalling", weight: 3, least: 300, most: 8000 },
  { fault: "node cut off, refusing", weight: 3, least: 300, most: 8000 },
  { fault: "client link reset", weight: 4, least: 0, most: 0 },
  { fault: "client link stalled", weight: 3, least: 300, most: 6000 },
  { fault: "client closed and opened", weight: 2, least: 0, most: 1500 },
];

/** Who is at a fault's receiving end: how many there are to choose from. */
function targets(fault: FaultKind): number {
  if (fault.startsWith("client")) return CLIENTS;
  return fault.startsWith("node") ? NODES : 1;
}

/** What is done in a run of `seconds`, in the order of time; nothing but the seed decides on it. */
export function schedule(seed: number, seconds: number): readonly Step[] {
  const end = seconds * 1000;
  const steps: Step[] = [];
  // A source of chance each, so that a change to one leaves the others as they were.
  const publishing = new Random(seed ^ 0x1);
  for (let at = 0; at < end; at += publishing.between(10, 90)) {
    const count = publishing.chance(0.02) ? publishing.between(LITTLE, LITTLE * 2) : publishing.between(1, 3);
    const channel = publishing.between(0, CHANNELS.length - 1);
    steps.push({ at, kind: "publish", client: publishing.between(0, CLIENTS - 1), channel, count });
  }
  const toggling = new Random(seed ^ 0x2);
  for (let at = toggling.between(500, 1000); at < end; at += toggling.between(300, 1500)) {
    const channel = toggling.between(0, CHANNELS.length - 1);
    steps.push({ at, kind: "toggle", client: toggling.between(0, CLIENTS - 1), channel });
  }
  const failing = new Random(seed ^ 0x4);
  const total = FAULTS.reduce((sum, { weight }) => sum + weight, 0);
  for (let at = failing.between(500, 2000); at < end; at += failing.between(300, 3500)) {
    let left = failing.between(1, total);
    const found = FAULTS.find(({ weight }) => (left -= weight) <= 0);
    if (found === undefined) continue;
    const { fault, least, most } = found;
    const target = failing.between(0, targets(fault) - 1);
    const lasts = failing.between(least, most);
    steps.push({ at, kind: "fault", fault, target, lasts, variant: failing.between(0, 3) });
  }
  return steps.toSorted((a, b) => a.at - b.at);
}
