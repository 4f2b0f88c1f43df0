import { rm } from "node:fs/promises";
import { join } from "node:path";
import { RedisServer } from "../../packages/redis/test/redis-server.ts";
import { NodeProcess } from "./node-process.ts";
import type { Random } from "./random.ts";
import { redisCommand } from "./redis-command.ts";
import { NODES } from "./schedule.ts";

export interface ClusterOptions {
  /** The built `node-host`. */
  readonly nodeFile: string;
  readonly secret: string;
  readonly wrote: (line: string) => void;
}

/** A redis-server that has written down what it says, and nodes around it. */
export class Cluster {
  readonly nodes: readonly NodeProcess[];
  /** When Redis lost its data. */
  readonly losses: number[] = [];
  readonly #redis: RedisServer;

  private constructor(redis: RedisServer, { nodeFile, secret, wrote }: ClusterOptions) {
    this.#redis = redis;
    this.nodes = Array.from(
      { length: NODES },
      (_, at) => new NodeProcess({ name: `node ${at}`, file: nodeFile, redisPort: redis.port, secret, wrote }),
    );
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const redis = await RedisServer.start({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
    const cluster = new Cluster(redis, options);
    for (const node of cluster.nodes) await node.start();
    return cluster;
  }

  get ready(): boolean {
    return this.nodes.every(({ down }) => !down);
  }

  /** The port of one of the nodes that are there, as a balancer in front of them gives it. */
  anyPort(random: Random): number | undefined {
    const there = this.nodes.filter(({ down }) => !down);
    return there.length === 0 ? undefined : random.of(there).port;
  }

  async killRedis(): Promise<void> {
    await this.#redis.kill();
  }

  async loseData(): Promise<void> {
    await rm(join(this.#redis.folder, "appendonlydir"), { recursive: true, force: true });
    this.losses.push(Date.now());
  }

  async resumeRedis(): Promise<void> {
    await this.#redis.resume();
  }

  async tellRedis(command: string): Promise<string> {
    return await redisCommand(this.#redis.port, command);
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
    await this.#redis.stop();
  }
}
