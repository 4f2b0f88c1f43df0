import type { HttpBindings } from "@hono/node-server";
import type { Gateway } from "@roomcast/core";
import type { AdminSession, AdminSessions } from "../auth/admin-sessions.ts";
import type { RestCaller, RestCallers } from "../auth/rest-caller.ts";
import type { RestTokens } from "../auth/rest-tokens.ts";
import type { RoomTokens } from "../auth/room-tokens.ts";
import type { DialectSettings } from "../endpoints.ts";
import type { TrustProxy } from "../socketio/handshakes.ts";

/** Where `GET /metrics` takes its text from. */
export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
  /** What a request that does not come from this machine must bring; without one only this machine may ask. */
  readonly token?: string | undefined;
}

/** Bindings and variables of the application's context. */
export interface RestEnv {
  readonly Bindings: HttpBindings;
  readonly Variables: {
    caller: RestCaller;
    /** Where the caller is recognised by the cookie of one. */
    session?: AdminSession;
  };
}

/** What the routes work with. */
export interface RestServices {
  readonly gateway: Gateway;
  /** Where clients of Socket.IO connect, for documents; `/socket.io/` unless given. */
  readonly socketPath?: string | undefined;
  /** Recognises the callers. */
  readonly callers: RestCallers;
  /** Issues and verifies tokens for callers that may; without it there is nothing under `/auth`. */
  readonly tokens?: RestTokens | undefined;
  /** The settings that operators are shown, without secrets. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Signs room tokens; absent without a shared secret. */
  readonly roomTokens?: RoomTokens | undefined;
  /** Signs in people for the admin page; without it there is nothing under `/auth/session`. */
  readonly sessions?: AdminSessions | undefined;
  /** How far the headers of proxies are believed; not at all unless given. */
  readonly trustProxy?: TrustProxy | undefined;
  /** Which dialects clients speak here, as sessions are told. */
  readonly dialects?: DialectSettings | undefined;
}
