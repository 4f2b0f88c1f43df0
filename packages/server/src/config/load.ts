import { readConfigFile } from "./read-file.ts";
import { pick, resolveConfig, type ConfigSources } from "./resolve.ts";
import type { ResolvedConfig } from "./resolved.ts";

/**
 * All settings of a node that stands alone: `resolveConfig` of the configuration file, if there is one. Rejects with
 * `ConfigError`.
 */
export async function loadConfig({ flags = {}, env, cwd }: ConfigSources): Promise<ResolvedConfig> {
  const file = await readConfigFile(pick(["--config", flags.config], ["ROOMCAST_CONFIG", env["ROOMCAST_CONFIG"]]), cwd);
  return resolveConfig({ config: file?.config ?? {}, file, flags, env, cwd, withoutSecret: "generate", prefix: "" });
}
