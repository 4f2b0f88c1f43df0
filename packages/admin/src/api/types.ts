import type { Member, Position, RealtimeEvent } from "@roomcast/client";

export type { Member, Position, RealtimeEvent };

/** The answers of REST that the page reads, as `/openapi.json` describes them. */

export type Role = "client" | "service" | "admin" | "operator";

/** Who is signed in, and what the gateway can do. */
export interface Session {
  readonly userId: string | null;
  readonly tenantId: string;
  readonly tenants: readonly string[] | "*";
  readonly roles: readonly Role[];
  readonly expiresAt: number;
  readonly csrf: string;
  readonly version: string;
  readonly nodeId: string;
  readonly capabilities: {
    /** Whether tokens can be issued. */
    readonly tokens: boolean;
    readonly roomTokens: boolean;
    readonly socketPath: string;
    /** How many users one notification may have. */
    readonly usersPerNotify: number;
    readonly dialects: {
      readonly native: boolean;
      readonly steedos: boolean;
      readonly twake: boolean;
      readonly plazer: false | { readonly namespace: string };
    };
  };
}

export interface History {
  readonly events: readonly RealtimeEvent[];
  readonly position?: Position;
}

export interface Channel {
  readonly name: string;
  readonly memberCount: number;
  readonly subscriberCount: number;
}

export interface RuleMatch {
  readonly kind: "builtIn" | "rule" | "none" | "policy";
  /** Of the configuration's rules. */
  readonly index: number | null;
  readonly match: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly rights: Readonly<Record<Action, string>>;
  readonly keep: false | { readonly size: number; readonly seconds: number };
  readonly slow: "disconnect" | "resync";
  /** JSON Schemas by event, null where one has no such form; null where anything may be published. */
  readonly events: Readonly<Record<string, object | null>> | null;
}

export type Action = "subscribe" | "presence" | "history" | "publish";

export interface Decision {
  readonly allowed: boolean;
  readonly by?: "rule" | "grant";
  readonly code?: string;
  readonly message?: string;
}

export interface RuleTest extends RuleMatch {
  readonly decisions: Readonly<Record<Action, Decision>> | null;
}

export interface ChannelDetails extends Channel {
  readonly position: Position | null;
  readonly rule: RuleMatch;
}

export interface Connection {
  readonly socketId: string;
  readonly userId: string | null;
  readonly dialect: string;
  readonly transport: string;
  readonly connectedAt: number;
  readonly channels: readonly string[];
  readonly nodeId: string;
  readonly address: string | null;
}

/** Something that went wrong, or ended, for a user. */
export interface Incident {
  readonly at: number;
  readonly nodeId: string;
  readonly kind: "refused" | "ended" | "dropped";
  /** An error code, or `client` where the client left by itself. */
  readonly code: string;
  readonly message?: string;
  readonly socketId?: string;
  readonly dialect?: string;
  readonly command?: string;
  readonly channel?: string;
  /** How often it came, where it came again; `at` is the last time. */
  readonly times?: number;
}

export interface ConnectionDetails extends Connection {
  readonly principal: {
    readonly userId: string | null;
    readonly tenantId: string;
    readonly roles: readonly Role[];
    readonly anonymous: boolean;
    readonly grants: Readonly<Record<string, readonly Action[]>>;
    readonly grantsOnly: boolean;
    readonly info?: Readonly<Record<string, unknown>>;
    readonly email?: string;
    readonly issuedAt?: number;
    readonly expiresAt?: number;
  };
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly subscriptions: readonly {
    readonly channel: string;
    /** Whether it is the user's own channel of that name. */
    readonly own: boolean;
    readonly subscriptionId: string;
    readonly filter?: Readonly<Record<string, unknown>>;
    /** How long a filter is that is left out for its length. */
    readonly filterBytes?: number;
    readonly joined: boolean;
    readonly by: "rule" | "grant" | "given";
    readonly until?: number;
    readonly lagging: boolean;
  }[];
  readonly backlog: { readonly bytes: number; readonly limit: number; readonly overloaded: boolean };
  readonly rates: {
    readonly commandsPerSecond: number;
    readonly eventsPerSecond: number;
    readonly bytesPerSecond: number;
  };
  readonly totals: {
    readonly commands: number;
    readonly refused: number;
    readonly events: number;
    readonly dropped: number;
    readonly bytes: number;
  };
  readonly incidents: readonly Incident[];
}

export interface UserReport {
  readonly userId: string;
  readonly connections: readonly Connection[];
  readonly revokedAt: number | null;
  readonly incidents: readonly Incident[];
  readonly unreachable: readonly string[];
}

/** One node over one interval; rates are a second. */
export interface NodeSample {
  readonly t: number;
  readonly nodeId: string;
  readonly seconds: number;
  readonly connections: number;
  readonly channels: number;
  readonly subscriptions: number;
  readonly in: number;
  readonly out: number;
  readonly bytes: number;
  /** p50, p95 and p99 from publish to write, in milliseconds. */
  readonly latency: readonly [number, number, number] | null;
  readonly refused: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly backlog: number;
  readonly slow: number;
  readonly rss: number;
  readonly heap: number;
  /** p50 and p99 of the event loop's delay, in milliseconds. */
  readonly loop: readonly [number, number];
  readonly cpu: number;
  readonly draining: boolean;
  readonly busiest?: readonly (readonly [tenantId: string, channel: string, inRate: number, outRate: number])[];
}

/** One tenant on one node over one interval; rates are a second. */
export interface TenantSample {
  readonly t: number;
  readonly nodeId: string;
  readonly seconds: number;
  readonly connections: number;
  readonly channels: number;
  readonly in: number;
  readonly out: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly busiest?: readonly (readonly [channel: string, inRate: number, outRate: number])[];
}

export interface Samples<Sample> {
  readonly nodes: readonly { readonly nodeId: string; readonly samples: readonly Sample[] }[];
  readonly unreachable: readonly string[];
}

export interface NodeInfo {
  readonly nodeId: string;
  readonly startedAt: number;
  /** What nobody told the gateway of its process is null. */
  readonly version: string | null;
  readonly host: string | null;
  readonly pid: number | null;
  readonly reachable: boolean;
  /** This and what follows is null where the node did not answer. */
  readonly draining: boolean | null;
  readonly connections: number | null;
  readonly channels: number | null;
  readonly broker: {
    readonly kind: "memory" | "redis" | "other";
    readonly healthy: boolean;
    readonly latencyMs: number | null;
    readonly error: string | null;
  } | null;
  readonly latest: NodeSample | null;
}

export interface NodeConfig {
  readonly nodeId: string;
  readonly version: string;
  /** Null where the gateway was made without one. */
  readonly config: Readonly<Record<string, unknown>> | null;
}
