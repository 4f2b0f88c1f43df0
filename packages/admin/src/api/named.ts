import { pathPiece } from "../components/href.ts";
import { RestError } from "./rest.ts";

/** The address of what has this name, below a path. Throws `NOT_FOUND` for a name that no address can have. */
export function named(path: string, name: string): string {
  const piece = pathPiece(name);
  if (piece !== undefined) return `${path}/${piece}`;
  throw new RestError({ code: "NOT_FOUND", message: "This cannot be asked for by its name", status: 404 });
}
