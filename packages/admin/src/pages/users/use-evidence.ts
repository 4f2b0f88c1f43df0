import { useQueries, useQuery } from "@tanstack/react-query";
import { pathPiece } from "../../api/path-piece.ts";
import { RestError } from "../../api/rest.ts";
import type { Connection, ConnectionDetails, RuleTest, UserReport } from "../../api/types.ts";
import { useSession } from "../../app/session.tsx";
import type { Evidence, LookedAt } from "./diagnosis.ts";

const REFETCH_MS = 5000;
/** So many of a user's connections are looked at, one by one. */
const MOST_LOOKED_AT = 20;

export interface EvidenceState {
  readonly report: UserReport | undefined;
  /** Undefined until all of it is there. */
  readonly evidence: Evidence | undefined;
  readonly error: unknown;
  readonly reload: () => void;
}

/** Gathers what tells why a user hears nothing on a channel, again every five seconds. */
export function useEvidence(userId: string, channel: string): EvidenceState {
  const { rest, tenantId } = useSession();
  const user = useQuery({
    queryKey: ["user", tenantId, userId],
    queryFn: async ({ signal }) => await rest.get<UserReport>(`/api/socket/users/${pathPiece(userId)}`, { signal }),
    refetchInterval: REFETCH_MS,
  });
  const listed = user.data?.connections.slice(0, MOST_LOOKED_AT) ?? [];
  const details = useQueries({
    queries: listed.map(({ socketId }) => ({
      queryKey: ["connection", tenantId, socketId],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        await rest.get<ConnectionDetails>(`/api/socket/connections/${pathPiece(socketId)}`, { signal }),
      retry: false,
      refetchInterval: REFETCH_MS,
    })),
  });
  const rules = useQueries({
    queries: listed.map(({ socketId }) => ({
      queryKey: ["rules-test", tenantId, { channel, socketId }],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        await rest.post<RuleTest>("/api/socket/rules/test", { channel, socketId }, { signal }),
      retry: false,
      refetchInterval: REFETCH_MS,
    })),
  });
  const waiting = [...details, ...rules].some(({ isPending }) => isPending);
  return {
    report: user.data,
    evidence:
      user.data === undefined || waiting
        ? undefined
        : {
            channel,
            report: user.data,
            connections: listed.map((connection, index) => lookedAt(connection, details[index], rules[index]?.data)),
            now: Math.max(user.dataUpdatedAt, ...details.map(({ dataUpdatedAt }) => dataUpdatedAt)),
          },
    // What fails of one connection is said beside it.
    error: user.error,
    reload: () => void Promise.all([user, ...details, ...rules].map(async ({ refetch }) => await refetch())),
  };
}

function lookedAt(
  connection: Connection,
  asked: { readonly data: ConnectionDetails | undefined; readonly error: unknown } | undefined,
  rule: RuleTest | undefined,
): LookedAt {
  const { data, error } = asked ?? { data: undefined, error: null };
  // What was known of it before it went silent is not how things are.
  if (data !== undefined && error === null) return { connection, details: data, rule };
  return { connection, details: RestError.from(error).code === "NOT_FOUND" ? "gone" : "silent", rule };
}
