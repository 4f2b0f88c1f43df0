import { useEffect } from "react";
import type { AnyEvents, ChannelName } from "@roomcast/client";
import type { PresenceSnapshot } from "./presence-store.ts";
import { useRealtime } from "./realtime.ts";
import { useKeyed } from "./use-keyed.ts";

export interface PresenceOptions {
  /** What others see of us there, any JSON value; another value replaces it. Where several components say one, the last has it. */
  readonly state?: unknown;
}

/** Joins a channel while the component is mounted, and says who is there. Without a name nothing is joined. */
export function usePresence<Events extends object = AnyEvents>(
  name: ChannelName<Events> | null | undefined,
  options: PresenceOptions = {},
): PresenceSnapshot {
  const { presence } = useRealtime("usePresence");
  const channel = name ?? undefined;
  const snapshot = useKeyed(presence, channel);
  // As text, so that an object that is made anew on each render is no change.
  const state = JSON.stringify(options.state) as string | undefined;
  useEffect(() => {
    if (channel !== undefined && state !== undefined) presence.setState(channel, state);
  }, [presence, channel, state]);
  return snapshot;
}
