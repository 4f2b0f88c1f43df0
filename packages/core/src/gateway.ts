import {
  GatewayError,
  invalidPayload,
  isTenantId,
  OPERATOR_CHANNELS,
  type ChannelAddress,
  type ChannelContract,
  type ChannelRule,
  type Credentials,
  type DirectTarget,
  type ErrorCode,
  type Right,
} from "@roomcast/protocol";
import type { Admission, Admissions, Visitor } from "./admission.ts";
import { assemble, rulesOf } from "./assemble.ts";
import { auditOf, auditRecord, type AuditEntry } from "./audit.ts";
import type { ArrivalHook, Authenticator, Origin, Revocations } from "./auth.ts";
import {
  BackEnd,
  type ChannelHistory,
  type HistoryPart,
  type PublishingOptions,
  type ResourceChange,
} from "./back-end.ts";
import { isCloser, isHealthCheck, type Broker, type Published } from "./broker.ts";
import { systemClock, type Clock } from "./clock.ts";
import { messageId } from "./commands.ts";
import type { Connection } from "./connection.ts";
import { connectionInfo, sessionRecord, type ConnectionInfo } from "./connection-info.ts";
import type { EventBus } from "./crud/event-bus.ts";
import { resourceBus } from "./crud/resource-bus.ts";
import { drainSessions } from "./drain.ts";
import { Endings } from "./endings.ts";
import { Insight } from "./insight/insight.ts";
import type { NodeAbout } from "./insight/node-registry.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import type { Observer } from "./observer.ts";
import { isRoomTokenNames, type ChannelPolicy } from "./policy.ts";
import {
  channelListing,
  connectionQuery,
  listPage,
  type ChannelListing,
  type ConnectionFilter,
  type ListQuery,
} from "./list-queries.ts";
import type { ChannelSummary, Page, PresenceStore } from "./presence.ts";
import { checkAddress } from "./publisher.ts";
import type { MembersPage } from "./roster.ts";
import { ALL_NODES, EVERYBODY, nodeAddress, sessionsOf, type FollowListener, type Services } from "./services.ts";
import { Session, type SessionHost } from "./session.ts";
import { answerStats } from "./stats/answers.ts";
import { CountingObserver } from "./stats/counting-observer.ts";
import { noMeters, type HostMeters } from "./stats/host-meter.ts";
import { Stats } from "./stats/stats.ts";
import { Traffic } from "./stats/traffic.ts";

export interface GatewayOptions {
  readonly auth: Authenticator;
  /** May refuse who was recognised. */
  readonly arriving?: ArrivalHook;
  /** Rules, first match first, a contract made by `defineChannels`, or a policy of one's own. */
  readonly channels?: readonly ChannelRule[] | ChannelContract | ChannelPolicy;
  /** Who may send direct messages; `"authenticated"` by default. */
  readonly direct?: Right;
  /** One node and memory by default. */
  readonly broker?: Broker;
  readonly presence?: PresenceStore;
  readonly revocations?: Revocations;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly observer?: Observer;
  /** Measures the process and its sockets, for the numbers of the node; those are 0 unless given. */
  readonly meters?: HostMeters;
  /** Names this node to others and in greetings; random by default. */
  readonly nodeId?: string;
  /** What the other nodes are told of this one, for those who look after them. */
  readonly node?: NodeAbout;
  /** How often the decisions of rule functions are made again; 300 by default. */
  readonly recheckSeconds?: number;
}

/** Makes a gateway: the engine without any network. Bindings open connections on it; back ends publish through it. */
export function createGateway(options: GatewayOptions): Gateway {
  return new Gateway(options);
}

/**
 * The engine's façade. Every method that takes input checks it, and rejects with a `GatewayError` of the table;
 * `UNAVAILABLE` when broker or store is away.
 */
export class Gateway {
  readonly nodeId: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly observer: Observer;
  /** The rules that it was made with, first match first; none beside a policy of one's own. */
  readonly rules: readonly ChannelRule[];
  /** What services of resources announce on it is published as `publishResource` does. */
  readonly bus: EventBus;
  /** What this node does, in numbers: of now for who follows, and of the last quarter of an hour. */
  readonly stats: Pick<Stats, "latest" | "nodeSamples" | "tenantSamples">;
  readonly #stats: Stats;
  readonly #traffic = new Traffic();
  /** What operators want to know of the whole cluster. */
  readonly insight: Insight;
  readonly #services: Services;
  readonly #admissions: Admissions;
  readonly #backEnd: BackEnd;
  readonly #endings: Endings;
  readonly #started: Promise<void>;
  /** Whether it is known that the broker has started. */
  #works = false;
  /** Sessions whose link still stands, ended ones too. */
  readonly #links = new Set<Session>();
  readonly #host: SessionHost = {
    enrolled: (session, admission) => this.#enrolled(session, admission),
    ended: (session, reason) => this.#sessionEnded(session, reason),
    gone: (session) => this.#linkGone(session),
  };
  #idle: (() => void) | undefined;
  #draining = false;

  constructor(options: GatewayOptions) {
    const { nodeId, clock, limits, observer } = options;
    this.nodeId = nodeId ?? `node-${messageId().slice(0, 8)}`;
    this.clock = clock ?? systemClock;
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    this.observer = new CountingObserver(this.#traffic, observer ?? {});
    this.rules = rulesOf(options.channels);
    this.bus = resourceBus(this);
    const { services, admissions } = assemble(options, {
      nodeId: this.nodeId,
      clock: this.clock,
      limits: this.limits,
      observer: this.observer,
      traffic: this.#traffic,
    });
    this.#services = services;
    this.#admissions = admissions;
    this.#backEnd = new BackEnd(services);
    this.#endings = new Endings({ ...services, admissions });
    const meters = options.meters ?? noMeters;
    this.stats = this.#stats = new Stats({ ...services, meters, draining: () => this.#draining });
    services.followers.add(this.#stats.followed);
    this.insight = new Insight(services, options.node);
    const channels = (): number => this.#traffic.channels;
    answerStats(this.insight, { ...services, self: this, stats: this.#stats, meters, channels });
    this.#started = this.#start();
    // Told to whoever asks whether the gateway is ready.
    this.#started.catch((error: unknown) => this.observer.failed?.("start", error));
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Channels that somebody follows on this node. */
  get channelCount(): number {
    return this.#services.hub.channelCount;
  }

  /** Sessions of this node, all tenants. */
  get sessionCount(): number {
    return this.#services.directory.size;
  }

  /**
   * Publishes one event. `data` is taken as JSON sees it. `id` is an idempotency key in the scope of tenant, channel and
   * `sender` (`"server"` by default): the same again within five minutes is published once, and has the first result.
   */
  async publish(
    address: ChannelAddress,
    event: string,
    data?: unknown,
    options: PublishingOptions = {},
  ): Promise<Published> {
    await this.#working();
    return await this.#backEnd.publish(address, event, data, options);
  }

  /**
   * Sends `message` to users: as the event `notification` on `notifications:<user>`, which keeps it, and on the user's own
   * reserved channel for dialects that follow that. How many sessions it went to.
   */
  async notify(tenantId: string, users: readonly string[], message: unknown): Promise<{ readonly delivered: number }> {
    await this.#working();
    return await this.#backEnd.notify(tenantId, users, message);
  }

  /** Publishes what happened to a resource: `action` is the event, `type`, `path` and `resource` its data. */
  async publishResource(address: ChannelAddress, change: ResourceChange): Promise<Published> {
    await this.#working();
    return await this.#backEnd.publishResource(address, change);
  }

  /** Tells every session whose dialect listens to metadata: of one tenant, or of all. Crosses tenants on purpose. */
  async broadcastMetadata(change: unknown, tenantId?: string): Promise<void> {
    await this.#working();
    if (tenantId !== undefined) checkTenant(tenantId);
    await this.#backEnd.publishReserved({ tenantId: tenantId ?? EVERYBODY, name: "@metadata" }, "change", change);
  }

  /** Tells every session whose dialect listens to such, of every tenant. Crosses tenants on purpose. */
  async emitGlobally(event: string, data?: unknown): Promise<void> {
    await this.#working();
    await this.#backEnd.publishReserved({ tenantId: EVERYBODY, name: "@global" }, event, data);
  }

  /** How many sessions of the cluster follow a channel. */
  async subscribers(address: ChannelAddress): Promise<number> {
    checkAddress(address);
    return await this.#backEnd.subscribers(address);
  }

  /** Which of these users are connected, on any node. */
  async online(tenantId: string, userIds: readonly string[]): Promise<readonly (readonly [string, boolean])[]> {
    checkTenant(tenantId);
    return await this.#services.messenger.online(tenantId, userIds);
  }

  /** Whether anybody of a tenant is connected, on any node. */
  async hasSessions(tenantId: string): Promise<boolean> {
    checkTenant(tenantId);
    return (await this.#services.presence.members(sessionsOf(tenantId), { limit: 0 })).total > 0;
  }

  /** Calls `listener` whenever a client of this node began to follow a channel; returns what ends that. */
  onFollow(listener: FollowListener): () => void {
    // Operators' channels are the gateway's own affair.
    const own: FollowListener = (follow) => {
      if (!OPERATOR_CHANNELS.has(follow.address.name)) listener(follow);
    };
    this.#services.followers.add(own);
    return () => this.#services.followers.delete(own);
  }

  /** Sends a message to one session or to all of a user, past all channels. `NOT_FOUND` for a session that is not there. */
  async direct(
    tenantId: string,
    to: DirectTarget,
    event: string,
    data?: unknown,
  ): Promise<{ readonly id: string; readonly delivered: number }> {
    await this.#working();
    return await this.#backEnd.direct(tenantId, to, event, data);
  }

  /**
   * Writes down what somebody did in a tenant: to the observer, and for 30 days as an event `audit` on the tenant's reserved
   * channel `@audit`.
   */
  async audit(tenantId: string, entry: AuditEntry): Promise<void> {
    checkTenant(tenantId);
    const record = auditRecord(entry);
    this.observer.audited?.(tenantId, record);
    await this.#working();
    await this.#backEnd.audit(tenantId, record);
  }

  /** What was written down of a tenant, like `history`: the newest 1,000 entries of the last 30 days. */
  async auditLog(tenantId: string, query: HistoryPart = {}): Promise<ChannelHistory> {
    checkTenant(tenantId);
    await this.#working();
    return await this.#backEnd.history(auditOf(tenantId), query);
  }

  /** A page of a channel's members. */
  async members(address: ChannelAddress, query: { readonly cursor?: string } = {}): Promise<MembersPage> {
    checkAddress(address);
    return await this.#services.roster.page(address, query.cursor);
  }

  /** The newest events of a channel, or with `since` the oldest after it; oldest first. Without history: none. */
  async history(address: ChannelAddress, query: HistoryPart = {}): Promise<ChannelHistory> {
    checkAddress(address);
    await this.#working();
    return await this.#backEnd.history(address, query);
  }

  /** A page of a tenant's active channels; `total` counts all that are looked for. */
  async channels(tenantId: string, query: ListQuery & ChannelListing = {}): Promise<Page<ChannelSummary>> {
    checkTenant(tenantId);
    return await this.#services.presence.channels(tenantId, { ...listPage(query), ...channelListing(query) });
  }

  /**
   * A page of a tenant's connections; `total` counts all of them, or of the user or socket id that is looked for. Looking for
   * an address, a dialect or a node is bounded in work: a page may have fewer entries than `limit`, or none, and a cursor all
   * the same.
   */
  async connections(tenantId: string, query: ListQuery & ConnectionFilter = {}): Promise<Page<ConnectionInfo>> {
    checkTenant(tenantId);
    const page = await this.#services.presence.members(sessionsOf(tenantId), {
      ...listPage(query),
      ...connectionQuery(query),
    });
    const entries = page.entries.map((record) => connectionInfo(record, tenantId, this.#services.directory));
    return { ...page, entries };
  }

  /** Ends one connection: it is out of every count when this resolves. `NOT_FOUND` when it is not there. */
  async disconnect(tenantId: string, socketId: string): Promise<void> {
    checkTenant(tenantId);
    await this.#endings.disconnect(tenantId, socketId);
  }

  /**
   * Ends all of a user's connections, and voids the tokens that were issued to it before now, on every node. They are out of
   * every count when this resolves.
   */
  async revoke(tenantId: string, userId: string): Promise<{ readonly disconnected: number }> {
    checkTenant(tenantId);
    return await this.#endings.revoke(tenantId, userId);
  }

  /** When the user's tokens were last ended, in milliseconds since 1970. */
  async revokedAt(tenantId: string, userId: string): Promise<number | undefined> {
    return await this.#services.revocations.revokedAt(tenantId, userId);
  }

  /**
   * Has a room token asked for where a channel's name begins with `prefix` and no rule matches it. Bindings call it for
   * dialects whose rooms are named so; a policy of one's own decides for itself.
   */
  requireRoomTokens(prefix: string): void {
    const { policy } = this.#services;
    if (isRoomTokenNames(policy)) policy.requireRoomTokens(prefix);
  }

  /** Resolves when this node can serve; rejects with `SHUTTING_DOWN` or `UNAVAILABLE`. */
  async ready(): Promise<void> {
    this.#refuseWhileDraining();
    await this.#working();
    try {
      const { broker, presence } = this.#services;
      for (const part of [broker, presence]) if (isHealthCheck(part)) await part.check();
    } catch (cause) {
      throw new GatewayError("UNAVAILABLE", "The broker cannot be reached", { cause });
    }
  }

  /**
   * Authenticates a connection and keeps a place for it. Bounded in time; rejects with what the client is told. `visitor`
   * says who comes in though the credentials were not accepted; `origin` is for whoever looks at arrivals.
   */
  async admit(credentials: Credentials, visitor?: Visitor, origin?: Origin): Promise<Admission> {
    try {
      this.#refuseWhileDraining();
      if (!this.#works) await this.#working();
      const admission = await this.#admissions.admit(credentials, { visitor, origin });
      if (!this.#draining) return admission;
      admission.release();
      this.#refuseWhileDraining();
      return admission;
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      if (error.code === "INTERNAL") this.observer.failed?.("admit", thrown);
      this.observer.refused?.(error.code);
      throw error;
    }
  }

  /**
   * Opens a session on a connection, and greets it; without an admission it is for a client that logs in late. Its owner
   * calls `session.gone` when the link is.
   */
  open(connection: Connection, admission?: Admission): Session {
    const session = new Session({
      connection,
      services: this.#services,
      host: this.#host,
    });
    this.#links.add(session);
    session.start(admission);
    if (this.#draining) session.end("SHUTTING_DOWN", "The server is shutting down");
    return session;
  }

  /** Refuses new connections and tells those there are to go; resolves when their links have gone, or after `seconds`. */
  async drain(options: { readonly seconds: number }): Promise<void> {
    this.#draining = true;
    const { seconds } = options;
    const { clock } = this;
    const sessions = [...this.#links];
    let cancel: (() => void) | undefined;
    const timeUp = new Promise<void>((resolve) => (cancel = clock.after(seconds * 1000, resolve)));
    const told = drainSessions({ sessions, seconds, clock }).then(async () => {
      if (this.#links.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    });
    await Promise.race([told, timeUp]);
    cancel?.();
    for (const session of this.#links) {
      session.end("SHUTTING_DOWN", "The server is shutting down");
      session.connection.close("destroy");
    }
  }

  /** Lets go of broker and stores. Sessions that are still there are ended. */
  async close(): Promise<void> {
    this.#draining = true;
    this.#stats.stop();
    for (const session of this.#links) session.end("SHUTTING_DOWN", "The server is shutting down");
    const { broker, presence, deadlines, revocations, windows } = this.#services;
    deadlines.clear();
    await windows.flush();
    await this.insight.leave();
    // The broker last: the others may go by its connections.
    for (const part of [presence, revocations, broker]) if (isCloser(part)) await part.close();
  }

  /** Waits until the broker has started: nothing may be published to one that is still taking over its logs. */
  async #working(): Promise<void> {
    try {
      await this.#started;
      this.#works = true;
    } catch (cause) {
      throw new GatewayError("UNAVAILABLE", "The broker could not be started", { cause });
    }
  }

  async #start(): Promise<void> {
    const { broker, hub, messenger } = this.#services;
    await broker.start(this.nodeId, {
      publication: (publication) => hub.publication(publication),
      lost: (address, position) => hub.lost(address, position),
      signal: (address, signal) => {
        if (signal.type === "presence") hub.presence(address, signal);
        else if (signal.type === "direct") messenger.receive(signal);
        else if (signal.type === "watch") this.#stats.heard(signal);
        else if (signal.type === "ask" || signal.type === "answer") this.insight.receive(signal);
        else this.#endings.here(signal);
      },
    });
    await broker.subscribe(nodeAddress(this.nodeId));
    await broker.subscribe(ALL_NODES);
    this.#stats.start();
    void this.insight.enter();
  }

  async #enrolled(session: Session, admission: Admission): Promise<void> {
    const { directory, presence } = this.#services;
    directory.add(session);
    this.#traffic.tenant(session.principal.tenantId).connections++;
    const stored = presence.put(sessionsOf(session.principal.tenantId), sessionRecord(session, this.nodeId));
    admission.opened(stored);
    this.observer.connected?.(session.connection.wire.dialect.name);
    if (this.#admissions.revokedMeanwhile(session.principal)) session.end("REVOKED", "The token has been revoked");
    try {
      await stored;
      if (!session.ended) await this.#admissions.confirm(admission, session.id);
    } catch (thrown) {
      if (GatewayError.from(thrown).code === "LIMIT_REACHED" && !session.ended) throw thrown;
      // A store that is away ends nobody's session: it has the session when it is back.
      this.observer.failed?.("presence", thrown);
    }
  }

  #sessionEnded(session: Session, reason: ErrorCode | "client"): void {
    if (!session.enrolled) return;
    const { directory, presence } = this.#services;
    directory.remove(session);
    this.#traffic.tenant(session.principal.tenantId).connections--;
    presence
      .remove(sessionsOf(session.principal.tenantId), session.id)
      .catch((error: unknown) => this.observer.failed?.("presence", error));
    this.observer.disconnected?.(session.connection.wire.dialect.name, reason);
  }

  #linkGone(session: Session): void {
    this.#links.delete(session);
    if (this.#links.size === 0) this.#idle?.();
  }

  #refuseWhileDraining(): void {
    if (this.#draining) throw new GatewayError("SHUTTING_DOWN", "The server is shutting down");
  }
}

function checkTenant(tenantId: string): void {
  if (!isTenantId(tenantId)) throw invalidPayload("tenantId", "1 to 128 of A-Z, a-z, 0-9, ., _ and -");
}
