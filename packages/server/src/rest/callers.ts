import { GatewayError } from "@roomcast/protocol";
import type { Context } from "hono";
import type { AdminSession, AdminSessions } from "../auth/admin-sessions.ts";
import { askedTenant, hasCredentials, reaches, type RestCaller } from "../auth/rest-caller.ts";
import { unauthenticated } from "../auth/verify.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { checkCsrf, checkOwnPage, shownCookie } from "./session-cookie.ts";

type CallerServices = Pick<RestServices, "callers" | "sessions" | "trustProxy">;

/**
 * Who calls: by a key or a token where there is one, else by a session's cookie. `tenantId` is the tenant that the call is
 * about, where something else than the header says so. Rejects like `RestCallers.identifyCaller`; and for a session with
 * `FORBIDDEN` for requests that another page may have sent.
 */
export async function identifyCaller(
  c: Context<RestEnv>,
  services: CallerServices,
  tenantId?: string,
): Promise<RestCaller> {
  const { headers } = c.env.incoming;
  const session = await findSession(c, services);
  if (session === undefined) return await services.callers.identifyCaller(headers, tenantId);
  const asked = askedTenant(headers, tenantId) ?? session.tenantId;
  if (!reaches(session.tenants, asked)) throw new GatewayError("FORBIDDEN", "The session does not reach this tenant");
  const { userId, roles, tenants } = session;
  return { tenantId: asked, roles, tenants, via: "session", ...(userId === null ? undefined : { userId }) };
}

/**
 * The session of a request's cookie; undefined where it has none, or other credentials. Each request is looked at once. `csrf` may be `false` for
 * the one request that asks for the token.
 */
export async function findSession(
  c: Context<RestEnv>,
  { sessions, trustProxy = false }: Pick<CallerServices, "sessions" | "trustProxy">,
  { csrf = true }: { readonly csrf?: boolean } = {},
): Promise<AdminSession | undefined> {
  const known = c.get("session");
  if (known !== undefined || sessions === undefined) return known;
  const request = c.env.incoming;
  const cookie = shownCookie(request, trustProxy);
  if (cookie === undefined) return undefined;
  // Browsers add the cookie to what other pages of this host ask for, too: whoever says who calls means that.
  if (hasCredentials(request.headers)) return undefined;
  checkOwnPage(request, { trustProxy });
  const session = await stillThere(sessions, cookie);
  if (csrf) checkCsrf(request, session);
  c.set("session", session);
  return session;
}

/** A session that lost its rights is one that ended. */
async function stillThere(sessions: AdminSessions, cookie: string): Promise<AdminSession> {
  try {
    return await sessions.find(cookie);
  } catch (thrown) {
    const error = GatewayError.from(thrown);
    throw error.code === "FORBIDDEN" ? unauthenticated(error.message) : thrown;
  }
}
