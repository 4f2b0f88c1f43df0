import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useSession } from "../app/session.tsx";
import type { RestRequest } from "./rest.ts";

/** How many entries one request brings. */
const PAGE = 200;

export interface List<Entry> {
  readonly entries: readonly Entry[];
  readonly total: number | undefined;
  readonly error: unknown;
  readonly loading: boolean;
  /** Whether there is more, or may be. */
  readonly more: boolean;
  /** Brings the next page, unless that is under way. */
  readonly next: () => void;
  readonly reload: () => void;
}

export interface ListOptions {
  readonly query?: RestRequest["query"];
  /** How often what is shown is asked for again; never unless given. */
  readonly refetchMs?: number;
}

/** A list of REST, page after page. */
export function useList<Entry>(path: string, options: ListOptions = {}): List<Entry> {
  const { rest, tenantId } = useSession();
  const { query = {}, refetchMs } = options;
  const { data, error, isPending, hasNextPage, isFetching, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ["list", tenantId, path, query],
    queryFn: async ({ pageParam, signal }) =>
      await rest.list<Entry>(path, { query: { limit: PAGE, ...query, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.cursor,
    placeholderData: keepPreviousData,
    // Only the first page: many would be asked for again all at once.
    refetchInterval: (state) =>
      refetchMs !== undefined && (state.state.data?.pages.length ?? 0) <= 1 ? refetchMs : false,
  });
  const entries = useMemo(() => data?.pages.flatMap((page) => page.entries) ?? [], [data]);
  const next = useCallback(() => {
    // After a failure somebody has to ask for it: what comes into sight would ask without end.
    if (hasNextPage && !isFetching && error === null) void fetchNextPage();
  }, [hasNextPage, isFetching, error, fetchNextPage]);
  const reload = useCallback(() => void refetch(), [refetch]);
  return { entries, total: data?.pages[0]?.total, error, loading: isPending, more: hasNextPage, next, reload };
}
