import type { AnyEvents, RealtimeClient } from "@roomcast/client";
import { useMemo, useSyncExternalStore } from "react";
import type { ConnectionSnapshot } from "./connection-store.ts";
import { useRealtime } from "./realtime.ts";

export interface Connection<Events extends object = AnyEvents> extends ConnectionSnapshot {
  /** Of the session; null for a visitor, undefined before the first connection. */
  readonly userId: string | null | undefined;
  /** For what the hooks do not do. */
  readonly client: RealtimeClient<Events>;
  /** Connects again after `disconnect`, or after a refusal that was final. */
  readonly connect: () => void;
  readonly disconnect: () => void;
}

/** How the connection is, who we are on it, and why there is none. */
export function useConnection<Events extends object = AnyEvents>(): Connection<Events> {
  const { client, connection } = useRealtime("useConnection");
  const snapshot = useSyncExternalStore(
    connection.subscribe,
    () => connection.get(),
    () => connection.initial,
  );
  const actions = useMemo(
    () => ({
      client: client as unknown as RealtimeClient<Events>,
      connect: () => client.connect(),
      disconnect: () => client.disconnect(),
    }),
    [client],
  );
  return { ...snapshot, ...actions, userId: snapshot.session?.userId };
}
