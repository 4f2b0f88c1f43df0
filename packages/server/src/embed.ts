import type { ArrivalHook, Gateway } from "@roomcast/core";
import { GatewayError } from "@roomcast/protocol";
import type { Server } from "node:http";
import process from "node:process";
import { attach, roomSigner, type Roomcast } from "./attach.ts";
import type { AccessTokenRequest, IssuedToken } from "./auth/issue.ts";
import { DEFAULT_TENANT } from "./auth/principal.ts";
import { ConfigError } from "./config/config-error.ts";
import { compose, type Composition } from "./config/create.ts";
import { checkOptions, type EmbedOptions } from "./config/embed-options.ts";
import { shownConfig } from "./config/shown.ts";
import { childLogger, createLogger, logObserver } from "./logging.ts";
import { Metrics } from "./metrics.ts";
import { combineObservers } from "./observers.ts";
import { keepUpgrades } from "./socketio/upgrades.ts";
import { NodeMeters } from "./stats/node-meters.ts";

/** Roomcast inside an application. */
export interface Embedded extends Roomcast {
  /** Publishes, notifies, lists, disconnects: the engine itself. */
  readonly gateway: Gateway;
  /**
   * Resolves when clients can be served: broker and keys of issuers are there. Rejects with why not; what was attached stays,
   * and clients hear `UNAVAILABLE` meanwhile. Nothing needs to wait for it.
   */
  ready(): Promise<void>;
  /**
   * A token for a user of the application's, which its caller has recognised. Rejects with `INVALID_PAYLOAD` for one that
   * would be refused when shown, with `FORBIDDEN` where there is no shared secret, and with `UNAVAILABLE` where it cannot be
   * known whether the user's tokens were revoked.
   */
  issueToken(request: Omit<AccessTokenRequest, "revokedAt">): Promise<IssuedToken>;
}

/** Marks a server that has Roomcast; the same for all copies of this module. */
const EMBEDDED = Symbol.for("roomcast.embedded");

/**
 * Puts a gateway with everything of its configuration on an application's HTTP or HTTPS server: the endpoints of its
 * dialects, REST, metrics and log. All other requests and upgrades stay the application's, whose listeners may come before
 * or after; so do listening and what goes wrong with it. When the server closes, the gateway does.
 *
 * Throws `ConfigError`, one line that names the option, what it was and what it may be, and then has changed nothing.
 */
export function embed(httpServer: Server, options: EmbedOptions = {}): Embedded {
  checkServer(httpServer);
  return prepare(options).attachTo(httpServer);
}

/** What frameworks settle beside the options of their users. */
export interface PrepareOptions {
  /** May refuse who was recognised. */
  readonly arriving?: ArrivalHook | undefined;
  /** Where stock Socket.IO clients connect; `/socket.io/` unless given. */
  readonly path?: string | undefined;
}

/** A gateway whose HTTP server comes later, or never. */
export interface Prepared extends Embedded {
  /** Puts it on a server; once. Throws `ConfigError` like `embed`. */
  attachTo(httpServer: Server): Embedded;
}

/**
 * The first half of `embed`, for frameworks that want the gateway before they have a server. Throws `ConfigError` for wrong
 * options.
 */
export function prepare(options: EmbedOptions = {}, { arriving, path }: PrepareOptions = {}): Prepared {
  const { config, parts, prefix, logger = createLogger() } = checkOptions(options, process.env, path);
  const log = childLogger(logger);
  const metrics = new Metrics();
  const observer = combineObservers([
    metrics,
    logObserver(log),
    ...(parts.observer === undefined ? [] : [parts.observer]),
  ]);
  const composition = compose(config, {
    ...parts,
    observer,
    meters: new NodeMeters(metrics),
    ...(arriving === undefined ? undefined : { arriving }),
  });
  const { gateway, authenticator, callers, tokens, sessions, roomTokens } = composition;
  const admin = config.admin === false ? undefined : config.admin;
  const { token: metricsToken } = config.metrics;
  const shared = {
    gateway,
    ...roomSigner(roomTokens),
    async ready() {
      await Promise.all([authenticator.prepare(), gateway.ready()]);
    },
    issueToken: (request: Omit<AccessTokenRequest, "revokedAt">) => issueToken(composition, request),
  };
  let embedded: Embedded | undefined;

  function attachTo(httpServer: Server): Embedded {
    checkServer(httpServer);
    const attached = attach(httpServer, gateway, {
      dialects: config.dialects,
      cors: config.cors,
      trustProxy: config.trustProxy,
      heartbeat: config.heartbeat,
      metrics,
      ...(path === undefined ? undefined : { path }),
      ...(metricsToken === undefined ? undefined : { metricsToken }),
      ...(roomTokens === undefined ? undefined : { roomTokens }),
      ...(prefix === undefined
        ? undefined
        : { rest: { callers, tokens, sessions, admin, config: shownConfig(config), prefix } }),
    });
    for (const warning of config.warnings) log.warn(warning);

    const unmark = mark(httpServer);
    const release = keepUpgrades(httpServer);
    const close: Embedded["close"] = async ({ drainSeconds = config.drainSeconds, leaveServer } = {}) => {
      await attached.close({ drainSeconds, leaveServer }).finally(() => {
        release();
        unmark();
      });
    };
    httpServer.once("close", () => {
      close().catch((error: unknown) => gateway.observer.failed?.("close", error));
    });
    embedded = { ...shared, close };
    return embedded;
  }

  return {
    ...shared,
    attachTo,
    async close(closeOptions) {
      if (embedded !== undefined) await embedded.close(closeOptions);
      else await gateway.close();
    },
  };
}

async function issueToken(
  { gateway, issuer }: Composition,
  request: Omit<AccessTokenRequest, "revokedAt">,
): Promise<IssuedToken> {
  if (issuer === undefined)
    throw new GatewayError("FORBIDDEN", "Tokens are issued elsewhere: there is no shared secret");
  const revokedAt = await gateway.revokedAt(request.tenantId ?? DEFAULT_TENANT, request.userId);
  return await issuer.issue({ ...request, revokedAt });
}

/** For callers without types: a framework's application, say, is no server. */
function checkServer(httpServer: unknown): void {
  const isServer =
    typeof httpServer === "object" &&
    httpServer !== null &&
    "listen" in httpServer &&
    "rawListeners" in httpServer &&
    "closeIdleConnections" in httpServer;
  if (!isServer) {
    throw new ConfigError({
      key: "httpServer",
      message: "What Roomcast is put on is no HTTP server; it may be a server of node:http or node:https",
    });
  }
  if (EMBEDDED in httpServer) {
    throw new ConfigError({
      key: "httpServer",
      message: "This HTTP server has Roomcast already; put it there once, and use what that gave back",
    });
  }
}

function mark(httpServer: object): () => void {
  Object.defineProperty(httpServer, EMBEDDED, { value: true, configurable: true });
  return () => Reflect.deleteProperty(httpServer, EMBEDDED);
}
