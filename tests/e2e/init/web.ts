import { copyFile, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import type { Project } from "./project.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A page on an origin of its own. */
interface Site {
  readonly url: string;
  close(): void;
}

/** The generated client as it is bundled for a server, with the driver beside it: gives the driver's path. */
export async function buildDriver(project: Project): Promise<string> {
  const root = join(project.root, "apps/web");
  const outDir = join(root, "dist");
  await build({ configFile: false, root, logLevel: "error", build: { ssr: "src/lib/socket.ts", outDir } });
  const file = join(outDir, "driver.mjs");
  await copyFile(here("./client/driver.mjs"), file);
  return file;
}

/** A page with the generated hook, bundled as for a browser: files by their paths. */
export async function buildPage(project: Project, url: string): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const root = join(project.root, "apps/web");
  const page = await readFile(here("./client/main.tsx"), "utf8");
  await writeFile(
    join(root, "src/main.tsx"),
    page.replaceAll(/"[./]+\/packages\/cli\/templates\/web\/([^"]+)\.ts"/g, '"./$1"'),
  );
  await writeFile(
    join(root, "index.html"),
    '<!doctype html><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="/src/main.tsx"></script>',
  );
  await project.npmRun("typecheck");
  const result = await build({
    configFile: false,
    root,
    logLevel: "error",
    // React's development build: only that runs effects twice under StrictMode.
    mode: "development",
    define: {
      "process.env.NODE_ENV": '"development"',
      "process.env.NEXT_PUBLIC_API_URL": JSON.stringify(url),
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

/** Serves a page from an origin of its own. */
export async function serveFiles(files: ReadonlyMap<string, string | Uint8Array>): Promise<Site> {
  const server = createServer((request, response) => {
    const path = request.url === "/" ? "/index.html" : (request.url ?? "");
    response.setHeader("content-type", path.endsWith(".js") ? "text/javascript" : "text/html");
    response.statusCode = files.has(path) ? 200 : 404;
    response.end(files.get(path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
