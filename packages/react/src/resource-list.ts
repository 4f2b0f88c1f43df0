import type { RealtimeEvent } from "@roomcast/client";

/** What a resource is known by. */
export type ResourceId = string | number;

/** What happened to a resource, as `publishResource` and the CRUD decorators of the server say it. */
export interface ResourceChange {
  readonly action: "created" | "updated" | "deleted" | "saved";
  readonly type: unknown;
  readonly resource: unknown;
}

export interface ResourceListOptions<Item> {
  /** What an item is known by; undefined for what is none. Default: its `id`. */
  readonly getId?: ((item: Item) => ResourceId | undefined) | undefined;
  /** Where new items go; where more than `limit` are, those at the other end are dropped. Default `last`. */
  readonly newest?: "first" | "last" | undefined;
  /** At most this many items; default 1,000. */
  readonly limit?: number | undefined;
  /** Only changes of this type are followed, where a room has resources of several; default all. */
  readonly type?: string | undefined;
}

const MOST_ITEMS = 1000;
const ACTIONS: ReadonlySet<string> = new Set(["created", "updated", "deleted", "saved"]);

/**
 * Reads a change from an event of the wire; undefined for one that says nothing of a resource, and for one that another client
 * published: what became of a resource is the server's to say.
 */
export function toChange(event: RealtimeEvent): ResourceChange | undefined {
  const { event: action, payload, source } = event;
  if (source === "socket" || !ACTIONS.has(action) || !isRecord(payload) || !isRecord(payload["resource"]))
    return undefined;
  return { action: action as ResourceChange["action"], type: payload["type"], resource: payload["resource"] };
}

/** The list after a change; the same list where it changes nothing. An item that was updated and is not there stays away. */
export function applyChange<Item>(
  items: readonly Item[],
  change: ResourceChange,
  options: ResourceListOptions<Item>,
): readonly Item[] {
  const { getId = defaultId, newest = "last", type } = options;
  if (type !== undefined && change.type !== type) return items;
  const item = change.resource as Item;
  const id = getId(item);
  if (id === undefined) return items;
  const at = items.findIndex((candidate) => getId(candidate) === id);
  if (change.action === "deleted") return at < 0 ? items : items.toSpliced(at, 1);
  if (at >= 0) return items.with(at, item);
  if (change.action === "updated") return items;
  return bounded(newest === "last" ? [...items, item] : [item, ...items], options);
}

/** No more items than there may be. */
export function bounded<Item>(items: readonly Item[], options: ResourceListOptions<Item>): readonly Item[] {
  const { newest = "last", limit = MOST_ITEMS } = options;
  if (items.length <= limit) return items;
  return newest === "last" ? items.slice(items.length - limit) : items.slice(0, limit);
}

function defaultId(item: unknown): ResourceId | undefined {
  const id = isRecord(item) ? item["id"] : undefined;
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
