/** What the words with a dollar stand for. */
export interface Placeholders {
  readonly token: () => string;
  readonly newToken: () => Promise<string>;
  readonly roomToken: (room: string) => Promise<string>;
  readonly subscription: () => string;
}

/**
 * A command's argument with what is meant in the place of `"$token"`, `"$newToken"`, `"$roomToken"` (for the room that the same
 * object names), `"$subscription"` and `{ "$bytes": "<base64>" }`. Rejects where one of them cannot be had.
 */
export async function fillPlaceholders(value: unknown, placeholders: Placeholders): Promise<unknown> {
  return await fill(value, undefined, placeholders);
}

async function fill(value: unknown, around: object | undefined, placeholders: Placeholders): Promise<unknown> {
  if (typeof value === "string") return await word(value, around, placeholders);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const filled: unknown[] = [];
    for (const entry of value) filled.push(await fill(entry, around, placeholders));
    return filled;
  }
  const entries = Object.entries(value);
  const bytes = bytesOf(entries);
  if (bytes !== undefined) return bytes;
  const filled: [string, unknown][] = [];
  for (const [key, entry] of entries) filled.push([key, await fill(entry, value, placeholders)]);
  return Object.fromEntries(filled);
}

async function word(text: string, around: object | undefined, placeholders: Placeholders): Promise<unknown> {
  switch (text) {
    case "$token":
      return placeholders.token();
    case "$newToken":
      return await placeholders.newToken();
    case "$roomToken":
      return await placeholders.roomToken(roomOf(around));
    case "$subscription":
      return placeholders.subscription();
    default:
      return text;
  }
}

/** The room that an object names, in any dialect's word for it; empty where it names none. */
export function roomOf(value: unknown): string {
  const { name, topic, channel, room } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const [found = ""] = [name, topic, channel, room].filter((one) => typeof one === "string");
  return found;
}

/** The bytes that `{ "$bytes": … }` stands for. Throws where that is not base64. */
function bytesOf(entries: readonly (readonly [string, unknown])[]): Uint8Array | undefined {
  const [[key, text] = []] = entries;
  if (entries.length !== 1 || key !== "$bytes" || typeof text !== "string") return undefined;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** The rooms that an argument asks tokens for. */
export function roomsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const entries: unknown[] = Object.values(value);
  const own = !Array.isArray(value) && entries.includes("$roomToken") ? [roomOf(value)] : [];
  return [...own, ...entries.flatMap(roomsOf)];
}
