import { GatewayError, type ChannelAddress } from "@roomcast/protocol";
import { draftDigest, type Draft, type Keep, type Published, type PublishOptions } from "@roomcast/core";
import { announce, bodyOf } from "./announcement.ts";
import type { ChannelKeys, Keys } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import { PUBLISH } from "./scripts.ts";
import type { TenantAccounts } from "./tenant-accounts.ts";

export interface OutboxOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly newId: () => string;
  /** Bytes that the log of a channel may have. */
  readonly logBytes: number;
  /** Milliseconds for which a log's position outlives it. */
  readonly outliveMs: number;
  readonly accounts: Pick<TenantAccounts, "admit" | "appended">;
}

interface Item {
  readonly draft: Draft;
  readonly once: PublishOptions["idempotency"];
  readonly resolve: (published: Published) => void;
  readonly reject: (error: unknown) => void;
}

/** What is published to one channel, under the same rules, in one tick. */
interface Batch {
  readonly address: ChannelAddress;
  readonly keep: Keep | false;
  readonly items: Item[];
  bytes: number;
}

/** Idempotency keys live so long. */
const ONCE_MS = 5 * 60 * 1000;
/** A batch is sent before the tick ends when it has so many publications, or so many bytes. */
const BATCH_ITEMS = 500;
const BATCH_BYTES = 512 * 1024;

/** Gathers what is published in one tick of the event loop: one script for each channel, all of them in one write. */
export class Outbox {
  readonly #options: OutboxOptions;
  #batches = new Map<string, Batch>();
  #scheduled = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Rejects with `UNAVAILABLE`, `CONFLICT` or `LIMIT_REACHED`. */
  async publish(address: ChannelAddress, draft: Draft, options: PublishOptions): Promise<Published> {
    const { keep, idempotency: once } = options;
    const keys = this.#options.keys.channel(address);
    const bytes = options.bytes ?? 0;
    return await new Promise<Published>((resolve, reject) => {
      const batch = this.#batch(keys.announcements, address, keep);
      batch.items.push({ draft, once, resolve, reject });
      batch.bytes += bytes;
      if (batch.items.length >= BATCH_ITEMS || batch.bytes >= BATCH_BYTES) {
        this.#batches.delete(keys.announcements);
        this.#send(batch);
      }
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  #batch(key: string, address: ChannelAddress, keep: Keep | false): Batch {
    const known = this.#batches.get(key);
    if (known !== undefined && sameKeep(known.keep, keep)) return known;
    if (known !== undefined) this.#send(known);
    const batch: Batch = { address, keep, items: [], bytes: 0 };
    this.#batches.set(key, batch);
    return batch;
  }

  #flush(): void {
    this.#scheduled = false;
    const batches = this.#batches;
    this.#batches = new Map();
    for (const batch of batches.values()) this.#send(batch);
  }

  #send(batch: Batch): void {
    const plain = batch.keep === false && batch.items.every(({ once }) => once === undefined);
    const keys = this.#options.keys.channel(batch.address);
    (plain ? this.#announce(batch, keys) : this.#append(batch, keys)).catch((error: unknown) => {
      for (const { reject } of batch.items) reject(error);
    });
  }

  async #announce({ items }: Batch, { announcements }: ChannelKeys): Promise<void> {
    const ids = items.map(() => this.#options.newId());
    const lines = items.map(({ draft }, at) => `${ids[at]} ${bodyOf(draft)}`);
    await this.#options.link.command(announcements, ["SPUBLISH", announcements, announce(lines)]);
    for (const [at, { resolve }] of items.entries()) resolve({ id: ids[at] as string });
  }

  async #append({ address, keep, items }: Batch, keys: ChannelKeys): Promise<void> {
    const { link, newId, logBytes, outliveMs, accounts } = this.#options;
    const { size, seconds } = keep === false ? { size: 0, seconds: 0 } : keep;
    if (keep !== false) await accounts.admit(address, seconds);
    const each = items.flatMap(({ draft, once }) => {
      const body = bodyOf(draft);
      const id = newId();
      if (once === undefined) return [id, "", "", "", body];
      return [once.key, id, `${once.sender} ${once.key}`, once.digest ?? draftDigest(draft), body];
    });
    const reply = await link.run(
      PUBLISH,
      [keys.meta, keys.log, keys.announcements],
      [newId(), size, seconds, logBytes, outliveMs, keys.once, ONCE_MS, ...each],
    );
    const [, bytes, ...results] = reply as readonly [string, number, ...string[]];
    if (keep !== false) await accounts.appended(address, { bytes, seconds });
    for (const [at, { resolve, reject }] of items.entries()) {
      const [status, id, offset, epoch] = results.slice(at * 4, at * 4 + 4) as [string, string, string, string];
      if (status === "conflict") reject(new GatewayError("CONFLICT", "This id was used for another publication"));
      else resolve(offset === "" ? { id } : { id, position: { epoch, offset: Number(offset) } });
    }
  }
}

function sameKeep(a: Keep | false, b: Keep | false): boolean {
  if (a === false || b === false) return a === b;
  return a.size === b.size && a.seconds === b.seconds;
}
