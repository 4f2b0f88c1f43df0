import type { Gateway } from "@roomcast/core";
import type { Principal } from "@roomcast/protocol";
import type { Server } from "node:http";
import { PageHandler, type AdminPage } from "./admin/page-handler.ts";
import type { AdminSessions } from "./auth/admin-sessions.ts";
import type { RestCallers } from "./auth/rest-caller.ts";
import type { RestTokens } from "./auth/rest-tokens.ts";
import type { RoomTokenRequest, RoomTokens, RoomToSign, SignedRoom } from "./auth/room-tokens.ts";
import { planEndpoints, type DialectSettings } from "./endpoints.ts";
import { closeHttpServer, within } from "./http-close.ts";
import { mountRequests } from "./http-mount.ts";
import type { Metrics } from "./metrics.ts";
import { createRestHandler } from "./rest/app.ts";
import { isRestPath } from "./rest/paths.ts";
import { Gate } from "./socketio/gate.ts";
import { openEndpoint, type Endpoint, type EndpointOptions } from "./socketio/endpoint.ts";

/** The REST API beside the endpoints. */
export interface AttachRest {
  /** Recognises back ends by their keys and tokens. */
  readonly callers: RestCallers;
  /** Issues and verifies tokens; without it there is nothing under `/auth`. */
  readonly tokens?: RestTokens;
  /** The settings that operators are shown, as JSON without secrets; none unless given. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Signs in people for the admin page; without it there is nothing under `/auth/session`. */
  readonly sessions?: AdminSessions | undefined;
  /** Where the admin page is; not there unless given. */
  readonly admin?: AdminPage | undefined;
  /** Whether REST answers for all paths that no endpoint has, with 404 where it has nothing. For servers without an application. */
  readonly ownsAllPaths?: boolean;
  /** What its paths begin with, such as `/roomcast`; nothing unless given. */
  readonly prefix?: string;
}

export interface AttachOptions {
  /** `{ native: true }` unless given. */
  readonly dialects?: DialectSettings;
  /** Where stock Socket.IO clients connect; `/socket.io/` unless given. */
  readonly path?: string;
  /** Origins of pages that may connect and call: a list, or `"*"`; only the server's own unless given. */
  readonly cors?: readonly string[] | "*";
  readonly trustProxy?: EndpointOptions["trustProxy"];
  readonly heartbeat?: EndpointOptions["heartbeat"];
  /** Makes the ids of transports, where several processes share a port and must tell whose a request is. */
  readonly newTransportId?: () => string;
  /** The REST API, with `/health`, `/ready` and `/openapi.json`; not there unless given. */
  readonly rest?: AttachRest;
  /** Counts what is written, and is served at `/metrics` where there is REST. It hears of the engine as the gateway's observer. */
  readonly metrics?: Metrics;
  /** What a scrape of `/metrics` from another machine must bring. */
  readonly metricsToken?: string;
  /** Makes `Roomcast.roomToken` and `Roomcast.signRooms` work. */
  readonly roomTokens?: RoomTokens;
}

export interface CloseOptions {
  /** How long everything may take, from the first word to the clients to the closed server; 10 unless given. */
  readonly drainSeconds?: number;
  /** Whether the HTTP server is left open, for an application that closes it by itself next. */
  readonly leaveServer?: boolean | undefined;
}

/** A gateway on an HTTP server. */
export interface Roomcast {
  /**
   * Drains: `/ready` and new handshakes get 503, clients hear `closing` in paced batches, then links, gateway and HTTP
   * server are closed, within the drain time; only a broker that hands on its logs may take two seconds more. Calling it again changes nothing, and gives the same promise.
   */
  close(options?: CloseOptions): Promise<void>;
  /**
   * A token that opens one channel to one user, where a rule asks for `roomToken`. Rejects with `INVALID_PAYLOAD` for what no
   * user could use, and with a plain `Error` where `attach` was given no `roomTokens`.
   */
  roomToken(request: RoomTokenRequest): Promise<{ readonly token: string; readonly expiresAt: number }>;
  /**
   * The same for several rooms of one user, as a client is told of them: `[{ room, token, name? }]`. `expiresIn` is in
   * seconds; an hour by default.
   */
  signRooms(
    principal: Pick<Principal, "tenantId" | "userId">,
    rooms: readonly (string | RoomToSign)[],
    options?: { readonly expiresIn?: number },
  ): Promise<readonly SignedRoom[]>;
}

const DEFAULT_DRAIN_SECONDS = 10;
const ROOM_PREFIX = "/";
/** Part of the drain time that is kept for closing what draining left, and how long that is at most. */
const CLOSING_SHARE = 0.3;
const MOST_CLOSING_MS = 3000;
/** For so long a broker may hand on what it holds, also when the drain time is over. */
export const HANDING_ON_MS = 2000;

/**
 * Puts a gateway on an HTTP server, which may serve an application too: requests and upgrades that are not Roomcast's go
 * to the listeners that it has, so attach after the application. Listens to nothing by itself.
 */
export function attach(httpServer: Server, gateway: Gateway, options: AttachOptions = {}): Roomcast {
  const { rest, metrics, dialects } = options;
  // Its rooms are named so; nobody gets into one by another language either.
  if (dialects?.twake === true) gateway.requireRoomTokens(ROOM_PREFIX);
  // REST first: the endpoints take the requests of their paths before it.
  const unmount = rest === undefined ? undefined : mountRest(httpServer, gateway, { ...options, rest });
  // One for all of them: an address does not get more handshakes by trying several paths.
  const gate = new Gate({ gateway, trustProxy: options.trustProxy ?? false });
  const endpoints = planEndpoints(dialects, options.path).map((plan) =>
    openEndpoint({
      ...plan,
      httpServer,
      gateway,
      gate,
      ...(options.cors === undefined ? undefined : { cors: options.cors }),
      ...(options.trustProxy === undefined ? undefined : { trustProxy: options.trustProxy }),
      ...(options.heartbeat === undefined ? undefined : { heartbeat: options.heartbeat }),
      ...(metrics === undefined ? undefined : { observer: metrics }),
      ...(options.newTransportId === undefined ? undefined : { newTransportId: options.newTransportId }),
    }),
  );

  let closing: Promise<void> | undefined;
  return {
    close({ drainSeconds = DEFAULT_DRAIN_SECONDS, leaveServer = false } = {}) {
      const milliseconds = drainSeconds * 1000;
      closing ??= drain({ httpServer, gateway, endpoints, milliseconds, leaveServer }).finally(() => {
        for (const endpoint of endpoints) void endpoint.close();
        unmount?.();
      });
      return closing;
    },
    ...roomSigner(options.roomTokens),
  };
}

/** Signs room tokens where there is something to sign them with. */
export function roomSigner(roomTokens: RoomTokens | undefined): Pick<Roomcast, "roomToken" | "signRooms"> {
  const signer = (): RoomTokens => {
    if (roomTokens === undefined) {
      throw new Error("Room tokens need a shared secret: attach's option roomTokens, or auth.jwt.secret");
    }
    return roomTokens;
  };
  return {
    async roomToken(request) {
      return await signer().issue(request);
    },
    async signRooms(principal, rooms, lifetime) {
      return await signer().signRooms(principal, rooms, lifetime);
    },
  };
}

function mountRest(httpServer: Server, gateway: Gateway, options: AttachOptions & { rest: AttachRest }): () => void {
  const { rest, metrics, metricsToken, cors } = options;
  const { admin, prefix, ownsAllPaths = false } = rest;
  const failed = (error: unknown): void => gateway.observer.failed?.("admin", error);
  const page = admin === undefined ? undefined : new PageHandler({ ...admin, api: prefix ?? "", failed });
  return mountRequests({
    httpServer,
    owns: (path) => ownsAllPaths || isRestPath(path, prefix) || page?.owns(path) === true,
    handle: createRestHandler({
      gateway,
      page,
      socketPath: options.path,
      dialects: options.dialects,
      trustProxy: options.trustProxy,
      callers: rest.callers,
      tokens: rest.tokens,
      config: rest.config,
      roomTokens: options.roomTokens,
      sessions: rest.sessions,
      prefix,
      cors,
      metrics:
        metrics === undefined
          ? undefined
          : { contentType: metrics.contentType, text: () => metrics.text(), token: metricsToken },
    }),
  });
}

interface DrainOptions {
  readonly httpServer: Server;
  readonly gateway: Gateway;
  readonly endpoints: readonly Endpoint[];
  readonly milliseconds: number;
  readonly leaveServer: boolean;
}

async function drain({ httpServer, gateway, endpoints, milliseconds, leaveServer }: DrainOptions): Promise<void> {
  const end = performance.now() + milliseconds;
  const left = (): number => end - performance.now();
  const talking = milliseconds - Math.min(milliseconds * CLOSING_SHARE, MOST_CLOSING_MS);
  try {
    await within(talking, gateway.drain({ seconds: talking / 1000 }));
  } finally {
    // At once: what a broker hands on to the next process may take long, and is worth more than a link's last words.
    const closed = gateway.close();
    closed.catch(() => undefined);
    await within(left() / 2, Promise.all(endpoints.map((endpoint) => endpoint.end())));
    if (!leaveServer) await closeHttpServer(httpServer, left() / 2);
    await within(Math.max(left(), HANDING_ON_MS), closed);
  }
}
