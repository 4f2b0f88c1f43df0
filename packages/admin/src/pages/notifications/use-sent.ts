import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useSession } from "../../app/session.tsx";

/** A notification that was sent from this page. */
export interface Sent {
  /** Counted from 1. */
  readonly number: number;
  /** Milliseconds since 1970, by this browser's clock. */
  readonly at: number;
  readonly users: readonly string[];
  readonly message: unknown;
  /** How many sockets it went to. */
  readonly delivered: number;
}

const MOST = 100;
const NONE: readonly Sent[] = [];

/** What was sent from here to a tenant's users since the page was loaded, newest first. It is forgotten with the session. */
export function useSent(): [readonly Sent[], (sent: Omit<Sent, "number">) => void] {
  const { tenantId } = useSession();
  const queries = useQueryClient();
  const queryKey = useMemo(() => ["sent notifications", tenantId], [tenantId]);
  const { data } = useQuery<readonly Sent[]>({ queryKey, queryFn: skipToken, gcTime: Infinity, staleTime: Infinity });
  const add = useCallback(
    (sent: Omit<Sent, "number">) => {
      queries.setQueryDefaults(queryKey, { gcTime: Infinity });
      queries.setQueryData<readonly Sent[]>(queryKey, (before = NONE) =>
        [{ ...sent, number: (before[0]?.number ?? 0) + 1 }, ...before].slice(0, MOST),
      );
    },
    [queries, queryKey],
  );
  return [data ?? NONE, add];
}
