import type {
  ChannelAddress,
  EventSource,
  Keep,
  Position,
  PresenceChange,
  Publication,
  WireError,
} from "@roomcast/protocol";
import type { Question } from "./insight/questions.ts";

export type { Keep } from "@roomcast/protocol";

/** An event that is about to be published; the broker gives it its id and its position. */
export interface Draft {
  readonly event: string;
  /** JSON. */
  readonly data: unknown;
  readonly source: EventSource;
  readonly sender?: { readonly userId: string | null; readonly socketId?: string };
  /** The form in which a client of some dialect said it. */
  readonly form?: string;
  /** When it was accepted, in milliseconds since 1970. */
  readonly timestamp: number;
}

export interface PublishOptions {
  /** What the channel's log keeps; false for a channel without history. */
  readonly keep: Keep | false;
  /** Publishing the same key again from the same sender within five minutes has the first one's result and no effect. */
  readonly idempotency?: {
    readonly key: string;
    readonly sender: string;
    /** What tells other content under the same key; `draftDigest` of the draft unless given. */
    readonly digest?: string;
  };
  /** About how many bytes the data has as JSON, where that is known. A broker that counts them looks for itself otherwise. */
  readonly bytes?: number;
}

export interface Published {
  readonly id: string;
  readonly position?: Position;
}

export interface HistoryQuery {
  /** At most this many events. */
  readonly limit: number;
  /** The oldest after this position; without it the newest. */
  readonly since?: Position;
}

export interface HistoryPage {
  /** Oldest first. */
  readonly events: readonly Publication[];
  /** The top of the log. */
  readonly position: Position;
  /** With `since`: whether `events` begins with the very next one, i.e. the epochs match and the log still reaches it. */
  readonly complete: boolean;
  /** About how many bytes the events take as JSON, where the broker knows without looking. */
  readonly bytes?: number;
}

/** What nodes tell each other, beside the publications of channels. Never kept. */
export type Signal =
  | PresenceChange
  | {
      readonly type: "direct";
      readonly tenantId: string;
      readonly socketIds: readonly string[];
      readonly message: {
        readonly id: string;
        readonly event: string;
        readonly data: unknown;
        readonly sender?: { readonly userId: string | null; readonly socketId?: string };
        readonly timestamp: number;
      };
    }
  /** Sessions to be ended: one, or all of a user; `at` is when that user's tokens ended, for those who connect meanwhile. */
  | { readonly type: "end"; readonly tenantId: string; readonly socketId: string }
  | { readonly type: "revoke"; readonly tenantId: string; readonly userId: string; readonly at: number }
  /** What the clients of a node look at: all that they do, of these tenants, and of whole nodes where `$` is one. */
  | { readonly type: "watch"; readonly nodeId: string; readonly tenants: readonly string[] }
  /** A question of node `from`, and what a node answers to the question of that id: a value, or what went wrong. */
  | { readonly type: "ask"; readonly id: string; readonly from: string; readonly question: Question }
  | {
      readonly type: "answer";
      readonly id: string;
      readonly from: string;
      readonly value?: unknown;
      readonly error?: WireError;
    };

/** Who a broker delivers to: the node. Calls for one address come in the order of its log and must not throw. */
export interface BrokerReader {
  publication(publication: Publication): void;
  signal(address: ChannelAddress, signal: Signal): void;
  /** What was published before `position` is lost for this node, or the log has another epoch now: readers are to be told. */
  lost?(address: ChannelAddress, position: Position): void;
}

/**
 * PORT: carries publications between nodes and keeps the logs of channels. `MemoryBroker` serves one node.
 *
 * - A publication is appended and announced in one atomic step: its position is given by the broker, offsets of a channel
 *   have no hole, and every node delivers in the order of positions, the publisher's own too. When `publish` resolves,
 *   the publication is in the log.
 * - Failures reject with a `GatewayError`: `UNAVAILABLE` when the broker is away (then nothing was published, or the
 *   idempotency key makes trying again safe), `CONFLICT` for a key used with other content, `LIMIT_REACHED`.
 * - Announcements that arrive for an address without a subscription of this node are not delivered.
 */
export interface Broker {
  /** Called once before all others. `nodeId` names this node to others. */
  start(nodeId: string, reader: BrokerReader): Promise<void>;
  publish(address: ChannelAddress, draft: Draft, options: PublishOptions): Promise<Published>;
  /** Tells the nodes that subscribe to `address`, this one too; at most once, never kept. */
  signal(address: ChannelAddress, signal: Signal): Promise<void>;
  /** Resolves to a release function when from now on all that is announced for `address` reaches this node's reader. */
  subscribe(address: ChannelAddress): Promise<() => void>;
  /**
   * Reads the log. A channel that was never published to stands at offset 0 of its epoch. What it answers to a node that
   * subscribes has been announced to that node before, so that no event comes again behind the answer that has it.
   */
  history(address: ChannelAddress, keep: Keep, query: HistoryQuery): Promise<HistoryPage>;
}

/** ABILITY of brokers and stores that hold something to let go of. */
export interface Closer {
  close(): Promise<void>;
}

/** ABILITY of brokers and stores that can be away. */
export interface HealthCheck {
  /** Resolves when it works; rejects, within two seconds, when not. */
  check(): Promise<void>;
}

/** ABILITY of brokers that have a name for what they are, for operators: `memory` or `redis`. */
export interface BrokerKind {
  readonly kind: string;
}

export function isBrokerKind(value: object): value is BrokerKind {
  return "kind" in value && typeof value.kind === "string";
}

export function isCloser(value: object): value is Closer {
  return "close" in value && typeof value.close === "function";
}

export function isHealthCheck(value: object): value is HealthCheck {
  return "check" in value && typeof value.check === "function";
}
