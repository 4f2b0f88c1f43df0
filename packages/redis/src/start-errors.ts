import { ConnectionTimeoutError, ErrorReply, SocketClosedUnexpectedlyError } from "redis";

/** Sharded publish and subscribe, which this needs, came with it. */
const OLDEST = 7;

/** What kind of servers a link is made for, as `INFO` says it. */
export type ServerMode = "standalone" | "cluster";

/**
 * Looks at what a server says of itself (`INFO server`, `INFO replication`). Throws an `Error` in plain words for one that
 * cannot serve.
 */
export function checkServer(info: string, mode: ServerMode, where: string): void {
  const fields = new Map(
    info.split(/\r?\n/).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
  const version = fields.get("valkey_version") ?? fields.get("redis_version");
  if (version !== undefined && Number.parseInt(version, 10) < OLDEST) throw tooOld(where, version);
  const found = fields.get("redis_mode");
  if (found === "sentinel") throw new Error(`Redis at ${where} is a Sentinel, which keeps nothing: give it as such`);
  if (found === "cluster" && mode !== "cluster")
    throw new Error(`Redis at ${where} is a node of a Redis Cluster: give it as a root node of one`);
  if (fields.get("role") === "slave") throw new Error(`Redis at ${where} is a read-only replica: give the primary`);
}

/** Says in plain words why a first connection came to nothing. Never tells a password. */
export function startError(cause: unknown, where: string, tls: boolean): Error {
  return new Error(`Redis at ${where} ${reason(cause, tls)}`, { cause });
}

function reason(cause: unknown, tls: boolean): string {
  if (!(cause instanceof Error)) return "cannot be reached";
  if (cause instanceof ErrorReply) return reasonOfReply(cause.message);
  const code = codeOf(cause);
  if (code === "ECONNREFUSED") return "cannot be reached: nothing listens there";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "cannot be reached: no such host";
  // A server without TLS waits for the rest of what it takes for a command.
  if (tls && (cause instanceof ConnectionTimeoutError || code === "EPROTO" || code?.startsWith("ERR_SSL") === true))
    return "does not answer over TLS: where it does not speak TLS, use redis://";
  if (tls && code !== undefined && /CERT|SIGNATURE|ISSUER|ALTNAME/.test(code))
    return `has a certificate that is not trusted: ${cause.message}`;
  if (!tls && (cause instanceof SocketClosedUnexpectedlyError || code === "ECONNRESET"))
    return "closed the connection: where it wants TLS, use rediss://";
  return `cannot be reached: ${cause.message}`;
}

function reasonOfReply(message: string): string {
  if (/^WRONGPASS|^ERR invalid password|^ERR Client sent AUTH/i.test(message))
    return "refuses the user name or password";
  if (message.startsWith("NOAUTH")) return "wants a password";
  if (message.startsWith("NOPERM")) return `does not permit the user what is needed: ${message}`;
  if (/^ERR unknown command.*HELLO|^NOPROTO/i.test(message)) return `is too old: Roomcast needs ${OLDEST} or later`;
  return `refuses: ${message}`;
}

function tooOld(where: string, version: string): Error {
  return new Error(`Redis at ${where} is too old (${version}): Roomcast needs ${OLDEST} or later`);
}

/** Where a name has several addresses, the error has one for each. */
function codeOf(error: Error): string | undefined {
  const of = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = typeof of === "object" && of !== null && "code" in of ? of.code : undefined;
  return typeof code === "string" ? code : undefined;
}
