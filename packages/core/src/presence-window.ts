import { addressKey, type ChannelAddress, type Member } from "@roomcast/protocol";
import type { Broker } from "./broker.ts";
import type { Clock } from "./clock.ts";
import type { Observer } from "./observer.ts";

/** How long changes of one channel's members are gathered into one push. */
export const PRESENCE_WINDOW_MS = 100;

type Change = { readonly kind: "joined" | "left" | "updated"; readonly member: Member };

interface Window {
  readonly address: ChannelAddress;
  /** By socket id. */
  readonly changes: Map<string, Change>;
}

/**
 * Gathers what changes among a channel's members, and tells all nodes once a window. A session that comes and goes
 * within one window was never there.
 */
export class PresenceWindows {
  readonly #clock: Clock;
  readonly #broker: Broker;
  readonly #observer: Observer;
  readonly #windows = new Map<string, Window>();

  constructor(options: { clock: Clock; broker: Broker; observer: Observer }) {
    this.#clock = options.clock;
    this.#broker = options.broker;
    this.#observer = options.observer;
  }

  add(address: ChannelAddress, kind: Change["kind"], member: Member): void {
    const { changes } = this.#window(address);
    const merged = merge(changes.get(member.socketId), { kind, member });
    if (merged === undefined) changes.delete(member.socketId);
    else changes.set(member.socketId, merged);
  }

  #window(address: ChannelAddress): Window {
    const key = addressKey(address);
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = { address, changes: new Map() };
      this.#windows.set(key, window);
      this.#clock.after(PRESENCE_WINDOW_MS, () => void this.#close(key));
    }
    return window;
  }

  /** Tells at once what has changed; resolves when it has been said. */
  async flush(): Promise<void> {
    await Promise.all([...this.#windows.keys()].map(async (key) => await this.#close(key)));
  }

  async #close(key: string): Promise<void> {
    const window = this.#windows.get(key);
    this.#windows.delete(key);
    if (window === undefined || window.changes.size === 0) return;
    const { address, changes } = window;
    const of = (kind: Change["kind"]): readonly Member[] =>
      [...changes.values()].filter((change) => change.kind === kind).map(({ member }) => member);
    await this.#broker
      .signal(address, { type: "presence", address, joined: of("joined"), left: of("left"), updated: of("updated") })
      .catch((error: unknown) => this.#observer.failed?.("presence", error));
  }
}

/** What two changes of one session in one window come to. */
function merge(before: Change | undefined, after: Change): Change | undefined {
  if (before === undefined) return after;
  if (before.kind === "joined") return after.kind === "left" ? undefined : { kind: "joined", member: after.member };
  if (before.kind === "left" && after.kind === "joined") return { kind: "updated", member: after.member };
  return after;
}
