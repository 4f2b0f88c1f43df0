// What goes over the wire, as the specification has it.

export type Json = unknown;

export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

export interface RealtimeEvent {
  readonly id: string;
  readonly topic: string;
  readonly event: string;
  readonly payload: Json;
  readonly source: "socket" | "rest" | "server" | "resource" | "direct";
  readonly sender?: { readonly userId: string | null; readonly socketId?: string };
  readonly timestamp: number;
  readonly position?: Position;
}

export interface Member {
  readonly socketId: string;
  readonly userId: string | null;
  readonly joinedAt: number;
  readonly info?: Readonly<Record<string, Json>>;
  readonly state?: Json;
}

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly details?: Readonly<Record<string, Json>>;
}

interface Recovery {
  readonly position?: Position;
  readonly recovered?: boolean;
  readonly events?: readonly RealtimeEvent[];
}

export interface Results {
  readonly subscribe: { readonly subscriptionId: string } & Recovery;
  readonly unsubscribe: object;
  readonly join: { readonly members: readonly Member[]; readonly total: number; readonly cursor?: string } & Recovery;
  readonly leave: object;
  readonly publish: { readonly id: string; readonly position?: Position };
  readonly direct: { readonly id: string; readonly delivered: number };
  readonly members: { readonly members: readonly Member[]; readonly total: number; readonly cursor?: string };
  readonly state: object;
  readonly history: { readonly events: readonly RealtimeEvent[]; readonly position?: Position };
  readonly refresh: { readonly expiresAt: number };
}

export type CommandName = keyof Results;

export interface Pushes {
  readonly session: {
    readonly protocol: number;
    readonly socketId: string;
    readonly userId: string | null;
    readonly tenantId: string;
    readonly nodeId: string;
    readonly expiresAt: number | null;
    readonly serverTime: number;
  };
  readonly event: RealtimeEvent;
  readonly presence: {
    readonly channel: string;
    readonly joined: readonly Member[];
    readonly left: readonly Member[];
    readonly updated: readonly Member[];
  };
  readonly gap: { readonly channel: string; readonly position: Position };
  readonly "token:expiring": { readonly expiresAt: number };
  readonly error: WireError & { readonly command?: string; readonly channel?: string };
  readonly closing: { readonly code: string; readonly message: string; readonly reconnect: boolean };
}

export type PushName = keyof Pushes;

/** Codes that may be tried again. */
export const RETRYABLE: ReadonlySet<string> = new Set([
  "TOKEN_EXPIRED",
  "RATE_LIMITED",
  "UNAVAILABLE",
  "SHUTTING_DOWN",
  "INTERNAL",
]);

/** The status of each code over HTTP. */
export const STATUS: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  TOKEN_EXPIRED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  INVALID_PAYLOAD: 400,
  CONFLICT: 409,
  UNKNOWN_COMMAND: 404,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  LIMIT_REACHED: 429,
  UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
  INTERNAL: 500,
};
