import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLive, useTopic } from "../../api/live.tsx";
import type { Samples } from "../../api/types.ts";
import { useSession } from "../../app/session.tsx";
import type { LiveReading } from "./now.ts";
import { Timeline, WINDOW, type Point, type Reading } from "./timeline.ts";

/** Whose numbers: all nodes', or those of the tenant that is looked at. */
export type Scope = "cluster" | "tenant";

export interface Stats {
  /** The newest of each node that still tells something, by name. */
  readonly readings: readonly LiveReading[];
  readonly points: readonly Point[];
  /** Nodes whose past is not in it. */
  readonly unreachable: readonly string[];
  readonly loading: boolean;
  /** Why the past, or the numbers of now, are not there. */
  readonly error: unknown;
  readonly retry: () => void;
}

/** A node that has said nothing for so long, in milliseconds, while others did is not counted any more. */
const SILENT = 10_000;
const SOURCES = {
  cluster: { path: "/api/cluster/stats", topic: "@cluster" },
  tenant: { path: "/api/socket/stats", topic: "@stats" },
} as const;

interface Heard {
  readonly reading: LiveReading;
  readonly at: number;
}

/** The last quarter of an hour by REST, and from then on what comes each second. */
export function useStats(scope: Scope): Stats {
  const { rest, tenantId } = useSession();
  const { path, topic } = SOURCES[scope];
  const [timeline] = useState(() => new Timeline());
  const [newest, setNewest] = useState(0);
  const [heard, setHeard] = useState<ReadonlyMap<string, Heard>>(new Map());
  const past = useQuery({
    queryKey: ["stats", tenantId, scope],
    queryFn: async ({ signal }) =>
      await rest.get<Samples<Reading>>(path, { query: { seconds: WINDOW / 1000 }, signal }),
    // What comes after it comes live.
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const { refetch } = past;

  useEffect(() => {
    if (past.data === undefined) return;
    for (const { samples } of past.data.nodes) for (const sample of samples) timeline.add(sample);
    setNewest(timeline.newest);
    const at = Date.now();
    const last = past.data.nodes.flatMap(({ samples }) => samples.at(-1) ?? []);
    setHeard((before) => new Map([...last.map((reading) => [reading.nodeId, { reading, at }] as const), ...before]));
  }, [past.data, timeline]);

  const refusal = useTopic(topic, ({ payload }) => {
    const reading = payload as LiveReading;
    timeline.add(reading);
    setNewest(timeline.newest);
    const at = Date.now();
    setHeard((before) => {
      const after = new Map([...before].filter(([, one]) => at - one.at < SILENT));
      return after.set(reading.nodeId, { reading, at });
    });
  });

  // What was missed while there was no connection.
  const state = useLive()?.state;
  const wasAway = useRef(false);
  useEffect(() => {
    if (state === "connected" && wasAway.current) void refetch();
    wasAway.current = state === "reconnecting" || state === "disconnected";
  }, [state, refetch]);

  const readings = useMemo(
    () => [...heard.values()].map(({ reading }) => reading).sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1)),
    [heard],
  );
  // Drawn anew with each step, not with each sample.
  const points = useMemo(() => (newest === 0 ? [] : timeline.points()), [timeline, newest]);
  const retry = useCallback(() => void refetch(), [refetch]);
  return {
    readings,
    points,
    unreachable: past.data?.unreachable ?? [],
    loading: past.isPending && readings.length === 0,
    error: past.error ?? refusal,
    retry,
  };
}
