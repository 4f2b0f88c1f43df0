import { GatewayError, type ErrorCode } from "@roomcast/protocol";
import { HTTPException } from "hono/http-exception";
import type { z } from "zod";
import { ErrorSchema } from "./schemas.ts";

/** The longest piece of a validator's message that is told: it may quote the name of an unknown key. */
const LONGEST_COMPLAINT = 200;

/** An error as a response: its status from the table, `{ error, message, details? }` as its body. */
export function errorResponse(error: GatewayError): Response {
  const { code, message, details } = error;
  const headers: Record<string, string> = {};
  if (error.status === 401) headers["WWW-Authenticate"] = "Bearer";
  const retryAfterMs = details?.["retryAfterMs"];
  if (typeof retryAfterMs === "number") headers["Retry-After"] = String(Math.ceil(retryAfterMs / 1000));
  const allow = details?.["allow"];
  if (Array.isArray(allow)) headers["Allow"] = allow.join(", ");
  return Response.json(
    { error: code, message, ...(details === undefined ? undefined : { details }) },
    { status: error.status, headers },
  );
}

/** Whatever a route threw, as one error of the table. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof HTTPException && thrown.status < 500) {
    return new GatewayError("INVALID_PAYLOAD", thrown.message === "" ? "The request is malformed" : thrown.message);
  }
  return GatewayError.from(thrown);
}

/** What a schema did not accept, told for the first place that is wrong. */
export function schemaError(error: z.ZodError): GatewayError {
  const issue = error.issues[0];
  const path = (issue?.path ?? []).map(String).join(".").slice(0, LONGEST_COMPLAINT);
  const complaint = (issue?.message ?? "is not valid").slice(0, LONGEST_COMPLAINT);
  const where = path === "" ? "The payload" : `"${path}"`;
  return new GatewayError("INVALID_PAYLOAD", `${where}: ${complaint}`, { details: { path } });
}

const MEANING: Partial<Record<ErrorCode, string>> = {
  INVALID_PAYLOAD: "The request is malformed; `details` says where",
  UNAUTHENTICATED: "No credentials, or none that hold",
  FORBIDDEN: "The credentials do not reach this",
  NOT_FOUND: "There is no such thing",
  CONFLICT: "The same id was used with other content",
  TOO_LARGE: "The body is too large",
  RATE_LIMITED: "Too many tries; `details.retryAfterMs` and the header Retry-After say when to come again",
  TOKEN_EXPIRED: "The token or the session has expired",
  LIMIT_REACHED: "A limit is reached; `details.limit` names it",
  UNAVAILABLE: "Something that this needs is away; try again",
};

/** The OpenAPI responses for errors with these codes, by status. */
export function problems(...codes: readonly ErrorCode[]) {
  const responses: Record<
    `${number}`,
    { description: string; content: { "application/json": { schema: typeof ErrorSchema } } }
  > = {};
  for (const code of codes) {
    const status = `${new GatewayError(code, "").status}` as const;
    responses[status] = {
      description: MEANING[code] ?? code,
      content: { "application/json": { schema: ErrorSchema } },
    };
  }
  return responses;
}
