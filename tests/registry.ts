import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { promisify } from "node:util";
import { npmEnvironment, packPackages, type Packed } from "./packed.ts";

/**
 * A registry that has our packages as `npm publish` would put them there, and sends whoever asks for others on to the
 * registry that npm is set up with: so `npm install roomcast` and `npx roomcast` can be run word for word.
 */
export class Registry {
  readonly url: string;
  readonly #server: Server;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
  }

  static async start(): Promise<Registry> {
    const packed = await packPackages();
    const { stdout } = await promisify(execFile)("npm", ["config", "get", "registry"], { env: npmEnvironment() });
    const elsewhere = stdout.trim().replace(/\/$/, "");
    const server = createServer((request, response) => {
      answer(request, response, packed, elsewhere).catch((error: unknown) => response.destroy(error as Error));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Registry(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server);
  }

  /** For programs that are to use it. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...npmEnvironment(),
      npm_config_registry: this.url,
      npm_config_prefer_offline: "true",
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_update_notifier: "false",
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

async function answer(
  { url = "/", headers }: IncomingMessage,
  response: ServerResponse,
  packed: ReadonlyMap<string, Packed>,
  elsewhere: string,
): Promise<void> {
  const path = decodeURIComponent(url.slice(1));
  const [name = "", file] = path.split("/-/");
  const one = packed.get(name);
  if (one === undefined) {
    response.writeHead(302, { location: elsewhere + url }).end();
    return;
  }
  const tarball = await readFile(one.tarball);
  if (file !== undefined) {
    response.writeHead(200, { "content-type": "application/octet-stream" }).end(tarball);
    return;
  }
  const { version } = one.manifest;
  const dist = {
    tarball: `http://${headers.host ?? ""}/${name}/-/${basename(one.tarball)}`,
    integrity: integrity(tarball),
  };
  const packument = { name, "dist-tags": { latest: version }, versions: { [version]: { ...one.manifest, dist } } };
  // What npm keeps of another run's packages under this address is not to be used.
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(packument));
}

/** As npm writes and checks it. */
export function integrity(tarball: Uint8Array): string {
  return `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
}
