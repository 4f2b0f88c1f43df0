import type { ExecutionContext } from "./crud-service.ts";
import type { EventOf } from "./event-bus.ts";
import { bindingOf, markRealtime, type RealtimeBinding } from "./realtime-binding.ts";
import { resolveRecipients, type PathSource, type RealtimeRecipients, type RoomSource } from "./recipients.ts";
import { ResourcePath } from "./resource-path.ts";
import { CreateResult, DeleteResult, SaveResult, UpdateResult, type ResultOf } from "./results.ts";

type AsyncMethod = (...args: never[]) => Promise<unknown>;

/** Holds for methods of whose results at least some are `Result`. */
type CanReturn<Method extends AsyncMethod, Result> =
  unknown extends Awaited<ReturnType<Method>>
    ? unknown
    : [Extract<Awaited<ReturnType<Method>>, Result>] extends [never]
      ? { readonly "this method never returns what the decorator publishes": never }
      : unknown;

/** A decorator of methods whose promises may resolve to `Result`, both as the language has it and as TypeScript once did. */
export interface RealtimeDecorator<Result> {
  <Method extends AsyncMethod>(
    method: Method & CanReturn<Method, Result>,
    context: ClassMethodDecoratorContext,
  ): Method;
  <Method extends AsyncMethod>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Method> & CanReturn<Method, Result>,
  ): TypedPropertyDescriptor<Method>;
}

type ResultTopic = keyof ResultOf<unknown>;

/** Makes the decorator of one method: it announces each result to `recipients`, or in `room` as found at `path`. */
export interface RealtimeDecoratorFactory<Topic extends ResultTopic> {
  <Entity, Context = ExecutionContext>(
    recipients: RealtimeRecipients<Entity, Context>,
  ): RealtimeDecorator<ResultOf<Entity>[Topic]>;
  <Entity, Context = ExecutionContext>(
    room: RoomSource<Entity, Context>,
    path?: PathSource<Entity, Context>,
  ): RealtimeDecorator<ResultOf<Entity>[Topic]>;
}

/** Announces what was created. */
export const RealtimeCreated = realtimeDecorator("created", (result) =>
  result instanceof CreateResult ? result : undefined,
);

/** Announces what was updated. */
export const RealtimeUpdated = realtimeDecorator("updated", (result) =>
  result instanceof UpdateResult ? result : undefined,
);

/** Announces what was deleted, if it was. */
export const RealtimeDeleted = realtimeDecorator("deleted", (result) =>
  result instanceof DeleteResult && result.deleted ? result : undefined,
);

/** Announces what was saved, unless it was there as it is. */
export const RealtimeSaved = realtimeDecorator("saved", (result) =>
  result instanceof SaveResult && result.operation !== "exists" ? result : undefined,
);

/** The four are one: they differ in the topic, and in which results they announce. */
function realtimeDecorator<Topic extends ResultTopic>(
  topic: Topic,
  announced: (result: unknown) => ResultOf<unknown>[Topic] | undefined,
): RealtimeDecoratorFactory<Topic> {
  return <Entity, Context>(
    first: RealtimeRecipients<Entity, Context> | RoomSource<Entity, Context>,
    path?: PathSource<Entity, Context>,
  ): RealtimeDecorator<ResultOf<Entity>[Topic]> => {
    const recipients = asRecipients(first, path);

    async function announce(
      binding: RealtimeBinding,
      result: ResultOf<unknown>[Topic],
      context: unknown,
    ): Promise<void> {
      await resolveRecipients<Entity, Context>({
        recipients,
        // The decorator's types have made sure of both, as far as types can.
        entity: result.entity as Entity,
        context: context as Context | undefined,
        give({ room, path: found, resource }) {
          const event = { type: result.type, room, path: found, entity: resource, result };
          binding.bus.publish(topic, event as EventOf<Topic>, { tenantId: binding.tenantOf(context), context });
        },
        failed: (error) => binding.failed(error),
      });
    }

    return decorate(
      (method) =>
        async function (this: unknown, ...args: readonly unknown[]): Promise<unknown> {
          const result: unknown = await Reflect.apply(method, this, args);
          const binding = bindingOf(this);
          const done = binding && announced(result);
          // Not awaited: what becomes of the announcement is nothing to the caller.
          if (binding !== undefined && done !== undefined) void announce(binding, done, contextOf(args));
          return result;
        },
    );
  };
}

type AnyMethod = (this: unknown, ...args: readonly unknown[]) => Promise<unknown>;

/** One implementation for both kinds of decorators: which one it is, only the arguments say. */
function decorate(wrap: (method: AnyMethod) => AnyMethod): RealtimeDecorator<never> {
  const replace = (method: unknown): AnyMethod => {
    if (typeof method !== "function") throw new TypeError("Only methods can announce what they do");
    const { name, length } = method;
    return markRealtime(
      Object.defineProperties(wrap(method as AnyMethod), { name: { value: name }, length: { value: length } }),
    );
  };
  const decorator = (
    target: unknown,
    context: { readonly kind?: string },
    descriptor?: PropertyDescriptor,
  ): unknown => {
    if (descriptor !== undefined) {
      markRealtime(target as object);
      return { ...descriptor, value: replace(descriptor.value) };
    }
    return replace(context.kind === "method" ? target : undefined);
  };
  return decorator as never;
}

/** The call's context: its last argument, if that is an object with `user`. */
function contextOf(args: readonly unknown[]): unknown {
  const last = args.at(-1);
  return typeof last === "object" && last !== null && "user" in last ? last : undefined;
}

function asRecipients<Entity, Context>(
  first: RealtimeRecipients<Entity, Context> | RoomSource<Entity, Context>,
  path: PathSource<Entity, Context> | undefined,
): RealtimeRecipients<Entity, Context> {
  if (typeof first === "string" || first instanceof ResourcePath) return { room: first, path };
  // With a path beside it, a function says the room.
  return path === undefined
    ? (first as RealtimeRecipients<Entity, Context>)
    : { room: first as RoomSource<Entity, Context>, path };
}
