import {
  RealtimeError,
  type AnyEvents,
  type ChannelName,
  type EventName,
  type EventsOf,
  type GapEvent,
  type Position,
  type RealtimeClient,
  type RealtimeEvent,
  type SentOf,
} from "@roomcast/client";
import { useEffect, useMemo } from "react";
import { useRealtime } from "./realtime.ts";
import { useKeyed } from "./use-keyed.ts";
import { useLatest } from "./use-latest.ts";

/** What is called with a payload, and with the whole event. Where the payload's type is not known, it is the handler that says it. */
type Handler<Payload, Name extends string> = unknown extends Payload
  ? { method(payload: Payload, event: RealtimeEvent): unknown }["method"]
  : (payload: Payload, event: RealtimeEvent & { readonly event: Name; readonly payload: Payload }) => unknown;

/** Handlers by the name of the event. */
export type ChannelHandlers<Events extends object, Name extends string> = {
  readonly [Event in EventName<EventsOf<Events, Name>>]?: Handler<EventsOf<Events, Name>[Event], Event>;
};

export interface ChannelOptions {
  /** Called where events of the channel were lost for good: what was built from them is to be read anew. */
  readonly onGap?: (gap: GapEvent) => unknown;
}

export interface Channel<Events extends object, Name extends string> {
  /** `live`: what is published now is heard. `refused`: the server does not let us; it is asked again on the next connection. */
  readonly status: "pending" | "live" | "refused";
  readonly error: RealtimeError | undefined;
  /** As `SocketClient.publish`: once, however often it has to be sent. The same function from render to render. */
  readonly publish: <Event extends EventName<EventsOf<Events, Name>>>(
    event: Event,
    data?: SentOf<EventsOf<Events, Name>, Event>,
  ) => Promise<{ id: string; position?: Position }>;
}

/**
 * Follows a channel while the component is mounted, and calls the handlers of the latest render with its events. All components
 * that follow a channel share one subscription; each has handlers of its own. Without a name nothing is followed.
 */
export function useChannel<Events extends object = AnyEvents, Name extends ChannelName<Events> = ChannelName<Events>>(
  name: Name | null | undefined,
  handlers?: ChannelHandlers<Events, Name>,
  options: ChannelOptions = {},
): Channel<Events, Name> {
  const { client, channels } = useRealtime("useChannel");
  const channel: string | undefined = name ?? undefined;
  const { status, error } = useKeyed(channels, channel);
  const latest = useLatest({ handlers, options });
  useEffect(() => (channel === undefined ? undefined : listen({ client, channel, latest })), [client, channel, latest]);
  const publish = useMemo(() => publisher<Events, Name>(client, name), [client, name]);
  return { status, error, publish };
}

/** Returns what removes these listeners, and no others. */
function listen({ client, channel, latest }: ListenOptions): () => void {
  const stops = [
    client.on(`event:${channel}`, (event) => handlerOf(latest.current.handlers, event.event)?.(event.payload, event)),
    client.on("gap", (gap) => (gap.channel === channel ? latest.current.options.onGap?.(gap) : undefined)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

interface ListenOptions {
  readonly client: RealtimeClient;
  readonly channel: string;
  readonly latest: { readonly current: { readonly handlers: object | undefined; readonly options: ChannelOptions } };
}

type AnyHandlers = Readonly<Record<string, (payload: unknown, event: RealtimeEvent) => unknown>>;

/** The name comes from the wire: what every object inherits is no handler. */
function handlerOf(handlers: object | undefined, event: string): AnyHandlers[string] | undefined {
  return handlers !== undefined && Object.hasOwn(handlers, event) ? (handlers as AnyHandlers)[event] : undefined;
}

function publisher<Events extends object, Name extends ChannelName<Events>>(
  client: RealtimeClient,
  name: Name | null | undefined,
): Channel<Events, Name>["publish"] {
  return async (event, data) => {
    if (name === null || name === undefined) {
      throw new RealtimeError({ code: "NOT_FOUND", message: "No channel is followed" });
    }
    return await client.socketClient.publish(name, event, data);
  };
}
