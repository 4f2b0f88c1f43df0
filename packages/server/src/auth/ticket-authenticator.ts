import type { Arrival, Authentication, Authenticator, RoomTokenVerifier } from "@roomcast/core";
import { GatewayError, type Credentials, type Principal } from "@roomcast/protocol";
import type { AdminSessions } from "./admin-sessions.ts";
import { unauthenticated } from "./verify.ts";

/** The dialect that the admin page speaks. */
const DIALECT = "native";

export interface TicketAuthenticatorOptions {
  readonly sessions: Pick<AdminSessions, "redeem">;
  /** Recognises everybody else, and room tokens. */
  readonly others: Authenticator & RoomTokenVerifier;
}

/** Recognises the tickets of the admin page's sockets, and leaves everything else to another. */
export class TicketAuthenticator implements Authenticator, RoomTokenVerifier {
  readonly #sessions: Pick<AdminSessions, "redeem">;
  readonly #others: Authenticator & RoomTokenVerifier;
  /** Those who came with a ticket. */
  readonly #bearers = new WeakSet<Principal>();

  constructor(options: TicketAuthenticatorOptions) {
    this.#sessions = options.sessions;
    this.#others = options.others;
  }

  async authenticate(credentials: Credentials): Promise<Authentication> {
    const principal = credentials.kind === "token" ? await this.#redeem(credentials.token) : undefined;
    if (principal === undefined) return await this.#others.authenticate(credentials);
    this.#bearers.add(principal);
    return { principal };
  }

  /** Refuses whoever came with a ticket in another dialect than the page's. Throws `UNAUTHENTICATED`. */
  checkArrival({ principal, origin }: Arrival): void {
    if (this.#bearers.has(principal) && origin?.dialect !== DIALECT)
      throw unauthenticated("A ticket opens sockets of the native dialect only");
  }

  async verifyRoomToken(
    token: string,
    principal: Principal,
    room: string,
  ): Promise<{ readonly expiresAt: number; readonly issuedAt?: number | undefined }> {
    return await this.#others.verifyRoomToken(token, principal, room);
  }

  async #redeem(token: unknown): Promise<Principal | undefined> {
    try {
      return await this.#sessions.redeem(token);
    } catch (thrown) {
      // A session that lost its rights is to a client what one that ended is.
      const error = GatewayError.from(thrown);
      throw error.code === "FORBIDDEN" ? unauthenticated(error.message) : thrown;
    }
  }
}
