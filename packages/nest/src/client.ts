import type { Arrival } from "@roomcast/core";
import type { Principal } from "@roomcast/protocol";

/** Who is about to connect, as guards and interceptors get it from `context.switchToWs().getClient()`. */
export interface RoomcastClient {
  readonly principal: Principal;
  /** The wire that it speaks: `native`, `steedos`, `twake` or `plazer`. */
  readonly dialect: string;
  readonly handshake: {
    /** What it sent to log in with; empty where it logs in late. */
    readonly auth: Readonly<Record<string, unknown>>;
    /** Names in lower case. Where it logs in late, those that are kept for it. */
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
    readonly address: string | undefined;
  };
}

export function clientOf({ principal, origin }: Arrival): RoomcastClient {
  const { dialect = "unknown", auth = {}, headers = {}, remoteAddress: address } = origin ?? {};
  return { principal, dialect, handshake: { auth, headers, address } };
}
