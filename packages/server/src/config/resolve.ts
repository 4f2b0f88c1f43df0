import { DEFAULT_LIMITS, type ChannelRule } from "@roomcast/core";
import { compilePattern, ROLES } from "@roomcast/protocol";
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { z } from "zod";
import { hashApiKey, type ApiKeyEntry } from "../auth/api-keys.ts";
import type { JwksEntry } from "../auth/jwks.ts";
import { isOperator } from "../auth/rest-caller.ts";
import { MAX_TOKEN_SECONDS } from "../auth/verify.ts";
import { resolveAdmin } from "./admin.ts";
import { badSetting } from "./config-error.ts";
import { apiKey, cors, host, logLevel, portText, redisUrl, secret } from "./leaf.ts";
import type { ConfigFile } from "./read-file.ts";
import type { CookieConfig, JwtConfig, RedisConfig, ResolvedConfig } from "./resolved.ts";
import type { CheckedConfig } from "./schema.ts";
import { withoutUndefined } from "../without-undefined.ts";

/** The flags of the command line, as they were given. */
export interface ConfigFlags {
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  readonly config?: string | undefined;
  readonly redis?: string | undefined;
  readonly cors?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly historyFile?: string | undefined;
}

export interface ConfigSources {
  readonly flags?: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths begin, and where `roomcast.config.mjs` is looked for. */
  readonly cwd: string;
}

export interface ResolveOptions extends ConfigSources {
  readonly config: CheckedConfig;
  /** The file that the configuration comes from; none where an application gives it. */
  readonly file?: Pick<ConfigFile, "name" | "path"> | undefined;
  /** What is done where tokens come from nowhere else and there is no secret: one is made for this run, or nothing is started. */
  readonly withoutSecret: "generate" | "refuse";
  /** What REST's paths begin with; undefined where there is no REST. */
  readonly prefix: string | undefined;
  /** Where stock Socket.IO clients connect; `/socket.io/` unless given. */
  readonly socketPath?: string | undefined;
}

/** A setting that was given as text, and what it is called where it was given. */
interface Given {
  readonly key: string;
  readonly value: string;
}

const SECRET = "ROOMCAST_JWT_SECRET";
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/**
 * All settings of a configuration that was read: a flag before its variable, that before the configuration, that before the
 * default. An empty variable is unset. Throws `ConfigError`, whose message is one line that names the key, what it was and
 * what it may be.
 */
export function resolveConfig(options: ResolveOptions): ResolvedConfig {
  const { config, file, flags = {}, env, cwd, prefix, socketPath } = options;
  const corsGiven = pick(["--cors", flags.cors], ["ROOMCAST_CORS_ORIGIN", env["ROOMCAST_CORS_ORIGIN"]]);
  const origins = parse(corsGiven, cors) ?? config.cors ?? [];
  if (origins === "*" && config.auth?.cookie !== undefined) {
    throw badSetting({
      key: corsGiven?.key ?? "cors",
      value: "*",
      expected: "a list of origins while cookies log in",
      ...inFile(corsGiven, file),
    });
  }
  const redis = resolveRedis(config, { flags, env });

  const warnings: string[] = [];
  const jwt = resolveJwt(options, warnings);
  const keyGiven = pick(["ROOMCAST_API_KEY", env["ROOMCAST_API_KEY"]]);
  const key = parse(keyGiven, apiKey, true);
  const apiKeys: readonly ApiKeyEntry[] = [
    ...(key === undefined ? [] : [{ sha256: hashApiKey(key), tenants: "*" as const, roles: [...ROLES] }]),
    ...(config.auth?.apiKeys ?? []),
  ];
  const channels = (config.channels ?? []).map(withoutUndefined);
  warnAboutRules(channels, warnings);
  const historyGiven = pick(
    ["--history-file", flags.historyFile],
    ["ROOMCAST_HISTORY_FILE", env["ROOMCAST_HISTORY_FILE"]],
  );
  const history = historyGiven?.value ?? config.history?.file;
  if (history !== undefined && redis !== undefined) {
    throw badSetting({
      key: historyGiven?.key ?? "history.file",
      value: history,
      expected: "left out only, where Redis is used: it keeps the history of all nodes",
      ...inFile(historyGiven, file),
    });
  }
  if (redis !== undefined && jwt.generated) {
    warnings.push(`Nodes that share a Redis need the same ${SECRET}: a token of this node is refused by all others`);
  }
  const dialects = resolveDialects(config, file);
  const admin = resolveAdmin({ admin: config.admin, prefix, dialects, socketPath, file: file?.name });
  if (redis !== undefined && admin !== false && jwt.config.secret === undefined && !apiKeys.some(isOperator)) {
    warnings.push(`Without ${SECRET} and an API key of operators, a session of the admin page holds on one node only`);
  }
  return freeze({
    port: parse(pick(["--port", flags.port], ["ROOMCAST_PORT", env["ROOMCAST_PORT"]]), portText) ?? config.port ?? 3000,
    host:
      parse(pick(["--host", flags.host], ["ROOMCAST_HOST", env["ROOMCAST_HOST"]]), host) ?? config.host ?? "127.0.0.1",
    cors: origins,
    trustProxy: Number(config.trustProxy ?? 0),
    logLevel:
      parse(pick(["--log-level", flags.logLevel], ["ROOMCAST_LOG_LEVEL", env["ROOMCAST_LOG_LEVEL"]]), logLevel) ??
      "info",
    auth: {
      jwt: jwt.config,
      anonymous: config.auth?.anonymous ?? false,
      apiKeys,
      legacyRoomTokens: optionsOf(config.dialects?.twake)?.legacyRoomTokens ?? false,
      ...resolveCookie(config),
    },
    channels,
    direct: config.direct ?? "authenticated",
    dialects,
    heartbeat: {
      intervalSeconds: config.heartbeat?.intervalSeconds ?? 25,
      timeoutSeconds: config.heartbeat?.timeoutSeconds ?? 20,
    },
    limits: { ...DEFAULT_LIMITS, ...withoutUndefined(config.limits ?? {}) },
    history: history === undefined ? {} : { file: resolve(cwd, history) },
    ...(redis === undefined ? undefined : { redis }),
    metrics: withoutUndefined(config.metrics ?? {}),
    admin,
    drainSeconds: config.drainSeconds ?? 10,
    generatedSecret: jwt.generated,
    warnings,
    ...(file === undefined ? undefined : { file: file.path }),
  });
}

function resolveRedis(
  { redis }: CheckedConfig,
  { flags, env }: { flags: ConfigFlags; env: ConfigSources["env"] },
): RedisConfig | undefined {
  const given = pick(["--redis", flags.redis], ["ROOMCAST_REDIS_URL", env["ROOMCAST_REDIS_URL"]]);
  const url = parse(given, redisUrl, true) ?? redis?.url;
  return url === undefined ? undefined : { url, prefix: redis?.prefix ?? "roomcast" };
}

function resolveCookie({ auth }: CheckedConfig): { readonly cookie?: CookieConfig } {
  const cookie = auth?.cookie;
  return cookie === undefined
    ? {}
    : { cookie: withoutUndefined({ revalidateSeconds: 300, ...withoutUndefined(cookie) }) };
}

function resolveDialects(config: CheckedConfig, file: ResolveOptions["file"]): ResolvedConfig["dialects"] {
  const { native, steedos = config.auth?.cookie !== undefined, twake = true, plazer = true } = config.dialects ?? {};
  if (steedos !== false && config.auth?.cookie === undefined) {
    const expected = "false, unless auth.cookie says how its users are recognised";
    throw badSetting({ key: "dialects.steedos", value: true, expected, ...inFile(undefined, file) });
  }
  const namespace = optionsOf(plazer)?.namespace ?? "/events";
  if (plazer !== false && namespace === "/" && native !== false) {
    const expected = '"/events" while the native dialect is on, whose handshakes it would take';
    throw badSetting({ key: "dialects.plazer.namespace", value: "/", expected, ...inFile(undefined, file) });
  }
  return {
    native: native !== false,
    steedos: steedos === false ? false : { globalEmit: true, ...withoutUndefined(optionsOf(steedos) ?? {}) },
    twake: twake !== false,
    plazer: plazer === false ? false : { namespace },
  };
}

/** The options of a dialect that is not merely on or off. */
function optionsOf<Options extends object>(setting: boolean | Options | undefined): Options | undefined {
  return typeof setting === "object" ? setting : undefined;
}

function resolveJwt(
  { config: { auth }, env, withoutSecret }: ResolveOptions,
  warnings: string[],
): { readonly config: JwtConfig; readonly generated: boolean } {
  const settings = auth?.jwt ?? {};
  const { jwks: entries = [], secret: inFile, ...others } = settings;
  const jwks = entries.map((entry, index): JwksEntry => {
    const { protocol, hostname } = new URL(entry.url);
    if (protocol === "http:" && !LOOPBACK.test(hostname)) {
      warnings.push(`auth.jwt.jwks[${index}].url is not https: whoever is between can bring keys of their own`);
    }
    // The schema saw that one of the two is there.
    return withoutUndefined({ ...entry, audience: entry.audience ?? settings.audience ?? [] });
  });
  const given = parse(pick([SECRET, env[SECRET]]), secret, true) ?? inFile;
  const config = { ...withoutUndefined(others), maxTokenSeconds: settings.maxTokenSeconds ?? MAX_TOKEN_SECONDS, jwks };
  if (given !== undefined) return { config: { ...config, secret: given }, generated: false };
  // Tokens come from elsewhere: there is nothing that a secret would be needed for.
  if (jwks.length > 0) return { config, generated: false };
  if (withoutSecret === "refuse") {
    throw badSetting({
      key: "auth.jwt.secret",
      value: undefined,
      expected: `32 bytes or more, there or in the variable ${SECRET}`,
    });
  }
  if (env["NODE_ENV"] === "production") {
    throw badSetting({
      key: SECRET,
      value: undefined,
      expected: "32 bytes or more, and must be there with NODE_ENV=production",
    });
  }
  warnings.push(`${SECRET} is not set: tokens are signed with a random secret, and hold for this run only`);
  return { config: { ...config, secret: randomBytes(32).toString("base64url") }, generated: true };
}

function warnAboutRules(rules: readonly ChannelRule[], warnings: string[]): void {
  rules.forEach((rule, index) => {
    for (const name of ["subscribe", "presence", "history", "publish"] as const) {
      if (rule[name] !== "owner" || compilePattern(rule.match).owned) continue;
      warnings.push(
        `channels[${index}].${name} is "owner", and ${rule.match} has neither {userId} nor {tenantId}: it is nobody's`,
      );
    }
  });
}

/** The first that was given. A variable that is empty was not; a flag that is empty was, and is wrong. */
export function pick(...sources: readonly (readonly [key: string, value: string | undefined])[]): Given | undefined {
  for (const [key, value] of sources) {
    if (value !== undefined && (value !== "" || key.startsWith("--"))) return { key, value };
  }
  return undefined;
}

/** What text means to a schema. */
function parse<Schema extends z.ZodType>(
  given: Given | undefined,
  schema: Schema,
  hidden = false,
): z.output<Schema> | undefined {
  if (given === undefined) return undefined;
  const { key, value } = given;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badSetting({ key, value, expected: parsed.error.issues[0]?.message ?? "something else", hidden });
}

function inFile(given: Given | undefined, file: ResolveOptions["file"]): { readonly file?: string } {
  return given === undefined && file !== undefined ? { file: file.name } : {};
}

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
