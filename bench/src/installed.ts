import { existsSync } from "node:fs";
import { findProgram, programsMeasurable } from "./program.ts";

/** A program that the system's packages have, and how to get it. */
interface Installed {
  readonly file: string;
}

interface Missing {
  /** What to do about it. */
  readonly missing: string;
}

const NOT_HERE = "its CPU time can be read on Linux only";

export function natsServer(): Installed | Missing {
  if (!programsMeasurable()) return { missing: NOT_HERE };
  const file = findProgram("nats-server");
  return file === undefined ? { missing: "nats-server is not installed (apt-get install nats-server)" } : { file };
}

export function redisServer(): Installed | Missing {
  if (!programsMeasurable()) return { missing: NOT_HERE };
  const file = findProgram("redis-server");
  return file === undefined ? { missing: "redis-server is not installed (apt-get install redis-server)" } : { file };
}

export function chromiumBrowser(): Installed | Missing {
  const file = findProgram("chromium");
  return file === undefined ? { missing: "chromium is not installed (apt-get install chromium)" } : { file };
}

/** Where distributions keep nginx's modules. */
const MODULE_FOLDERS = ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/etc/nginx/modules"];

/** nginx, and the file of its module. */
export function nginxWithNchan(): (Installed & { readonly module: string }) | Missing {
  if (!programsMeasurable()) return { missing: NOT_HERE };
  const file = findProgram("nginx");
  const module = MODULE_FOLDERS.map((folder) => `${folder}/ngx_nchan_module.so`).find((path) => existsSync(path));
  if (file === undefined || module === undefined)
    return { missing: "nginx with Nchan is not installed (apt-get install nginx-light libnginx-mod-nchan)" };
  return { file, module };
}
