import { RestError } from "./rest.ts";

/**
 * A name as one piece of a path. Throws `NOT_FOUND` for `.` and `..`, which browsers take out of paths however they are
 * written.
 */
export function pathPiece(name: string): string {
  if (name === "." || name === "..")
    throw new RestError({ code: "NOT_FOUND", message: "This cannot be asked for by its name", status: 404 });
  return encodeURIComponent(name.replace(/\p{Surrogate}/gu, "\ufffd"));
}
