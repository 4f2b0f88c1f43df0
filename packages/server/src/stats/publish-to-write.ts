/** Acceptance times that may wait for a flush; publications beyond it in one tick are not measured. */
const PENDING_SAMPLES = 256;
/** A publication that nothing was written for within this time had no reader here, and is not measured. */
const PENDING_MS = 5000;

/**
 * Measures from the acceptance of a publication on this node to the end of the flush that wrote it here. Publications
 * accepted on other nodes are not in it, nor those without a reader here.
 */
export class PublishToWrite {
  /** When the publications that wait for their flush were accepted, on the monotonic clock. */
  #pending: number[] = [];
  /** Whether something was delivered since the last flush. */
  #delivered = false;
  /** Few, and called often: a list. */
  #listeners: readonly ((ms: number) => void)[] = [];

  /** Calls `listener` for each publication that is measured; returns what ends that. */
  onSample(listener: (ms: number) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  published(): void {
    // A full list that nothing was delivered for belongs to channels without readers.
    if (this.#pending.length >= PENDING_SAMPLES && !this.#delivered) this.#pending = [];
    if (this.#pending.length < PENDING_SAMPLES) this.#pending.push(performance.now());
  }

  delivered(): void {
    this.#delivered = true;
  }

  flushed(): void {
    if (!this.#delivered) return;
    this.#delivered = false;
    const now = performance.now();
    const pending = this.#pending;
    this.#pending = [];
    for (const acceptedAt of pending) {
      if (now - acceptedAt < PENDING_MS) for (const listener of this.#listeners) listener(now - acceptedAt);
    }
  }
}
