import {
  CreateResult,
  CrudException,
  DeleteResult,
  ListResult,
  Pagination,
  RealtimeCreated,
  RealtimeDeleted,
  RealtimeUpdated,
  UpdateResult,
  type CRUDService,
  type ExecutionContext,
  type Paginable,
} from "@roomcast/core/crud";
import { MAX_TEXT_LENGTH, type Message, type MessageInput } from "./message.ts";
import type { MessageTable } from "./message-table.ts";

const TYPE = "message";
/** Where clients hear of messages. */
export const ROOM = "/messages";

const pathOf = (message: Message): string => `${ROOM}/${message.id}`;

/** Who calls, and of which tenant. */
export interface MessageContext extends ExecutionContext {
  readonly user: { readonly id: string; readonly tenantId: string };
}

/**
 * Messages of a tenant, which everybody of it may read and only their authors may change. It knows nothing of sockets: the
 * decorators announce what its methods have done.
 */
export class MessageService implements CRUDService<Message, number, MessageContext> {
  readonly #table: MessageTable;
  readonly #now: () => Date;

  constructor(options: { readonly table: MessageTable; readonly now?: () => Date }) {
    this.#table = options.table;
    this.#now = options.now ?? (() => new Date());
  }

  @RealtimeCreated<Message>({ room: ROOM, path: pathOf })
  async create(item: MessageInput, context: MessageContext): Promise<CreateResult<Message>> {
    const text = checkText(item.text);
    const { id: author, tenantId } = context.user;
    return new CreateResult(TYPE, this.#table.insert(tenantId, { text, author, createdAt: this.#now() }));
  }

  async get(id: number, context: MessageContext): Promise<Message> {
    const message = this.#table.find(context.user.tenantId, id);
    if (message === undefined) throw CrudException.notFound(`There is no message ${id}`);
    return message;
  }

  @RealtimeUpdated<Message>({ room: ROOM, path: pathOf })
  async update(id: number, item: MessageInput, context: MessageContext): Promise<UpdateResult<Message>> {
    const text = checkText(item.text);
    const message = { ...(await this.#own(id, context)), text };
    const result = new UpdateResult(TYPE, message);
    result.affected = this.#table.update(context.user.tenantId, message);
    return result;
  }

  @RealtimeDeleted<Message>({ room: ROOM, path: pathOf })
  async delete(id: number, context: MessageContext): Promise<DeleteResult<Message>> {
    const message = await this.#own(id, context);
    return new DeleteResult(TYPE, message, this.#table.delete(context.user.tenantId, id));
  }

  async list(page: Paginable, _options: undefined, context: MessageContext): Promise<ListResult<Message>> {
    const { page_token: token, limitStr, reversed } = Pagination.fromPaginable(page);
    const limit = Math.min(wholeNumber(limitStr, "limit"), 100);
    const after = token === undefined ? {} : { after: wholeNumber(token, "page_token") };
    const messages = this.#table.list(context.user.tenantId, { ...after, limit, reversed });
    const last = messages.length === limit ? messages.at(-1) : undefined;
    return new ListResult(TYPE, messages, last && new Pagination(String(last.id)));
  }

  async #own(id: number, context: MessageContext): Promise<Message> {
    const message = await this.get(id, context);
    if (message.author !== context.user.id) throw CrudException.forbidden("The message is somebody else's");
    return message;
  }
}

function checkText(text: unknown): string {
  if (typeof text === "string" && text.trim() !== "" && text.length <= MAX_TEXT_LENGTH) return text;
  throw CrudException.badRequest(`"text" must be a text of 1 to ${MAX_TEXT_LENGTH} characters`);
}

function wholeNumber(text: string, name: string): number {
  const number = Number(text);
  if (/^\d+$/u.test(text) && number > 0 && Number.isSafeInteger(number)) return number;
  throw CrudException.badRequest(`"${name}" must be a whole number above 0`);
}
