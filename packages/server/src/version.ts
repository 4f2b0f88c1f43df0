import { readFileSync } from "node:fs";

/** The version of this package. Found from the sources as from what is built. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  return version;
}
