/** Which part of a list is wanted. */
export interface Paginable {
  /** Where it begins: what the page before said. */
  readonly page_token?: string | undefined;
  /** How many entities at most, as a query string has it. */
  readonly limitStr?: string | undefined;
  readonly reversed?: boolean | undefined;
}

export class Pagination implements Paginable {
  readonly page_token: string | undefined;
  readonly limitStr: string;
  readonly reversed: boolean;

  constructor(page_token?: string, limitStr = "100", reversed = false) {
    this.page_token = page_token;
    this.limitStr = limitStr;
    this.reversed = reversed;
  }

  static fromPaginable({ page_token, limitStr, reversed }: Paginable): Pagination {
    return new Pagination(page_token, limitStr, reversed);
  }
}

/** A page of entities. `page_token` is where the next one begins; undefined on the last. */
export class ListResult<Entity> {
  readonly type: string;
  readonly page_token: string | undefined;
  #entities: readonly Entity[];

  constructor(type: string, entities: readonly Entity[], nextPage?: Paginable) {
    this.type = type;
    this.#entities = entities;
    this.page_token = nextPage?.page_token;
  }

  getEntities(): Entity[] {
    return [...this.#entities];
  }

  isEmpty(): boolean {
    return this.#entities.length === 0;
  }

  /** Puts into each entity's place what `mapper` makes of it. */
  mapEntities(mapper: (entity: Entity) => Entity): void {
    this.#entities = this.#entities.map((entity) => mapper(entity));
  }

  /** Keeps the entities for which `filter` holds. */
  filterEntities(filter: (entity: Entity) => boolean): void {
    this.#entities = this.#entities.filter((entity) => filter(entity));
  }

  /** The entities too, which are no property of their own. */
  toJSON(): { readonly type: string; readonly entities: readonly Entity[]; readonly page_token: string | undefined } {
    return { type: this.type, entities: this.#entities, page_token: this.page_token };
  }
}
