/** What a component reads with `useSyncExternalStore`, by key; nothing is read without a key. */
export interface KeyedSource<Snapshot> {
  /** What is known before anything is: on the server, and in the first render of a page that came from it. */
  readonly initial: Snapshot;
  /** The same object until something changes. */
  get(key: string | undefined): Snapshot;
  /** Calls `listener` on each change of `key`. Returns what ends this subscription and no other. */
  subscribe(key: string | undefined, listener: () => void): () => void;
}

/** Begins what the snapshots of `key` come from; `set` replaces the snapshot. Returns what ends it. */
export type Begin<Snapshot> = (key: string, set: (snapshot: Snapshot) => void) => () => void;

interface Entry<Snapshot> {
  snapshot: Snapshot;
  readonly listeners: Set<{ readonly call: () => void }>;
  end: () => void;
}

/**
 * Snapshots by key, each begun with its first listener and ended after its last. Reading begins nothing. The end waits for the
 * next turn: who leaves and comes back at once (an effect that runs twice, a component that replaces another) finds it running.
 */
export class KeyedStore<Snapshot> implements KeyedSource<Snapshot> {
  readonly initial: Snapshot;
  readonly #begin: Begin<Snapshot>;
  readonly #entries = new Map<string, Entry<Snapshot>>();

  constructor(options: { initial: Snapshot; begin: Begin<Snapshot> }) {
    this.initial = options.initial;
    this.#begin = options.begin;
  }

  get(key: string | undefined): Snapshot {
    const entry = key === undefined ? undefined : this.#entries.get(key);
    return entry === undefined ? this.initial : entry.snapshot;
  }

  subscribe(key: string | undefined, listener: () => void): () => void {
    if (key === undefined) return () => undefined;
    const { listeners } = this.#entries.get(key) ?? this.#open(key);
    // One of its own: the same function may come twice.
    const registration = { call: listener };
    listeners.add(registration);
    return () => {
      if (listeners.delete(registration) && listeners.size === 0) setTimeout(() => this.#close(key));
    };
  }

  #open(key: string): Entry<Snapshot> {
    const entry: Entry<Snapshot> = { snapshot: this.initial, listeners: new Set(), end: () => undefined };
    this.#entries.set(key, entry);
    entry.end = this.#begin(key, (snapshot) => {
      if (this.#entries.get(key) !== entry) return;
      entry.snapshot = snapshot;
      for (const { call } of [...entry.listeners]) call();
    });
    return entry;
  }

  #close(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.listeners.size > 0) return;
    this.#entries.delete(key);
    entry.end();
  }
}
