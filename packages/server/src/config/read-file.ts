import { access } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { badConfig, badSetting, ConfigError } from "./config-error.ts";
import { configSchema, type CheckedConfig } from "./schema.ts";

const DEFAULT_FILE = "roomcast.config.mjs";

export interface ConfigFile {
  /** As messages call it. */
  readonly name: string;
  readonly path: string;
  readonly config: CheckedConfig;
}

/**
 * The configuration file: the one that `asked` names, else `roomcast.config.mjs` in `cwd` where that is there. Rejects with
 * `ConfigError`.
 */
export async function readConfigFile(
  asked: { key: string; value: string } | undefined,
  cwd: string,
): Promise<ConfigFile | undefined> {
  const path = resolve(cwd, asked?.value ?? DEFAULT_FILE);
  if (!(await isThere(path))) {
    if (asked === undefined) return undefined;
    throw badSetting({ ...asked, expected: "the path of a file that is there" });
  }
  const name = basename(path);
  const config = await importDefault(path, name);
  const checked = configSchema.safeParse(config);
  if (!checked.success) throw badConfig({ error: checked.error, config, file: name });
  return { name, path, config: checked.data };
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function importDefault(path: string, name: string): Promise<unknown> {
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  } catch (thrown) {
    // Only the first line: what follows may show the file's text.
    const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message.split("\n", 1)[0] ?? ""}` : "it throws";
    throw new ConfigError({
      key: name,
      message: `${name} cannot be read (${reason}); it may be a module with a default export`,
      cause: thrown,
    });
  }
  if (module.default instanceof Promise) {
    throw badSetting({
      key: "the default export",
      value: module.default,
      expected: "an object; a module may await it before",
      file: name,
    });
  }
  return module.default;
}
