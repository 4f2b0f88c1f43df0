import type { Gateway } from "@roomcast/core";

/** What of a message everybody sees. */
export interface Message {
  readonly id: number;
  readonly author: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

/** The channel that everybody is in. */
export const ROOM = "chat:lobby";
const MOST_MESSAGES = 200;

/** The messages of one room, in memory. Says in the room what was written, and tells whoever is mentioned. */
export class Chat {
  readonly #gateway: Gateway;
  readonly #tenantId: string;
  readonly #users: readonly string[];
  #messages: readonly Message[] = [];
  #lastId = 0;

  constructor(options: { gateway: Gateway; tenantId: string; users: readonly string[] }) {
    this.#gateway = options.gateway;
    this.#tenantId = options.tenantId;
    this.#users = options.users;
  }

  get messages(): readonly Message[] {
    return this.#messages;
  }

  async write(author: string, text: string): Promise<Message> {
    const message: Message = { id: ++this.#lastId, author, text, writtenAt: this.#gateway.clock.now() };
    this.#messages = [...this.#messages, message].slice(-MOST_MESSAGES);
    await this.#gateway.publishResource(
      { tenantId: this.#tenantId, name: ROOM },
      { action: "created", type: "message", path: `/messages/${message.id}`, resource: message },
    );
    const mentioned = this.#users.filter((user) => user !== author && mentions(text, user));
    await this.#gateway.notify(this.#tenantId, mentioned, { by: author, text });
    return message;
  }
}

function mentions(text: string, user: string): boolean {
  return text
    .toLowerCase()
    .split(/[^\w@]+/)
    .includes(`@${user}`);
}
