import type { ListResult, Paginable } from "./list-result.ts";
import type { CreateResult, DeleteResult, SaveResult, UpdateResult } from "./results.ts";

export type EntityId = string | number;

/** Who calls a service, and how. Services take one of their own where they need more. */
export interface ExecutionContext {
  readonly user: {
    readonly id: string;
    /** Whose clients hear of what this user writes; `"default"` when absent. */
    readonly tenantId?: string;
  };
  readonly reqId?: string;
  readonly url?: string;
  readonly method?: string;
  readonly transport?: "http" | "ws";
}

/**
 * What a service of entities offers. The decorators `RealtimeCreated`, `RealtimeUpdated`, `RealtimeSaved` and
 * `RealtimeDeleted` on its methods tell clients what was done.
 */
export interface CRUDService<Entity, PrimaryKey = EntityId, Context = ExecutionContext> {
  create?(item: Entity, context?: Context): Promise<CreateResult<Entity>>;
  get(pk: PrimaryKey, context?: Context): Promise<Entity>;
  update?(pk: PrimaryKey, item: Entity, context?: Context): Promise<UpdateResult<Entity>>;
  /** Creates or updates, as the entity is new or not. */
  save?(item: Entity, options?: unknown, context?: Context): Promise<SaveResult<Entity>>;
  delete(pk: PrimaryKey, context?: Context): Promise<DeleteResult<Entity>>;
  list(pagination?: Paginable, options?: unknown, context?: Context): Promise<ListResult<Entity> | Entity[]>;
}
