import type {
  CreateResult,
  CRUDService,
  DeleteResult,
  EntityId,
  EventBus,
  ExecutionContext,
  ListResult,
  OperationResult,
  RealtimeCreated,
  UpdateResult,
} from "./index.ts";

/** Compiles where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(..._: Same<A, B> extends true ? [] : ["these types differ"]): void;

interface Message {
  readonly text: string;
}

/** Without `save`, and with an array for a list. */
declare class Documented implements CRUDService<Message> {
  create(item: Message): Promise<CreateResult<Message>>;
  get(id: EntityId): Promise<Message>;
  update(id: EntityId, item: Message): Promise<UpdateResult<Message>>;
  delete(id: EntityId): Promise<DeleteResult<Message>>;
  list(): Promise<Message[]>;
}

/** With a key and a context of its own, and only what has to be there. */
declare class ReadOnly implements CRUDService<Message, { readonly id: string }, { readonly user: string }> {
  get(pk: { readonly id: string }, context: { readonly user: string }): Promise<Message>;
  delete(pk: { readonly id: string }): Promise<DeleteResult<Message>>;
  list(): Promise<ListResult<Message>>;
}

// @ts-expect-error A service can get, delete and list
declare class Incomplete implements CRUDService<Message> {
  get(id: EntityId): Promise<Message>;
}

declare const service: CRUDService<Message>;
same<Awaited<ReturnType<typeof service.list>>, ListResult<Message> | Message[]>();
same<Parameters<typeof service.get>, [pk: EntityId, context?: ExecutionContext | undefined]>();

declare const result: OperationResult<Message>;
if (result.operation === "delete") same<typeof result, DeleteResult<Message>>();

declare const bus: EventBus;
same<ReturnType<typeof bus.subscribe>, () => void>();
bus.subscribe("created", ({ result: created, path, entity }, { tenantId }) => {
  same<typeof created, CreateResult<unknown>>();
  same<typeof path, string | null>();
  same<typeof entity, unknown>();
  same<typeof tenantId, string>();
});
bus.publish("event", { type: "message", room: "/messages", path: null, entity: 1, result: null });
// @ts-expect-error What was created has a result
bus.publish("created", { type: "message", room: "/messages", path: null, entity: 1, result: null });
// @ts-expect-error There is no such topic
bus.subscribe("moved", () => undefined);

declare const created: typeof RealtimeCreated;
created<Message>((message, context) => {
  same<typeof message, Message>();
  same<typeof context, ExecutionContext | undefined>();
  return [];
});
created<Message, { readonly user: string }>(
  async (message, context) => `/${message.text}/${context?.user}`,
  (message) => message.text,
);
// @ts-expect-error A function beside no path says recipients, or the room
created<Message>(() => 1);

export type { Documented, Incomplete, ReadOnly };
