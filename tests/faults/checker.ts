import type { Position } from "@roomcast/protocol";

/** What a run was, as those saw it who took part. Times are milliseconds of one clock. */
export interface History {
  readonly publications: readonly PublicationRecord[];
  readonly listeners: readonly ListenerRecord[];
  /** What the channels with history hold in the end. */
  readonly logs: readonly LogRecord[];
  /** When Redis lost its data. */
  readonly losses: readonly number[];
  /** Who is seen in the channels once all is well for twenty seconds; nobody is missing or too many. */
  readonly rosters: readonly RosterRecord[];
}

export interface PublicationRecord {
  /** In the event's payload; no other has it. */
  readonly key: string;
  readonly tenant: string;
  readonly channel: string;
  readonly startedAt: number;
  /** `open`: neither said to have worked nor to have failed. */
  readonly outcome: "acknowledged" | "refused" | "open";
  /** Of the acknowledgement. */
  readonly position?: Position;
}

export type Seen =
  | {
      readonly kind: "event";
      readonly at: number;
      readonly key: string;
      /** What the payload says. */
      readonly tenant: string;
      readonly channel: string;
      readonly position?: Position;
      /** It came by recovery rather than live. */
      readonly recovered: boolean;
    }
  | { readonly kind: "gap"; readonly at: number; readonly position?: Position };

/** One reader of one channel, from the beginning of its subscription to its end. */
export interface ListenerRecord {
  readonly client: string;
  readonly tenant: string;
  readonly channel: string;
  readonly seen: readonly Seen[];
  /** Whether it still read when all was over: then it has everything. */
  readonly toTheEnd: boolean;
}

export interface LogRecord {
  readonly tenant: string;
  readonly channel: string;
  readonly position: Position;
  /** By offset; oldest first. */
  readonly entries: readonly { readonly key: string; readonly offset: number }[];
  /** Whether it drops nothing, so that all that was acknowledged in its epoch must be in it. */
  readonly keepsAll: boolean;
}

export interface RosterRecord {
  /** Who was asked. */
  readonly by: string;
  readonly tenant: string;
  readonly channel: string;
  readonly expected: readonly string[];
  readonly found: readonly string[];
}

export const VIOLATIONS = [
  "silent loss",
  "duplicate",
  "out of order",
  "tenant crossing",
  "different events at one position",
  "published twice",
  "acknowledged but not in the log",
  "log lost without Redis having lost it",
  "invented event",
  "presence did not converge",
] as const;

export interface Violation {
  readonly kind: (typeof VIOLATIONS)[number];
  readonly about: string;
}

/** Finds what must not have been. Pure: a history in, violations out. */
export function check(history: History): readonly Violation[] {
  const violations: Violation[] = [];
  const found = (kind: Violation["kind"], about: string): void => void violations.push({ kind, about });
  const published = new Map(history.publications.map((publication) => [publication.key, publication]));
  const tops = new Map(history.logs.map(({ tenant, channel, position }) => [`${tenant}/${channel}`, position]));
  for (const listener of history.listeners) {
    checkListener(listener, tops.get(`${listener.tenant}/${listener.channel}`), history.losses, found);
    for (const seen of listener.seen) {
      if (seen.kind === "event" && !published.has(seen.key)) found("invented event", `${name(listener)}: ${seen.key}`);
    }
  }
  checkAgreement(history, found);
  for (const log of history.logs) checkLog(log, history, found);
  for (const { by, tenant, channel, expected, found: there } of history.rosters) {
    const missing = expected.filter((one) => !there.includes(one));
    const extra = there.filter((one) => !expected.includes(one));
    const about = `${tenant}/${channel} by ${by}: missing [${missing.join(", ")}], too many [${extra.join(", ")}]`;
    if (missing.length + extra.length > 0) found("presence did not converge", about);
  }
  return violations;
}

type Found = (kind: Violation["kind"], about: string) => void;

/** The order, the completeness and the provenance of what one reader saw. */
function checkListener(
  listener: ListenerRecord,
  top: Position | undefined,
  losses: readonly number[],
  found: Found,
): void {
  const who = name(listener);
  const seenAt = new Map<string, { readonly at: number; readonly position: Position | undefined }>();
  const epochs = new Set<string>();
  let last: Position | undefined;
  let began = false;
  for (const seen of listener.seen) {
    if (seen.kind === "gap") {
      last = seen.position;
      began = true;
      continue;
    }
    const { key, position, at } = seen;
    if (seen.tenant !== listener.tenant) found("tenant crossing", `${who} saw ${key} of ${seen.tenant}`);
    if (seen.channel !== listener.channel) found("tenant crossing", `${who} saw ${key} of ${seen.channel}`);
    const before = seenAt.get(key);
    if (before !== undefined && !isRepeatedAfterLoss(before, { at, position }, losses))
      found("duplicate", `${who}: ${key}`);
    seenAt.set(key, { at, position });
    if (position === undefined) continue;
    const here = `${position.epoch}:${position.offset}`;
    if (last === undefined) {
      // Where it begins: the first event, or the one after a gap that says no position.
    } else if (last.epoch !== position.epoch) {
      if (epochs.has(position.epoch)) found("out of order", `${who}: ${here} of an epoch that was over`);
      else found("silent loss", `${who}: another epoch without a gap: ${here} after ${last.epoch}:${last.offset}`);
    } else if (position.offset <= last.offset) {
      if (before === undefined) found("out of order", `${who}: ${here} after ${last.offset}`);
    } else if (position.offset > last.offset + 1) found("silent loss", `${who}: ${here} after ${last.offset}`);
    epochs.add(position.epoch);
    last = position;
    began = true;
  }
  if (!listener.toTheEnd || top === undefined) return;
  const stands = last === undefined ? "nothing" : `${last.epoch}:${last.offset}`;
  const whole = began && (last === undefined || (last.epoch === top.epoch && last.offset >= top.offset));
  if (!whole) found("silent loss", `${who}: at the end it has ${stands}, the log ${top.epoch}:${top.offset}`);
}

/**
 * Whether an event may come once more: Redis, which remembers what was published, has forgotten it, and the publisher, who
 * had no answer yet, has said it again.
 */
function isRepeatedAfterLoss(
  first: { readonly at: number; readonly position: Position | undefined },
  again: { readonly at: number; readonly position: Position | undefined },
  losses: readonly number[],
): boolean {
  if (first.position !== undefined && first.position.epoch === again.position?.epoch) return false;
  return losses.some((loss) => loss <= again.at);
}

/** One position is one event for everybody, and in one epoch an event has one position. */
function checkAgreement({ listeners, logs, publications }: History, found: Found): void {
  const keys = new Map<string, string>();
  const positions = new Map<string, number>();
  const look = (address: string, { epoch, offset }: Position, key: string): void => {
    const at = `${address} ${epoch}:${offset}`;
    const other = keys.get(at);
    if (other !== undefined && other !== key) found("different events at one position", `${at}: ${other}, ${key}`);
    keys.set(at, other ?? key);
    const once = `${address} ${epoch} ${key}`;
    const elsewhere = positions.get(once);
    if (elsewhere !== undefined && elsewhere !== offset) found("published twice", `${once}: ${elsewhere}, ${offset}`);
    positions.set(once, elsewhere ?? offset);
  };
  for (const { tenant, channel, position, entries } of logs) {
    for (const { key, offset } of entries) look(`${tenant}/${channel}`, { epoch: position.epoch, offset }, key);
  }
  for (const { tenant, channel, seen } of listeners) {
    for (const one of seen) {
      if (one.kind === "event" && one.position !== undefined) look(`${tenant}/${channel}`, one.position, one.key);
    }
  }
  for (const { tenant, channel, position, key } of publications) {
    if (position !== undefined) look(`${tenant}/${channel}`, position, key);
  }
}

function checkLog(log: LogRecord, { publications, losses }: History, found: Found): void {
  const address = `${log.tenant}/${log.channel}`;
  const there = new Set(log.entries.map(({ key, offset }) => `${offset} ${key}`));
  for (const { key, tenant, channel, outcome, position, startedAt } of publications) {
    if (tenant !== log.tenant || channel !== log.channel || outcome !== "acknowledged") continue;
    if (position === undefined) found("acknowledged but not in the log", `${address}: ${key} has no position`);
    else if (position.epoch !== log.position.epoch) {
      if (!losses.some((loss) => loss >= startedAt))
        found("log lost without Redis having lost it", `${address}: ${key}`);
    } else if (log.keepsAll && !there.has(`${position.offset} ${key}`)) {
      found("acknowledged but not in the log", `${address}: ${key} at ${position.offset}`);
    }
  }
}

function name({ client, tenant, channel }: ListenerRecord): string {
  return `${client} on ${tenant}/${channel}`;
}

export interface Counts {
  readonly published: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly open: number;
  readonly delivered: number;
  readonly recovered: number;
  readonly gaps: number;
  /** Gaps within one epoch over no more events than the channel keeps: the log may have had them. */
  readonly gapsWithinKept: number;
}

export function count({ publications, listeners }: History, keeps: (channel: string) => number): Counts {
  const outcomes = { acknowledged: 0, refused: 0, open: 0 };
  for (const { outcome } of publications) outcomes[outcome]++;
  let delivered = 0;
  let recovered = 0;
  let gaps = 0;
  let gapsWithinKept = 0;
  for (const { channel, seen } of listeners) {
    let last: Position | undefined;
    for (const one of seen) {
      if (one.kind === "event") {
        delivered++;
        if (one.recovered) recovered++;
      } else {
        gaps++;
        const { position } = one;
        if (last !== undefined && last.epoch === position?.epoch && position.offset - last.offset <= keeps(channel))
          gapsWithinKept++;
      }
      last = one.position;
    }
  }
  return { published: publications.length, ...outcomes, delivered, recovered, gaps, gapsWithinKept };
}
