import type * as Crud from "@roomcast/core/crud";

export interface Message {
  readonly id: number;
  readonly text: string;
}

interface Context extends Crud.ExecutionContext {
  readonly channel: string;
}

/** What the methods of the services are to return, and what their resolvers are to do. */
export interface Script {
  readonly returns?: unknown;
  readonly throws?: Error;
  /** Waited for by the resolvers that wait. */
  readonly gate?: Promise<void>;
  readonly recipients?: unknown;
}

/**
 * Services with decorators of every form. This file is compiled by the tests, with standard decorators and with legacy ones:
 * vitest can parse neither. It imports types only, so that what it is compiled to runs anywhere.
 */
export function decoratedServices(crud: typeof Crud, script: Script) {
  const { CreateResult, DeleteResult, ResourcePath, SaveResult, UpdateResult } = crud;
  const { RealtimeCreated, RealtimeDeleted, RealtimeSaved, RealtimeUpdated } = crud;
  const calls: unknown[] = [];

  /** Records how it was called, and does what the script says. */
  function play(self: unknown, args: readonly unknown[]): unknown {
    calls.push({ self, args });
    if (script.throws !== undefined) throw script.throws;
    return script.returns;
  }

  class MessageService implements Crud.CRUDService<Message, number, Context> {
    @RealtimeCreated<Message>({ room: "/messages", path: (message) => `/messages/${message.id}` })
    async create(...args: [item: Message, context?: Context]): Promise<Crud.CreateResult<Message>> {
      return play(this, args) as Crud.CreateResult<Message>;
    }

    async get(pk: number): Promise<Message> {
      return { id: pk, text: "" };
    }

    @RealtimeUpdated<Message, Context>((message, context) => [
      { room: `/channels/${context?.channel}`, path: `/messages/${message.id}` },
      { room: "/all", resource: { id: message.id } },
    ])
    async update(pk: number, item: Message, context?: Context): Promise<Crud.UpdateResult<Message>> {
      return play(this, [pk, item, context]) as Crud.UpdateResult<Message>;
    }

    @RealtimeSaved<Message, Context>(
      (_message, context) => ResourcePath.get(["/companies", context?.channel ?? "none"]),
      (message) => `/messages/${message.id}`,
    )
    async save(item: Message, options: object, context?: Context): Promise<Crud.SaveResult<Message>> {
      return play(this, [item, options, context]) as Crud.SaveResult<Message>;
    }

    @RealtimeDeleted<Message>("/messages", (message) => `/messages/${message.id}`)
    async delete(pk: number): Promise<Crud.DeleteResult<Message>> {
      return play(this, [pk]) as Crud.DeleteResult<Message>;
    }

    async list(): Promise<Message[]> {
      return [];
    }
  }

  class Resolvers {
    @RealtimeCreated<Message>(() => script.recipients as Crud.RealtimeRecipients<Message, unknown> & readonly [])
    async fromFunction(): Promise<Crud.CreateResult<Message>> {
      return play(this, []) as Crud.CreateResult<Message>;
    }

    @RealtimeCreated<Message>(script.recipients as Crud.RealtimeRecipients<Message, unknown>)
    async fromValue(): Promise<Crud.CreateResult<Message>> {
      return play(this, []) as Crud.CreateResult<Message>;
    }

    @RealtimeUpdated<Message>([
      {
        room: async () => {
          await script.gate;
          return "/late";
        },
      },
      { room: "/second", path: async (message) => `/messages/${message.id}` },
    ])
    async waits(): Promise<Crud.UpdateResult<Message>> {
      return play(this, []) as Crud.UpdateResult<Message>;
    }

    @RealtimeSaved<Message>([
      {
        room: () => {
          throw new Error("no room");
        },
      },
      {
        room: "/messages",
        path: async () => {
          throw new Error("no path");
        },
      },
      { room: "/still" },
    ])
    async throws(): Promise<Crud.SaveResult<Message>> {
      return play(this, []) as Crud.SaveResult<Message>;
    }

    @RealtimeCreated({ room: "/static" })
    static async create(): Promise<Crud.CreateResult<Message>> {
      return play(this, []) as Crud.CreateResult<Message>;
    }
  }

  /** Several decorators on one method: each looks at the result for itself. */
  class Stacked {
    @RealtimeCreated<Message>({ room: "/created" })
    @RealtimeUpdated<Message>({ room: "/updated" })
    async put(): Promise<Crud.CreateResult<Message> | Crud.UpdateResult<Message>> {
      return play(this, []) as Crud.CreateResult<Message>;
    }
  }

  /** Not to be called: what the compiler has to refuse. */
  class Refused {
    // @ts-expect-error It never creates anything
    @RealtimeCreated<Message>({ room: "/messages" })
    async update(): Promise<Crud.UpdateResult<Message>> {
      return new UpdateResult("message", { id: 1, text: "" });
    }

    // @ts-expect-error It creates something else
    @RealtimeCreated<Message>({ room: "/messages" })
    async other(): Promise<Crud.CreateResult<string>> {
      return new CreateResult("string", "");
    }

    // @ts-expect-error It gives no promise
    @RealtimeDeleted<Message>({ room: "/messages" })
    direct(): Crud.DeleteResult<Message> {
      return new DeleteResult("message", { id: 1, text: "" }, true);
    }

    // @ts-expect-error There is no such property
    @RealtimeSaved<Message>({ room: (message) => message.room })
    async save(): Promise<Crud.SaveResult<Message>> {
      return new SaveResult("message", { id: 1, text: "" }, "create");
    }

    // @ts-expect-error A context need not be there
    @RealtimeSaved<Message>((_message, context) => ({ room: context.user.id }))
    async saveInContext(): Promise<Crud.SaveResult<Message>> {
      return new SaveResult("message", { id: 1, text: "" }, "create");
    }

    // @ts-expect-error A recipient has a room
    @RealtimeUpdated<Message>({ path: "/messages" })
    async noRoom(): Promise<Crud.UpdateResult<Message>> {
      return new UpdateResult("message", { id: 1, text: "" });
    }
  }

  return { MessageService, Resolvers, Stacked, Refused, calls };
}
