import { createGateway, MemoryBroker, type Authenticator, type Gateway, type GatewayOptions } from "@roomcast/core";
import { GatewayError, type Position, type Principal, type RealtimeEvent } from "@roomcast/protocol";
import { attach, type AttachOptions, type Roomcast } from "@roomcast/server";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { RealtimeClient, type RealtimeClientOptions } from "../src/client.ts";
import type { RealtimeError } from "../src/errors.ts";
import type { GapEvent, PresenceEvent } from "../src/wire.ts";
import { Proxy } from "./proxy.ts";

type Claims = Partial<Pick<Principal, "userId" | "roles" | "expiresAt" | "tenantId">>;

/** Finds a wire that has gone silent within a second. Also one whose process has other things to do for so long. */
export const QUICK_HEARTBEAT = { heartbeat: { intervalSeconds: 0.3, timeoutSeconds: 0.3 } } as const;

/** A token of the tests: they are about what becomes of tokens, not about signatures. */
export function token(claims: Claims = {}): string {
  return JSON.stringify({ userId: "ada", ...claims });
}

const authenticator: Authenticator = {
  async authenticate(credentials) {
    if (credentials.kind !== "token" || typeof credentials.token !== "string" || !credentials.token.startsWith("{")) {
      throw new GatewayError("UNAUTHENTICATED", "Not a token");
    }
    const claims = JSON.parse(credentials.token) as Claims & { userId: string };
    if (claims.expiresAt !== undefined && claims.expiresAt <= Date.now()) {
      throw new GatewayError("TOKEN_EXPIRED", "The token has expired");
    }
    return {
      principal: { tenantId: "t", roles: ["client"], grants: {}, anonymous: false, issuedAt: Date.now(), ...claims },
    };
  },
};

const travel = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * 5));

/** A broker that takes its time to read a log, as one across a network does. */
class DistantBroker extends MemoryBroker {
  override async history(...args: Parameters<MemoryBroker["history"]>): ReturnType<MemoryBroker["history"]> {
    await travel();
    const page = await super.history(...args);
    await travel();
    return page;
  }
}

/** A real gateway on a real port, a wire to it that can fail, and clients that note what they hear. */
export class TestNode {
  readonly #options: Partial<GatewayOptions> & { attach?: AttachOptions };
  readonly #clients: RealtimeClient[] = [];
  gateway!: Gateway;
  roomcast!: Roomcast;
  proxy!: Proxy;

  private constructor(options: Partial<GatewayOptions> & { attach?: AttachOptions }) {
    this.#options = options;
  }

  static async start(options: Partial<GatewayOptions> & { attach?: AttachOptions } = {}): Promise<TestNode> {
    const node = new TestNode(options);
    node.proxy = await Proxy.start(await node.#serve());
    return node;
  }

  async #serve(): Promise<number> {
    const httpServer = createServer();
    const { attach: attachOptions, ...options } = this.#options;
    this.gateway = createGateway({ auth: authenticator, broker: new DistantBroker(), ...options });
    this.roomcast = attach(httpServer, this.gateway, attachOptions);
    await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
    return (httpServer.address() as AddressInfo).port;
  }

  /** Another process with nothing of this one's memory takes over, after this one said good-bye. */
  async restart(): Promise<void> {
    const before = this.roomcast;
    this.proxy.redirect(await this.#serve());
    await before.close({ drainSeconds: 2 });
  }

  client(options: Partial<RealtimeClientOptions> = {}): Heard {
    const client = new RealtimeClient({ url: this.proxy.url, token: token(), reconnectionDelay: 20, ...options });
    this.#clients.push(client);
    return new Heard(client);
  }

  publish(name: string, data: unknown, event = "e"): Promise<{ id: string; position?: Position }> {
    return this.gateway.publish({ tenantId: "t", name }, event, data);
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.roomcast.close({ drainSeconds: 1 });
    await this.proxy.close();
  }
}

/** A client, and all that its listeners were told. */
export class Heard {
  readonly client: RealtimeClient;
  readonly log: ({ event: RealtimeEvent } | { gap: GapEvent })[] = [];
  readonly states: string[] = [];
  readonly errors: RealtimeError[] = [];
  readonly presence: PresenceEvent[] = [];

  constructor(client: RealtimeClient) {
    this.client = client;
    client.on("event", (event) => this.log.push({ event }));
    client.on("gap", (gap) => this.log.push({ gap }));
    client.on("connection", ({ state }) => this.states.push(state));
    client.on("error", (error) => this.errors.push(error));
    client.on("presence", (presence) => this.presence.push(presence));
  }

  get payloads(): unknown[] {
    return this.log.map((one) => ("event" in one ? one.event.payload : "gap"));
  }

  /** Resolves when what was sent so far has been answered, so that what was subscribed is in force. */
  async ready(): Promise<void> {
    await this.client.socketClient.history("ready");
  }
}
