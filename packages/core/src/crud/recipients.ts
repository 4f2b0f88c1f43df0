import { ResourcePath } from "./resource-path.ts";

type Awaitable<Value> = Value | PromiseLike<Value>;

/** A text, or what makes it from the entity; `context` is undefined where the method was called without one. */
export type RoomSource<Entity, Context> =
  | string
  | ResourcePath
  | ((entity: Entity, context: Context | undefined) => Awaitable<string | ResourcePath>);

export type PathSource<Entity, Context> =
  | string
  | ((entity: Entity, context: Context | undefined) => Awaitable<string | null | undefined>);

/** Where an event goes. */
export interface RealtimeRecipient<Entity, Context> {
  /** Name of the room. */
  readonly room: RoomSource<Entity, Context>;
  /** Where the resource is found. */
  readonly path?: PathSource<Entity, Context> | null | undefined;
  /** What clients are shown instead of the entity. */
  readonly resource?: unknown;
}

type Listed<Entity, Context> =
  | RealtimeRecipient<Entity, Context>
  | readonly (RealtimeRecipient<Entity, Context> | null | undefined)[]
  | null
  | undefined;

/** One recipient, several, or what says which; none, null and undefined publish nothing. */
export type RealtimeRecipients<Entity, Context> =
  | Listed<Entity, Context>
  | ((entity: Entity, context: Context | undefined) => Awaitable<Listed<Entity, Context>>);

/** A recipient whose functions have been called. */
export interface ResolvedRecipient {
  readonly room: string;
  readonly path: string | null;
  readonly resource: unknown;
}

/**
 * Says to whom an entity goes, in order; `give` is called for each at once, without waiting where no promise asks for it.
 * What a resolver throws goes to `failed`, and leaves out its own recipient only.
 */
export async function resolveRecipients<Entity, Context>(options: {
  readonly recipients: RealtimeRecipients<Entity, Context>;
  readonly entity: Entity;
  readonly context: Context | undefined;
  readonly give: (recipient: ResolvedRecipient) => void;
  readonly failed: (error: unknown) => void;
}): Promise<void> {
  const { recipients, entity, context, give, failed } = options;
  try {
    const given = typeof recipients === "function" ? recipients(entity, context) : recipients;
    const listed = isPromiseLike(given) ? await given : given;
    for (const recipient of isList(listed) ? listed : [listed]) {
      if (recipient === null || recipient === undefined) continue;
      try {
        const room = call(recipient.room, entity, context);
        const roomName = text(isPromiseLike(room) ? await room : room, "room");
        const path = call(recipient.path, entity, context);
        const found = isPromiseLike(path) ? await path : path;
        give({
          room: roomName,
          path: found === null || found === undefined ? null : text(found, "path"),
          resource: recipient.resource ?? entity,
        });
      } catch (error) {
        failed(error);
      }
    }
  } catch (error) {
    failed(error);
  }
}

type Source<Entity, Context> = RoomSource<Entity, Context> | PathSource<Entity, Context>;
type Text = string | ResourcePath | null | undefined;

function call<Entity, Context>(
  source: Source<Entity, Context> | null | undefined,
  entity: Entity,
  context: Context | undefined,
): Awaitable<Text> {
  return typeof source === "function" ? source(entity, context) : source;
}

/** Types do not bind services that are written in JavaScript. */
function text(value: Text, what: "room" | "path"): string {
  if (value instanceof ResourcePath) return value.toString();
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(
    `The ${what} of a recipient is a text that is not empty, not ${JSON.stringify(value) ?? typeof value}`,
  );
}

function isPromiseLike<Value>(value: Awaitable<Value>): value is PromiseLike<Value> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}
