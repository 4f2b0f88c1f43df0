import type { Authentication, Authenticator, Clock } from "@roomcast/core";
import { systemClock } from "@roomcast/core";
import { asObject, GatewayError, isTenantId, isUserId, type Credentials, type Principal } from "@roomcast/protocol";
import { CookieHook } from "./cookie-hook.ts";
import { unauthenticated } from "./verify.ts";

/** Tokens are what one header can hold; longer ones cannot have come by a cookie. */
const MAX_TOKEN_LENGTH = 16_384;
const REVALIDATE_SECONDS = 300;

/**
 * The user to whom `token` belongs, or null. `token` is the tenant and the token of the cookies with a comma between; the
 * user's id is its `user`, `_id` or `id`, its tenant its `space`, `spaceId` or `tenantId`.
 */
export type GetUserByToken = (token: string, context: { readonly tenantId: string }) => unknown;

export interface CookieOptions {
  /** A function of the application's; either this or `url`. */
  readonly getUserByToken?: GetUserByToken | undefined;
  /** An address that is asked instead: POST `{ token, tenantId }`, 200 with the user, or 401, 403 or 404. */
  readonly url?: string | undefined;
  /** How often a session's cookies are looked at again; 300 unless given. */
  readonly revalidateSeconds?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Recognises users by an opaque token of the application's and the tenant that it is said to be for, as they stand in
 * cookies. What the application says of the tenant must agree.
 *
 * Rejects with `UNAUTHENTICATED`, and with whatever the application's function throws.
 */
export class CookieAuthenticator implements Authenticator {
  readonly #getUser: GetUserByToken;
  readonly #revalidate: { readonly seconds: number };

  /** Throws a plain `Error` unless there is exactly one of `getUserByToken` and `url`. */
  constructor(options: CookieOptions) {
    const { getUserByToken, url, revalidateSeconds: seconds = REVALIDATE_SECONDS, clock = systemClock } = options;
    if ((getUserByToken === undefined) === (url === undefined)) {
      throw new Error("Cookies need either getUserByToken or url to be verified by");
    }
    this.#getUser = getUserByToken ?? hookOf(url as string, clock);
    this.#revalidate = { seconds };
  }

  async authenticate(credentials: Credentials): Promise<Authentication> {
    if (credentials.kind !== "cookies") throw unauthenticated("There are no cookies to log in with");
    const { tenantId, token } = credentials;
    // What is no tenant could change the meaning of what is asked.
    if (!isTenantId(tenantId) || token === "" || token.length > MAX_TOKEN_LENGTH) {
      throw unauthenticated("The cookies name no space, or hold no token");
    }
    const user = asObject(await this.#ask(`${tenantId},${token}`, tenantId));
    if (user === undefined) throw unauthenticated("The cookies belong to nobody");
    return { principal: principalOf(user, tenantId), revalidate: this.#revalidate };
  }

  async #ask(token: string, tenantId: string): Promise<unknown> {
    try {
      return await this.#getUser(token, { tenantId });
    } catch (thrown) {
      // An error of ours would be taken for a decision of ours; this is a failure, whatever it is.
      throw thrown instanceof GatewayError ? new Error(thrown.message, { cause: thrown }) : thrown;
    }
  }
}

function hookOf(url: string, clock: Clock): GetUserByToken {
  const hook = new CookieHook({ url, clock });
  return (token, { tenantId }) => hook.ask(token, tenantId);
}

function principalOf(user: Readonly<Record<string, unknown>>, tenantId: string): Principal {
  const userId = user["user"] ?? user["_id"] ?? user["id"];
  if (!isUserId(userId)) throw unauthenticated("The user of the cookies has no valid id");
  const spaces = [user["space"], user["spaceId"], user["tenantId"]].filter((space) => typeof space === "string");
  if (spaces.length === 0 || spaces.some((space) => space !== tenantId)) {
    throw unauthenticated("The user of the cookies is none of this space");
  }
  return { userId, tenantId, roles: ["client"], grants: {}, anonymous: false };
}
