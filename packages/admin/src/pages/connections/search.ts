/** What connections can be searched by, one at a time. */
export const FIELDS = ["userId", "socketId", "address", "dialect", "nodeId"] as const;

export type Field = (typeof FIELDS)[number];

export interface ConnectionSearch {
  readonly by: Field;
  /** Nothing is searched where it is empty. */
  readonly text: string;
}

/** What the query of the page's address asks for. */
export function readSearch(query: URLSearchParams): ConnectionSearch {
  const by = FIELDS.find((field) => field === query.get("by")) ?? "userId";
  return { by, text: query.get("search") ?? "" };
}

/** Whether the server has to look through connections for it: a page may then be empty with more to come. */
export function looksThrough({ by, text }: ConnectionSearch): boolean {
  return text !== "" && by !== "userId" && by !== "socketId";
}
