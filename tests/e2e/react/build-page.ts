import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { build, defaultClientConditions } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export interface PageOptions {
  readonly react: "18" | "19";
  readonly root?: string;
}

/** Files by their paths on the server. */
export type Page = ReadonlyMap<string, string | Uint8Array>;

/**
 * A page (that of the tests, unless `root` is another's folder) with one major version of React, as Vite builds it from our
 * sources. React is the development build: only that runs effects twice under StrictMode.
 */
export async function buildPage({ react: version, root = here("./page") }: PageOptions): Promise<Page> {
  const modules = here("../../react-18/node_modules/");
  const result = await build({
    configFile: false,
    root,
    logLevel: "warn",
    mode: "development",
    define: { "process.env.NODE_ENV": JSON.stringify("development") },
    plugins: [react()],
    resolve: {
      conditions: ["@roomcast/source", ...defaultClientConditions],
      alias: version === "18" ? { react: `${modules}react`, "react-dom": `${modules}react-dom` } : {},
    },
    build: { write: false, minify: false },
  });
  const files = new Map<string, string | Uint8Array>();
  for (const one of Array.isArray(result) ? result : [result]) {
    if (!("output" in one)) throw new Error("Vite watches rather than builds");
    for (const file of one.output) files.set(`/${file.fileName}`, file.type === "chunk" ? file.code : file.source);
  }
  return files;
}
