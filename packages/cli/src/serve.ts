import process from "node:process";
import { systemClock } from "@roomcast/core";
import { redisAddress, redisTrouble, redisPartsOf } from "./redis.ts";
import {
  createLogger,
  HANDING_ON_MS,
  startServer,
  TokenIssuer,
  type NeighboursOptions,
  type ResolvedConfig,
  type StandaloneServer,
} from "@roomcast/server";
import { banner, takesColours, type TryWith } from "./banner.ts";
import { CommandError, UsageError, type Arguments, type Command } from "./command.ts";
import { readConfig } from "./config.ts";
import { version } from "./version.ts";
import { leavePrimary, runWorkers, tellReady, workerOf } from "./workers.ts";

const MOST_WORKERS = 64;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

export const serve: Command = {
  name: "serve",
  summary: "Serve the gateway",
  flags: {
    port: { value: "<port>", help: "ROOMCAST_PORT; 3000 unless given, 0 for any that is free" },
    host: { value: "<host>", help: "ROOMCAST_HOST; 127.0.0.1 unless given, 0.0.0.0 for all addresses" },
    config: { value: "<file>", help: "ROOMCAST_CONFIG; roomcast.config.mjs of the working directory, if it is there" },
    redis: { value: "<url>", help: "ROOMCAST_REDIS_URL; unless given, everything is kept in this process" },
    workers: { value: "<count>", help: "Processes that share the port and the Redis, 1 to 64; 1 unless given" },
    cors: {
      value: "<origins>",
      help: "ROOMCAST_CORS_ORIGIN; a comma-separated list, only the server's own unless given",
    },
    "history-file": { value: "<file>", help: "ROOMCAST_HISTORY_FILE; takes history over a restart, none unless given" },
    "log-level": { value: "<level>", help: "ROOMCAST_LOG_LEVEL; info unless given" },
  },
  notes: [
    `Variables without a flag:
  ROOMCAST_JWT_SECRET  the secret of tokens, at least 32 bytes; a random one for this run unless given
  ROOMCAST_API_KEY     a key for back ends, at least 24 characters`,
    "A flag goes before its variable, and a variable before the configuration file.",
  ],
  run,
};

async function run(args: Arguments): Promise<number> {
  try {
    return await runServer(args);
  } finally {
    leavePrimary();
  }
}

async function runServer(args: Arguments): Promise<number> {
  const config = await readConfig({
    port: args.text("port"),
    host: args.text("host"),
    config: args.text("config"),
    redis: args.text("redis"),
    cors: args.text("cors"),
    historyFile: args.text("history-file"),
    logLevel: args.text("log-level"),
  });
  // From here on a signal ends the server in good order, also one that comes while it starts.
  const stopped = nextSignal();
  const worker = workerOf();
  const count = worker === undefined ? readCount(args.text("workers")) : 1;
  if (count > 1) return await serveWorkers(config, count, stopped);
  const server = await listen(config, worker);
  if (worker !== undefined) tellReady(server.url);
  else if (process.env["NODE_ENV"] !== "production") process.stdout.write(await welcome(config, server.url));
  await stopped;
  // Whatever else would keep the process: it is gone when the time is over.
  setTimeout(() => process.exit(0), config.drainSeconds * 1000 + HANDING_ON_MS).unref();
  await server.close({ drainSeconds: config.drainSeconds });
  return 0;
}

function readCount(text: string | undefined): number {
  if (text === undefined) return 1;
  if (!/^\d{1,2}$/.test(text) || Number(text) < 1 || Number(text) > MOST_WORKERS)
    throw new UsageError(`--workers is ${JSON.stringify(text)}; it may be a whole number from 1 to ${MOST_WORKERS}`);
  return Number(text);
}

/** Serves by several processes, of which this one only looks after the others. */
async function serveWorkers(config: ResolvedConfig, count: number, stopped: Promise<void>): Promise<number> {
  const { redis, auth, generatedSecret, drainSeconds, logLevel } = config;
  if (redis === undefined) throw new UsageError("--workers needs a Redis, which makes them one: give --redis too");
  const logger = createLogger({ level: logLevel });
  const { secret } = auth.jwt;
  return await runWorkers(
    {
      count,
      // A random secret is theirs together.
      env: generatedSecret && secret !== undefined ? { ROOMCAST_JWT_SECRET: secret } : {},
      endMs: drainSeconds * 1000 + HANDING_ON_MS,
      warn: (line) => logger.warn(line),
      onReady: async (url) => {
        for (const warning of config.warnings) logger.warn(warning);
        if (process.env["NODE_ENV"] !== "production") process.stdout.write(await welcome(config, url));
      },
    },
    stopped,
  );
}

async function welcome(config: ResolvedConfig, url: string): Promise<string> {
  return banner({
    version: version(),
    url,
    broker: describeBroker(config),
    config: config.file,
    admin: config.admin === false ? undefined : config.admin.path,
    tryWith: await tryWith(config),
    colours: takesColours(),
  });
}

function describeBroker({ redis, history }: ResolvedConfig): string {
  if (redis !== undefined) return `redis ${redisAddress(redis)}`;
  return history.file === undefined ? "memory, for this process only" : `memory, handed on by ${history.file}`;
}

/**
 * Tokens are shown only where nobody else can use them: they end with this run's secret, the server is reached from this
 * machine alone, and what is printed goes to a person's eyes and not into a log.
 */
async function tryWith({ auth: { jwt }, generatedSecret, host }: ResolvedConfig): Promise<TryWith> {
  const { secret } = jwt;
  if (secret === undefined) return "own tokens";
  if (!generatedSecret) return "secret";
  if (!process.stdout.isTTY || !LOOPBACK.test(host)) return "nothing";
  const issuer = new TokenIssuer({ ...jwt, secret, clock: systemClock });
  const client = await issuer.issue({ userId: "alice" });
  const service = await issuer.issue({ userId: "backend", permissions: ["service"] });
  const operator = await issuer.issue({ userId: "me", permissions: ["operator"] });
  return { client: client.token, service: service.token, operator: operator.token };
}

/** Resolves at the first SIGTERM or SIGINT. The listeners stay, so that a second signal changes nothing. */
function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.on("SIGTERM", () => resolve());
    process.on("SIGINT", () => resolve());
  });
}

async function listen(config: ResolvedConfig, worker: NeighboursOptions | undefined): Promise<StandaloneServer> {
  // Until it has worked once, what is wrong with Redis is told by the start that fails.
  let started = false;
  try {
    const server = await startServer(config, {
      ...(worker === undefined ? undefined : { neighbours: worker }),
      parts: (observer) =>
        redisPartsOf(config, (where, error) => {
          if (started) observer.failed?.(where, error);
        }),
    });
    started = true;
    return server;
  } catch (error) {
    throw new CommandError(explain(error, config) ?? rethrow(error), { cause: error });
  }
}

/** What the failures that come from outside mean for whoever started the server. */
function explain(error: unknown, { host, port, redis }: ResolvedConfig): string | undefined {
  const trouble = redis === undefined ? undefined : redisTrouble(error, redis);
  if (trouble !== undefined) return trouble;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} of ${host} is in use by another program; --port chooses another`;
    case "EACCES":
      return `port ${port} of ${host} may not be used by this user; --port chooses another`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is no address of this machine; --host chooses another`;
    default:
      return undefined;
  }
}

function rethrow(error: unknown): never {
  throw error;
}
