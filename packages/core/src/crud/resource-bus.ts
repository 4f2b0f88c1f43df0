import type { ChannelAddress } from "@roomcast/protocol";
import type { Observer } from "../observer.ts";
import { toJson } from "../json-text.ts";
import { EventBus, REALTIME_TOPICS, type RealtimeTopic } from "./event-bus.ts";

/** What of a gateway its bus needs. */
export interface ResourcePublisher {
  readonly observer: Observer;
  publishResource(
    address: ChannelAddress,
    change: {
      readonly action: RealtimeTopic;
      readonly type: string;
      readonly path: string | null;
      readonly resource: unknown;
    },
  ): Promise<unknown>;
}

/** The bus of a gateway: what is published on it goes to the room's channel. What fails is told to the observer. */
export function resourceBus(gateway: ResourcePublisher): EventBus {
  const bus = new EventBus({ failed: (error) => gateway.observer.failed?.("realtime", error) });
  for (const action of REALTIME_TOPICS) {
    bus.subscribe(action, async ({ type, room, path, entity }, { tenantId }) => {
      // As it is now: who called the service has the same object next, and may change it before it is written.
      const resource = toJson(entity);
      await gateway.publishResource({ tenantId, name: room }, { action, type, path, resource });
    });
  }
  return bus;
}
