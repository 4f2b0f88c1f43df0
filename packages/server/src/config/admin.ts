import { planEndpoints } from "../endpoints.ts";
import { isWithin, meetsRest } from "../rest/paths.ts";
import { badSetting } from "./config-error.ts";
import type { ResolvedConfig } from "./resolved.ts";
import type { CheckedConfig } from "./schema.ts";

const DEFAULT_PATH = "/admin";

export interface AdminPlace {
  readonly admin: CheckedConfig["admin"];
  /** What REST's paths begin with; undefined where there is no REST, and so nothing that the page could ask. */
  readonly prefix: string | undefined;
  readonly dialects: ResolvedConfig["dialects"];
  /** Where stock Socket.IO clients connect; `/socket.io/` unless given. */
  readonly socketPath?: string | undefined;
  /** The file that the configuration comes from. */
  readonly file?: string | undefined;
}

/** Where the admin page is. Throws `ConfigError` for a path where something else is. */
export function resolveAdmin({ admin = {}, prefix, dialects, socketPath, file }: AdminPlace): ResolvedConfig["admin"] {
  const inFile = file === undefined ? {} : { file };
  if (admin === false) return false;
  if (prefix === undefined) {
    if (admin.path === undefined) return false;
    throw badSetting({
      key: "admin.path",
      value: admin.path,
      expected: "left out only, where rest is false",
      ...inFile,
    });
  }
  const path = admin.path ?? prefix + DEFAULT_PATH;
  const refused = (expected: string): Error => badSetting({ key: "admin.path", value: path, expected, ...inFile });
  if (meetsRest(path, prefix)) throw refused("a path where REST has nothing, such as /admin");
  const endpoints = planEndpoints(dialects, socketPath).map((plan) => plan.path.replace(/\/+$/, ""));
  if (endpoints.some((endpoint) => isWithin(endpoint, path) || isWithin(path, endpoint)))
    throw refused("a path where no clients of Socket.IO connect, such as /admin");
  return { path };
}
