import { setTimeout as delay } from "node:timers/promises";
import type { Actor } from "./actor.ts";
import type { Cluster } from "./cluster.ts";
import type { FaultKind, Step } from "./schedule.ts";

type Fault = Step & { readonly kind: "fault" };

/** Does what a schedule says is to go wrong, and mends it. What is broken already is left as it is. */
export class Injector {
  readonly injected = new Map<FaultKind, number>();
  /** When the last fault was mended. */
  mendedAt = Date.now();
  readonly #cluster: Cluster;
  readonly #actors: readonly Actor[];
  readonly #wrote: (line: string) => void;
  readonly #broken = new Map<string, Promise<void>>();

  constructor(options: { cluster: Cluster; actors: readonly Actor[]; wrote: (line: string) => void }) {
    this.#cluster = options.cluster;
    this.#actors = options.actors;
    this.#wrote = options.wrote;
  }

  inject(step: Fault): void {
    const { fault, target, lasts } = step;
    const what = thing(fault, target);
    if (this.#broken.has(what)) return;
    this.injected.set(fault, (this.injected.get(fault) ?? 0) + 1);
    this.#wrote(`fault: ${fault}, ${what}, ${lasts} ms, variant ${step.variant}`);
    const mended = this.#break(step)
      .catch((error: unknown) => this.#wrote(`fault: ${fault} failed: ${String(error)}`))
      .finally(() => {
        this.#broken.delete(what);
        this.mendedAt = Date.now();
        this.#wrote(`mended: ${fault}, ${what}`);
      });
    this.#broken.set(what, mended);
  }

  /** Resolves when nothing is broken any more. */
  async mended(): Promise<void> {
    await Promise.all(this.#broken.values());
  }

  async #break({ fault, target, lasts, variant }: Fault): Promise<void> {
    const cluster = this.#cluster;
    const node = cluster.nodes[target];
    const actor = this.#actors[target];
    switch (fault) {
      case "node killed":
        node?.kill();
        await delay(lasts);
        node?.revive();
        return;
      case "node stopped":
        node?.stop();
        await delay(lasts);
        node?.resume();
        return;
      case "Redis restarted":
      case "Redis restarted without its data":
        await cluster.killRedis();
        if (fault === "Redis restarted without its data") await cluster.loseData();
        await delay(lasts);
        await cluster.resumeRedis();
        return;
      case "connections to Redis killed":
        if (variant !== 0) await cluster.tellRedis("CLIENT KILL TYPE pubsub");
        if (variant !== 1) await cluster.tellRedis("CLIENT KILL TYPE normal");
        return;
      case "Redis paused":
        await cluster.tellRedis(`CLIENT PAUSE ${lasts} ${variant === 0 ? "WRITE" : "ALL"}`);
        await delay(lasts);
        return;
      case "node cut off, stalling":
        node?.proxy.stall();
        await delay(lasts);
        // Some networks forget what was on its way.
        if (variant === 0) node?.proxy.cut();
        node?.proxy.open();
        return;
      case "node cut off, refusing":
        node?.proxy.refuse();
        await delay(lasts);
        node?.proxy.open();
        return;
      case "client link reset":
        actor?.proxy.cut();
        return;
      case "client link stalled":
        actor?.proxy.stall();
        await delay(lasts);
        if (variant === 0) actor?.proxy.cut();
        actor?.proxy.open();
        return;
      case "client closed and opened":
        actor?.client.disconnect();
        await delay(lasts);
        actor?.client.connect();
    }
  }
}

/** What it breaks; it cannot be broken twice at a time. */
function thing(fault: FaultKind, target: number): string {
  if (fault.startsWith("client")) return `client ${target}`;
  if (fault.startsWith("node cut off")) return `link of node ${target}`;
  return fault.startsWith("node") ? `node ${target}` : "Redis";
}
