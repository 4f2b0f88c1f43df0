import { addressKey, GatewayError, type ChannelAddress } from "@roomcast/protocol";
import { draftDigest, type Draft, type Keep, type Published, type PublishOptions } from "@roomcast/core";
import { announce, bodyOf } from "./announcement.ts";
import type { ChannelKeys, Keys } from "./keys.ts";
import { inTime, unavailable, type RedisLink } from "./link.ts";
import { APPEND, APPEND_ONCE, type Script } from "./scripts.ts";
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

/** What is published to one channel under the same rules, in one step. */
interface Batch {
  readonly keep: Keep | false;
  /** When its first publication came, as `performance.now` has it. */
  readonly openedAt: number;
  readonly items: Item[];
  bytes: number;
}

/** A channel to which something is published. */
interface Lane {
  readonly address: ChannelAddress;
  readonly key: string;
  readonly keys: ChannelKeys;
  /** What has not been sent yet. */
  readonly waiting: Batch[];
}

/** Idempotency keys live so long. */
const ONCE_MS = 5 * 60 * 1000;
/** A batch has at most so many publications, and another one is begun when it has so many bytes. */
const BATCH_ITEMS = 2000;
const BATCH_BYTES = 1024 * 1024;
/** So long a publication waits for its step at most, and so long it takes altogether: then it is refused, unsent if it can be. */
const WAIT_MS = 500;
const PATIENCE_MS = 2000;

/**
 * Gathers what is published in one tick of the event loop: one step for each channel, all of them in one write. What is
 * published to a channel while a step of it is under way makes the next one, so that no second attempt (a script that Redis
 * does not know, a slot that has moved) overtakes what came before, and steps grow with the load.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** By key of the address, those that are not empty. */
  readonly #lanes = new Map<string, Lane>();
  /** Those that this tick sends. */
  #due: Lane[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Rejects with `UNAVAILABLE`, `CONFLICT` or `LIMIT_REACHED`. */
  publish(address: ChannelAddress, draft: Draft, options: PublishOptions): Promise<Published> {
    const { keep, idempotency: once, bytes = 0 } = options;
    return new Promise<Published>((resolve, reject) => {
      const lane = this.#lane(address);
      const batch = openBatch(lane, keep);
      batch.items.push({ draft, once, resolve, reject });
      batch.bytes += bytes;
    });
  }

  #lane(address: ChannelAddress): Lane {
    const key = addressKey(address);
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const lane: Lane = { address, key, keys: this.#options.keys.channelOf(key), waiting: [] };
    this.#lanes.set(key, lane);
    if (this.#due.length === 0) setImmediate(() => this.#flush());
    this.#due.push(lane);
    return lane;
  }

  #flush(): void {
    const due = this.#due;
    this.#due = [];
    for (const lane of due) void this.#empty(lane);
  }

  /** Sends what waits, one after the other. */
  async #empty(lane: Lane): Promise<void> {
    for (let batch = lane.waiting.shift(); batch !== undefined; batch = lane.waiting.shift()) {
      try {
        const waited = performance.now() - batch.openedAt;
        if (waited > WAIT_MS) throw unavailable(new Error("Redis is too slow for what is published"));
        await inTime(this.#send(lane, batch), PATIENCE_MS - waited);
      } catch (error) {
        for (const { reject } of batch.items) reject(error);
        // Nobody waits for Redis twice.
        if (error instanceof GatewayError && error.code === "UNAVAILABLE") {
          for (const { items } of lane.waiting.splice(0)) for (const { reject } of items) reject(error);
        }
      }
    }
    this.#lanes.delete(lane.key);
  }

  async #send(lane: Lane, batch: Batch): Promise<void> {
    if (batch.items.some(({ once }) => once !== undefined)) await this.#appendOnce(lane, batch);
    else if (batch.keep === false) await this.#announce(lane, batch);
    else await this.#append(lane, batch);
  }

  async #announce({ keys: { announcements } }: Lane, { items }: Batch): Promise<void> {
    const { ids, lines } = this.#name(items);
    await this.#options.link.command(announcements, ["SPUBLISH", announcements, announce(lines)]);
    for (const [at, { resolve }] of items.entries()) resolve({ id: ids[at] as string });
  }

  async #append(lane: Lane, batch: Batch): Promise<void> {
    const { items } = batch;
    const { ids, lines } = this.#name(items);
    const { reply, accounted } = await this.#run(APPEND, lane, batch, lines);
    const [epoch, , first] = reply as readonly [string, number, number];
    // The next step need not wait for the tenant's account; who publishes does.
    void accounted.then(() => {
      for (const [at, { resolve }] of items.entries()) {
        resolve({ id: ids[at] as string, position: { epoch, offset: first + at } });
      }
    });
  }

  async #appendOnce(lane: Lane, batch: Batch): Promise<void> {
    const { items } = batch;
    const each = items.flatMap(({ draft, once }) => {
      const body = bodyOf(draft);
      const id = this.#options.newId();
      if (once === undefined) return [id, "", "", "", body];
      return [once.key, id, `${once.sender} ${once.key}`, once.digest ?? draftDigest(draft), body];
    });
    const { reply, accounted } = await this.#run(APPEND_ONCE, lane, batch, [lane.keys.once, ONCE_MS, ...each]);
    const [, , ...results] = reply as readonly [string, number, ...string[]];
    void accounted.then(() => {
      for (const [at, { resolve, reject }] of items.entries()) {
        const [status, id, offset, epoch] = results.slice(at * 4, at * 4 + 4) as [string, string, string, string];
        if (status === "conflict") reject(new GatewayError("CONFLICT", "This id was used for another publication"));
        else resolve(offset === "" ? { id } : { id, position: { epoch, offset: Number(offset) } });
      }
    });
  }

  #name(items: readonly Item[]): { readonly ids: readonly string[]; readonly lines: readonly string[] } {
    const ids = items.map(() => this.#options.newId());
    return { ids, lines: items.map(({ draft }, at) => `${ids[at]} ${bodyOf(draft)}`) };
  }

  /** Runs a script that appends, within the limits of the tenant; `accounted` never rejects. */
  async #run(
    script: Script,
    { address, keys }: Lane,
    { keep, openedAt }: Batch,
    args: readonly (string | number)[],
  ): Promise<{ readonly reply: unknown; readonly accounted: Promise<void> }> {
    const { link, newId, logBytes, outliveMs, accounts } = this.#options;
    const { size, seconds } = keep === false ? { size: 0, seconds: 0 } : keep;
    if (keep !== false) await accounts.admit(address, seconds);
    // Whoever waited for it has been told that it was not done.
    if (performance.now() - openedAt > PATIENCE_MS) throw unavailable(new Error("It has taken too long"));
    const all = [newId(), size, seconds, logBytes, outliveMs, ...args];
    const reply = await link.run(script, [keys.meta, keys.log, keys.announcements], all);
    const [, bytes] = reply as readonly [string, number];
    return { reply, accounted: keep === false ? Promise.resolve() : accounts.appended(address, { bytes, seconds }) };
  }
}

/** The batch that the next publication goes into. */
function openBatch({ waiting }: Lane, keep: Keep | false): Batch {
  const last = waiting.at(-1);
  if (last !== undefined && sameKeep(last.keep, keep) && last.items.length < BATCH_ITEMS && last.bytes < BATCH_BYTES) {
    return last;
  }
  const batch: Batch = { keep, openedAt: performance.now(), items: [], bytes: 0 };
  waiting.push(batch);
  return batch;
}

function sameKeep(a: Keep | false, b: Keep | false): boolean {
  if (a === false || b === false) return a === b;
  return a.size === b.size && a.seconds === b.seconds;
}
