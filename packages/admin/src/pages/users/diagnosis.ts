import type { Connection, ConnectionDetails, Incident, RuleTest, UserReport } from "../../api/types.ts";

/** What is known of one of a user's connections. */
export interface LookedAt {
  readonly connection: Connection;
  /** `gone` since it was listed; `silent`: its node does not answer. */
  readonly details: ConnectionDetails | "gone" | "silent";
  /** What the rules say of the channel to this connection; undefined where they could not be asked. */
  readonly rule: RuleTest | undefined;
}

export interface Evidence {
  readonly channel: string;
  readonly report: UserReport;
  /** Of `report.connections`, those that were looked at. */
  readonly connections: readonly LookedAt[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** How a connection follows a channel. */
export type Following = Pick<ConnectionDetails["subscriptions"][number], "by" | "filter" | "lagging">;

export type Verdict = "notConnected" | "notSubscribed" | "refused" | "slow" | "nothing" | "unknown";

/** Something that a verdict follows from, or that one has to know beside it. */
export type Finding =
  | { readonly kind: "noConnection" | "neverSeen" | "noneFollow" | "neverTried" }
  | { readonly kind: "connections"; readonly total: number }
  | { readonly kind: "someFollow" | "unchecked"; readonly some: number; readonly total: number }
  | {
      readonly kind: "lastEnded" | "arrivalRefused" | "refusedAt" | "slowEnded" | "droppedAt";
      readonly incident: Incident;
    }
  | { readonly kind: "revoked"; readonly at: number }
  | { readonly kind: "wouldRefuse" | "wouldAllow"; readonly socketId: string; readonly rule: RuleTest }
  | { readonly kind: "lagging" | "filtered" | "grantsOnly"; readonly socketId: string }
  | { readonly kind: "overloaded"; readonly socketId: string; readonly bytes: number; readonly limit: number }
  | { readonly kind: "silent"; readonly socketId: string; readonly nodeId: string }
  | { readonly kind: "unreachable"; readonly nodes: readonly string[] };

export type Step =
  | "notConnected"
  | "signInAgain"
  | "checkId"
  | "subscribe"
  | "changeRule"
  | "slow"
  | "comesBack"
  | "nothing"
  | "others"
  | "again";

export interface Diagnosis {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly steps: readonly Step[];
}

/** What was lost longer ago than this does not tell why nothing comes now. */
const RECENT_MS = 3_600_000;

/** The room of its own in which a connection of the Steedos dialect hears notifications. */
const STEEDOS_NOTIFICATIONS = "notification-change";
/** The dialect whose connections hear notifications without asking for it. */
const ALWAYS_NOTIFIED = "plazer";

/** Where a user's notifications are published. */
export function notificationsOf(userId: string): string {
  return `notifications:${userId}`;
}

/** By what a connection hears a channel; undefined where it does not. */
export function followed(details: ConnectionDetails, channel: string): Following | undefined {
  const { userId, dialect, subscriptions } = details;
  const notifications = userId !== null && channel === notificationsOf(userId);
  if (notifications && dialect === ALWAYS_NOTIFIED) return { by: "given", lagging: false };
  const found = subscriptions.filter((subscription) =>
    subscription.own
      ? notifications && subscription.channel === STEEDOS_NOTIFICATIONS
      : subscription.channel === channel,
  );
  // One without a filter hears all that the others do.
  return found.find(({ filter }) => filter === undefined) ?? found[0];
}

/** Why a user hears nothing on a channel, as far as what is known tells. */
export function diagnose(evidence: Evidence): Diagnosis {
  const told = judge(evidence);
  const { report, connections } = evidence;
  const listed = report.connections.length;
  return {
    ...told,
    findings: [
      ...told.findings,
      ...(connections.length < listed ? [{ kind: "unchecked" as const, some: connections.length, total: listed }] : []),
      ...(report.unreachable.length > 0 ? [{ kind: "unreachable" as const, nodes: report.unreachable }] : []),
    ],
  };
}

function judge(evidence: Evidence): Diagnosis {
  const { report, channel } = evidence;
  const there = evidence.connections.filter(({ details }) => details !== "gone");
  if (there.length === 0) return notThere(report);
  const silent = there.flatMap(({ connection, details }): Finding[] =>
    details === "silent" ? [{ kind: "silent", socketId: connection.socketId, nodeId: connection.nodeId }] : [],
  );
  const known = there.flatMap(({ details, rule }) => (typeof details === "string" ? [] : [{ details, rule }]));
  const following = known.filter(({ details }) => followed(details, channel) !== undefined);
  if (following.length > 0) return heard(evidence, known, following, silent);
  const connections: Finding = { kind: "connections", total: there.length };
  // One that cannot be asked may be the one that follows it.
  if (silent.length > 0) return { verdict: "unknown", findings: [connections, ...silent], steps: ["again"] };
  return unheard(evidence, known, connections);
}

/** Nobody is connected: how that came. */
function notThere({ incidents, revokedAt, unreachable }: UserReport): Diagnosis {
  const ended = incidents.find(({ kind }) => kind === "ended");
  const refused = incidents.find((incident) => isArrival(incident) && incident.at >= (ended?.at ?? 0));
  const findings: Finding[] = [{ kind: "noConnection" }];
  if (revokedAt !== null) findings.push({ kind: "revoked", at: revokedAt });
  if (refused !== undefined) findings.push({ kind: "arrivalRefused", incident: refused });
  if (ended?.code === "SLOW_CONSUMER" && refused === undefined) {
    return {
      verdict: "slow",
      findings: [{ kind: "slowEnded", incident: ended }, ...findings],
      steps: ["comesBack", "slow"],
    };
  }
  if (ended !== undefined) findings.push({ kind: "lastEnded", incident: ended });
  const neverSeen = incidents.length === 0 && revokedAt === null && unreachable.length === 0;
  if (neverSeen) findings.push({ kind: "neverSeen" });
  const steps: Step[] = ["notConnected"];
  if (revokedAt !== null) steps.unshift("signInAgain");
  if (neverSeen) steps.push("checkId");
  return { verdict: "notConnected", findings, steps };
}

/** There are connections, and none follows the channel. */
function unheard({ report, channel }: Evidence, known: readonly Known[], connections: Finding): Diagnosis {
  const findings: Finding[] = [connections, { kind: "noneFollow" }];
  const attempt = report.incidents.find((incident) => incident.code === "FORBIDDEN" && incident.channel === channel);
  const decisions = known.map(({ details, rule }) => ({ socketId: details.socketId, rule }));
  for (const { details } of known)
    if (details.principal.grantsOnly) findings.push({ kind: "grantsOnly", socketId: details.socketId });
  for (const { socketId, rule } of decisions) {
    const allowed = rule?.decisions?.subscribe.allowed;
    if (rule !== undefined && allowed !== undefined)
      findings.push({ kind: allowed ? "wouldAllow" : "wouldRefuse", socketId, rule });
  }
  findings.push(attempt === undefined ? { kind: "neverTried" } : { kind: "refusedAt", incident: attempt });
  const allowed = decisions.map(({ rule }) => rule?.decisions?.subscribe.allowed);
  // What the rules say now counts for more than what they said once.
  const refused = allowed.includes(false) || (attempt !== undefined && !allowed.includes(true));
  return refused
    ? { verdict: "refused", findings, steps: ["changeRule"] }
    : { verdict: "notSubscribed", findings, steps: ["subscribe"] };
}

/** Some connection follows the channel: whether it loses what comes. */
function heard(
  { report, channel, now }: Evidence,
  known: readonly Known[],
  following: readonly Known[],
  silent: readonly Finding[],
): Diagnosis {
  const losses = following.flatMap(({ details }): Finding[] => {
    const { socketId, backlog } = details;
    const lagging = followed(details, channel)?.lagging === true;
    return [
      ...(lagging ? [{ kind: "lagging" as const, socketId }] : []),
      ...(backlog.overloaded
        ? [{ kind: "overloaded" as const, socketId, bytes: backlog.bytes, limit: backlog.limit }]
        : []),
    ];
  });
  for (const incident of report.incidents) {
    if (now - incident.at > RECENT_MS) continue;
    if (incident.kind === "ended" && incident.code === "SLOW_CONSUMER") losses.push({ kind: "slowEnded", incident });
    if (incident.kind === "dropped" && (incident.channel ?? channel) === channel)
      losses.push({ kind: "droppedAt", incident });
  }
  const filtered = following.flatMap(({ details }): Finding[] =>
    followed(details, channel)?.filter === undefined ? [] : [{ kind: "filtered", socketId: details.socketId }],
  );
  const some: Finding = { kind: "someFollow", some: following.length, total: known.length + silent.length };
  const findings = [...losses, some, ...filtered, ...silent];
  const others: Step[] = following.length < known.length ? ["others"] : [];
  return losses.length > 0
    ? { verdict: "slow", findings, steps: ["slow", "comesBack", ...others] }
    : { verdict: "nothing", findings, steps: [...others, "nothing"] };
}

/** Whether somebody was refused as a whole, and not one command. */
function isArrival({ kind, command, socketId }: Incident): boolean {
  return kind === "refused" && command === "connect" && socketId === undefined;
}

interface Known {
  readonly details: ConnectionDetails;
  readonly rule: RuleTest | undefined;
}
