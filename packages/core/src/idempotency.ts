import { GatewayError } from "@roomcast/protocol";
import type { Draft, Published } from "./broker.ts";

/** How long a key is remembered. */
const REMEMBER_MS = 5 * 60 * 1000;

export interface OnceKey {
  readonly channel: string;
  readonly key: string;
  readonly sender: string;
  /** What tells other content; made of the draft unless given. */
  readonly digest?: string;
}

interface Entry {
  readonly once: OnceKey;
  readonly at: number;
  readonly digest: string;
  readonly published: Published;
}

/**
 * The idempotency keys of the last five minutes, scoped to channel and sender: a guessed key of somebody else's finds
 * nothing. Maps keep the order of insertion, and all keys live equally long, so that the oldest is always the first.
 */
export class IdempotencyKeys {
  readonly #entries = new Map<string, Entry>();
  /** Keys that serve as ids in their channel: of two senders with one key, the second gets an id of ours. */
  readonly #ids = new Map<string, number>();

  /** The result of the first publication with this key. Throws `CONFLICT` when that had other content. */
  find(once: OnceKey, draft: Draft, now: number): Published | undefined {
    this.sweep(now);
    const entry = this.#entries.get(entryKey(once));
    if (entry === undefined) return undefined;
    if (entry.digest !== (once.digest ?? draftDigest(draft))) {
      throw new GatewayError("CONFLICT", "This id was used for another publication");
    }
    return entry.published;
  }

  /** Whether `key` is the id of a publication of this channel already. */
  idTaken(channel: string, key: string): boolean {
    return this.#ids.has(`${channel} ${key}`);
  }

  add(once: OnceKey, draft: Draft, published: Published, now: number): void {
    const { digest = draftDigest(draft), ...key } = once;
    this.restore({ once: key, at: now, digest, published });
  }

  /** All keys, oldest first. */
  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** Takes a key of another process; they must come oldest first. */
  restore(entry: Entry): void {
    const { once, at, published } = entry;
    this.#entries.set(entryKey(once), entry);
    if (published.id === once.key) this.#ids.set(`${once.channel} ${once.key}`, at);
  }

  /** When the oldest key is to be forgotten, in milliseconds since 1970; undefined while there is none. */
  get oldestEndsAt(): number | undefined {
    const [oldest] = this.#entries.values();
    return oldest === undefined ? undefined : oldest.at + REMEMBER_MS;
  }

  /** Forgets the keys whose time has come. */
  sweep(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (now - entry.at < REMEMBER_MS) break;
      this.#entries.delete(key);
    }
    for (const [key, at] of this.#ids) {
      if (now - at < REMEMBER_MS) break;
      this.#ids.delete(key);
    }
  }
}

/** The parts hold no space, so that no two keys meet: senders are checked ids, keys have their own alphabet. */
function entryKey(once: OnceKey): string {
  return `${once.sender} ${once.key} ${once.channel}`;
}

/** 53 bits (cyrb53) and the length: tells one's own retry from a mistake, which is all that it is for. */
export function draftDigest(draft: Pick<Draft, "event" | "data">): string {
  const text = JSON.stringify([draft.event, draft.data]);
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return `${text.length}:${(4294967296 * (2097151 & b) + (a >>> 0)).toString(36)}`;
}
