import { historyLimit, invalidPayload, utf8Length } from "@roomcast/protocol";
import type { ChannelOrder, ChannelQuery, ChannelSort, MemberQuery } from "./presence.ts";

export interface ListQuery {
  /** 1 to 1,000; 100 by default. */
  readonly limit?: number;
  readonly cursor?: string;
}

/** Which of a tenant's channels are looked for, and how they are sorted. */
export interface ChannelListing {
  readonly prefix?: string;
  /** Only those with this somewhere in their names, in upper or lower case. */
  readonly search?: string;
  /** `name` by default. */
  readonly sort?: ChannelSort;
  /** By default `asc` for names, `desc` for numbers. A cursor holds for its sort, order and search only. */
  readonly order?: ChannelOrder;
}

/** Which of a tenant's connections are looked for; all of it must hold. */
export interface ConnectionFilter {
  readonly userId?: string;
  readonly socketId?: string;
  /** How the address begins. */
  readonly address?: string;
  readonly dialect?: string;
  readonly nodeId?: string;
}

const SORTS: readonly unknown[] = ["name", "members", "subscribers"] satisfies readonly ChannelSort[];
const ORDERS: readonly unknown[] = ["asc", "desc"] satisfies readonly ChannelOrder[];
/** Of a text that is looked for, at most: no name that it could be is longer. */
const MOST_BYTES = 255;

/** The part of a query that all lists have. Throws `INVALID_PAYLOAD`. */
export function listPage({ limit, cursor }: ListQuery): { readonly limit: number; readonly cursor?: string } {
  const whole = { limit: historyLimit(limit) };
  if (cursor === undefined) return whole;
  if (typeof cursor !== "string") throw invalidPayload("cursor", "one that a reply gave");
  return { ...whole, cursor };
}

/** As the presence store has it. Throws `INVALID_PAYLOAD`. */
export function channelListing(listing: ChannelListing): Omit<ChannelQuery, "limit" | "cursor"> {
  const { prefix, search, sort, order } = listing;
  checkText("prefix", prefix);
  checkText("search", search);
  if (sort !== undefined && !SORTS.includes(sort)) throw invalidPayload("sort", `one of ${SORTS.join(", ")}`);
  if (order !== undefined && !ORDERS.includes(order)) throw invalidPayload("order", `one of ${ORDERS.join(", ")}`);
  return {
    ...(prefix === undefined ? undefined : { prefix }),
    ...(search === undefined ? undefined : { search }),
    ...(sort === undefined ? undefined : { sort }),
    ...(order === undefined ? undefined : { order }),
  };
}

/** As the presence store has it, for the members of `@sessions`. Throws `INVALID_PAYLOAD`. */
export function connectionQuery(filter: ConnectionFilter): Pick<MemberQuery, "userId" | "socketId" | "where"> {
  const { userId, socketId, address, dialect, nodeId } = filter;
  for (const [name, text] of Object.entries({ userId, socketId, address, dialect, nodeId })) checkText(name, text);
  const where = {
    ...(nodeId === undefined ? undefined : { nodeId }),
    ...(dialect === undefined ? undefined : { state: { dialect } }),
    ...(address === undefined ? undefined : { stateBegins: { address } }),
  };
  return {
    ...(userId === undefined ? undefined : { userId }),
    ...(socketId === undefined ? undefined : { socketId }),
    ...(Object.keys(where).length === 0 ? undefined : { where }),
  };
}

function checkText(name: string, text: string | undefined): void {
  if (text === undefined || (typeof text === "string" && utf8Length(text) <= MOST_BYTES)) return;
  throw invalidPayload(name, `text of at most ${MOST_BYTES} bytes`);
}
