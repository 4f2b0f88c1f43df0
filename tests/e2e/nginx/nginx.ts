import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../packages/redis/test/redis-server.ts";
import { Program } from "../../cli/program.ts";
import { until } from "../node.ts";

const EXAMPLE = fileURLToPath(new URL("../../../docs/nginx.conf", import.meta.url));

/** A real nginx with `docs/nginx.conf`, in which nothing but the ports is another. */
export class Nginx {
  readonly url: string;
  readonly #program: Program;
  readonly #folder: string;

  private constructor(url: string, program: Program, folder: string) {
    this.url = url;
    this.#program = program;
    this.#folder = folder;
  }

  /** In front of nodes at these ports of 127.0.0.1. */
  static async start([first, second]: readonly [number, number]): Promise<Nginx> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), "roomcast-nginx-"));
    await writeFile(join(folder, "roomcast.conf"), await example({ 80: port, 3001: first, 3002: second }));
    await writeFile(join(folder, "nginx.conf"), surroundings(folder));
    // Debian's folder of servers is not in everybody's PATH.
    const env = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };
    const program = new Program("nginx", ["-e", "stderr", "-p", folder, "-c", join(folder, "nginx.conf")], { env });
    const nginx = new Nginx(`http://127.0.0.1:${port}`, program, folder);
    try {
      await until(
        async () => program.child.exitCode !== null || (await answers(nginx.url)),
        () => `nginx to listen:\n${program.stderr}`,
      );
      if (program.child.exitCode !== null) throw new Error(`nginx ended:\n${program.stderr}`);
    } catch (error) {
      await nginx.stop();
      throw error;
    }
    return nginx;
  }

  /** What it wrote to its log of errors. */
  get log(): string {
    return this.#program.stderr;
  }

  async stop(): Promise<void> {
    this.#program.kill("SIGTERM");
    await this.#program.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function example(ports: Readonly<Record<string, number>>): Promise<string> {
  let text = await readFile(EXAMPLE, "utf8");
  for (const [port, real] of Object.entries(ports)) {
    const pattern = new RegExp(`(?<=^ *(?:listen |server 127\\.0\\.0\\.1:))${port}(?=;$)`, "gm");
    const found = text.match(pattern)?.length;
    if (found !== 1) throw new Error(`docs/nginx.conf has the port ${port} ${found ?? 0} times`);
    text = text.replace(pattern, String(real));
  }
  return text;
}

/** What Debian has around a file of `conf.d`, for a process that owns one folder only. */
function surroundings(folder: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
    daemon off;
    pid ${folder}/nginx.pid;
    worker_processes 1;
    ${process.getuid?.() === 0 ? "user root root;" : ""}
    events { worker_connections 4096; }
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n")}
      include ${folder}/roomcast.conf;
    }
  `;
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    () => true,
    () => false,
  );
}
