import { redisParts } from "@roomcast/redis";
import { createLogger, type EmbedOptions } from "@roomcast/server";
import { roomcast, type Embedded } from "@roomcast/server/node";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { RedisServer } from "../../../packages/redis/test/redis-server.ts";
import { seconds, sign } from "../../conformance/native/tokens.ts";
import { Nginx } from "./nginx.ts";

const SECRET = "the secret of two nodes behind one nginx";

/** Handshakes that one address may make in a second. */
export const PER_SECOND = 25;

const settings: EmbedOptions = {
  auth: {
    jwt: { secret: SECRET },
    anonymous: true,
    // "<space>,of-<user>" belongs to that user.
    cookie: {
      getUserByToken(token) {
        const [, space, user] = /^([^,]+),of-(.+)$/.exec(token) ?? [];
        return user === undefined ? null : { user, space };
      },
    },
  },
  trustProxy: 1,
  limits: { handshakesPerSecondPerAddress: PER_SECOND },
  logger: createLogger({ level: "silent" }),
  rest: { prefix: "" },
  drainSeconds: 3,
};

/** Two applications with Roomcast that share a Redis, behind nginx. */
export class NodesBehindNginx {
  readonly nodes: readonly [Embedded, Embedded];
  readonly nginx: Nginx;
  readonly #redis: RedisServer;

  private constructor(nodes: readonly [Embedded, Embedded], nginx: Nginx, redis: RedisServer) {
    this.nodes = nodes;
    this.nginx = nginx;
    this.#redis = redis;
  }

  static async start(): Promise<NodesBehindNginx> {
    const redis = await RedisServer.start();
    const [one, two] = await Promise.all([startNode(redis.url), startNode(redis.url)]);
    const nginx = await Nginx.start([one.port, two.port]);
    return new NodesBehindNginx([one.node, two.node], nginx, redis);
  }

  token(userId: string, tenantId: string, claims: object = {}): string {
    const now = seconds();
    return sign({ sub: userId, tenantId, iat: now, exp: now + 600, ...claims }, { secret: SECRET });
  }

  /** How many sessions each node has. */
  get sessions(): readonly [number, number] {
    const [one, two] = this.nodes;
    return [one.gateway.sessionCount, two.gateway.sessionCount];
  }

  async close(): Promise<void> {
    await this.nginx.stop();
    await Promise.all(this.nodes.map((node) => node.close()));
    await this.#redis.stop();
  }
}

async function startNode(redisUrl: string): Promise<{ readonly node: Embedded; readonly port: number }> {
  const server = createServer((request, response) => response.end(`application ${request.url}`));
  const node = roomcast(server, { ...settings, ...redisParts({ url: redisUrl }) });
  await node.ready();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { node, port: (server.address() as AddressInfo).port };
}
