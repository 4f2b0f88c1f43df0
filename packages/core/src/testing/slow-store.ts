import type { ChannelAddress } from "@roomcast/protocol";
import { isNodes } from "../insight/node-registry.ts";
import { MemoryPresenceStore } from "../memory-presence.ts";
import type { MemberRecord } from "../presence.ts";

/** A presence store that takes its time to put, and to say that it has, as long as `step` says; of nodes it knows at once. */
export class SlowStore extends MemoryPresenceStore {
  readonly #step: () => Promise<void>;
  readonly #steps: (() => void)[] = [];

  /** Without `step` it waits for `next`. */
  constructor(step?: () => Promise<void>) {
    super();
    this.#step = step ?? (async () => await new Promise<void>((resolve) => this.#steps.push(resolve)));
  }

  override async put(address: ChannelAddress, member: MemberRecord): Promise<void> {
    const step = isNodes(address) ? async () => undefined : this.#step;
    await step();
    await super.put(address, member);
    await step();
  }

  /** Lets one step of what is put go on. */
  next(): void {
    this.#steps.shift()?.();
  }
}
