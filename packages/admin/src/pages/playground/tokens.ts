import { decodeToken } from "@roomcast/client";
import type { RestClient } from "../../api/rest.ts";
import type { Action, Role } from "../../api/types.ts";

/** Whom a token is to speak for. */
export interface Identity {
  readonly userId: string;
  readonly permissions: readonly Role[];
  readonly expiresIn: number;
  readonly info?: Readonly<Record<string, unknown>>;
  readonly channels?: Readonly<Record<string, readonly Action[]>>;
  readonly channelsOnly?: boolean;
}

/** A token that a connection has; kept in memory, as long as the page is shown. */
export interface HeldToken {
  readonly token: string;
  /** Empty where the token does not tell. */
  readonly userId: string;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
  /** How it was made; undefined where it was pasted. */
  readonly identity?: Identity;
}

const RANKS: readonly Role[] = ["client", "service", "admin", "operator"];

/** The roles that somebody may give: none above their own. */
export function rolesUpTo(own: readonly Role[]): Role[] {
  const highest = Math.max(0, ...own.map((role) => RANKS.indexOf(role)));
  return RANKS.slice(0, highest + 1);
}

/** Has the gateway make a token. Rejects with `RestError`. */
export async function makeToken(rest: RestClient, identity: Identity): Promise<HeldToken> {
  const { token, expiresAt } = await rest.post<{ token: string; expiresAt: number }>("/auth/token", identity);
  return { token, expiresAt, userId: identity.userId, identity };
}

/** Has the gateway make the token that opens a room to a user. Rejects with `RestError`. */
export async function makeRoomToken(rest: RestClient, userId: string, room: string): Promise<string> {
  return (await rest.post<{ token: string }>("/auth/room-token", { userId, room })).token;
}

/** A token that somebody pasted. Whether it is any good is for the gateway to say. */
export function pastedToken(text: string): HeldToken {
  const token = text.trim();
  const { sub, exp } = decodeToken(token) ?? {};
  return {
    token,
    userId: typeof sub === "string" ? sub : "",
    ...(typeof exp === "number" ? { expiresAt: exp * 1000 } : undefined),
  };
}
