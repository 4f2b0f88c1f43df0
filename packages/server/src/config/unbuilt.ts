import { badSetting } from "./config-error.ts";
import type { CheckedConfig } from "./schema.ts";

/** Settings that are part of the contract, and whose feature is not part of this version. */
export function refuseUnbuilt(options: {
  config: CheckedConfig;
  file: string | undefined;
  redis: string | undefined;
}): void {
  const { config, file, redis } = options;
  if (redis !== undefined) throw unbuilt({ key: redis, feature: "Redis" });
  const asked: readonly [key: string, value: unknown, feature: string][] = [
    ["redis.url", config.redis?.url, "Redis"],
    ["admin.path", config.admin?.path, "admin page"],
  ];
  for (const [key, value, feature] of asked) {
    if (value !== undefined && value !== false) throw unbuilt({ key, feature, file });
  }
}

function unbuilt({ key, feature, file }: { key: string; feature: string; file?: string | undefined }): Error {
  return badSetting({
    key,
    value: "set",
    hidden: true,
    expected: `left out only: this version has no ${feature} yet`,
    ...named(file),
  });
}

function named(file: string | undefined): { readonly file?: string } {
  return file === undefined ? {} : { file };
}
