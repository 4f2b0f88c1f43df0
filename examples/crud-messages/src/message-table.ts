import sqlite from "node-sqlite3-wasm";
import type { Message } from "./message.ts";

/** As the strict table below cannot but have it. */
interface Row {
  readonly id: number;
  readonly text: string;
  readonly author: string;
  readonly created_at: number;
}

const COLUMNS = "id, text, author, created_at";

/**
 * Messages in an SQLite file. SQLite comes as WebAssembly, so that nothing has to be compiled or downloaded; its calls are
 * synchronous. Every statement names the tenant: a message of another one is as if it were not there.
 */
export class MessageTable {
  readonly #database: InstanceType<typeof sqlite.Database>;

  /** Opens the file, and makes it and the table where they are not there. */
  constructor(options: { readonly file: string }) {
    this.#database = new sqlite.Database(options.file);
    this.#database.exec(`
      CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant_id TEXT NOT NULL,
        text TEXT NOT NULL,
        author TEXT NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS messages_of_tenant ON messages (tenant_id, id);
    `);
  }

  insert(tenantId: string, message: Omit<Message, "id">): Message {
    const { text, author, createdAt } = message;
    const { lastInsertRowid } = this.#database.run(
      "INSERT INTO messages (tenant_id, text, author, created_at) VALUES (?, ?, ?, ?)",
      [tenantId, text, author, createdAt.getTime()],
    );
    return { id: Number(lastInsertRowid), text, author, createdAt };
  }

  find(tenantId: string, id: number): Message | undefined {
    const row = this.#database.get(`SELECT ${COLUMNS} FROM messages WHERE tenant_id = ? AND id = ?`, [tenantId, id]);
    return row === null ? undefined : toMessage(row);
  }

  /** How many rows were changed: none, or one. */
  update(tenantId: string, { id, text }: Pick<Message, "id" | "text">): number {
    return this.#database.run("UPDATE messages SET text = ? WHERE tenant_id = ? AND id = ?", [text, tenantId, id])
      .changes;
  }

  /** Whether it was there. */
  delete(tenantId: string, id: number): boolean {
    return this.#database.run("DELETE FROM messages WHERE tenant_id = ? AND id = ?", [tenantId, id]).changes > 0;
  }

  /** Up to `limit` messages that come after the one with the id `after`, the oldest first; or from the newest back. */
  list(
    tenantId: string,
    page: { readonly after?: number; readonly limit: number; readonly reversed: boolean },
  ): Message[] {
    const { after, limit, reversed } = page;
    const [compare, order, start] = reversed ? ["<", "DESC", Number.MAX_SAFE_INTEGER] : [">", "ASC", 0];
    return this.#database
      .all(`SELECT ${COLUMNS} FROM messages WHERE tenant_id = ? AND id ${compare} ? ORDER BY id ${order} LIMIT ?`, [
        tenantId,
        after ?? start,
        limit,
      ])
      .map(toMessage);
  }

  close(): void {
    this.#database.close();
  }
}

function toMessage(row: object): Message {
  const { created_at: createdAt, ...message } = row as Row;
  return { ...message, createdAt: new Date(createdAt) };
}
