import type { ErrorCode } from "@roomcast/protocol";
import type { z } from "zod";
import { problems } from "./errors.ts";
import { CSRF_HEADER, SESSION_COOKIE } from "./session-cookie.ts";

/** How routes are described; the document is made from it by `@hono/zod-openapi`. */

/** A JSON answer. */
export function json<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { "application/json": { schema } } };
}

/** A JSON answer that is one page of a list. */
export function page<Schema extends z.ZodType>(description: string, schema: Schema, total: string) {
  return {
    ...json(description, schema),
    headers: {
      Link: {
        description: 'The address of the next page, rel="next", while there is more',
        schema: { type: "string" as const },
      },
      "X-Total-Count": { description: total, schema: { type: "integer" as const } },
    },
  };
}

/** A JSON body that must be there. */
export function body<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { "application/json": { schema } } };
}

/** What each route for back ends may answer, beside its own. */
export function backEndProblems(...codes: readonly ErrorCode[]) {
  return problems("INVALID_PAYLOAD", "UNAUTHENTICATED", "FORBIDDEN", "UNAVAILABLE", "INTERNAL", ...codes);
}

/** A session's cookie, and the token that proves that its own page sends it. */
export const SESSION_SECURITY: Record<string, string[]>[] = [{ session: [], csrf: [] }];

/** Either an API key (for the tenant of `X-Tenant-Id`), or a token, or a session. */
export const BACK_END_SECURITY: Record<string, string[]>[] = [{ apiKey: [] }, { bearer: [] }, ...SESSION_SECURITY];

export const SECURITY_SCHEMES = {
  apiKey: {
    type: "apiKey",
    in: "header",
    name: "X-Api-Key",
    description: "The tenant is that of the header X-Tenant-Id, within the scope of the key; `default` without it",
  },
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "A token with the role service or admin, for the tenant that it names; with the role operator, for that of the header X-Tenant-Id too",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: SESSION_COOKIE,
    description: `The session of somebody who signed in, for the tenant of the header X-Tenant-Id or its own; by https it is called __Host-${SESSION_COOKIE}. It serves pages of the own origin only, and is not there where the admin page is off`,
  },
  csrf: {
    type: "apiKey",
    in: "header",
    name: CSRF_HEADER,
    description: "The session's csrf, as `GET /auth/session` tells it",
  },
  metrics: { type: "http", scheme: "bearer", description: "The token of the metrics; not needed on loopback" },
} as const;
