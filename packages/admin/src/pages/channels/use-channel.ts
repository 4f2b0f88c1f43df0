import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import type { ChannelDetails, History } from "../../api/types.ts";
import { useSession } from "../../app/session.tsx";

const REFETCH_MS = 5000;

/** How far back the history of a channel goes. */
export interface Reach {
  /** How many events are kept. */
  readonly size: number;
  /** Undefined where none is. */
  readonly oldest: { readonly offset: number; readonly at: number } | undefined;
}

export interface ChannelState {
  readonly details: ChannelDetails | undefined;
  readonly reach: Reach | undefined;
  readonly error: unknown;
  readonly reload: () => void;
}

/** What is known of a channel, by its path in REST; asked for every five seconds. */
export function useChannel(path: string | undefined): ChannelState {
  const { rest, tenantId } = useSession();
  const enabled = path !== undefined;
  const { data, error, refetch } = useQuery({
    queryKey: ["channel", tenantId, path],
    queryFn: async ({ signal }) => await rest.get<ChannelDetails>(path ?? "", { signal }),
    enabled,
    refetchInterval: REFETCH_MS,
  });
  const { data: reach } = useQuery({
    queryKey: ["reach", tenantId, path, data?.position?.epoch, data?.position?.offset],
    queryFn: async ({ signal }): Promise<Reach> => {
      const position = data?.position;
      if (position === null || position === undefined) return { size: 0, oldest: undefined };
      // After the beginning of all comes the oldest that there is.
      const query = { limit: 1, epoch: position.epoch, offset: 0 };
      const { events, position: top } = await rest.get<History>(`${path}/history`, { query, signal });
      const first = events[0];
      const offset = first?.position?.offset;
      if (first === undefined || offset === undefined) return { size: 0, oldest: undefined };
      return { size: (top?.offset ?? offset) - offset + 1, oldest: { offset, at: first.timestamp } };
    },
    enabled: enabled && data !== undefined,
    refetchInterval: REFETCH_MS,
    placeholderData: (before) => before,
  });
  const reload = useCallback(() => void refetch(), [refetch]);
  return { details: data, reach, error, reload };
}
