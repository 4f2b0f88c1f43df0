import { MemoryPresenceStore, MemoryRevocations, systemClock, type Gateway } from "@roomcast/core";
import { TestCluster } from "@roomcast/core/testing";
import { createLogger, loadConfig, startServer, type StandaloneServer } from "@roomcast/server";
import { fileURLToPath } from "node:url";
import { roomToken, seconds, sign, type RoomClaims } from "../../conformance/native/tokens.ts";

const SECRET = "the secret of a test of four languages";
const API_KEY = "a-key-for-everything-in-four-languages";

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  /** Bearer token instead of the key for everything. */
  readonly token?: string;
}

/** Nodes in this process, that share broker and stores and speak all languages. */
export class Nodes {
  readonly #servers: readonly StandaloneServer[];

  private constructor(servers: readonly StandaloneServer[]) {
    this.#servers = servers;
  }

  static async start(count: number): Promise<Nodes> {
    const config = await loadConfig({
      flags: { port: "0", config: fileURLToPath(new URL("languages.config.mjs", import.meta.url)) },
      env: { ROOMCAST_JWT_SECRET: SECRET, ROOMCAST_API_KEY: API_KEY },
      cwd: fileURLToPath(new URL(".", import.meta.url)),
    });
    const clock = systemClock;
    const cluster = new TestCluster({ clock });
    const presence = new MemoryPresenceStore();
    const revocations = new MemoryRevocations({ clock });
    const servers: StandaloneServer[] = [];
    for (let n = 1; n <= count; n++) {
      const parts = { broker: cluster.broker(), presence, revocations, nodeId: `node-${n}` };
      servers.push(await startServer(config, { logger: createLogger({ level: "silent" }), parts }));
    }
    return new Nodes(servers);
  }

  /** Where things happen. */
  get first(): { readonly url: string; readonly gateway: Gateway } {
    return this.#servers[0] as StandaloneServer;
  }

  /** Where they are heard of: another node where there are several. */
  get last(): { readonly url: string; readonly gateway: Gateway } {
    return this.#servers.at(-1) as StandaloneServer;
  }

  token(userId: string, tenantId: string, claims: object = {}): string {
    const now = seconds();
    return sign({ sub: userId, tenantId, iat: now, exp: now + 600, ...claims }, { secret: SECRET });
  }

  roomToken(claims: RoomClaims): string {
    return roomToken(SECRET, claims);
  }

  /** A call of the REST API of the first node. */
  async call(path: string, tenantId: string, { method, body, token }: Call = {}) {
    const response = await fetch(`${this.first.url}${path}`, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(token === undefined
          ? { "X-Api-Key": API_KEY, "X-Tenant-Id": tenantId }
          : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? undefined : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}
