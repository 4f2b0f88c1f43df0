import { beginningOf } from "./address.ts";
import type { ChannelTarget, Command, Outcome } from "./commands.ts";
import type { GatewayError } from "./errors.ts";
import type { Credentials, Principal } from "./principal.ts";
import type { Push } from "./pushes.ts";

/** One Socket.IO event: its name, then its arguments. */
export type Frame = readonly [event: string, ...args: unknown[]];

/** What a dialect may look at to recognise its clients. */
export interface Handshake {
  readonly auth: Readonly<Record<string, unknown>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What a greeting may tell of a new session. */
export interface SessionFacts {
  readonly socketId: string;
  readonly userId: string | null;
  readonly tenantId: string;
  readonly nodeId: string;
  readonly expiresAt: number | null;
  /** Milliseconds since 1970. */
  readonly serverTime: number;
}

/** A frame from a client, understood: a command, something wrong, or nothing that concerns us. */
export type Decoded =
  | { readonly kind: "command"; readonly event: string; readonly command: Command }
  | { readonly kind: "invalid"; readonly event: string; readonly error: GatewayError }
  | { readonly kind: "ignored" };

/** The answer to one frame: the arguments of its acknowledgement where it asked for one, and frames beside it. */
export interface Reply {
  readonly acknowledgement?: readonly unknown[];
  readonly frames?: readonly Frame[];
}

/**
 * A wire language, as a pure codec: it holds no socket and no state, and knows no other dialect. The same values go in
 * and the same come out; nothing that a client sends makes it throw.
 */
export interface Dialect {
  /** Lower case, from a closed set: it serves as a metric's label. */
  readonly name: string;
  /** When its clients say who they are: in the handshake, or afterwards by the command `login`. */
  readonly login: "handshake" | "late";
  /** Whether it has an idea of joining, so that sessions that are put into channels are seen as members there. */
  readonly joins: boolean;
  /** Reserved channels that each session follows by itself: those of all tenants, of its own tenant, of its own user. */
  readonly follows?: readonly { readonly name: string; readonly of: "everybody" | "tenant" | "user" }[];
  /** Whether this handshake speaks this dialect. The first of an endpoint's dialects that accepts has the connection for life. */
  accepts(handshake: Handshake): boolean;
  credentials(handshake: Handshake): Credentials;
  /**
   * Who a connection speaks for whose credentials were not accepted (`UNAUTHENTICATED`, `TOKEN_EXPIRED`, `UNAVAILABLE`).
   * Without it, or where it is undefined, the connection is refused.
   */
  visitor?(handshake: Handshake): Principal | undefined;
  /** Channels that a new session is put into, as far as the rules allow it. */
  rooms?(session: SessionFacts): readonly ChannelTarget[];
  /** How a refused handshake is told: message and data of the client's `connect_error`. */
  refusal(error: GatewayError): { readonly message: string; readonly data: unknown };
  /** What a new session hears first. */
  greeting(session: SessionFacts): readonly Frame[];
  /** `frame` is any JSON array that a client sent, without its acknowledgement; its first element may be anything. */
  decode(frame: readonly unknown[]): Decoded;
  /** The answer to a frame that `decode` gave a command or an error for. `acknowledged`: the client waits for an answer. */
  reply(request: Exclude<Decoded, { kind: "ignored" }>, outcome: Outcome, acknowledged: boolean): Reply;
  /** A push in this dialect, or undefined where it has no word for it. Nothing in it depends on who receives it. */
  encode(push: Push): Frame | undefined;
}

/** The name of a frame, for answers and logs: whatever stands there, as a short string. */
export function frameEvent(frame: readonly unknown[]): string {
  const event = frame[0];
  if (typeof event === "string") return beginningOf(event, 128);
  // An object may say anything as its `toString`.
  return typeof event === "number" ? String(event) : "";
}
