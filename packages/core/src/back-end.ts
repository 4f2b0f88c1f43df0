import {
  directTarget,
  GatewayError,
  historyLimit,
  invalidPayload,
  isUserId,
  type ChannelAddress,
  type DirectMessage,
  type DirectTarget,
  type EventSource,
  type Position,
  type Publication,
} from "@roomcast/protocol";
import type { Published } from "./broker.ts";
import { AUDIT_EVENT, auditOf, type AuditRecord } from "./audit.ts";
import { fitting, messageId } from "./commands.ts";
import { toJson } from "./json-text.ts";
import type { Services } from "./services.ts";

export interface PublishingOptions {
  /** Idempotency key, in the scope of tenant, channel and `sender`. */
  readonly id?: string;
  /** `"server"` by default. */
  readonly source?: EventSource;
  /** `"server"` by default. */
  readonly sender?: string;
}

/** Something that happened to a resource of an application. */
export interface ResourceChange {
  /** Such as `created`; it is the event. */
  readonly action: string;
  readonly type: string;
  readonly path?: string | null;
  readonly resource: unknown;
}

/** Which part of a channel's log is asked for. */
export interface HistoryPart {
  /** 1 to 1,000; 100 by default. */
  readonly limit?: number;
  /** Where to begin; the newest events without it. */
  readonly since?: Position;
}

export interface ChannelHistory {
  readonly events: readonly Publication[];
  /** Absent where the channel keeps no history. */
  readonly position?: Position;
}

/** The reserved channel of a user whose events are that user's notifications. */
const NOTIFICATIONS = "@notifications";

type BackEndServices = Pick<Services, "publisher" | "messenger" | "presence" | "limits" | "clock">;

/** What an application's back end says, behind the gateway's façade: checked, and then published like anything else. */
export class BackEnd {
  readonly #services: BackEndServices;

  constructor(services: BackEndServices) {
    this.#services = services;
  }

  async publish(address: ChannelAddress, event: string, data: unknown, options: PublishingOptions): Promise<Published> {
    const { id, source = "server", sender = "server" } = options;
    const idempotency = id === undefined ? undefined : { idempotency: { key: id, sender: `back-end:${sender}` } };
    return await this.#services.publisher.publishChecked(address, { event, data, source, ...idempotency });
  }

  async publishResource(address: ChannelAddress, change: ResourceChange): Promise<Published> {
    const { action, type, path = null, resource } = change;
    const data = { type, path, resource };
    return await this.#services.publisher.publishChecked(address, { event: action, data, source: "resource" });
  }

  async notify(tenantId: string, users: readonly string[], message: unknown): Promise<{ readonly delivered: number }> {
    const { publisher, limits } = this.#services;
    if (!Array.isArray(users) || !users.every(isUserId)) throw invalidPayload("users", "an array of user ids");
    if (users.length > limits.usersPerNotify) {
      throw new GatewayError("LIMIT_REACHED", "Too many users at once", { details: { limit: "usersPerNotify" } });
    }
    const input = { event: "notification", data: toJson(message), source: "server" } as const;
    // All of them first: where one is refused, nobody is told anything.
    const accepted = await Promise.all(
      [...new Set(users)].map(async (userId) => {
        const kept = { tenantId, name: `notifications:${userId}` };
        publisher.check(kept, input);
        const ready = await publisher.accept(kept, input);
        const own = { tenantId, name: NOTIFICATIONS, userId };
        return [
          { address: kept, ready },
          { address: own, ready: await publisher.accept(own, ready.input) },
        ];
      }),
    );
    const reached = await Promise.all(
      accepted.flat().map(async ({ address, ready }) => {
        const sessions = await this.subscribers(address);
        await publisher.send(address, ready);
        return sessions;
      }),
    );
    return { delivered: reached.reduce((sum, sessions) => sum + sessions, 0) };
  }

  async direct(
    tenantId: string,
    to: DirectTarget,
    event: string,
    data: unknown,
  ): Promise<{ readonly id: string; readonly delivered: number }> {
    const { messenger, publisher, clock } = this.#services;
    publisher.check({ tenantId, name: "direct" }, { event, data });
    const found = await messenger.find(tenantId, directTarget(to, "to"));
    if (found.length === 0 && "socketId" in to) throw new GatewayError("NOT_FOUND", "There is no such connection");
    const message: DirectMessage = { id: messageId(), event, data: toJson(data), timestamp: clock.now() };
    return { id: message.id, delivered: await messenger.deliver(tenantId, found, message) };
  }

  /** Writes an entry down for those who ask what happened. */
  async audit(tenantId: string, record: AuditRecord): Promise<void> {
    await this.publishReserved(auditOf(tenantId), AUDIT_EVENT, record);
  }

  /** A part of a channel's log, as much as a reply holds. */
  async history(address: ChannelAddress, { limit: asked, since }: HistoryPart): Promise<ChannelHistory> {
    const limit = historyLimit(asked);
    const page = await this.#services.publisher.history(address, since === undefined ? { limit } : { limit, since });
    if (page === undefined) return { events: [] };
    return { events: fitting(page.events, since === undefined ? "newest" : "oldest"), position: page.position };
  }

  /** Publishes to a channel of the gateway's own. */
  async publishReserved(address: ChannelAddress, event: string, data: unknown): Promise<void> {
    const { publisher } = this.#services;
    const input = { event, data: toJson(data), source: "server" } as const;
    publisher.check({ tenantId: "default", name: "reserved" }, input);
    await publisher.send(address, await publisher.accept(address, input));
  }

  /** How many sessions of the cluster follow a channel. */
  async subscribers({ tenantId, name, userId }: ChannelAddress): Promise<number> {
    const query = userId === undefined ? { name, limit: 1 } : { name, userId, limit: 1 };
    const { entries } = await this.#services.presence.channels(tenantId, query);
    return entries[0]?.subscriberCount ?? 0;
  }
}
