import { useEffect, useRef, useState } from "react";
import { useTopic } from "../../api/live.tsx";
import type { TenantSample } from "../../api/types.ts";

/** Events a second that are published on the busiest channels, by name. */
export type Busiest = ReadonlyMap<string, number>;

/** How long a node's numbers count for now. */
const FRESH_MS = 3000;
const NONE: Busiest = new Map();

/** The tenant's busiest channels on all nodes, now. */
export function useBusiest(): Busiest {
  const samples = useRef(new Map<string, { readonly sample: TenantSample; readonly at: number }>());
  const [busiest, setBusiest] = useState(NONE);
  useTopic("@stats", ({ payload }) => {
    const sample = payload as TenantSample;
    samples.current.set(sample.nodeId, { sample, at: Date.now() });
  });
  useEffect(() => {
    const timer = setInterval(() => {
      const now = Date.now();
      const rates = new Map<string, number>();
      for (const [nodeId, { sample, at }] of samples.current) {
        if (now - at > FRESH_MS) samples.current.delete(nodeId);
        else for (const [channel, rate] of sample.busiest ?? []) rates.set(channel, (rates.get(channel) ?? 0) + rate);
      }
      setBusiest((before) => (before.size === 0 && rates.size === 0 ? before : rates));
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return busiest;
}
