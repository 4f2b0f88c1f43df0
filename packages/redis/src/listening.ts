import type { RedisLink } from "./link.ts";

export interface ListeningOptions {
  readonly link: Pick<RedisLink, "listen" | "unlisten">;
  /** How long a channel is listened to after it was let go of, in milliseconds: another reader often comes. */
  readonly graceMs: number;
  readonly failed: (error: unknown) => void;
}

/** One channel of Redis that is listened to, or is being left. */
interface Heard {
  readonly listener: (message: string) => void;
  /** Resolves when it is listened to. */
  ready: Promise<void> | undefined;
  /** Resolves when leaving it has ended, well or badly. */
  left: Promise<void>;
  timer: NodeJS.Timeout | undefined;
}

/** The channels of Redis that this node listens to. A channel has one listener, however often it is left and taken again. */
export class Listening {
  readonly #options: ListeningOptions;
  readonly #heard = new Map<string, Heard>();
  #closed = false;

  constructor(options: ListeningOptions) {
    this.#options = options;
  }

  /** Resolves when `channel` is listened to; `listener` counts the first time. Rejects with `UNAVAILABLE`. */
  async listen(channel: string, listener: (message: string) => void): Promise<void> {
    let heard = this.#heard.get(channel);
    if (heard === undefined) {
      heard = { listener, ready: undefined, left: Promise.resolve(), timer: undefined };
      this.#heard.set(channel, heard);
    }
    clearTimeout(heard.timer);
    await (heard.ready ??= this.#begin(channel, heard));
  }

  /** Leaves `channel` after the grace, unless somebody listens again meanwhile. */
  leave(channel: string): void {
    const heard = this.#heard.get(channel);
    if (heard === undefined || this.#closed) return;
    clearTimeout(heard.timer);
    heard.timer = setTimeout(() => this.#end(channel, heard), this.#options.graceMs);
    heard.timer.unref();
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#heard.values()) clearTimeout(timer);
    this.#heard.clear();
  }

  async #begin(channel: string, heard: Heard): Promise<void> {
    try {
      // Who begins while leaving is under way would be left with it.
      await heard.left;
      await this.#options.link.listen(channel, heard.listener);
    } catch (error) {
      // Whoever waits is told; the next one tries again.
      heard.ready = undefined;
      throw error;
    }
  }

  #end(channel: string, heard: Heard): void {
    heard.ready = undefined;
    heard.left = this.#options.link.unlisten(channel).then(
      () => {
        if (heard.ready === undefined && this.#heard.get(channel) === heard) this.#heard.delete(channel);
      },
      (error: unknown) => {
        this.#options.failed(error);
        if (heard.ready === undefined) this.leave(channel);
      },
    );
  }
}
