import process from "node:process";
import { loadConfig, type ConfigFlags, type ResolvedConfig } from "@roomcast/server";

/** The settings of this run: flags, then variables, then the configuration file. Rejects with `ConfigError`. */
export function readConfig(flags: ConfigFlags): Promise<ResolvedConfig> {
  return loadConfig({ flags, env: process.env, cwd: process.cwd() });
}
