import type { Clock } from "@roomcast/core";
import { GatewayError, isChannelName, isTenantId, isUserId, type Principal } from "@roomcast/protocol";
import { SignJWT } from "jose";
import { DEFAULT_TENANT } from "./principal.ts";
import { verifyLegacyRoomToken } from "./legacy-room-tokens.ts";
import { SecretKeys } from "./secret.ts";
import { MAX_TOKEN_SECONDS, peekHeader, ROOM_AUDIENCE, tokenText, verifyShared, type VerifiedToken } from "./verify.ts";

/** A room token, unless it is asked to live for another time. */
const DEFAULT_SECONDS = 60 * 60;

export interface RoomTokenRequest {
  readonly tenantId: string;
  readonly userId: string;
  /** The name of the channel that it opens. */
  readonly room: string;
  /** Seconds; an hour by default, at most 31 days. */
  readonly expiresIn?: number | undefined;
}

/** A room, and what a client calls it. */
export interface RoomToSign {
  readonly room: string;
  readonly name?: string;
}

export interface SignedRoom extends RoomToSign {
  readonly token: string;
}

export interface RoomRight {
  /** When the right ends, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** Milliseconds since 1970, where the token says so. */
  readonly issuedAt?: number;
}

/**
 * Tokens that open one channel to one user: HS256 with a key of their own, derived from the shared secret, and with an
 * audience that access tokens may not have. So neither kind passes as the other.
 */
export class RoomTokens {
  readonly #keys: SecretKeys;
  readonly #clock: Clock;
  readonly #legacy: boolean;

  /**
   * `legacy`: tokens of the original Twake are taken too. They have no `exp`; their `iat` is their end, and they are signed
   * with the secret itself. Throws a plain `Error` for a secret of less than 32 bytes.
   */
  constructor(options: { secret: string | SecretKeys; clock: Clock; legacy?: boolean }) {
    this.#keys = typeof options.secret === "string" ? new SecretKeys(options.secret) : options.secret;
    this.#clock = options.clock;
    this.#legacy = options.legacy === true;
  }

  /** Rejects with `INVALID_PAYLOAD` for what no principal could use. */
  async issue(request: RoomTokenRequest): Promise<{ readonly token: string; readonly expiresAt: number }> {
    const { tenantId, userId, room, expiresIn = DEFAULT_SECONDS } = request;
    if (!isTenantId(tenantId)) throw new GatewayError("INVALID_PAYLOAD", `"tenantId" is not a tenant's id`);
    if (!isUserId(userId)) throw new GatewayError("INVALID_PAYLOAD", `"userId" is not a user's id`);
    if (!isChannelName(room)) throw new GatewayError("INVALID_PAYLOAD", `"room" is not a channel's name`);
    if (!Number.isSafeInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_TOKEN_SECONDS) {
      throw new GatewayError("INVALID_PAYLOAD", `"expiresIn" must be 1 to ${MAX_TOKEN_SECONDS} seconds`);
    }
    const issued = Math.floor(this.#clock.now() / 1000);
    const expires = issued + expiresIn;
    const token = await new SignJWT({
      name: room,
      sub: userId,
      tenantId,
      aud: ROOM_AUDIENCE,
      iat: issued,
      exp: expires,
    })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .sign(await this.#keys.room());
    return { token, expiresAt: expires * 1000 };
  }

  /**
   * Rooms as clients are told of them: each with a token that opens it to this user. `name` is passed on. Rejects with
   * `INVALID_PAYLOAD`, for visitors too.
   */
  async signRooms(
    principal: Pick<Principal, "tenantId" | "userId">,
    rooms: readonly (string | RoomToSign)[],
    options: { readonly expiresIn?: number } = {},
  ): Promise<readonly SignedRoom[]> {
    const { tenantId, userId } = principal;
    if (userId === null) throw new GatewayError("INVALID_PAYLOAD", "Visitors have no room tokens");
    return await Promise.all(
      rooms.map(async (entry) => {
        const { room, name } = typeof entry === "string" ? { room: entry } : entry;
        const { token } = await this.issue({ tenantId, userId, room, ...options });
        return name === undefined ? { room, token } : { room, token, name };
      }),
    );
  }

  /** When the right that `token` gives ends. Rejects with `FORBIDDEN` for whatever is not this principal's right to this room. */
  async verify(token: unknown, principal: Principal, room: string): Promise<RoomRight> {
    const { claims, expiresAt, issuedAt } = await this.#verified(token);
    const tenantId = Object.hasOwn(claims, "tenantId") ? claims["tenantId"] : DEFAULT_TENANT;
    if (
      principal.anonymous ||
      claims["name"] !== room ||
      claims["sub"] !== principal.userId ||
      tenantId !== principal.tenantId
    ) {
      throw new GatewayError("FORBIDDEN", "The room token is another user's, or another room's");
    }
    return issuedAt === undefined ? { expiresAt } : { expiresAt, issuedAt };
  }

  async #verified(token: unknown): Promise<VerifiedToken> {
    try {
      const text = tokenText(token);
      if (peekHeader(text).algorithm !== "HS256")
        throw new GatewayError("FORBIDDEN", "The room token's algorithm is not accepted");
      const now = this.#clock.now();
      try {
        return verifyShared({
          token: text,
          secret: this.#keys.roomSecret,
          now,
          audience: [ROOM_AUDIENCE],
          maxTokenSeconds: MAX_TOKEN_SECONDS,
        });
      } catch (thrown) {
        const legacy = this.#legacy
          ? await verifyLegacyRoomToken({ token: text, key: await this.#keys.access(), now })
          : undefined;
        if (legacy === undefined) throw thrown;
        return legacy;
      }
    } catch (thrown) {
      // Whoever shows a bad one is logged in all the same, and only this room stays closed.
      throw new GatewayError("FORBIDDEN", "The room token is not valid", { cause: GatewayError.from(thrown) });
    }
  }
}
