import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { pathPiece } from "../../api/path-piece.ts";
import { RestError } from "../../api/rest.ts";
import type { ConnectionDetails } from "../../api/types.ts";
import { useSession } from "../../app/session.tsx";

const REFETCH_MS = 5000;

export interface WatchedConnection {
  /** What was known last, whatever came of the connection since. */
  readonly details: ConnectionDetails | undefined;
  /** When that was true, in milliseconds since 1970. */
  readonly at: number;
  /** `gone`: nobody has it any more. `silent`: the node that holds it does not answer. `failed`: something else went wrong. */
  readonly state: "loading" | "live" | "gone" | "silent" | "failed";
  /** Whether its node was silent before it was gone. */
  readonly nodeDied: boolean;
  readonly error: RestError | undefined;
  readonly reload: () => void;
}

/** One connection, asked about again every five seconds until it is gone. */
export function useConnection(socketId: string): WatchedConnection {
  const { rest, tenantId } = useSession();
  const { data, dataUpdatedAt, error, refetch } = useQuery({
    queryKey: ["connection", tenantId, socketId],
    queryFn: async ({ signal }) =>
      await rest.get<ConnectionDetails>(`/api/socket/connections/${pathPiece(socketId)}`, { signal }),
    // It is asked again soon anyway, and whoever looks should know at once.
    retry: false,
    refetchInterval: ({ state }) => (isGone(state.error) ? false : REFETCH_MS),
  });
  const failure = error === null ? undefined : RestError.from(error);
  const state = stateOf(failure, data);
  const [silent, setSilent] = useState(false);
  useEffect(() => {
    if (state === "silent") setSilent(true);
    if (state === "live") setSilent(false);
  }, [state]);
  return {
    details: data,
    at: dataUpdatedAt,
    state,
    nodeDied: state === "gone" && silent,
    error: failure,
    reload: () => void refetch(),
  };
}

function stateOf(error: RestError | undefined, details: ConnectionDetails | undefined): WatchedConnection["state"] {
  if (error === undefined) return details === undefined ? "loading" : "live";
  if (isGone(error)) return "gone";
  // Without a status nobody answered at all: that is not the connection's node alone.
  return error.code === "UNAVAILABLE" && error.status !== 0 ? "silent" : "failed";
}

function isGone(error: unknown): boolean {
  return error !== null && RestError.from(error).code === "NOT_FOUND";
}
