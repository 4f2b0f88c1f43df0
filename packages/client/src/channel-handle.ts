import type { ChannelName, EventName, EventsOf, Filter, Member, Position, SentOf } from "@roomcast/protocol";
import type { RealtimeClient } from "./client.ts";
import { EventStream } from "./event-stream.ts";
import type { HistoryOptions } from "./socket-client.ts";
import type { ListenerName, TypedEvent } from "./types.ts";
import type { HistoryPage } from "./wire.ts";

/** One channel of a client, so that its name need not be said again. It holds nothing: make as many as you like. */
export class ChannelHandle<Events extends object, Name extends ChannelName<Events>> implements AsyncIterable<
  TypedEvent<EventsOf<Events, Name>>
> {
  readonly name: Name;
  readonly #client: RealtimeClient<Events>;

  constructor(options: { client: RealtimeClient<Events>; name: Name }) {
    this.#client = options.client;
    this.name = options.name;
  }

  /** As `RealtimeClient.subscribe`: returns the id for `RealtimeClient.unsubscribe`. */
  subscribe(options: { readonly filter?: Filter } = {}): string {
    return this.#client.subscribe({ ...options, topic: this.name });
  }

  /**
   * Calls `handler` with the payload of each `event` of this channel, and the whole of it. It follows nothing by itself:
   * `subscribe` or `join` does. Returns what removes this listener.
   */
  on<Event extends EventName<EventsOf<Events, Name>>, Payload extends EventsOf<Events, Name>[Event]>(
    event: Event,
    handler: (payload: Payload, event: TypedEvent<EventsOf<Events, Name>> & { readonly event: Event }) => unknown,
  ): () => void {
    return this.#client.on(this.#listenerName(), (received) => {
      const typed = received as TypedEvent<EventsOf<Events, Name>> & {
        readonly event: Event;
        readonly payload: Payload;
      };
      return typed.event === event ? handler(typed.payload, typed) : undefined;
    });
  }

  publish<Event extends EventName<EventsOf<Events, Name>>>(
    event: Event,
    data?: SentOf<EventsOf<Events, Name>, Event>,
  ): Promise<{ id: string; position?: Position }> {
    return this.#client.socketClient.publish<Name, Event>(this.name, event, data);
  }

  join(state?: unknown): Promise<Member[]> {
    return this.#client.socketClient.joinChannel(this.name, state);
  }

  leave(): Promise<void> {
    return this.#client.socketClient.leaveChannel(this.name);
  }

  members(): Promise<Member[]> {
    return this.#client.socketClient.members(this.name);
  }

  history(options?: HistoryOptions): Promise<HistoryPage> {
    return this.#client.socketClient.history(this.name, options);
  }

  /**
   * The channel's events, from now on, under a subscription of the stream's own that ends with it. The stream ends when the
   * loop is left and when the client is disconnected for good, not at a reconnect. Up to 1,000 events wait for a slow loop;
   * then it throws `SLOW_CONSUMER`. A subscription that is refused is thrown too.
   */
  [Symbol.asyncIterator](): EventStream<TypedEvent<EventsOf<Events, Name>>> {
    const subscription = this.subscribe();
    const stream = new EventStream<TypedEvent<EventsOf<Events, Name>>>({
      ended: () => {
        stopEvents();
        stopState();
        stopError();
        this.#client.unsubscribe(subscription);
      },
    });
    const stopEvents = this.#client.on(this.#listenerName(), (event) =>
      stream.push(event as TypedEvent<EventsOf<Events, Name>>),
    );
    const stopState = this.#client.on("connection", ({ state }) => {
      if (state === "disconnected") stream.end();
    });
    // Under the id of the subscription: whoever iterates is told, and needs no listener of errors for it.
    const stopError = this.#client.on(`error:${subscription}` as "error", (error) => stream.fail(error));
    return stream;
  }

  #listenerName(): ListenerName<Events> {
    const name: string = this.name;
    return `event:${name}` as ListenerName<Events>;
  }
}
