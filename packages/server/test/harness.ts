import {
  createGateway,
  MemoryRevocations,
  systemClock,
  type Gateway,
  type GatewayOptions,
  type Limits,
} from "@roomcast/core";
import type { Role } from "@roomcast/protocol";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { io, type Socket } from "socket.io-client";
import type { AdminPage } from "../src/admin/page-handler.ts";
import { AdminSessions } from "../src/auth/admin-sessions.ts";
import { ApiKeys, hashApiKey } from "../src/auth/api-keys.ts";
import { TokenIssuer } from "../src/auth/issue.ts";
import { JwtAuthenticator } from "../src/auth/jwt.ts";
import { RestCallers } from "../src/auth/rest-caller.ts";
import { RestTokens } from "../src/auth/rest-tokens.ts";
import { attach, type AttachOptions, type AttachRest, type Roomcast } from "../src/attach.ts";
import { RoomTokens } from "../src/auth/room-tokens.ts";
import { TicketAuthenticator } from "../src/auth/ticket-authenticator.ts";
import { Metrics } from "../src/metrics.ts";
import { NodeMeters } from "../src/stats/node-meters.ts";

/** A key for every tenant and role, and one for tenant `acme` and role `service`. */
export const KEY = "a-key-for-everything-in-the-tests";
export const ACME_KEY = "a-key-for-acme-in-the-tests-only";
/** One for the tenants `acme` and `beta`, and role `admin`. */
export const ACME_ADMIN_KEY = "a-key-for-admins-of-acme-and-beta";
/** Longer than any test holds up the process: after that, `fetch` would send on a connection that is being closed. */
const KEEP_ALIVE_MS = 300_000;
export const SECRET = "a secret of the tests, of more than 32 bytes";

export interface StartOptions {
  readonly httpServer?: Server;
  readonly attach?: Omit<AttachOptions, "rest" | "metrics">;
  readonly ownsAllPaths?: boolean;
  readonly config?: AttachRest["config"];
  readonly limits?: Partial<Limits>;
  readonly gateway?: Partial<GatewayOptions>;
  readonly host?: string;
  readonly admin?: AdminPage;
  /** What REST's paths begin with. */
  readonly prefix?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** JSON where it is JSON, else text; null for an empty body. */
  readonly body: unknown;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** A node on a free port, with everything that REST needs, as real as it gets. */
export class TestNode {
  readonly gateway: Gateway;
  readonly roomcast: Roomcast;
  readonly metrics: Metrics;
  readonly url: string;
  readonly #issuer: TokenIssuer;
  readonly #sockets: Socket[] = [];

  constructor(parts: { gateway: Gateway; roomcast: Roomcast; metrics: Metrics; url: string; issuer: TokenIssuer }) {
    this.gateway = parts.gateway;
    this.roomcast = parts.roomcast;
    this.metrics = parts.metrics;
    this.url = parts.url;
    this.#issuer = parts.issuer;
  }

  static async start(options: StartOptions = {}): Promise<TestNode> {
    const clock = systemClock;
    const authenticator = new JwtAuthenticator({ secret: SECRET });
    const issuer = new TokenIssuer({ secret: SECRET, clock });
    const metrics = new Metrics();
    const keys = new ApiKeys([
      { sha256: hashApiKey(KEY), tenants: "*", roles: ["client", "service", "admin", "operator"] },
      { sha256: hashApiKey(ACME_KEY), tenants: ["acme"], roles: ["service"] },
      { sha256: hashApiKey(ACME_ADMIN_KEY), tenants: ["acme", "beta"], roles: ["admin"] },
    ]);
    const revocations = options.gateway?.revocations ?? new MemoryRevocations();
    const sessions = new AdminSessions({ secret: SECRET, authenticator, keys, revocations, clock });
    const tickets = new TicketAuthenticator({ sessions, others: authenticator });
    const gateway = createGateway({
      auth: tickets,
      arriving: (arrival) => tickets.checkArrival(arrival),
      revocations,
      observer: metrics,
      meters: new NodeMeters(metrics),
      channels: [{ match: "plain:**", keep: false }],
      ...(options.limits === undefined ? undefined : { limits: options.limits }),
      ...options.gateway,
    });
    const revokedAt = (tenantId: string, userId: string): Promise<number | undefined> =>
      gateway.revokedAt(tenantId, userId);
    const httpServer = options.httpServer ?? createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
    const roomcast = attach(httpServer, gateway, {
      roomTokens: new RoomTokens({ secret: SECRET, clock }),
      ...options.attach,
      metrics,
      rest: {
        callers: new RestCallers({ authenticator, keys, revokedAt }),
        tokens: new RestTokens({ authenticator, issuer, revokedAt }),
        sessions,
        ownsAllPaths: options.ownsAllPaths ?? true,
        ...(options.config === undefined ? undefined : { config: options.config }),
        ...(options.admin === undefined ? undefined : { admin: options.admin }),
        ...(options.prefix === undefined ? undefined : { prefix: options.prefix }),
      },
    });
    await new Promise<void>((resolve) => httpServer.listen(0, options.host ?? "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
    return new TestNode({ gateway, roomcast, metrics, url, issuer });
  }

  async token(userId: string, options: { tenantId?: string; roles?: readonly Role[] } = {}): Promise<string> {
    const { token } = await this.#issuer.issue({ userId, tenantId: options.tenantId, permissions: options.roles });
    return token;
  }

  /** A request with the key for everything, unless `headers` says otherwise. */
  async call(path: string, options: CallOptions = {}): Promise<Answer> {
    const { headers = { "X-Api-Key": KEY }, json } = options;
    const body = json === undefined ? options.body : JSON.stringify(json);
    const response = await fetch(this.url + path, {
      method: options.method ?? (body === undefined ? "GET" : "POST"),
      headers: { ...(json === undefined ? undefined : { "Content-Type": "application/json" }), ...headers },
      ...(body === undefined ? undefined : { body }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? null : isJson ? JSON.parse(text) : text,
    };
  }

  /** A client that has connected. */
  async connect(token: string, transports: ("websocket" | "polling")[] = ["websocket"]): Promise<Socket> {
    const socket = io(this.url, { auth: { token }, transports, forceNew: true, reconnection: false });
    this.#sockets.push(socket);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.disconnect();
    await this.roomcast.close({ drainSeconds: 2 });
  }
}

/** The next event of this name that a client hears, its first argument. */
export function next(socket: Socket, event: string): Promise<unknown> {
  return new Promise((resolve) => socket.once(event, resolve));
}
