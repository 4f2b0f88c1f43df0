import { useCallback, useSyncExternalStore } from "react";
import type { KeyedSource } from "./keyed-store.ts";

/** What `source` knows of `key`, always as it is now. */
export function useKeyed<Snapshot>(source: KeyedSource<Snapshot>, key: string | undefined): Snapshot {
  const subscribe = useCallback((listener: () => void) => source.subscribe(key, listener), [source, key]);
  return useSyncExternalStore(
    subscribe,
    () => source.get(key),
    () => source.initial,
  );
}
