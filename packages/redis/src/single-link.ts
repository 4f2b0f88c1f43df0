import type { EventEmitter } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { createClient, ErrorReply, type RedisClientType } from "redis";
import { COMMAND_MS, inTime, unavailable, type RedisLink, type RedisLinkOptions } from "./link.ts";
import type { Script } from "./scripts.ts";

/** What is used of the package's clients. */
type Client = Pick<
  RedisClientType,
  "connect" | "sendCommand" | "sSubscribe" | "sUnsubscribe" | "isOpen" | "isReady" | "close" | "destroy"
> &
  EventEmitter;

/** Sharded publish and subscribe, which this needs, came with it. */
const OLDEST = 7;
/** How long is waited before the next attempt to connect, at most; with jitter, so that nodes do not come all at once. */
const MOST_WAIT_MS = 2000;

/** Connections to a single Redis. */
export class SingleLink implements RedisLink {
  readonly #commands: Client;
  readonly #listening: Client;
  readonly #resumed: (() => void)[] = [];
  #started = false;

  constructor(options: RedisLinkOptions) {
    const make = (): Client => {
      const client: Client = createClient({
        url: options.url,
        // What cannot be said now is not kept to be said later: whoever asked has been told that it failed.
        disableOfflineQueue: true,
        socket: { connectTimeout: COMMAND_MS, reconnectStrategy: (retries) => this.#wait(retries) },
      });
      client.on("error", (error: unknown) => options.failed?.(error));
      return client;
    };
    this.#commands = make();
    this.#listening = make();
    this.#listening.on("ready", () => {
      if (!this.#started) return;
      for (const listener of this.#resumed) listener();
    });
  }

  async start(): Promise<void> {
    try {
      await Promise.all([this.#commands.connect(), this.#listening.connect()]);
      await checkServer(this.#commands);
    } catch (error) {
      this.#commands.destroy();
      this.#listening.destroy();
      throw error;
    }
    this.#started = true;
  }

  async command(_key: string, args: readonly string[]): Promise<unknown> {
    return await inTime(this.#commands.sendCommand([...args]));
  }

  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    const send = async (): Promise<unknown> => {
      try {
        return await this.#commands.sendCommand(["EVALSHA", script.sha1, ...rest]);
      } catch (error) {
        if (!(error instanceof ErrorReply && error.message.startsWith("NOSCRIPT"))) throw error;
        return await this.#commands.sendCommand(["EVAL", script.source, ...rest]);
      }
    };
    return await inTime(send());
  }

  async listen(channel: string, listener: (message: string) => void): Promise<void> {
    await inTime(this.#listening.sSubscribe(channel, listener));
  }

  async unlisten(channel: string): Promise<void> {
    await inTime(this.#listening.sUnsubscribe(channel));
  }

  onResumed(listener: () => void): void {
    this.#resumed.push(listener);
  }

  async check(): Promise<void> {
    if (!this.#listening.isReady) throw unavailable(new Error("Nothing can be heard from Redis"));
    await this.command("", ["PING"]);
  }

  async close(): Promise<void> {
    for (const client of [this.#commands, this.#listening]) {
      if (!client.isOpen) continue;
      await Promise.race([client.close().catch(() => undefined), delay(500, undefined, { ref: false })]);
      if (client.isOpen) client.destroy();
    }
  }

  /** Until it has worked once, what is wrong is said at once: an address, a password. */
  #wait(retries: number): number | false {
    if (!this.#started) return false;
    return Math.random() * Math.min(MOST_WAIT_MS, 50 * 2 ** Math.min(retries, 10));
  }
}

async function checkServer(client: Client): Promise<void> {
  const info = String(await client.sendCommand(["INFO", "server"]));
  const version = /^(?:valkey_version|redis_version):(\d+)\.(\d+)/m.exec(info);
  if (version === null || Number(version[1]) >= OLDEST) return;
  throw new Error(`Redis ${version[1]}.${version[2]} is too old: Roomcast needs ${OLDEST} or later`);
}
