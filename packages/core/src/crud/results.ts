import type { ExecutionContext } from "./crud-service.ts";

// They have no class in common, so that being one of them never means being another.

/** An entity that is new. `type` says of what kind it is, as in `"message"`. */
export class CreateResult<Entity> {
  readonly operation = "create";
  readonly type: string;
  readonly entity: Entity;
  declare context?: ExecutionContext;
  /** What the database said. */
  declare raw?: unknown;

  constructor(type: string, entity: Entity) {
    this.type = type;
    this.entity = entity;
  }
}

/** An entity that was changed, as it is now. */
export class UpdateResult<Entity> {
  readonly operation = "update";
  readonly type: string;
  readonly entity: Entity;
  /** How many rows were changed. */
  declare affected?: number;
  /** What the database said. */
  declare raw?: unknown;

  constructor(type: string, entity: Entity) {
    this.type = type;
    this.entity = entity;
  }
}

/** An entity that was to be there; `operation` says what that took. `"exists"`: nothing, it was there as it is. */
export class SaveResult<Entity> {
  readonly operation: "create" | "update" | "exists";
  readonly type: string;
  readonly entity: Entity;

  constructor(type: string, entity: Entity, operation: "create" | "update" | "exists") {
    this.type = type;
    this.entity = entity;
    this.operation = operation;
  }
}

/** An entity that was to go; `deleted` says whether it went. */
export class DeleteResult<Entity> {
  readonly operation = "delete";
  readonly type: string;
  readonly entity: Entity;
  readonly deleted: boolean;

  constructor(type: string, entity: Entity, deleted: boolean) {
    this.type = type;
    this.entity = entity;
    this.deleted = deleted;
  }
}

/** The result of each decorator's operation, by the topic on which it is announced. */
export interface ResultOf<Entity> {
  readonly created: CreateResult<Entity>;
  readonly updated: UpdateResult<Entity>;
  readonly saved: SaveResult<Entity>;
  readonly deleted: DeleteResult<Entity>;
}

export type OperationResult<Entity> = ResultOf<Entity>[keyof ResultOf<Entity>];
