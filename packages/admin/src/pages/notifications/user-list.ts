import { isUserId } from "../../components/names.ts";

export interface UserList {
  /** Each once, in the order in which they were written. */
  readonly users: readonly string[];
  readonly invalid: readonly string[];
  /** How many were written again. */
  readonly repeated: number;
}

/** User ids that are written with spaces or lines between them. Ids have no white space; anything else may be in one. */
export function readUsers(text: string): UserList {
  const words = text.split(/\s+/u).filter((word) => word !== "");
  const known = new Set(words);
  return {
    users: [...known].filter(isUserId),
    invalid: [...known].filter((word) => !isUserId(word)),
    repeated: words.length - known.size,
  };
}
