import type { ChannelAddress, DirectMessage, DirectTarget } from "@roomcast/protocol";
import type { Broker, Signal } from "./broker.ts";
import type { Directory } from "./directory.ts";
import type { Observer } from "./observer.ts";
import type { MemberRecord, PresenceStore } from "./presence.ts";
import { nodeAddress, sessionsOf } from "./services.ts";
import type { Session } from "./session.ts";

/** How many of a user's sessions one look-up brings. */
const PAGE = 1000;

/** Reaches sessions, wherever they are: finds them in the presence store, and tells the nodes that hold them. */
export class Messenger {
  readonly #broker: Broker;
  readonly #presence: PresenceStore;
  readonly #directory: Directory;
  readonly #observer: Observer;
  readonly #nodeId: string;

  constructor(options: {
    broker: Broker;
    presence: PresenceStore;
    directory: Directory;
    observer: Observer;
    nodeId: string;
  }) {
    this.#broker = options.broker;
    this.#presence = options.presence;
    this.#directory = options.directory;
    this.#observer = options.observer;
    this.#nodeId = options.nodeId;
  }

  /** The sessions of a tenant that `to` means, on all nodes. */
  async find(tenantId: string, to: DirectTarget): Promise<readonly MemberRecord[]> {
    const found: MemberRecord[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? { ...to, limit: PAGE } : { ...to, limit: PAGE, cursor };
      const page = await this.#presence.members(sessionsOf(tenantId), query);
      found.push(...page.entries);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found;
  }

  /** Which of these users have a session, on any node. */
  async online(tenantId: string, userIds: readonly string[]): Promise<readonly (readonly [string, boolean])[]> {
    return await Promise.all(
      userIds.map(async (userId): Promise<readonly [string, boolean]> => {
        const { total } = await this.#presence.members(sessionsOf(tenantId), { userId, limit: 0 });
        return [userId, total > 0];
      }),
    );
  }

  /** Sends `message` to the sessions; how many of them it went to. */
  async deliver(tenantId: string, sessions: readonly MemberRecord[], message: DirectMessage): Promise<number> {
    const perNode = new Map<string, string[]>();
    for (const { nodeId, socketId } of sessions) {
      const ids = perNode.get(nodeId);
      if (ids === undefined) perNode.set(nodeId, [socketId]);
      else ids.push(socketId);
    }
    let delivered = 0;
    for (const [nodeId, socketIds] of perNode) {
      const signal: Signal & { type: "direct" } = { type: "direct", tenantId, socketIds, message };
      if (nodeId === this.#nodeId) {
        delivered += this.receive(signal);
      } else {
        await this.tell(nodeAddress(nodeId), signal);
        delivered += socketIds.length;
      }
    }
    return delivered;
  }

  /** Hands a message to sessions of this node; how many understood it. */
  receive({ tenantId, socketIds, message }: Signal & { type: "direct" }): number {
    let delivered = 0;
    for (const socketId of socketIds) {
      if (this.#directory.find(tenantId, socketId)?.push({ type: "direct", message }) === true) delivered++;
    }
    return delivered;
  }

  /** Ends sessions of this node: one of them, or all of a user; those that were ended. */
  end(signal: Signal & { type: "end" | "revoke" }): number {
    const { tenantId } = signal;
    const sessions: readonly (Session | undefined)[] =
      signal.type === "revoke"
        ? this.#directory.of(tenantId, signal.userId)
        : [this.#directory.find(tenantId, signal.socketId)];
    let ended = 0;
    for (const session of sessions)
      if (session?.end("REVOKED", "The connection was ended by an operator") === true) ended++;
    return ended;
  }

  async tell(address: ChannelAddress, signal: Signal): Promise<void> {
    try {
      await this.#broker.signal(address, signal);
    } catch (error) {
      this.#observer.failed?.(signal.type, error);
      throw error;
    }
  }
}
