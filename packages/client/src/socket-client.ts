import type { AnyEvents, ChannelName, EventName, EventsOf, Member, Position, SentOf } from "@roomcast/protocol";
import { snapshot, type Commands } from "./commands.ts";
import { randomId } from "./environment.ts";
import type { Memberships } from "./memberships.ts";
import type { Readers } from "./readers.ts";
import type { HistoryPage } from "./wire.ts";

export interface HistoryOptions {
  /** At most this many events, 1 to 1,000; default 100. */
  readonly limit?: number;
  /** The oldest after this position, rather than the newest. */
  readonly since?: Position;
}

/**
 * What one asks the server for. All of it waits for the connection and rejects with `RealtimeError`: with the server's code,
 * with `UNAVAILABLE` when the answer was lost, and when `disconnect()` was called meanwhile.
 */
export class SocketClient<Events extends object = AnyEvents> {
  readonly #commands: Commands;
  readonly #readers: Readers;
  readonly #memberships: Memberships;

  constructor(options: { commands: Commands; readers: Readers; memberships: Memberships }) {
    this.#commands = options.commands;
    this.#readers = options.readers;
    this.#memberships = options.memberships;
  }

  /**
   * Joins a channel: its events come, and its members see us, with `state`, over all reconnects until `leaveChannel`. Resolves
   * to the members. Joining once more replaces the state where one is given.
   */
  joinChannel(channel: ChannelName<Events>, state?: unknown): Promise<Member[]> {
    return this.#memberships.join(channel, state);
  }

  /**
   * Ends a membership, also while there is no connection and also where there is none; not that of those that hold the
   * channel still. Subscriptions stay.
   */
  leaveChannel(channel: ChannelName<Events>): Promise<void> {
    return this.#memberships.leave(channel);
  }

  /**
   * As `joinChannel`, for parts of a program that do not know of each other: the membership ends when each has called
   * `releaseChannel` as often, and lasts on where `joinChannel` asked for it too.
   */
  holdChannel(channel: ChannelName<Events>, state?: unknown): Promise<Member[]> {
    return this.#memberships.hold(channel, state);
  }

  /** Ends what one `holdChannel` began, also where it was refused. */
  releaseChannel(channel: ChannelName<Events>): Promise<void> {
    return this.#memberships.release(channel);
  }

  /** Replaces our presence state on a channel that we joined; else `NOT_FOUND`. */
  setState(channel: ChannelName<Events>, state: unknown): Promise<void> {
    return this.#memberships.setState(channel, state);
  }

  /**
   * Publishes an event, once, however often it has to be sent: each publication has an id of its own by which the server
   * knows it. Given up with `UNAVAILABLE` when no answer came within four minutes of the first attempt (the server
   * remembers ids for five), with the server's error where trying again is of no use.
   */
  async publish<Channel extends ChannelName<Events>, Event extends EventName<EventsOf<Events, Channel>>>(
    channel: Channel,
    event: Event,
    data?: SentOf<EventsOf<Events, Channel>, Event>,
  ): Promise<{ id: string; position?: Position }> {
    const reply = await this.#commands.run<{ id: string; position?: Position }>({
      event: "publish",
      payload: { channel, event, data: snapshot(data), id: randomId() },
      repeatable: true,
      // The server takes it only from readers of the channel.
      ready: () => !this.#readers.isResting(channel),
    });
    const { id, position } = reply;
    return position === undefined ? { id } : { id, position };
  }

  /**
   * Sends a message to one session, or to all sessions of a user of our tenant; they get it as `event` with the topic `@direct`.
   * It is never sent twice, so that it may be lost with the connection: then `UNAVAILABLE`.
   */
  async directMessage(
    to: string | { readonly userId: string },
    event: string,
    data?: unknown,
  ): Promise<{ id: string; delivered: number }> {
    const { id, delivered } = await this.#commands.run<{ id: string; delivered: number }>({
      event: "direct",
      payload: { to: typeof to === "string" ? { socketId: to } : to, event, data: snapshot(data) },
    });
    return { id, delivered };
  }

  /** All members of a channel; we need not be one. */
  members(channel: ChannelName<Events>): Promise<Member[]> {
    return this.#memberships.members(channel);
  }

  async history(channel: ChannelName<Events>, options: HistoryOptions = {}): Promise<HistoryPage> {
    const { events, position } = await this.#commands.run<HistoryPage>({
      event: "history",
      payload: { channel, ...options },
    });
    return position === undefined ? { events } : { events, position };
  }
}
