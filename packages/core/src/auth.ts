import { GatewayError, type Credentials, type Principal } from "@roomcast/protocol";

export interface Authentication {
  readonly principal: Principal;
  /** What the credential says beside the principal, for operators to see: JSON, and nothing secret. 2 KiB of it are kept. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Channels that the session is put into when it begins, whatever the rules say of them. */
  readonly channels?: readonly string[];
  /**
   * The same credentials are asked for again every so often; the session ends with `REVOKED` when they are refused then or
   * name somebody else. `UNAVAILABLE` changes nothing.
   */
  readonly revalidate?: { readonly seconds: number };
}

/**
 * PORT: turns credentials into a principal.
 *
 * Rejects (or throws) with `UNAUTHENTICATED`, `TOKEN_EXPIRED` or `UNAVAILABLE`; whatever else it throws is taken for
 * `UNAVAILABLE`. It may be asked any number of times for the same credentials, and concurrently. The engine bounds its
 * time, checks what it returns against the grammar of ids, and checks revocation: an implementation need not.
 */
export interface Authenticator {
  authenticate(credentials: Credentials): Promise<Authentication>;
}

/**
 * `TOKEN_EXPIRED` of an authenticator that knows whose the token was, since all else about it is good: it is noted for that
 * user.
 */
export class ExpiredCredentials extends GatewayError {
  /** Not seen by whoever writes errors down. */
  readonly #principal: Principal;

  constructor(error: GatewayError, principal: Principal) {
    const { message, token } = error;
    super("TOKEN_EXPIRED", message, { token });
    this.#principal = principal;
  }

  get principal(): Principal {
    return this.#principal;
  }
}

/** Whence a connection comes, as far as its binding tells. */
export interface Origin {
  readonly dialect: string;
  readonly remoteAddress?: string | undefined;
  /** Of the handshake, with cookies only where they count. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What the client sent to log in with. */
  readonly auth: Readonly<Record<string, unknown>>;
}

/** Somebody who was recognised, and is about to connect. */
export interface Arrival {
  readonly principal: Principal;
  /** Absent where a binding tells none. */
  readonly origin?: Origin | undefined;
}

/**
 * Looks at each arrival before it gets a place, and refuses it by throwing or rejecting with a `GatewayError`; whatever else
 * it throws is taken for `UNAVAILABLE`. The engine bounds its time.
 */
export type ArrivalHook = (arrival: Arrival) => void | Promise<void>;

/** ABILITY of authenticators that know room tokens, which open one channel to one user. */
export interface RoomTokenVerifier {
  /**
   * When the right that `token` gives ends, and when it was given, in milliseconds since 1970. Rejects with `FORBIDDEN` for
   * a token that is not valid, not this principal's or not this room's. Revocation is the engine's to check.
   */
  verifyRoomToken(
    token: string,
    principal: Principal,
    room: string,
  ): Promise<{ readonly expiresAt: number; readonly issuedAt?: number | undefined }>;
}

export function isRoomTokenVerifier(value: object): value is RoomTokenVerifier {
  return "verifyRoomToken" in value && typeof value.verifyRoomToken === "function";
}

/**
 * PORT: remembers which users' tokens were ended. `MemoryRevocations` serves one node. What is no user's id, such as a text
 * with a space, may name something else of a tenant that ends.
 */
export interface Revocations {
  /** Tokens of the user that were issued before `at` (milliseconds since 1970) are void from now on. */
  revoke(tenantId: string, userId: string, at: number): Promise<void>;
  /** The last such moment, or undefined. */
  revokedAt(tenantId: string, userId: string): Promise<number | undefined>;
}
