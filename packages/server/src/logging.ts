import type { Observer } from "@roomcast/core";
import { pino, type DestinationStream, type Logger } from "pino";
import type { LogLevel } from "./config/leaf.ts";

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

/** Fields that may hold a credential or a user's data: whoever logs one by mistake logs its name only. */
const SECRET_FIELDS = [
  "token",
  "authorization",
  "headers",
  "cookie",
  "cookies",
  "auth",
  "credentials",
  "secret",
  "apiKey",
  "data",
  "payload",
  "claims",
];

/** Three base64url pieces, the first beginning like a JSON object: a JSON web token in running text. */
const JWT = /\beyJ[\w-]*\.[\w-]+\.[\w-]*/g;
const CREDENTIALS_IN_URL = /(\w+:\/\/)[^\s/@]+@/g;
const DEEPEST_CAUSE = 5;

/**
 * The log of a node: one JSON object a line, never with a token, a header or a payload. Errors are logged by type, code,
 * message, stack and cause; other fields of theirs are left out, because libraries put claims and requests there.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const settings = {
    level: options.level ?? "info",
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (thrown: unknown) => describeError(thrown) },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: "[redacted]" },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}

/** A logger of an application's: one of pino, or what has its `child`, as Fastify's. */
export interface ApplicationLogger {
  child(
    bindings: Record<string, unknown>,
    options: { serializers: Record<string, (value: unknown) => unknown> },
  ): Pick<Logger, "debug" | "info" | "warn" | "error">;
}

/** An application's log as Roomcast writes to it: under its name, with errors told as `createLogger` tells them. */
export function childLogger(logger: ApplicationLogger): Pick<Logger, "debug" | "info" | "warn" | "error"> {
  return logger.child({ module: "roomcast" }, { serializers: { err: (thrown) => describeError(thrown) } });
}

/** What is said again within this time is counted instead of logged: a Redis that is away fails every command. */
const QUIET_MS = 10_000;
/** Of so many different failures it is known when they were logged. */
const REMEMBERED_FAILURES = 200;

/**
 * What the log says of the engine: failures with their cause, at level `info` what somebody
 * did that is written down, and at level `debug` who comes, goes and is refused. The same
 * failure is logged every ten seconds at most, with how often it was not as `repeated`.
 */
export function logObserver(
  logger: Pick<Logger, "debug" | "info" | "error">,
  now: () => number = () => performance.now(),
): Observer {
  const failures = new Map<string, { readonly at: number; repeated: number }>();
  const failed = (where: string, error: unknown): void => {
    const key = `${where} ${describeError(error).message}`;
    const last = failures.get(key);
    const at = now();
    if (last !== undefined && at - last.at < QUIET_MS) {
      last.repeated++;
      return;
    }
    if (failures.size >= REMEMBERED_FAILURES) failures.clear();
    failures.set(key, { at, repeated: 0 });
    const repeated = last === undefined || last.repeated === 0 ? undefined : { repeated: last.repeated };
    logger.error({ where, err: error, ...repeated }, "failed");
  };
  return {
    connected: (dialect) => logger.debug({ dialect }, "connected"),
    disconnected: (dialect, reason) => logger.debug({ dialect, reason }, "disconnected"),
    refused: (code) => logger.debug({ code }, "refused"),
    dropped: (reason, count) => logger.debug({ reason, count }, "dropped"),
    audited: (tenantId, record) => logger.info({ tenantId, ...record }, "audit"),
    failed,
  };
}

interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

function describeError(thrown: unknown, depth = 0): ErrorDescription {
  if (!(thrown instanceof Error)) {
    return {
      type: typeof thrown,
      message: typeof thrown === "string" ? mask(thrown) : "no error was thrown, but a value",
    };
  }
  const code: unknown = "code" in thrown ? thrown.code : undefined;
  return {
    type: thrown.name,
    message: mask(thrown.message),
    ...(typeof code === "string" ? { code } : undefined),
    ...(thrown.stack === undefined ? undefined : { stack: mask(thrown.stack) }),
    ...(thrown.cause === undefined || depth >= DEEPEST_CAUSE
      ? undefined
      : { cause: describeError(thrown.cause, depth + 1) }),
  };
}

function mask(text: string): string {
  return text.replaceAll(JWT, "[token]").replaceAll(CREDENTIALS_IN_URL, "$1[redacted]@");
}
