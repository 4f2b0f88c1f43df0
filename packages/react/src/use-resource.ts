import type { AnyEvents, ChannelName } from "@roomcast/client";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { useRealtime } from "./realtime.ts";
import type { ResourceListOptions } from "./resource-list.ts";
import { ResourceStore, type ResourceLoader, type ResourceSnapshot } from "./resource-store.ts";
import { useLatest } from "./use-latest.ts";

export interface ResourceOptions<Item> extends ResourceListOptions<Item> {
  /** What the loader loads, where that is not said by the room: another key begins with an empty list. */
  readonly key?: string;
}

export interface Resource<Item> extends ResourceSnapshot<Item> {
  /** Loads the list again, as after an error. */
  readonly reload: () => void;
}

/**
 * A list that `loader` loads and that then follows what happens to resources in `room`: `created`, `updated`, `deleted`, `saved`.
 * Nothing falls between the load and the first of these. The loader may be another function on each render. Without a room
 * nothing is loaded.
 */
export function useResource<Item, Events extends object = AnyEvents>(
  room: ChannelName<Events> | null | undefined,
  loader: ResourceLoader<Item>,
  options: ResourceOptions<Item> = {},
): Resource<Item> {
  const { client, channels } = useRealtime("useResource");
  const latest = useLatest({ loader, options });
  const { key } = options;
  const store = useMemo(() => {
    if (room === null || room === undefined) return undefined;
    const load = (): ResourceLoader<Item> => latest.current.loader;
    return new ResourceStore<Item>({ client, channels, room, load, list: () => latest.current.options });
  }, [client, channels, room, key, latest]);
  const subscribe = useCallback((listener: () => void) => store?.subscribe(listener) ?? (() => undefined), [store]);
  const snapshot = useSyncExternalStore(
    subscribe,
    () => store?.get() ?? ResourceStore.initial,
    () => ResourceStore.initial,
  );
  const reload = useCallback(() => store?.reload(), [store]);
  return { ...snapshot, reload };
}
