import { badSetting } from "./config-error.ts";
import type { CheckedConfig } from "./schema.ts";

/** Settings that are part of the contract, and whose feature is not part of this version. */
export function refuseUnbuilt({ config, file }: { config: CheckedConfig; file: string | undefined }): void {
  if (config.admin?.path === undefined) return;
  throw badSetting({
    key: "admin.path",
    value: "set",
    hidden: true,
    expected: "left out only: this version has no admin page yet",
    ...(file === undefined ? {} : { file }),
  });
}
