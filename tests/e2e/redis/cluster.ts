import { RealtimeClient } from "@roomcast/client";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { RedisServer } from "../../../packages/redis/test/redis-server.ts";
import { serve, type Program } from "../../cli/program.ts";
import { Listener } from "../listener.ts";
import { SECRET, sign } from "../node.ts";
import { Proxy } from "../proxy.ts";

const CONFIG = fileURLToPath(new URL("cluster.config.mjs", import.meta.url));
const API_KEY = "key-of-the-back-end-of-a-cluster";

/** A node in a process of its own. */
export interface ClusterNode {
  readonly url: string;
  readonly program: Program;
}

/** Two nodes behind a Redis of their own, and in front of them an address that leads to whichever it is turned to. */
export class Cluster {
  readonly redis: RedisServer;
  readonly one: ClusterNode;
  readonly two: ClusterNode;
  /** Where clients that move from node to node connect. */
  readonly door: Proxy;
  readonly doorUrl: string;
  readonly #clients: RealtimeClient[] = [];

  private constructor(parts: Pick<Cluster, "redis" | "one" | "two" | "door" | "doorUrl">) {
    this.redis = parts.redis;
    this.one = parts.one;
    this.two = parts.two;
    this.door = parts.door;
    this.doorUrl = parts.doorUrl;
  }

  /** The door leads to node one. `redisArgs` configure the redis-server. */
  static async start(redisArgs: readonly string[] = []): Promise<Cluster> {
    const redis = await RedisServer.start({ args: redisArgs });
    const programs: Program[] = [];
    const door = new Proxy();
    const doorUrl = await door.listen();
    try {
      const start = async (): Promise<ClusterNode> => {
        const node = await serve(["--redis", redis.url, "--config", CONFIG, "--log-level", "warn"], {
          env: { ROOMCAST_JWT_SECRET: SECRET, ROOMCAST_API_KEY: API_KEY },
        });
        programs.push(node.program);
        return node;
      };
      const [one, two] = await Promise.all([start(), start()]);
      const cluster = new Cluster({ redis, one, two, door, doorUrl });
      cluster.turn(one);
      return cluster;
    } catch (error) {
      for (const program of programs) program.kill("SIGKILL");
      await door.close();
      await redis.stop();
      throw error;
    }
  }

  /** Ends everything. Nodes that were not killed end in good order. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.door.close();
    const ends = [this.one, this.two].map(async ({ program }) => {
      program.kill("SIGTERM");
      return { ...(await program.end()), output: `${program.stdout}${program.stderr}` };
    });
    const ended = await Promise.all(ends);
    await this.redis.stop();
    for (const { code, signal, output } of ended) {
      if (signal !== "SIGKILL") expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
      expect(output).not.toMatch(/unhandled|uncaught/i);
    }
  }

  /** Has the door lead to this node from now on; connections that stand stay. */
  turn(node: ClusterNode): void {
    this.door.target = Number(new URL(node.url).port);
  }

  /** Ends a node as a crash does: nothing of it is said to anybody. */
  async kill({ program }: ClusterNode): Promise<void> {
    program.kill("SIGKILL");
    await program.end();
  }

  /** A client that comes through the door, unless another address is given. */
  async client(userId: string, url: string = this.doorUrl): Promise<RealtimeClient> {
    const token = await sign(userId, { permissions: ["service"] });
    const client = new RealtimeClient({ url, token, reconnectionDelay: 50 });
    this.#clients.push(client);
    return client;
  }

  /** A client through the door that follows a topic, known to do so by node one. */
  async listener(userId: string, topic: string, url?: string): Promise<Listener> {
    const listener = new Listener(await this.client(userId, url), topic);
    // Answered after the subscription.
    await listener.client.socketClient.history(topic);
    return listener;
  }

  /** A call of the REST API of a node; rejects when it is not answered within `ms`. */
  async call<Body>(node: ClusterNode, path: string, body?: unknown, ms = 10_000): Promise<Body> {
    const response = await this.request(node, path, body, ms);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return JSON.parse(text) as Body;
  }

  /** The same, whatever is answered. */
  async request(node: ClusterNode, path: string, body?: unknown, ms = 10_000): Promise<Response> {
    return await fetch(`${node.url}${path}`, {
      headers: { "X-Api-Key": API_KEY, "X-Tenant-Id": "default", "Content-Type": "application/json" },
      ...(body === undefined ? undefined : { method: "POST", body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ms),
    });
  }

  /** Publishes on a node, one after the other: `{ number }` from `first` up to `last`. */
  async publish(node: ClusterNode, channel: string, first: number, last: number): Promise<void> {
    for (let number = first; number <= last; number++)
      await this.call(node, "/api/socket/broadcast", { channel, event: "n", data: { number } });
  }
}

/** The numbers that a listener has heard. */
export function numbers({ events }: Listener): readonly number[] {
  return events.map(({ payload }) => (payload as { readonly number: number }).number);
}

/** `first` up to `last`. */
export function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}
