import { createCluster, type RedisClusterType } from "redis";
import { readRedisUrl } from "./address.ts";
import {
  COMMAND_MS,
  inTime,
  PING_MS,
  reconnectIn,
  runScript,
  SILENCE_MS,
  START_MS,
  unavailable,
  type RedisLink,
} from "./link.ts";
import type { Script } from "./scripts.ts";
import { ShardEars } from "./shard-ears.ts";
import { checkServer, startError } from "./start-errors.ts";

export interface ClusterLinkOptions {
  /** URLs of some of its nodes, at least one; the others are found. User, password and TLS of the first hold for all. */
  readonly rootNodes: readonly string[];
  /** Told of errors of the connections, which are mended by connecting anew. */
  readonly failed?: (error: unknown) => void;
}

/** A node that cannot be reached for so long may have been replaced: the others are asked. */
const SUSPECT_MS = 1000;

/** Connections to a Redis Cluster: each command goes to the node that has the slot of its key. */
export class ClusterLink implements RedisLink {
  readonly sharded = true;
  readonly #where: string;
  readonly #tls: boolean;
  readonly #cluster: RedisClusterType;
  readonly #ears: ShardEars;
  #lastError: unknown;

  /** Throws for URLs that are none. */
  constructor({ rootNodes, failed }: ClusterLinkOptions) {
    const [first] = rootNodes;
    if (first === undefined) throw new Error("A Redis Cluster needs the URL of one node at least");
    const addresses = rootNodes.map(readRedisUrl);
    this.#where = addresses.map(({ where }) => where).join(", ");
    this.#tls = addresses[0]?.tls === true;
    const { username, password } = new URL(first);
    this.#cluster = createCluster({
      rootNodes: rootNodes.map((url) => ({ url })),
      defaults: {
        ...(username === "" ? undefined : { username: decodeURIComponent(username) }),
        ...(password === "" ? undefined : { password: decodeURIComponent(password) }),
        // As with a single Redis: nothing is kept to be said later, and broken connections are noticed.
        disableOfflineQueue: true,
        pingInterval: PING_MS,
        socket: {
          ...(this.#tls ? { tls: true as const } : undefined),
          connectTimeout: COMMAND_MS,
          socketTimeout: SILENCE_MS,
          reconnectStrategy: reconnectIn,
        },
      },
      commandOptions: { timeout: COMMAND_MS },
      topologyRefreshOnReconnectionAttemptStrategy: SUSPECT_MS,
    });
    const note = (error: unknown): void => {
      this.#lastError = error;
      failed?.(error);
    };
    this.#cluster.on("error", note);
    this.#cluster.on("node-error", note);
    this.#ears = new ShardEars({ cluster: this.#cluster, failed: note });
  }

  async start(): Promise<void> {
    let info: string;
    try {
      info = await inTime(this.#connect(), START_MS);
    } catch (error) {
      this.#cluster.destroy();
      // What failed at a node says more than that no node was left.
      throw startError(this.#lastError ?? error, this.#where, this.#tls);
    }
    try {
      checkServer(info, "cluster", this.#where);
    } catch (error) {
      this.#cluster.destroy();
      throw error;
    }
    this.#ears.start();
  }

  async command(key: string, args: readonly string[]): Promise<unknown> {
    return await inTime(this.#cluster.sendCommand(key, false, [...args]));
  }

  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const send = async (words: string[]): Promise<unknown> => await this.#cluster.sendCommand(keys[0], false, words);
    return await inTime(runScript(send, script, keys, args));
  }

  async listen(channel: string, listener: (message: string) => void): Promise<void> {
    await inTime(this.#ears.listen(channel, listener));
  }

  async unlisten(channel: string): Promise<void> {
    await inTime(this.#ears.unlisten(channel));
  }

  async remind(): Promise<void> {
    await this.#ears.remind();
  }

  onResumed(listener: () => void): void {
    this.#ears.onResumed(listener);
  }

  async check(): Promise<void> {
    if (!this.#ears.settled) throw unavailable(new Error("Not all can be heard from Redis"));
    const ask = async (master: RedisClusterType["masters"][number]): Promise<void> => {
      await (await this.#cluster.nodeClient(master)).sendCommand(["PING"]);
    };
    await inTime(Promise.all(this.#cluster.masters.map(ask)));
  }

  async close(): Promise<void> {
    this.#ears.close();
    if (!this.#cluster.isOpen) return;
    await inTime(this.#cluster.close(), 500).catch(() => undefined);
    this.#cluster.destroy();
  }

  /** What a node says of itself. */
  async #connect(): Promise<string> {
    await this.#cluster.connect();
    const node = await this.#cluster.getNodeClientForKey("");
    return await node.sendCommand<string>(["INFO"]);
  }
}
