import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

export interface RedisServerOptions {
  /** More of its configuration, such as `["--requirepass", "secret"]`. */
  readonly args?: readonly string[];
  /** Speaks TLS only, with this certificate, both given as PEM. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
}

/** A redis-server of a test's own, on a free port, which keeps nothing unless it is told to. */
export class RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, args: readonly string[]) {
    this.port = port;
    this.folder = folder;
    this.#args = args;
  }

  static async start({ args = [], tls }: RedisServerOptions = {}): Promise<RedisServer> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), "roomcast-redis-"));
    const server = new RedisServer(port, folder, [
      ...args,
      ...(tls === undefined ? [] : await tlsArgs(port, folder, tls)),
    ]);
    try {
      await server.resume();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** A Sentinel, with these lines of configuration. */
  static async startSentinel(lines: readonly string[]): Promise<RedisServer> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), "roomcast-redis-"));
    const file = join(folder, "sentinel.conf");
    await writeFile(file, [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`, ...lines, ""].join("\n"));
    const server = new RedisServer(port, folder, []);
    try {
      await server.#run([file, "--sentinel"]);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.#process?.pid === undefined) throw new Error("The redis-server is not running");
    return this.#process.pid;
  }

  /** Starts it, on the same port and with what it has kept. */
  async resume(): Promise<void> {
    const base = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.folder];
    const quiet = ["--save", "", "--appendonly", "no"];
    await this.#run([...base, ...quiet, ...this.#args]);
  }

  async #run(args: readonly string[]): Promise<void> {
    const child = spawn("redis-server", args, { stdio: "ignore" });
    this.#process = child;
    await Promise.race([
      once(child, "error").then(([error]) => Promise.reject(error as Error)),
      once(child, "exit").then(() => Promise.reject(new Error("The redis-server ended"))),
      accepts(this.port),
    ]);
  }

  /** Holds it up, without closing a connection. */
  stall(): void {
    process.kill(this.pid, "SIGSTOP");
  }

  goOn(): void {
    process.kill(this.pid, "SIGCONT");
  }

  /** Runs one command by redis-cli, on this server. Gives what it prints. */
  async cli(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("redis-cli", ["-p", String(this.port), ...args]);
    return stdout.trim();
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function tlsArgs(port: number, folder: string, { cert, key }: { cert: Buffer; key: Buffer }): Promise<string[]> {
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  const files = ["--tls-cert-file", certFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", certFile];
  return ["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no", ...files];
}

/**
 * A port that nobody listens to, for a program that is told where to listen. It is none that the system gives to others meanwhile, to
 * servers on any port and to connections: those are 32768 and more.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await Promise.race([
      once(server, "listening").then(() => true),
      once(server, "error").then(() => false),
    ]);
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

async function accepts(port: number): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    const socket = connect(port, "127.0.0.1");
    const open = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("The redis-server does not accept connections");
}
