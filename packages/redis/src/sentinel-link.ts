import { createClient } from "redis";
import { readRedisUrl } from "./address.ts";
import { COMMAND_MS, inTime, START_MS, unavailable, type RedisLink } from "./link.ts";
import type { Script } from "./scripts.ts";
import { SingleLink } from "./single-link.ts";

export interface SentinelLinkOptions {
  /** What the Sentinels call the primary, e.g. `mymaster`. */
  readonly name: string;
  /** URLs of the Sentinels, with their own user and password if they have any; at least one. */
  readonly sentinels: readonly string[];
  /** Of the Redis that they watch. */
  readonly username?: string;
  readonly password?: string;
  readonly tls?: boolean;
  /** Told of errors of the connections, which are mended by connecting anew. */
  readonly failed?: (error: unknown) => void;
}

/** How often the Sentinels are asked which Redis is the primary. */
const ASK_MS = 1000;

/** Connections to the Redis that its Sentinels say is the primary; another one once they say so. */
export class SentinelLink implements RedisLink {
  readonly sharded = false;
  readonly #options: SentinelLinkOptions;
  readonly #listeners = new Map<string, (message: string) => void>();
  readonly #resumed: (() => void)[] = [];
  #sentinels: readonly string[];
  #current: { readonly url: string; readonly link: SingleLink } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Throws for URLs that are none. */
  constructor(options: SentinelLinkOptions) {
    if (options.sentinels.length === 0) throw new Error("The URL of one Sentinel is needed at least");
    for (const url of options.sentinels) readRedisUrl(url);
    this.#options = options;
    this.#sentinels = options.sentinels;
  }

  async start(): Promise<void> {
    const url = await inTime(this.#askAll(), START_MS).catch((error: unknown) => {
      // A reason that was found says more than that there was one.
      throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
    });
    const link = this.#linkTo(url);
    await link.start();
    this.#current = { url, link };
    this.#lookIn();
  }

  async command(key: string, args: readonly string[]): Promise<unknown> {
    return await this.#link().command(key, args);
  }

  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return await this.#link().run(script, keys, args);
  }

  async listen(channel: string, listener: (message: string) => void): Promise<void> {
    this.#listeners.set(channel, listener);
    try {
      await this.#link().listen(channel, listener);
    } catch (error) {
      if (this.#listeners.get(channel) === listener) this.#listeners.delete(channel);
      throw error;
    }
  }

  async unlisten(channel: string): Promise<void> {
    this.#listeners.delete(channel);
    await this.#link().unlisten(channel);
  }

  async remind(): Promise<void> {
    await this.#link().remind();
  }

  onResumed(listener: () => void): void {
    this.#resumed.push(listener);
  }

  async check(): Promise<void> {
    await this.#link().check();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#listeners.clear();
    await this.#current?.link.close();
  }

  #link(): SingleLink {
    if (this.#current === undefined) throw unavailable(new Error("No primary is known"));
    return this.#current.link;
  }

  #linkTo(url: string): SingleLink {
    const { failed } = this.#options;
    const link = new SingleLink({ url, ...(failed === undefined ? undefined : { failed }) });
    link.onResumed(() => {
      if (this.#current?.link === link) this.#resume();
    });
    return link;
  }

  #resume(): void {
    for (const listener of this.#resumed) listener();
  }

  #lookIn(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#look()
        .catch((error: unknown) => this.#options.failed?.(error))
        .finally(() => this.#lookIn());
    }, ASK_MS);
    this.#timer.unref();
  }

  /** Goes over to another primary where there is one. */
  async #look(): Promise<void> {
    const url = await this.#askAll();
    if (url === this.#current?.url || this.#closed) return;
    const link = this.#linkTo(url);
    // Rejects while the Redis there is no primary yet; it is tried again.
    await link.start();
    const before = [...this.#listeners];
    try {
      await Promise.all(before.map(async ([channel, listener]) => await link.listen(channel, listener)));
    } catch (error) {
      await link.close();
      throw error;
    }
    const old = this.#current;
    this.#current = { url, link };
    await old?.link.close();
    if (this.#closed) {
      await link.close();
      return;
    }
    // Those that began or ended while the others were told.
    const now = [...this.#listeners];
    const gone = before.filter(([channel]) => !this.#listeners.has(channel));
    await Promise.all([
      ...now.map(async ([channel, listener]) => await link.listen(channel, listener)),
      ...gone.map(async ([channel]) => await link.unlisten(channel)),
    ]);
    this.#resume();
  }

  /** The URL of the primary, by the first Sentinel that knows it, which is the first to be asked the next time. */
  async #askAll(): Promise<string> {
    let reason: unknown;
    for (const sentinel of this.#sentinels) {
      try {
        const url = await this.#ask(sentinel);
        this.#sentinels = [sentinel, ...this.#options.sentinels.filter((other) => other !== sentinel)];
        return url;
      } catch (error) {
        reason ??= error;
      }
    }
    throw reason;
  }

  async #ask(sentinel: string): Promise<string> {
    const { name, username = "", password = "", tls = false } = this.#options;
    const { where } = readRedisUrl(sentinel);
    const client = createClient({
      url: sentinel,
      socket: { connectTimeout: COMMAND_MS, reconnectStrategy: false },
    });
    // What went wrong is told to who asked.
    client.on("error", () => undefined);
    try {
      await inTime(client.connect());
      const reply = await inTime(client.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]));
      if (!Array.isArray(reply)) throw new Error(`it watches no ${name}`);
      const [host, port] = reply as readonly unknown[] as readonly [string, string];
      const user =
        username === "" && password === "" ? "" : `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
      return `redis${tls ? "s" : ""}://${user}${host.includes(":") ? `[${host}]` : host}:${port}`;
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const why = cause instanceof Error ? cause.message : "it cannot be reached";
      throw unavailable(new Error(`The Sentinel at ${where} does not tell the primary: ${why}`, { cause }));
    } finally {
      client.destroy();
    }
  }
}
