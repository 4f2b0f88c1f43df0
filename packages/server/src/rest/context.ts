import type { HttpBindings } from "@hono/node-server";
import type { Gateway } from "@roomcast/core";
import type { RestCaller, RestCallers } from "../auth/rest-caller.ts";
import type { RestTokens } from "../auth/rest-tokens.ts";

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
  readonly Variables: { caller: RestCaller };
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
}
