import type { Authentication, Authenticator, RoomTokenVerifier } from "@roomcast/core";
import type { Credentials, Principal } from "@roomcast/protocol";

export interface CombinedOptions {
  /** Recognises cookies. */
  readonly cookies: Authenticator;
  /** Recognises everything else, and room tokens. */
  readonly tokens: Authenticator & RoomTokenVerifier;
}

/** Has each kind of credentials looked at by whoever knows it. */
export class CombinedAuthenticator implements Authenticator, RoomTokenVerifier {
  readonly #cookies: Authenticator;
  readonly #tokens: Authenticator & RoomTokenVerifier;

  constructor(options: CombinedOptions) {
    this.#cookies = options.cookies;
    this.#tokens = options.tokens;
  }

  async authenticate(credentials: Credentials): Promise<Authentication> {
    return await (credentials.kind === "cookies" ? this.#cookies : this.#tokens).authenticate(credentials);
  }

  verifyRoomToken(
    token: string,
    principal: Principal,
    room: string,
  ): Promise<{ readonly expiresAt: number; readonly issuedAt?: number | undefined }> {
    return this.#tokens.verifyRoomToken(token, principal, room);
  }
}
