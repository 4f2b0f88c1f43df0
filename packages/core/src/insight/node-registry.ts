import type { ChannelAddress } from "@roomcast/protocol";
import type { MemberRecord, PresenceStore } from "../presence.ts";
import { EVERYBODY } from "../services.ts";

/** What a process says of itself, beside its node's name. */
export interface NodeAbout {
  /** Of the program. */
  readonly version?: string;
  /** The name of its machine. */
  readonly host?: string;
  readonly pid?: number;
}

/** A node of the cluster, as the others know it. */
export interface NodeInfo {
  readonly nodeId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly version: string | null;
  readonly host: string | null;
  readonly pid: number | null;
}

type NodeState = Pick<NodeInfo, "version" | "host" | "pid">;

/** The reserved channel whose members are the nodes. */
const NODES: ChannelAddress = { tenantId: EVERYBODY, name: "@members" };
/** Nodes that one look-up brings. */
const PAGE = 1000;

/** Which nodes there are: each is a member of a channel of the gateway's own, and leased as all that a node puts is. */
export class NodeRegistry {
  readonly own: NodeInfo;
  readonly #presence: PresenceStore;
  /** Of this run alone, so that a node that goes takes nothing from one that has its name after it. */
  readonly #id: string;

  constructor(options: { presence: PresenceStore; nodeId: string; run: string; startedAt: number; about: NodeAbout }) {
    const { nodeId, startedAt, about } = options;
    const { version = null, host = null, pid = null } = about;
    this.own = { nodeId, startedAt, version, host, pid };
    this.#presence = options.presence;
    this.#id = `${nodeId} ${options.run}`;
  }

  /** Tells the others of this node. Rejects with `UNAVAILABLE`. */
  async enter(): Promise<void> {
    const { nodeId, startedAt: joinedAt, version, host, pid } = this.own;
    const state: NodeState = { version, host, pid };
    await this.#presence.put(NODES, { socketId: this.#id, userId: null, joinedAt, nodeId, state });
  }

  async leave(): Promise<void> {
    await this.#presence.remove(NODES, this.#id);
  }

  /** All nodes by name, this one too. Rejects with `UNAVAILABLE`. */
  async list(): Promise<readonly NodeInfo[]> {
    const nodes = new Map<string, NodeInfo>();
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor };
      const page = await this.#presence.members(NODES, query);
      for (const record of page.entries) {
        const known = nodes.get(record.nodeId);
        if (known === undefined || known.startedAt <= record.joinedAt) nodes.set(record.nodeId, nodeInfo(record));
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    nodes.set(this.own.nodeId, this.own);
    return [...nodes.values()].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  }
}

function nodeInfo({ nodeId, joinedAt: startedAt, state }: MemberRecord): NodeInfo {
  const { version = null, host = null, pid = null } = (state ?? {}) as Partial<NodeState>;
  return { nodeId, startedAt, version, host, pid };
}

/** Whether the members of a channel are the nodes. */
export function isNodes({ tenantId, name }: ChannelAddress): boolean {
  return tenantId === NODES.tenantId && name === NODES.name;
}
