import type { ErrorRequestHandler } from "express";
import { ZodError } from "zod";

/** What a caller is told, with its status. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** `{ error }`, with the status that belongs to it. What is nobody's mistake but ours is told to the log alone. */
export const answerErrors: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const status = statusOf(error);
  if (status === 500) console.error(error);
  response
    .status(status)
    .json({ error: status < 500 && error instanceof Error ? messageOf(error) : "It did not work" });
};

function statusOf(error: unknown): number {
  if (error instanceof ZodError) return 400;
  // What Express says of a body that it cannot read has one too.
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}

function messageOf(error: Error): string {
  if (!(error instanceof ZodError)) return error.message;
  const issue = error.issues[0];
  return `${issue?.path.join(".") || "The body"}: ${issue?.message ?? "is wrong"}`;
}
