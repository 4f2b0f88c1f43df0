import type { ResolvedConfig } from "./resolved.ts";

/** What stands for a value that is not shown. */
export const HIDDEN = "<hidden>";

/** How one value is shown: as it is, as an address without its secrets, by its names only. */
type Leaf = "plain" | "url" | "names";

/** What is shown of a value: of an object these keys, of a list this of each entry. */
type Shown<T> = Leaf | Part<Exclude<T, undefined | boolean | string | number | ((...args: never[]) => unknown)>>;
type Part<T> = T extends readonly (infer Item)[]
  ? readonly [Shown<Item>]
  : { readonly [Key in keyof T]?: Shown<T[Key]> };

/**
 * The settings that operators may see. What is not in it is hidden: a new key is, until somebody has thought of it. Secrets
 * are left out on purpose.
 */
const SHOWN: Shown<ResolvedConfig> = {
  port: "plain",
  host: "plain",
  cors: "plain",
  trustProxy: "plain",
  logLevel: "plain",
  auth: {
    jwt: {
      issuer: "plain",
      audience: "plain",
      tenantClaim: "plain",
      rolesClaim: "plain",
      maxTokenSeconds: "plain",
      jwks: [{ issuer: "plain", url: "url", audience: "plain", algorithms: "plain", tenants: "plain", roles: "plain" }],
    },
    anonymous: "plain",
    apiKeys: [{ tenants: "plain", roles: "plain" }],
    cookie: { getUserByToken: "plain", url: "url", revalidateSeconds: "plain" },
    legacyRoomTokens: "plain",
  },
  channels: [
    {
      match: "plain",
      subscribe: "plain",
      presence: "plain",
      history: "plain",
      publish: "plain",
      keep: { size: "plain", seconds: "plain" },
      slow: "plain",
      events: "names",
    },
  ],
  direct: "plain",
  dialects: {
    native: "plain",
    steedos: { anonymous: "plain", globalEmit: "plain" },
    twake: "plain",
    plazer: { namespace: "plain" },
  },
  heartbeat: { intervalSeconds: "plain", timeoutSeconds: "plain" },
  limits: {
    commandBytes: "plain",
    transportBytes: "plain",
    commandsPerSecond: "plain",
    commandBurst: "plain",
    privilegedFactor: "plain",
    subscriptionsPerSession: "plain",
    connectionsPerUser: "plain",
    connectionsPerTenant: "plain",
    channelsPerTenant: "plain",
    historyBytesPerChannel: "plain",
    historyBytesPerTenant: "plain",
    stateBytes: "plain",
    jsonDepth: "plain",
    backlogBytes: "plain",
    usersPerNotify: "plain",
    handshakesPerSecondPerAddress: "plain",
    pendingConnections: "plain",
    loginSeconds: "plain",
    concurrentHooks: "plain",
    connectPackets: "plain",
    heldCommands: "plain",
    heldBytes: "plain",
  },
  history: { file: "plain" },
  redis: { url: "url", prefix: "plain" },
  metrics: {},
  admin: { path: "plain" },
  drainSeconds: "plain",
  generatedSecret: "plain",
  warnings: "plain",
  file: "plain",
};

/** A configuration as operators see it: JSON, secrets as `"<hidden>"`, functions as `"<function>"`. */
export function shownConfig(config: ResolvedConfig): Readonly<Record<string, unknown>> {
  return show(config, SHOWN) as Readonly<Record<string, unknown>>;
}

function show(value: unknown, how: unknown): unknown {
  if (how === undefined) return HIDDEN;
  if (how === "url") return typeof value === "string" ? shownUrl(value) : HIDDEN;
  if (how === "names") return isObject(value) ? Object.keys(value) : HIDDEN;
  if (how === "plain") return plain(value);
  // That a part is switched off, or on with nothing more to say, tells no secret.
  if (typeof value === "boolean") return value;
  if (Array.isArray(how)) return Array.isArray(value) ? value.map((item) => show(item, how[0])) : HIDDEN;
  if (!isObject(value)) return HIDDEN;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([key, entry]) => [key, show(entry, own(how as object, key))]),
  );
}

/** Text, numbers, and lists of them; of a function that there is one. */
function plain(value: unknown): unknown {
  if (typeof value === "function") return "<function>";
  if (Array.isArray(value)) return value.map((item: unknown) => (Array.isArray(item) ? HIDDEN : plain(item)));
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : HIDDEN;
}

/** An address without user, password, query and fragment, any of which may be a secret. */
function shownUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.host === "") return HIDDEN;
  const user = url.username === "" && url.password === "" ? "" : `${HIDDEN}@`;
  const rest = url.search === "" && url.hash === "" ? "" : `?${HIDDEN}`;
  return `${url.protocol}//${user}${url.host}${url.pathname}${rest}`;
}

function own(how: object, key: string): unknown {
  return Object.hasOwn(how, key) ? (how as Readonly<Record<string, unknown>>)[key] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
