import type { Position, RealtimeClient, RealtimeError } from "@roomcast/client";
import { KeyedStore } from "./keyed-store.ts";

export interface ChannelSnapshot {
  /** `live`: what is published now is heard. `refused`: the server does not let us; it is asked again on the next connection. */
  readonly status: "pending" | "live" | "refused";
  readonly error: RealtimeError | undefined;
  /** Where a subscription that is live began on this connection; absent where the channel keeps no history. */
  readonly position: Position | undefined;
}

const PENDING: ChannelSnapshot = { status: "pending", error: undefined, position: undefined };

/** The subscriptions of a client: one for each channel, however many components follow it. */
export type ChannelStore = KeyedStore<ChannelSnapshot>;

export function createChannelStore(client: RealtimeClient): ChannelStore {
  return new KeyedStore<ChannelSnapshot>({
    initial: PENDING,
    begin(topic, set) {
      let id = client.subscribe({ topic });
      let refused = false;
      const stops = [
        client.on("subscribed", ({ subscriptionId, position }) => {
          if (subscriptionId === id) set({ status: "live", error: undefined, position });
        }),
        client.on("error", (error) => {
          if (error.subscriptionId !== id) return;
          refused = true;
          set({ status: "refused", error, position: undefined });
        }),
        client.on("connection", ({ state }) => {
          if (state !== "connected") {
            if (!refused) set(PENDING);
          } else if (refused) {
            refused = false;
            id = client.subscribe({ topic });
          }
        }),
      ];
      return () => {
        for (const stop of stops) stop();
        client.unsubscribe(id);
      };
    },
  });
}
