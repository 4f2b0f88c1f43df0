import { DEFAULT_LIMITS, type Limits, type Right } from "@roomcast/core";
import {
  checkEvents,
  compilePattern,
  isChannelContract,
  type ChannelContract,
  type EventSchemas,
  type Role,
} from "@roomcast/protocol";
import { z } from "zod";
import type { GetUserByToken } from "../auth/cookie.ts";
import { KEY_ALGORITHMS } from "../auth/jwks.ts";
import {
  cors,
  flag,
  host,
  httpUrl,
  listOf,
  oneOf,
  oneOrMore,
  port,
  redisUrl,
  roles,
  secret,
  section,
  tenants,
  text,
  whole,
} from "./leaf.ts";

/** What a token says by itself; its tenant and roles must stand elsewhere. */
const TAKEN_CLAIMS: ReadonlySet<string> = new Set([
  "sub",
  "iss",
  "aud",
  "exp",
  "nbf",
  "iat",
  "type",
  "channels",
  "channelsOnly",
  "info",
]);
const RIGHTS = ["anyone", "authenticated", "owner", "roomToken", "service", "nobody"] as const;
/** Nobody owns a direct message, and it has no room. */
const DIRECT_RIGHTS = ["anyone", "authenticated", "service", "nobody"] as const;
/** Limits that 0 switches off. */
const MAY_BE_NONE: ReadonlySet<string> = new Set<keyof Limits>(["connectionsPerUser", "connectionsPerTenant"]);
/** As `@roomcast/redis` takes it. */
const REDIS_PREFIX = /^[\w.:-]{1,64}$/;
/** Deeper than this, walking a payload could exhaust the stack. */
const DEEPEST_JSON = 1000;

const claim = text("the name of a claim that means nothing else", (value) => value !== "" && !TAKEN_CLAIMS.has(value));

const jwksEntry = section({
  issuer: text("the issuer of its tokens, as in their iss"),
  url: httpUrl,
  audience: oneOrMore("the audience of its tokens").optional(),
  algorithms: listOf(z.enum(KEY_ALGORITHMS, { error: KEY_ALGORITHMS.join(", ") }), KEY_ALGORITHMS.join(", "))
    .min(1, { error: `a list of ${KEY_ALGORITHMS.join(", ")} that is not empty` })
    .optional(),
  tenants,
  roles: roles.optional(),
});

const jwt = section({
  secret: secret.optional(),
  issuer: oneOrMore("an issuer").optional(),
  audience: oneOrMore("an audience").optional(),
  tenantClaim: claim.optional(),
  rolesClaim: claim.optional(),
  maxTokenSeconds: whole(1).optional(),
  jwks: listOf(jwksEntry, "issuers").optional(),
}).superRefine((value, context) => {
  value.jwks?.forEach((entry, index) => {
    const first = value.jwks?.findIndex(({ issuer }) => issuer === entry.issuer);
    if (first !== index) complain(context, ["jwks", index, "issuer"], "an issuer that is not in the list before");
    if ((entry.audience ?? value.audience) === undefined)
      complain(context, ["jwks", index, "audience"], "the audience of its tokens");
    if (!isScope(entry))
      complain(context, ["jwks", index, "tenants"], `"*" for an issuer of operators, who reach every tenant`);
  });
  if (value.tenantClaim !== undefined && value.tenantClaim === value.rolesClaim) {
    complain(context, ["rolesClaim"], "another claim than tenantClaim");
  }
});

const apiKeyEntry = section({
  sha256: text("the SHA-256 of the key, 64 hexadecimal digits", (value) => /^[0-9a-f]{64}$/i.test(value)),
  tenants,
  roles,
}).superRefine((entry, context) => {
  if (!isScope(entry)) complain(context, ["tenants"], `"*" for a key of operators, who reach every tenant`);
});

const auth = section({
  jwt: jwt.optional(),
  anonymous: flag.optional(),
  cookie: section({
    getUserByToken: z.custom<GetUserByToken>(isFunction, { error: "a function" }).optional(),
    url: httpUrl.optional(),
    revalidateSeconds: whole(1).optional(),
  })
    .superRefine(({ getUserByToken, url }, context) => {
      if ((getUserByToken === undefined) === (url === undefined)) complain(context, [], "either getUserByToken or url");
    })
    .optional(),
  apiKeys: listOf(apiKeyEntry, "keys").optional(),
});

const rule = section({
  match: z.string({ error: "a channel pattern" }).superRefine((pattern, context) => {
    try {
      compilePattern(pattern);
    } catch (thrown) {
      complain(context, [], `a channel pattern. ${thrown instanceof Error ? thrown.message : ""}`);
    }
  }),
  subscribe: right(RIGHTS).optional(),
  presence: right(RIGHTS).optional(),
  history: right(RIGHTS).optional(),
  publish: right<Right | "member">([...RIGHTS, "member"]).optional(),
  keep: z
    .union([z.literal(false), z.strictObject({ size: whole(1), seconds: whole(1) })], {
      error: "false, or { size, seconds } of whole numbers, 1 or more",
    })
    .optional(),
  slow: oneOf(["disconnect", "resync"]).optional(),
  events: z.custom<EventSchemas>().optional(),
}).transform((value, context) => {
  const { match, events } = value;
  if (events === undefined) return value;
  try {
    // Frozen, so that nobody freezes more of it: the schemas are their libraries'.
    return { ...value, events: checkEvents(match, events) };
  } catch (thrown) {
    complain(context, ["events"], `the schemas of events. ${thrown instanceof Error ? thrown.message : ""}`);
    return z.NEVER;
  }
});

/** A contract stands for its rules. */
const channels = z
  .custom<readonly z.input<typeof rule>[] | ChannelContract>()
  .transform((value): unknown => (isChannelContract(value) ? value.rules : value))
  .pipe(listOf(rule, "rules, or a contract made by defineChannels"));

const limits = section(
  Object.fromEntries(Object.keys(DEFAULT_LIMITS).map((name) => [name, limit(name).optional()])) as Record<
    keyof Limits,
    z.ZodOptional<ReturnType<typeof whole>>
  >,
).superRefine((value, context) => {
  const { commandBytes = DEFAULT_LIMITS.commandBytes, transportBytes = DEFAULT_LIMITS.transportBytes } = value;
  if (commandBytes > transportBytes)
    complain(context, ["commandBytes"], `no more than transportBytes, which is ${transportBytes}`);
});

/** What a configuration file may say, and an application's options too. */
export const commonShape = {
  cors: cors.optional(),
  trustProxy: z
    .union([flag, whole(1, 10)], { error: "true, false, or how many proxies there are, from 1 to 10" })
    .optional(),
  auth: auth.optional(),
  channels: channels.optional(),
  direct: right(DIRECT_RIGHTS).optional(),
  dialects: section({
    native: z.union([flag, section({})], { error: "true or false" }).optional(),
    steedos: dialect(
      section({ anonymous: oneOf(["connect", "subscribe", "reject"]).optional(), globalEmit: flag.optional() }),
    ),
    twake: dialect(section({ legacyRoomTokens: flag.optional() })),
    plazer: dialect(section({ namespace: oneOf(["/", "/events"]).optional() })),
  }).optional(),
  heartbeat: section({
    intervalSeconds: whole(1, 86_400).optional(),
    timeoutSeconds: whole(1, 86_400).optional(),
  }).optional(),
  limits: limits.optional(),
  history: section({ file: text("the path of a file") }).optional(),
  metrics: section({ token: text("a token for /metrics").optional() }).optional(),
  admin: z
    .union([z.literal(false), section({ path: text("a path, such as /admin", isPath).optional() })], {
      error: 'false, or { path } with a path such as "/admin"',
    })
    .optional(),
  drainSeconds: whole(0, 86_400).optional(),
};

/** The default export of a configuration file. The message of an issue says what may stand there. */
export const configSchema = section({
  port: port.optional(),
  host: host.optional(),
  redis: section({
    url: redisUrl.optional(),
    prefix: text("1 to 64 of A-Z, a-z, 0-9, _, ., : and -", (value) => REDIS_PREFIX.test(value)).optional(),
  }).optional(),
  ...commonShape,
});

/** What a configuration file may export. */
export type RoomcastConfig = z.input<typeof configSchema>;
/** The same, checked. */
export type CheckedConfig = z.output<typeof configSchema>;

function right<R = Right>(names: readonly string[]) {
  const error = `${names.join(", ")}, or a function`;
  return z.custom<R>((value) => isFunction(value) || (typeof value === "string" && names.includes(value)), { error });
}

function dialect<Options extends z.ZodType>(options: Options) {
  return z.union([flag, options], { error: "true, false, or its options" }).optional();
}

function limit(name: string) {
  return name === "jsonDepth" ? whole(1, DEEPEST_JSON) : whole(MAY_BE_NONE.has(name) ? 0 : 1);
}

/** Of pieces that need no encoding, and mean no other path. */
function isPath(value: string): boolean {
  return /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)+$/.test(value);
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

/** Operators see and steer the cluster: there is none of some tenants. */
function isScope({
  tenants: reached,
  roles: given = [],
}: {
  tenants: unknown;
  roles?: readonly Role[] | undefined;
}): boolean {
  return reached === "*" || !given.includes("operator");
}

function complain(context: z.RefinementCtx, path: (string | number)[], expected: string): void {
  context.addIssue({ code: "custom", path, message: expected });
}
