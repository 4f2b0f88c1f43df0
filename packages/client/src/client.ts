import type { AnyEvents, ChannelName, Filter, RealtimeEvent } from "@roomcast/protocol";
import { ChannelHandle } from "./channel-handle.ts";
import { Commands, snapshot } from "./commands.ts";
import { Connector, type ConnectionState } from "./connector.ts";
import { Emitter } from "./emitter.ts";
import { systemEnvironment, type Environment } from "./environment.ts";
import { isRecord, RealtimeError, toRealtimeError } from "./errors.ts";
import { Memberships } from "./memberships.ts";
import { Readers } from "./readers.ts";
import { Renewal } from "./renewal.ts";
import { SocketClient } from "./socket-client.ts";
import { TokenSource, type Token } from "./token-source.ts";
import type { Handed } from "./topic-log.ts";
import type { ListenerArgument, ListenerName } from "./types.ts";
import type { GapEvent, PresenceEvent, RecoveryReply, SessionInfo, SubscribedEvent } from "./wire.ts";

export interface RealtimeClientOptions {
  /** Origin of the server, such as `https://realtime.example.com`; empty, or beginning with `/`, for the page's own. */
  readonly url: string;
  /**
   * A token, or what gives one. A function is asked on each connect and before its token expires. Null (the default) connects
   * as an anonymous visitor, where the server takes these.
   */
  readonly token?: Token;
  /** Whether to connect at once; default true. */
  readonly autoConnect?: boolean;
  /** Whether to come back after a lost or refused connection; default true. */
  readonly reconnection?: boolean;
  /** How often in a row to try in vain before giving up; default without end. */
  readonly reconnectionAttempts?: number;
  /** Before the first further attempt, in milliseconds; doubled each time up to 30 s, with jitter. Default 1,000. */
  readonly reconnectionDelay?: number;
  /** Where Socket.IO is served; default `/socket.io/`. */
  readonly path?: string;
}

/**
 * A client of one gateway. `Events` maps channel patterns to the events of such channels and their payloads:
 * `{ "chat:{room}": { message: { text: string } } }`.
 *
 * What is followed is followed over reconnects, and each event is handed to each listener once and in its channel's order;
 * where the server no longer has what was missed, `gap` says so. A channel without history is at most once.
 */
export class RealtimeClient<Events extends object = AnyEvents> {
  readonly socketClient: SocketClient<Events>;
  readonly #environment: Environment;
  readonly #emitter: Emitter;
  readonly #connector: Connector;
  readonly #tokens: TokenSource;
  readonly #commands: Commands;
  readonly #readers: Readers;
  readonly #memberships: Memberships;
  readonly #renewal: Renewal;
  #subscriptions = 0;
  #session: SessionInfo | undefined;
  /** What to add to our clock for the server's, in milliseconds. */
  #skew = 0;

  /** @param environment for tests of this package; not part of what is public. */
  constructor(options: RealtimeClientOptions, environment: Environment = systemEnvironment) {
    this.#environment = environment;
    this.#emitter = new Emitter({ failed: (thrown, name) => this.#listenerFailed(thrown, name) });
    this.#commands = new Commands({ environment });
    const failed = (error: RealtimeError): void => this.#failed(error);
    this.#readers = new Readers({
      environment,
      handOut: (topic, handed) => this.#handOut(topic, handed),
      settled: () => this.#commands.flush(),
      stuck: () => this.#connector.renew(),
    });
    this.#memberships = new Memberships({
      commands: this.#commands,
      readers: this.#readers,
      changed: (presence) => this.#emit("presence", presence, presence.channel),
      failed,
    });
    const tokens = new TokenSource({ token: options.token ?? null, environment });
    this.#tokens = tokens;
    this.#renewal = new Renewal({
      environment,
      tokens,
      refresh: (token) => this.#commands.run({ event: "refresh", payload: { token } }),
      failed,
    });
    this.#connector = new Connector({
      environment,
      tokens,
      url: options.url,
      path: options.path ?? "/socket.io/",
      reconnection: options.reconnection ?? true,
      reconnectionAttempts: options.reconnectionAttempts ?? Infinity,
      reconnectionDelay: options.reconnectionDelay ?? 1000,
      connected: (link) => {
        // What we read comes first: the server takes publications only from readers of the channel.
        this.#readers.connected(link);
        this.#commands.connected(link);
      },
      lost: () => {
        this.#session = undefined;
        this.#renewal.cancel();
        this.#readers.disconnected();
        this.#memberships.disconnected();
        this.#commands.disconnected();
      },
      pushed: (event, payload) => this.#pushed(event, payload),
      changed: (state) => this.#emit("connection", { state }),
      failed,
      stopped: (error) => {
        this.#commands.rejectAll(error);
        this.#memberships.abandon(error);
      },
    });
    this.socketClient = new SocketClient<Events>({
      commands: this.#commands,
      readers: this.#readers,
      memberships: this.#memberships,
    });
    if (options.autoConnect !== false) this.connect();
  }

  /** `connecting` until the first connection, `reconnecting` after it was lost, `disconnected` when none is sought. */
  get state(): ConnectionState {
    return this.#connector.state;
  }

  /** Who the server says we are on this connection; undefined without one. */
  get session(): SessionInfo | undefined {
    return this.#session;
  }

  /** Connects, unless it is connected or trying to. Subscriptions and memberships of before are taken up again. */
  connect(): void {
    this.#connector.connect();
  }

  /** Ends the connection, and rejects what waits for it with `UNAVAILABLE`. Listeners and subscriptions stay for `connect()`. */
  disconnect(): void {
    this.#connector.disconnect();
  }

  /**
   * Takes another token, or another source of them, and replaces the connection by one with it; what is followed goes on where
   * it was. Begins none where none is sought. For the same user: what somebody else is to have is a client of its own.
   */
  setToken(token: Token): void {
    this.#tokens.replace(token);
    this.#connector.replace();
  }

  /**
   * Listens to `event` (all events), `event:<topic>`, `connection`, `session`, `subscribed`, `error`, `presence`,
   * `presence:<channel>` or `gap`.
   * Returns what removes this listener and no other. A function that is registered twice is called twice. What a listener
   * throws is told to the listeners of `error`, or to the console where there are none, and stops nothing else.
   */
  on<Name extends ListenerName<Events>>(
    name: Name,
    handler: (argument: ListenerArgument<Events, Name>) => unknown,
  ): () => void {
    return this.#emitter.on(name, handler);
  }

  /** As `on`, for one time. */
  once<Name extends ListenerName<Events>>(
    name: Name,
    handler: (argument: ListenerArgument<Events, Name>) => unknown,
  ): () => void {
    return this.#emitter.on(name, handler, true);
  }

  /** Removes one registration of this handler, the newest. */
  off<Name extends ListenerName<Events>>(
    name: Name,
    handler: (argument: ListenerArgument<Events, Name>) => unknown,
  ): void {
    this.#emitter.off(name, handler);
  }

  /**
   * Follows a topic, all of it or what `filter` lets through, until `unsubscribe`. Returns at once; a refusal is told by
   * `error`, with the `subscriptionId`. An event that several subscriptions let through is handed out once.
   */
  subscribe(options: { readonly topic: ChannelName<Events>; readonly filter?: Filter }): string {
    const { topic } = options;
    const subscriptionId = `sub_${++this.#subscriptions}`;
    const filter = options.filter === undefined ? undefined : snapshot(options.filter);
    this.#readers.add({
      key: subscriptionId,
      topic,
      request: (since) => ({ event: "subscribe", payload: { topic, filter, subscriptionId, since } }),
      answered: ({ position }: RecoveryReply) =>
        this.#emit("subscribed", { topic, subscriptionId, position } satisfies SubscribedEvent),
      refused: (error) => this.#failed(error),
    });
    return subscriptionId;
  }

  /** Ends a subscription; one that is not there is none to end. */
  unsubscribe(subscriptionId: string): void {
    if (!this.#readers.remove(subscriptionId) || !this.#readers.linked) return;
    // The session's end, and a refusal to subscribe, end it just as well.
    this.#commands.run({ event: "unsubscribe", payload: { subscriptionId } }).catch(() => undefined);
  }

  channel<Name extends ChannelName<Events>>(name: Name): ChannelHandle<Events, Name> {
    return new ChannelHandle<Events, Name>({ client: this, name });
  }

  #pushed(event: string, payload: unknown): void {
    if (!isRecord(payload)) return;
    const channel = typeof payload["channel"] === "string" ? payload["channel"] : undefined;
    switch (event) {
      case "session":
        this.#session = payload as unknown as SessionInfo;
        this.#skew = Number(payload["serverTime"]) - this.#environment.now() || 0;
        this.#emit("session", this.#session);
        return;
      case "event": {
        const received = payload as unknown as RealtimeEvent;
        if (received.source === "direct") this.#emit("event", received, received.topic);
        else this.#readers.event(received);
        return;
      }
      case "presence":
        this.#memberships.presence(payload as unknown as PresenceEvent);
        return;
      case "gap":
        if (channel !== undefined) this.#readers.gap(channel, (payload as unknown as GapEvent).position);
        return;
      case "token:expiring":
        this.#renewal.expiring(Number(payload["expiresAt"]) - this.#environment.now() - this.#skew || 0);
        return;
      case "closing":
        this.#connector.closing(payload);
        return;
      case "error": {
        const error = toRealtimeError(payload, channel === undefined ? {} : { channel });
        if (channel !== undefined && this.#readers.has(channel)) this.#readers.ended(channel);
        else this.#failed(error);
      }
    }
  }

  #handOut(topic: string, handed: Handed): void {
    if (handed.kind === "event") this.#emit("event", handed.event, topic);
    else this.#emit("gap", { channel: topic, position: handed.position } satisfies GapEvent);
  }

  /** To the listeners of `name` and of `name:<about>`. Whether anybody listened. */
  #emit(name: string, argument: unknown, about?: string): boolean {
    const heard = this.#emitter.emit(name, argument);
    return (about !== undefined && this.#emitter.emit(`${name}:${about}`, argument)) || heard;
  }

  #failed(error: RealtimeError): void {
    if (!this.#emit("error", error, error.subscriptionId)) toConsole(error);
  }

  #listenerFailed(thrown: unknown, name: string): void {
    const error = new RealtimeError({ code: "INTERNAL", message: `A listener of "${name}" failed`, cause: thrown });
    if (name.startsWith("error")) toConsole(error);
    else this.#failed(error);
  }
}

/** Where nobody listens to errors, they must not pass unseen. */
function toConsole(error: RealtimeError): void {
  // oxlint-disable-next-line no-console
  console.error(error);
}
