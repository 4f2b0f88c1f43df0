import { ConfigError, type EmbedOptions } from "@roomcast/server";
import type { NestOptions, RoomcastModuleOptions } from "./options.ts";

const PATH = /^(\/[\w.~-]+)+\/?$/;
const LISTS = ["guards", "interceptors", "pipes", "filters"] as const;

/** Which of a module's options are Nest's, checked, and which are `embed`'s, which will be. Throws `ConfigError`. */
export function splitOptions(options: RoomcastModuleOptions): {
  readonly nest: NestOptions;
  readonly embed: EmbedOptions;
} {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new ConfigError({ key: "options", message: "RoomcastModule has no options; they may be an object" });
  const { path, guards, interceptors, pipes, filters, inheritAppConfig, realtime, ...embed } = options;
  const nest = { path, guards, interceptors, pipes, filters, inheritAppConfig, realtime };
  if (path !== undefined && !(typeof path === "string" && PATH.test(path)))
    throw wrong("path", 'a path such as "/roomcast/socket.io/"');
  for (const key of LISTS) {
    const list: unknown = nest[key];
    if (list !== undefined && !(Array.isArray(list) && list.every(isEnhancer)))
      throw wrong(key, "a list of classes and objects");
  }
  if (inheritAppConfig !== undefined && typeof inheritAppConfig !== "boolean")
    throw wrong("inheritAppConfig", "true or false");
  if (realtime !== undefined && (typeof realtime !== "object" || realtime === null))
    throw wrong("realtime", "{ tenantId }");
  return { nest, embed };
}

/** Has an error that tells which options there are tell of Nest's too. */
export function withNestKeys<T>(make: () => T): T {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof ConfigError) || !/^\w+ is not known; /.test(thrown.message)) throw thrown;
    const message = `${thrown.message}, path, ${LISTS.join(", ")}, inheritAppConfig, realtime`;
    throw new ConfigError({ key: thrown.key, message, cause: thrown });
  }
}

function isEnhancer(value: unknown): boolean {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

function wrong(key: string, expected: string): ConfigError {
  return new ConfigError({ key, message: `${key} of RoomcastModule is something else; it may be ${expected}` });
}
