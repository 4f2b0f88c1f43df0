import {
  createGateway,
  MemoryPresenceStore,
  MemoryRevocations,
  systemClock,
  type Clock,
  type Gateway,
  type GatewayOptions,
} from "@roomcast/core";
import {
  CreateResult,
  DeleteResult,
  RealtimeCreated,
  RealtimeDeleted,
  UpdateResult,
  RealtimeUpdated,
} from "@roomcast/core/crud";
import { TestCluster } from "@roomcast/core/testing";
import { redisParts } from "@roomcast/redis";
import { attach, JwtAuthenticator, RoomTokens, type Roomcast } from "@roomcast/server";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { RedisServer } from "../../../packages/redis/test/redis-server.ts";
import { NODES } from "../native/target.ts";
import { seconds, sign } from "../native/tokens.ts";

const SECRET = "the secret of a back end with services";

/** A node of a back end, with a service of its own. */
export interface ServiceNode {
  readonly url: string;
  readonly gateway: Gateway;
  readonly roomcast: Roomcast;
}

/**
 * Two nodes of one cluster in this process, and what was reported of them. They share this process's memory, or a Redis
 * where targets have several nodes.
 */
export interface ServiceNodes {
  /** The services' own. */
  readonly one: ServiceNode;
  readonly two: ServiceNode;
  /** Where clients connect: at the services' own, or at the other one where targets have several nodes. */
  readonly clients: ServiceNode;
  readonly failures: unknown[];
  close(): Promise<void>;
}

export function accessToken(userId: string): string {
  const now = seconds();
  return sign({ sub: userId, iat: now, exp: now + 600 }, { secret: SECRET });
}

export async function startNodes(): Promise<ServiceNodes> {
  const failures: unknown[] = [];
  const clock = systemClock;
  const cluster = NODES > 1 ? await redisCluster(failures) : memoryCluster(clock);
  const start = async (nodeId: string) => {
    const httpServer = createServer();
    const gateway = createGateway({
      auth: new JwtAuthenticator({ secret: SECRET }),
      ...cluster.parts(nodeId),
      limits: { handshakesPerSecondPerAddress: 100_000 },
      observer: { failed: (_where, error) => failures.push(error) },
    });
    const roomcast = attach(httpServer, gateway, {
      dialects: { native: true, twake: true },
      roomTokens: new RoomTokens({ secret: SECRET, clock }),
    });
    await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
    const { port } = httpServer.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, gateway, roomcast };
  };
  const [one, two] = [await start("one"), await start("two")];
  return {
    one,
    two,
    clients: NODES > 1 ? two : one,
    failures,
    async close() {
      await Promise.all([one, two].map(({ roomcast }) => roomcast.close({ drainSeconds: 2 })));
      await cluster.close();
    },
  };
}

/** What the nodes have in common. */
interface Common {
  /** For one node. */
  parts(nodeId: string): Pick<GatewayOptions, "broker" | "presence" | "revocations" | "nodeId">;
  close(): Promise<void>;
}

function memoryCluster(clock: Clock): Common {
  const cluster = new TestCluster({ clock });
  const presence = new MemoryPresenceStore();
  const revocations = new MemoryRevocations({ clock });
  return {
    parts: (nodeId) => ({ broker: cluster.broker(), presence, revocations, nodeId }),
    close: () => cluster.close(),
  };
}

async function redisCluster(failures: unknown[]): Promise<Common> {
  const redis = await RedisServer.start();
  return {
    parts: (nodeId) => redisParts({ url: redis.url, nodeId, failed: (_where, error) => failures.push(error) }),
    close: () => redis.stop(),
  };
}

export interface Message {
  readonly id: string;
  readonly text: string;
}

/** The service of the Twake document, with every kind of announcement that its cases ask for. */
export class MessageService {
  readonly #messages = new Map<string, Message>();

  async create(item: Message): Promise<CreateResult<Message>> {
    this.#messages.set(item.id, item);
    return new CreateResult("message", item);
  }

  async update(id: string, item: Message): Promise<UpdateResult<Message>> {
    this.#messages.set(id, item);
    return new UpdateResult("message", item);
  }

  async delete(id: string): Promise<DeleteResult<Message>> {
    const message = this.#messages.get(id) ?? { id, text: "" };
    return new DeleteResult("message", message, this.#messages.delete(id));
  }

  /** Says something else than its decorator is for. */
  async createOddly(item: Message): Promise<UpdateResult<Message>> {
    return new UpdateResult("message", item);
  }

  async createForNobody(item: Message): Promise<CreateResult<Message>> {
    return new CreateResult("message", item);
  }

  async createBadly(item: Message): Promise<CreateResult<Message>> {
    return new CreateResult("message", item);
  }
}

type Decorator = (target: object, name: string, descriptor: PropertyDescriptor) => unknown;

// Tests run on their sources, in which no decorators can be parsed: here each is called, as the compiler has them called.
const DECORATORS: Readonly<Record<string, unknown>> = {
  create: RealtimeCreated<Message>([
    { room: "/messages", path: (message) => `/messages/${message.id}` },
    { room: (message) => `/messages/${message.id}` },
  ]),
  update: RealtimeUpdated<Message>("/messages", (message) => `/messages/${message.id}`),
  delete: RealtimeDeleted<Message>({ room: "/messages", path: (message) => `/messages/${message.id}` }),
  createOddly: RealtimeCreated<Message>({ room: "/messages" }),
  createForNobody: RealtimeCreated<Message>([]),
  createBadly: RealtimeCreated<Message>({
    room: () => {
      throw new Error("the resolver is broken");
    },
  }),
};
for (const [name, decorator] of Object.entries(DECORATORS)) {
  const descriptor = Object.getOwnPropertyDescriptor(MessageService.prototype, name) as PropertyDescriptor;
  const decorated = (decorator as Decorator)(MessageService.prototype, name, descriptor);
  Object.defineProperty(MessageService.prototype, name, decorated as PropertyDescriptor);
}
