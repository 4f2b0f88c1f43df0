import { isReservedName, utf8Length, type Principal } from "@roomcast/protocol";
import { connectionInfo, sessionRecord, type ConnectionInfo } from "../connection-info.ts";
import { JOINED, type Reader, type Subscription } from "../reader.ts";
import type { Services } from "../services.ts";
import type { Session, SessionTotals } from "../session.ts";
import type { ConnectionRates, Gauges } from "./gauges.ts";
import type { Incident } from "./incident.ts";

/** Bytes of a filter that is shown. */
const LONGEST_FILTER = 4096;

/** One subscription of a connection. */
export interface SubscriptionDetails {
  readonly channel: string;
  /** Whether it is the user's own channel of that name. */
  readonly own: boolean;
  /** Empty for a membership. */
  readonly subscriptionId: string;
  /** Left out where it is longer than 4 KiB of JSON: `filterBytes` says how long. */
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly filterBytes?: number;
  /** Whether the session is a member of the channel by it. */
  readonly joined: boolean;
  /** `given`: by the authenticator, whatever the rules say. */
  readonly by: "rule" | "grant" | "given";
  /** When its right ends by itself, in milliseconds since 1970. */
  readonly until?: number;
  /** Whether events are lost for it now. */
  readonly lagging: boolean;
}

/** Who a connection speaks for, and what its credential adds to the rules. */
export type PrincipalDetails = Pick<
  Principal,
  | "userId"
  | "tenantId"
  | "roles"
  | "anonymous"
  | "grants"
  | "info"
  | "email"
  | "provider_id"
  | "application_id"
  | "issuedAt"
  | "expiresAt"
> & { readonly grantsOnly: boolean };

/** Everything that its node knows of a connection. */
export interface ConnectionDetails extends ConnectionInfo {
  readonly principal: PrincipalDetails;
  /** What the token said beside the principal; absent for nothing. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly subscriptions: readonly SubscriptionDetails[];
  /** Bytes that wait for the client, and from how many on it is overloaded. */
  readonly backlog: { readonly bytes: number; readonly limit: number; readonly overloaded: boolean };
  readonly rates: ConnectionRates;
  readonly totals: SessionTotals;
  /** Newest first. */
  readonly incidents: readonly Incident[];
}

/** What this node knows of a session of its own; null where it is not there. */
export function connectionDetails(
  services: Pick<Services, "directory" | "journal" | "limits" | "nodeId">,
  gauges: Gauges,
  { tenantId, socketId }: { readonly tenantId: string; readonly socketId: string },
): ConnectionDetails | null {
  const { directory, journal, limits, nodeId } = services;
  const session = directory.find(tenantId, socketId);
  if (session === undefined) return null;
  const { connection, principal, claims } = session;
  return {
    ...connectionInfo(sessionRecord(session, nodeId), tenantId, directory),
    principal: principalDetails(principal),
    ...(claims === undefined ? undefined : { claims: JSON.parse(claims) as Readonly<Record<string, unknown>> }),
    subscriptions: subscriptions(session),
    backlog: {
      bytes: connection.load?.waiting ?? 0,
      limit: limits.backlogBytes,
      overloaded: connection.overloaded,
    },
    rates: gauges.rates(session),
    totals: session.totals(),
    incidents: journal.of(principal).filter((incident) => incident.socketId === session.id),
  };
}

function principalDetails(principal: Principal): PrincipalDetails {
  const { userId, tenantId, roles, anonymous, grants, grantsOnly = false } = principal;
  const { info, email, provider_id, application_id, issuedAt, expiresAt } = principal;
  return {
    ...{ userId, tenantId, roles, anonymous, grants, grantsOnly },
    ...(info === undefined ? undefined : { info }),
    ...(email === undefined ? undefined : { email }),
    ...(provider_id === undefined ? undefined : { provider_id }),
    ...(application_id === undefined ? undefined : { application_id }),
    ...(issuedAt === undefined ? undefined : { issuedAt }),
    ...(expiresAt === undefined ? undefined : { expiresAt }),
  };
}

/** What a client follows, and what is its user's own; not what the gateway itself says to all. */
function subscriptions({ readers }: Session): readonly SubscriptionDetails[] {
  return readers
    .filter(({ channel: { address } }) => address.userId !== undefined || !isReservedName(address.name))
    .flatMap((reader) => reader.subscriptions.map((subscription) => subscriptionDetails(reader, subscription)));
}

function subscriptionDetails({ channel, member, lagging }: Reader, subscription: Subscription): SubscriptionDetails {
  const { id: subscriptionId, filter, verdict } = subscription;
  const { name, userId } = channel.address;
  return {
    channel: name,
    own: userId !== undefined,
    subscriptionId,
    ...(filter === undefined ? undefined : shownFilter(filter.key)),
    joined: subscriptionId === JOINED && member !== undefined,
    by: verdict.given === true ? "given" : verdict.by,
    ...(verdict.until === undefined ? undefined : { until: verdict.until }),
    lagging,
  };
}

/** What a client filters by is as long as it likes: many such would be more than an answer holds. */
function shownFilter(key: string): Pick<SubscriptionDetails, "filter" | "filterBytes"> {
  const bytes = utf8Length(key);
  return bytes > LONGEST_FILTER ? { filterBytes: bytes } : { filter: filterOf(key) };
}

/** A filter again, of its canonical text: paths and conditions; those with operators are a list of a list of these. */
function filterOf(key: string): Readonly<Record<string, unknown>> {
  const conditions = JSON.parse(key) as readonly (readonly [path: string, condition: unknown])[];
  return Object.fromEntries(
    conditions.map(([path, condition]) => {
      const [operators] = Array.isArray(condition) ? (condition as readonly unknown[]) : [];
      if (!Array.isArray(operators)) return [path, condition];
      return [path, Object.fromEntries(operators as readonly (readonly [string, unknown])[])];
    }),
  );
}
