import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useSession } from "../app/session.tsx";
import type { RestClient } from "./rest.ts";
import type { History, Position, RealtimeEvent } from "./types.ts";

/** How many events one request brings. */
const PAGE = 100;

export interface Log {
  /** Newest first. */
  readonly events: readonly RealtimeEvent[];
  /** Where the log stood when its newest page was read; undefined where nothing is kept. */
  readonly position: Position | undefined;
  readonly error: unknown;
  readonly loading: boolean;
  readonly busy: boolean;
  readonly more: boolean;
  /** Brings the next older page, unless that is under way. */
  readonly older: () => void;
  /** Begins again with the newest. */
  readonly reload: () => void;
}

/** A log that REST has, from its newest event back. An undefined path asks for nothing. */
export function useLog(path: string | undefined): Log {
  const { rest, tenantId } = useSession();
  const queries = useQueryClient();
  const queryKey = useMemo(() => ["log", tenantId, path], [tenantId, path]);
  const { data, error, isPending, isFetching, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey,
    enabled: path !== undefined,
    queryFn: async ({ pageParam, signal }) =>
      pageParam === undefined
        ? await rest.get<History>(path ?? "", { query: { limit: PAGE }, signal })
        : await before(rest, path ?? "", pageParam, signal),
    initialPageParam: undefined as Position | undefined,
    getNextPageParam: ({ events }) => {
      const oldest = events[0]?.position;
      return oldest === undefined || oldest.offset <= 1 ? undefined : oldest;
    },
    refetchOnWindowFocus: false,
  });
  const events = useMemo(() => data?.pages.flatMap((page) => page.events.toReversed()) ?? [], [data]);
  const older = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const reload = useCallback(() => void queries.resetQueries({ queryKey }), [queries, queryKey]);
  return {
    events,
    position: data?.pages[0]?.position,
    error,
    loading: isPending && path !== undefined,
    busy: isFetching,
    more: hasNextPage,
    older,
    reload,
  };
}

/** The page that ends right before a position, oldest first; empty where the log does not reach so far, or has begun anew. */
async function before(rest: RestClient, path: string, end: Position, signal: AbortSignal): Promise<History> {
  const found: RealtimeEvent[] = [];
  let offset = Math.max(0, end.offset - 1 - PAGE);
  let top: Position | undefined;
  // An answer holds so many bytes, and what does not fit is left out at its newer end: that is asked for again.
  for (;;) {
    const { events, position } = await rest.get<History>(path, {
      query: { limit: PAGE, epoch: end.epoch, offset },
      signal,
    });
    top = position;
    const fitting = events.filter(
      (event) =>
        event.position?.epoch === end.epoch && event.position.offset > offset && event.position.offset < end.offset,
    );
    found.push(...fitting);
    const last = fitting.at(-1)?.position?.offset;
    if (last === undefined || last >= end.offset - 1) break;
    offset = last;
  }
  return { events: found, ...(top === undefined ? undefined : { position: top }) };
}
