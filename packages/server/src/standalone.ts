import type { Gateway, Observer } from "@roomcast/core";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { attach, type CloseOptions } from "./attach.ts";
import { compose, type Parts } from "./config/create.ts";
import type { ResolvedConfig } from "./config/resolved.ts";
import { shownConfig } from "./config/shown.ts";
import { createLogger, logObserver } from "./logging.ts";
import { Metrics } from "./metrics.ts";
import { Neighbours, newSessionId, type NeighboursOptions } from "./neighbours.ts";
import { combineObservers } from "./observers.ts";
import { NodeMeters } from "./stats/node-meters.ts";

export interface StartOptions {
  /** One that writes JSON lines to standard output, at the configured level, unless given. */
  readonly logger?: Logger;
  /** Parts of the gateway that no configuration names, perhaps made for the observer that metrics and log hear. */
  readonly parts?: Parts | ((observer: Observer) => Parts);
  /** Where several processes share the port: this one among them. */
  readonly neighbours?: NeighboursOptions;
  /** Called once it listens. */
  readonly onReady?: (server: StandaloneServer) => void;
}

/** A node of its own: an HTTP server with everything of a configuration on it. */
export interface StandaloneServer {
  /** Where it listens, with the real port; an address of this machine where it listens on all. */
  readonly url: string;
  readonly gateway: Gateway;
  /** Drains and closes everything within `drainSeconds`, the configured time unless given. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Starts a node: HTTP server, gateway, endpoints, REST, metrics and log. Resolves when it listens. Rejects when it cannot,
 * with what the system says of it as `code` (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`).
 */
export async function startServer(config: ResolvedConfig, options: StartOptions = {}): Promise<StandaloneServer> {
  const { logger = createLogger({ level: config.logLevel }), neighbours: among } = options;
  const metrics = new Metrics();
  const own = combineObservers([metrics, withoutStart(logObserver(logger))]);
  const parts = typeof options.parts === "function" ? options.parts(own) : (options.parts ?? {});
  const observer = parts.observer === undefined ? own : combineObservers([own, parts.observer]);
  const { gateway, authenticator, callers, tokens, sessions, roomTokens } = compose(config, {
    ...parts,
    observer,
    meters: new NodeMeters(metrics),
  });
  // Longer than proxies and agents keep theirs, which would else send on a connection that is being closed. Node's 5 s are shorter.
  const httpServer = createServer({ keepAliveTimeout: 75_000 });
  const { token } = config.metrics;
  const roomcast = attach(httpServer, gateway, {
    dialects: config.dialects,
    cors: config.cors,
    trustProxy: config.trustProxy,
    heartbeat: config.heartbeat,
    metrics,
    ...(among === undefined ? undefined : { newTransportId: () => newSessionId(among.id) }),
    ...(token === undefined ? undefined : { metricsToken: token }),
    ...(roomTokens === undefined ? undefined : { roomTokens }),
    rest: {
      callers,
      tokens,
      sessions,
      admin: config.admin === false ? undefined : config.admin,
      config: shownConfig(config),
      ownsAllPaths: true,
    },
  });
  const neighbours = among === undefined ? undefined : new Neighbours({ ...among, httpServer });
  try {
    // Before the first crowd comes: the keys of the tokens' issuers, and a broker that works.
    await Promise.all([authenticator.prepare(), gateway.ready()]);
    await neighbours?.listen();
    await listen(httpServer, config);
  } catch (error) {
    neighbours?.close();
    await roomcast.close({ drainSeconds: 0 });
    throw error;
  }
  const url = urlOf(httpServer, config.host);
  for (const warning of config.warnings) logger.warn(warning);
  logger.info({ url, nodeId: gateway.nodeId }, "listening");
  const server: StandaloneServer = {
    url,
    gateway,
    async close({ drainSeconds = config.drainSeconds } = {}) {
      logger.info({ drainSeconds, sessions: gateway.sessionCount }, "draining");
      await roomcast.close({ drainSeconds });
      neighbours?.close();
      logger.info("closed");
    },
  };
  options.onReady?.(server);
  return server;
}

/** That the broker could not start is told to whoever starts the server. */
function withoutStart(observer: Observer): Observer {
  return {
    ...observer,
    failed: (where, error) => {
      if (where !== "start") observer.failed?.(where, error);
    },
  };
}

async function listen(httpServer: Server, { host, port }: ResolvedConfig): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      const message =
        cause.code === "EADDRINUSE" ? `Port ${port} of ${host} is in use` : `Cannot listen on port ${port} of ${host}`;
      reject(Object.assign(new Error(message, { cause }), { code: cause.code }));
    };
    httpServer.once("error", failed);
    httpServer.listen(port, host, () => {
      httpServer.off("error", failed);
      resolve();
    });
  });
}

function urlOf(httpServer: Server, host: string): string {
  const { port, family } = httpServer.address() as AddressInfo;
  const all = host === "0.0.0.0" || host === "::";
  const name = all ? (family === "IPv6" ? "::1" : "127.0.0.1") : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
