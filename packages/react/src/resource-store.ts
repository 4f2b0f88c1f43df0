import type { RealtimeClient } from "@roomcast/client";
import type { ChannelStore } from "./channel-store.ts";
import { applyChange, bounded, toChange, type ResourceChange, type ResourceListOptions } from "./resource-list.ts";

/** Reads the list as it is now. It is asked again where changes were lost; `signal` is aborted when the answer is of no use. */
export type ResourceLoader<Item> = (context: {
  readonly signal: AbortSignal;
}) => readonly Item[] | Promise<readonly Item[]>;

export interface ResourceSnapshot<Item> {
  readonly items: readonly Item[];
  /** `loading`: there is no list yet. `reloading`: there is one, which goes on being changed, and a newer one is coming. */
  readonly status: "loading" | "ready" | "reloading" | "error";
  /** Why the list could not be loaded, or cannot be followed. */
  readonly error: Error | undefined;
}

export interface ResourceStoreOptions<Item> {
  readonly client: RealtimeClient;
  readonly channels: ChannelStore;
  readonly room: string;
  /** Asked on each use, so that it may be another one each time. */
  readonly load: () => ResourceLoader<Item>;
  readonly list: () => ResourceListOptions<Item>;
}

/** How many changes may wait for a load; with more the list is loaded once more after it. */
const MOST_WAITING = 1000;
const EMPTY: ResourceSnapshot<never> = { items: [], status: "loading", error: undefined };

/**
 * A list that is loaded and then kept as the server changes it. The load begins when the subscription is in force, and what
 * is heard meanwhile is applied to what it brings, so that nothing can fall in between. It is loaded again after a `gap`, and
 * after each loss of the connection where the channel keeps no history to recover from.
 */
export class ResourceStore<Item> {
  readonly #options: ResourceStoreOptions<Item>;
  readonly #listeners = new Set<{ readonly call: () => void }>();
  #snapshot: ResourceSnapshot<Item> = EMPTY;
  #stop: (() => void) | undefined;
  /** What was heard since the load that is under way began. */
  #waiting: ResourceChange[] | undefined;
  #loading: AbortController | undefined;
  #overflowed = false;
  #loaded = false;

  constructor(options: ResourceStoreOptions<Item>) {
    this.#options = options;
  }

  static get initial(): ResourceSnapshot<never> {
    return EMPTY;
  }

  get(): ResourceSnapshot<Item> {
    return this.#snapshot;
  }

  /** Begins with the first listener, and ends after the last. */
  subscribe(listener: () => void): () => void {
    const registration = { call: listener };
    this.#listeners.add(registration);
    this.#stop ??= this.#start();
    return () => {
      this.#listeners.delete(registration);
      if (this.#listeners.size === 0) setTimeout(() => this.#end());
    };
  }

  /** Loads the list again. */
  reload(): void {
    if (this.#stop === undefined) return;
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    // What was heard before is in what is loaded from now on.
    this.#waiting = [];
    this.#overflowed = false;
    this.#change({ status: this.#loaded ? "reloading" : "loading", error: undefined });
    void this.#load(loading);
  }

  #start(): () => void {
    const { client, channels, room } = this.#options;
    let first = true;
    const followed = (): void => {
      const { status, position, error } = channels.get(room);
      if (status === "refused") {
        this.#loading?.abort();
        this.#failed(error);
      }
      if (status !== "live" || (!first && position !== undefined && this.#snapshot.status !== "error")) return;
      first = false;
      this.reload();
    };
    const stops = [
      client.on(`event:${room}`, (event) => {
        const change = toChange(event);
        if (change !== undefined) this.#heard(change);
      }),
      client.on("gap", ({ channel }) => {
        if (channel === room && !first) this.reload();
      }),
      channels.subscribe(room, followed),
    ];
    // Another component may follow the room already.
    queueMicrotask(() => {
      if (first && this.#stop !== undefined) followed();
    });
    return () => {
      for (const stop of stops) stop();
    };
  }

  #end(): void {
    if (this.#listeners.size > 0 || this.#stop === undefined) return;
    this.#stop();
    this.#stop = undefined;
    this.#loading?.abort();
    this.#loading = undefined;
    this.#waiting = undefined;
  }

  #heard(change: ResourceChange): void {
    if (this.#waiting !== undefined && this.#waiting.push(change) > MOST_WAITING) {
      this.#waiting = [];
      this.#overflowed = true;
    }
    if (!this.#loaded) return;
    const items = applyChange(this.#snapshot.items, change, this.#options.list());
    if (items !== this.#snapshot.items) this.#change({ items });
  }

  async #load(loading: AbortController): Promise<void> {
    try {
      const loaded: unknown = await this.#options.load()({ signal: loading.signal });
      if (this.#loading !== loading) return;
      if (!Array.isArray(loaded)) throw new TypeError("The loader of a resource gives an array");
      const list = this.#options.list();
      let items = bounded(loaded as readonly Item[], list);
      for (const change of this.#waiting ?? []) items = applyChange(items, change, list);
      this.#settle();
      this.#loaded = true;
      this.#change({ items, status: "ready" });
      if (this.#overflowed) this.reload();
    } catch (thrown) {
      if (this.#loading === loading) this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): void {
    this.#settle();
    this.#change({ status: "error", error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
  }

  #settle(): void {
    this.#loading = undefined;
    this.#waiting = undefined;
  }

  #change(change: Partial<ResourceSnapshot<Item>>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const { call } of [...this.#listeners]) call();
  }
}
