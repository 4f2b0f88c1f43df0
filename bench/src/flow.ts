import type { Actor } from "./stage.ts";
import { within } from "./within.ts";

export interface FlowOptions {
  /** Asked to `publish`. */
  readonly publisher: Actor;
  /** A `latency-load` whose readers are connected. */
  readonly load: Actor;
  readonly bytes: number;
  /** Events that are published in one tick. */
  readonly burst: number;
  /** Events on their way, at most. */
  readonly inFlight: number;
}

const PATIENCE_SECONDS = 60;

/** Events that are published as fast as others arrive. */
export class Flow {
  readonly #options: FlowOptions;
  #published = 0;
  #arrived = 0;
  #moved: (() => void) | undefined;

  private constructor(options: FlowOptions) {
    this.#options = options;
    options.load.onProgress((arrived) => {
      this.#arrived = arrived;
      this.#moved?.();
    });
  }

  static async begin(options: FlowOptions): Promise<Flow> {
    await options.load.ask("follow", options.burst);
    return new Flow(options);
  }

  async run(milliseconds: number): Promise<void> {
    const { publisher, bytes, burst, inFlight } = this.#options;
    for (const end = performance.now() + milliseconds; performance.now() < end;) {
      if (this.#published - this.#arrived + burst <= inFlight) {
        this.#published += burst;
        // One after the other: what is asked for together would be published in one tick.
        await publisher.ask("publish", { burst, bytes });
      } else {
        const moved = new Promise<void>((resolve) => (this.#moved = resolve));
        await within(PATIENCE_SECONDS, "The arrival of what was published", moved);
      }
    }
  }

  /** Resolves when every reader has had everything; rejects for more. */
  async end(): Promise<void> {
    await this.#options.load.ask("arrived", this.#published);
  }
}
