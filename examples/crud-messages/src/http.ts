import { CrudException } from "@roomcast/core/crud";
import { GatewayError } from "@roomcast/protocol";
import type { ErrorRequestHandler, Request } from "express";

/** The request's JSON object. */
export function body(request: Request): Readonly<Record<string, unknown>> {
  const given: unknown = request.body;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw CrudException.badRequest("The body must be a JSON object");
  }
  return given as Readonly<Record<string, unknown>>;
}

/** The id in the path. One that no message can have is not found, like any other that is not there. */
export function idOf(request: Request): number {
  const id = Number(request.params["id"]);
  if (!Number.isSafeInteger(id)) throw CrudException.notFound("There is no such message");
  return id;
}

/** A text in the query; undefined where it is not there, or there twice. */
export function queryText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function bearer(request: Request): string {
  const token = /^Bearer (.+)$/u.exec(request.get("authorization") ?? "")?.[1];
  if (token === undefined) throw new GatewayError("UNAUTHENTICATED", "A bearer token is needed");
  return token;
}

/** `{ error }`, with the status that belongs to it. What is nobody's mistake but ours is told to the log alone. */
export const answerErrors: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const status = statusOf(error);
  if (status >= 500) console.error(error);
  response.status(status).json({ error: status < 500 && error instanceof Error ? error.message : "It did not work" });
};

function statusOf(error: unknown): number {
  if (error instanceof CrudException || error instanceof GatewayError) return error.status;
  // What Express says of a body that it cannot read.
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}
