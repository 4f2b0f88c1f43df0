import { z } from "zod";
import type { ApplicationLogger } from "../logging.ts";
import { badConfig, badSetting } from "./config-error.ts";
import type { Parts } from "./create.ts";
import { section, text } from "./leaf.ts";
import { resolveConfig } from "./resolve.ts";
import type { ResolvedConfig } from "./resolved.ts";
import { commonShape } from "./schema.ts";

/** Settings of `roomcast.config.mjs` that mean something inside an application. */
type CommonConfig = z.input<z.ZodObject<typeof commonShape>>;

/**
 * The settings of a configuration file without `port`, `host` and `redis`, which are the application's and `redisParts`'
 * affair; and the parts of the gateway, so that `...redisParts({ url })` of `@roomcast/redis` can be spread in.
 */
export interface EmbedOptions extends CommonConfig, Parts {
  /** Where REST, probes and metrics are: below `prefix`, `/roomcast` unless given (`""` for none); `false`: nowhere. */
  readonly rest?: false | { readonly prefix?: string | undefined } | undefined;
  /** The application's logger; one that writes JSON lines to standard output unless given. */
  readonly logger?: ApplicationLogger | undefined;
}

/** The same, checked. */
export interface CheckedOptions {
  readonly config: ResolvedConfig;
  readonly parts: Parts;
  /** What REST's paths begin with; undefined where there is none. */
  readonly prefix: string | undefined;
  readonly logger: ApplicationLogger | undefined;
}

const DEFAULT_PREFIX = "/roomcast";
const PREFIX = /^(\/[\w.~-]+)*$/;
const SECRET = "ROOMCAST_JWT_SECRET";
const KEY = "ROOMCAST_API_KEY";

const schema = section({
  ...commonShape,
  rest: z
    .union(
      [z.literal(false), section({ prefix: text("a path", (value) => value === "" || PREFIX.test(value)).optional() })],
      { error: 'false, or { prefix } with a path such as "/realtime", or "" for none' },
    )
    .optional(),
  logger: part<ApplicationLogger>("a logger of pino, or one with its child").optional(),
  broker: part<NonNullable<Parts["broker"]>>("a broker, such as redisParts makes").optional(),
  presence: part<NonNullable<Parts["presence"]>>("a presence store, such as redisParts makes").optional(),
  revocations: part<NonNullable<Parts["revocations"]>>("a store of revocations, such as redisParts makes").optional(),
  observer: part<NonNullable<Parts["observer"]>>("an object with functions").optional(),
  clock: part<NonNullable<Parts["clock"]>>("a clock").optional(),
  nodeId: text("a name of this node").optional(),
});

/**
 * Checks what an application gave. Of the environment, only `ROOMCAST_JWT_SECRET` counts where the options have no secret,
 * and `ROOMCAST_API_KEY`. `socketPath` is where a framework has stock clients connect. Throws `ConfigError`.
 */
export function checkOptions(
  options: unknown,
  env: Readonly<Record<string, string | undefined>>,
  socketPath?: string,
): CheckedOptions {
  if (typeof options === "object" && options !== null && "redis" in options && options.redis !== undefined) {
    const expected = "left out only: in an application, spread redisParts({ url }) of @roomcast/redis into the options";
    throw badSetting({ key: "redis", value: "set", hidden: true, expected });
  }
  const checked = schema.safeParse(options);
  if (!checked.success) throw badConfig({ error: checked.error, config: options });
  const { rest, logger, broker, presence, revocations, observer, clock, nodeId, ...settings } = checked.data;
  if (settings.history?.file !== undefined && broker !== undefined) {
    const expected = "left out only, where a broker is given: it keeps the history";
    throw badSetting({ key: "history.file", value: settings.history.file, expected });
  }
  const secret = settings.auth?.jwt?.secret === undefined ? { [SECRET]: env[SECRET] } : {};
  const prefix = rest === false ? undefined : (rest?.prefix ?? DEFAULT_PREFIX);
  const config = resolveConfig({
    config: settings,
    env: { ...secret, [KEY]: env[KEY] },
    cwd: process.cwd(),
    withoutSecret: "refuse",
    prefix,
    socketPath,
  });
  return {
    config,
    parts: {
      ...(broker === undefined ? undefined : { broker }),
      ...(presence === undefined ? undefined : { presence }),
      ...(revocations === undefined ? undefined : { revocations }),
      ...(observer === undefined ? undefined : { observer }),
      ...(clock === undefined ? undefined : { clock }),
      ...(nodeId === undefined ? undefined : { nodeId }),
    },
    prefix,
    logger,
  };
}

/** What has methods, of which the gateway will see whether they work. */
function part<Part extends object>(expected: string) {
  return z.custom<Part>((value) => typeof value === "object" && value !== null && !Array.isArray(value), {
    error: expected,
  });
}
