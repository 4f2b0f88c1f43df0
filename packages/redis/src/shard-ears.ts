import type { RedisClusterType } from "redis";
import { ErrorReply } from "redis";
import { hasForgotten, inTime } from "./link.ts";

type Node = Awaited<ReturnType<RedisClusterType["getNodeClientForKey"]>>;

/** A connection that listens to one node of the cluster. */
interface Ear {
  readonly client: Node;
  readonly connected: Promise<unknown>;
}

export interface ShardEarsOptions {
  readonly cluster: RedisClusterType;
  readonly failed: (error: unknown) => void;
}

/** How often it is looked whether slots have gone to other nodes, and how soon what was lost is tried again. */
const TEND_MS = 1000;
const AGAIN_MS = 200;

/**
 * Listens to sharded channels of a Redis Cluster, each at the node that has its slot, wherever that goes: the package's
 * cluster client moves subscriptions too, but where that fails it neither tries again nor tells.
 */
export class ShardEars {
  readonly #cluster: RedisClusterType;
  readonly #failed: (error: unknown) => void;
  readonly #listeners = new Map<string, (message: string) => void>();
  readonly #ears = new Map<Node, Ear>();
  /** Where a channel is listened to; absent while it has to be found anew. */
  readonly #placed = new Map<string, Ear>();
  readonly #resumed: (() => void)[] = [];
  readonly #heard = (message: string, channel: string): void => this.#listeners.get(channel)?.(message);
  /** The slots as they were when all channels were last seen to be in their places. */
  #slots: unknown;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ cluster, failed }: ShardEarsOptions) {
    this.#cluster = cluster;
    this.#failed = failed;
  }

  /** Whether all channels are listened to, as far as is known. */
  get settled(): boolean {
    return [...this.#listeners.keys()].every((channel) => this.#placed.get(channel)?.client.isReady === true);
  }

  start(): void {
    this.#slots = this.#cluster.slots;
    this.#tendIn(TEND_MS);
  }

  async listen(channel: string, listener: (message: string) => void): Promise<void> {
    this.#listeners.set(channel, listener);
    try {
      await inTime(this.#place(channel));
    } catch (error) {
      if (this.#listeners.get(channel) === listener) this.#listeners.delete(channel);
      throw error;
    }
  }

  async unlisten(channel: string): Promise<void> {
    this.#listeners.delete(channel);
    const ear = this.#placed.get(channel);
    this.#placed.delete(channel);
    await ear?.client.sUnsubscribe(channel);
  }

  /** As `RedisLink.remind` says. */
  async remind(): Promise<void> {
    await Promise.all([...this.#ears].map(async ([node, ear]) => await this.#remind(node, ear)));
  }

  onResumed(listener: () => void): void {
    this.#resumed.push(listener);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { client } of this.#ears.values()) client.destroy();
    this.#ears.clear();
    this.#placed.clear();
    this.#listeners.clear();
  }

  async #remind(node: Node, ear: Ear): Promise<void> {
    // One that is not ready is being connected anew, or tended.
    if (!ear.client.isReady || !(await hasForgotten(ear.client, () => this.#placedAt(ear)))) return;
    if (this.#ears.get(node) !== ear) return;
    this.#ears.delete(node);
    ear.client.destroy();
    this.#lose((_, where) => where === ear);
  }

  #placedAt(ear: Ear): number {
    let count = 0;
    for (const where of this.#placed.values()) if (where === ear) count++;
    return count;
  }

  async #place(channel: string): Promise<void> {
    let ear = await this.#earFor(channel);
    try {
      await ear.client.sSubscribe(channel, this.#heard);
    } catch (error) {
      if (!(error instanceof ErrorReply && error.message.startsWith("MOVED"))) throw error;
      // The cluster client learns from a command where the slot is now.
      await this.#cluster.sendCommand(channel, true, ["EXISTS", channel]);
      ear = await this.#earFor(channel);
      await ear.client.sSubscribe(channel, this.#heard);
    }
    // It may have been given up while it answered.
    if (!ear.client.isOpen) throw new Error("The connection has gone");
    if (this.#listeners.has(channel)) this.#placed.set(channel, ear);
    else await ear.client.sUnsubscribe(channel);
  }

  async #earFor(channel: string): Promise<Ear> {
    const node = await this.#cluster.getNodeClientForKey(channel);
    const known = this.#ears.get(node);
    const ear = known ?? this.#open(node);
    await ear.connected;
    return ear;
  }

  #open(node: Node): Ear {
    if (this.#closed) throw new Error("The link is closed");
    const client = node.duplicate();
    client.on("error", this.#failed);
    let before = false;
    client.on("ready", () => {
      // What the package has not subscribed to again is, and what was said meanwhile was not heard.
      if (before) this.#lose((_, ear) => ear.client === client);
      before = true;
    });
    client.on("sharded-channel-moved", (moved: string) => this.#lose((channel) => channel === String(moved)));
    const ear = { client, connected: client.connect() };
    ear.connected.catch(() => this.#ears.delete(node));
    this.#ears.set(node, ear);
    return ear;
  }

  /** Looks soon for the places of these channels. */
  #lose(isLost: (channel: string, ear: Ear) => boolean): void {
    for (const [channel, ear] of this.#placed) if (isLost(channel, ear)) this.#placed.delete(channel);
    this.#tendIn(0);
  }

  #tendIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#tend().then(
        (settled) => this.#tendIn(settled ? TEND_MS : AGAIN_MS),
        (error: unknown) => {
          this.#failed(error);
          this.#tendIn(AGAIN_MS);
        },
      );
    }, milliseconds);
    this.#timer.unref();
  }

  /** Whether all is in its place now. */
  async #tend(): Promise<boolean> {
    const { slots } = this.#cluster;
    if (slots !== this.#slots) await this.#compare();
    const adrift = [...this.#listeners.keys()].filter((channel) => !this.#placed.has(channel));
    const results = await Promise.allSettled(adrift.map(async (channel) => await inTime(this.#place(channel))));
    for (const [node, { client }] of this.#ears) {
      if (node.isOpen) continue;
      // The node is no part of the cluster any more.
      this.#ears.delete(node);
      client.destroy();
    }
    if (results.some(({ status }) => status === "fulfilled")) for (const listener of this.#resumed) listener();
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    this.#slots = slots;
    return this.#cluster.slots === slots;
  }

  /** Finds the channels whose slots another node has now. */
  async #compare(): Promise<void> {
    for (const [channel, ear] of [...this.#placed]) {
      const node = await inTime(this.#cluster.getNodeClientForKey(channel));
      if (this.#ears.get(node) === ear || this.#placed.get(channel) !== ear) continue;
      this.#placed.delete(channel);
      if (ear.client.isReady) ear.client.sUnsubscribe(channel).catch(this.#failed);
    }
  }
}
