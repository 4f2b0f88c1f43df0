import type { OperationResult, ResultOf } from "./results.ts";

/** What can have happened to a resource. The first four are the decorators'; `"event"` is for applications. */
export const REALTIME_TOPICS = ["created", "updated", "deleted", "saved", "event"] as const;

export type RealtimeTopic = (typeof REALTIME_TOPICS)[number];

/** One resource that something happened to, for one room. */
export interface RealtimeEntityEvent<Entity = unknown, Result = OperationResult<Entity> | null> {
  /** Kind of resource, as in `"message"`. */
  readonly type: string;
  /** Name of the room, exactly. */
  readonly room: string;
  /** Where the resource is found; null where that was not said. */
  readonly path: string | null;
  /** What clients are shown. */
  readonly entity: Entity;
  /** What the service's method returned; null where there was none. */
  readonly result: Result;
}

/** What is said of an event besides: for whom it is, and in whose name the method was called. */
export interface EventOrigin {
  readonly tenantId: string;
  readonly context?: unknown;
}

/** The event of a topic, with the result class of that topic. */
export type EventOf<Topic extends RealtimeTopic> = Topic extends keyof ResultOf<unknown>
  ? RealtimeEntityEvent<unknown, ResultOf<unknown>[Topic]>
  : RealtimeEntityEvent;

export type EventListener<Topic extends RealtimeTopic> = (
  event: EventOf<Topic>,
  origin: EventOrigin,
) => void | Promise<void>;

/**
 * Carries what happened to resources from services to whoever listens, within one gateway. Listeners are called at once, in
 * the order in which they subscribed; one that throws or rejects is reported and hinders neither the publisher nor others.
 */
export class EventBus {
  readonly #failed: (error: unknown) => void;
  readonly #listeners: { readonly [Topic in RealtimeTopic]: Set<EventListener<Topic>> } = {
    created: new Set(),
    updated: new Set(),
    deleted: new Set(),
    saved: new Set(),
    event: new Set(),
  };

  constructor(options: { readonly failed?: (error: unknown) => void } = {}) {
    this.#failed = options.failed ?? (() => undefined);
  }

  /** Gives an event to all listeners of its topic; of tenant `default` unless `origin` says otherwise. */
  publish<Topic extends RealtimeTopic>(
    topic: Topic,
    event: EventOf<Topic>,
    origin: EventOrigin = { tenantId: "default" },
  ): void {
    // A copy: who subscribes meanwhile hears the next one.
    for (const listener of [...this.#listeners[topic]]) void this.#tell(listener, event, origin);
  }

  /** Returns what ends the subscription. */
  subscribe<Topic extends RealtimeTopic>(topic: Topic, listener: EventListener<Topic>): () => void {
    // One of its own, so that who subscribes the same function twice ends each by itself.
    const own: EventListener<Topic> = (event, origin) => listener(event, origin);
    const listeners: Set<EventListener<Topic>> = this.#listeners[topic];
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  async #tell<Topic extends RealtimeTopic>(
    listener: EventListener<Topic>,
    event: EventOf<Topic>,
    origin: EventOrigin,
  ): Promise<void> {
    try {
      await listener(event, origin);
    } catch (error) {
      this.#failed(error);
    }
  }
}
