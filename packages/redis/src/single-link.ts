import { setMaxListeners, type EventEmitter } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { GatewayError } from "@roomcast/protocol";
import { createClient, type RedisClientType } from "redis";
import { readRedisUrl, type RedisAddress } from "./address.ts";
import {
  COMMAND_MS,
  hasForgotten,
  inTime,
  PING_MS,
  reconnectIn,
  runScript,
  SILENCE_MS,
  START_MS,
  unavailable,
  type RedisLink,
  type RedisLinkOptions,
} from "./link.ts";
import type { Script } from "./scripts.ts";
import { checkServer, startError } from "./start-errors.ts";

/** What is used of the package's clients. */
type Client = Pick<
  RedisClientType,
  "connect" | "sendCommand" | "sSubscribe" | "sUnsubscribe" | "isOpen" | "isReady" | "close" | "destroy"
> &
  EventEmitter;

/** Connections to a single Redis. */
export class SingleLink implements RedisLink {
  readonly sharded = false;
  readonly #address: RedisAddress;
  readonly #commands: Client;
  readonly #listening: Client;
  readonly #listeners = new Map<string, (message: string) => void>();
  readonly #heard = (message: string, channel: string): void => this.#listeners.get(channel)?.(message);
  readonly #resumed: (() => void)[] = [];
  #started = false;
  #giveUp: AbortSignal | undefined;

  /** Throws for a URL that is none. */
  constructor(options: RedisLinkOptions) {
    this.#address = readRedisUrl(options.url);
    const make = (): Client => {
      const client: Client = createClient({
        url: options.url,
        // What cannot be said now is not kept to be said later: whoever asked has been told that it failed.
        disableOfflineQueue: true,
        // A connection that broke without a word is noticed.
        pingInterval: PING_MS,
        socket: {
          connectTimeout: COMMAND_MS,
          socketTimeout: SILENCE_MS,
          // Until it has worked once, what is wrong is said at once: an address, a password.
          reconnectStrategy: (retries) => this.#started && reconnectIn(retries),
        },
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
    const { where, tls } = this.#address;
    let info: string;
    try {
      info = await inTime(this.#connect(), START_MS);
    } catch (error) {
      this.#destroy();
      throw startError(error instanceof GatewayError ? (error.cause ?? error) : error, where, tls);
    }
    try {
      checkServer(info, "standalone", where);
    } catch (error) {
      this.#destroy();
      throw error;
    }
    this.#started = true;
  }

  async command(_key: string, args: readonly string[]): Promise<unknown> {
    return await inTime(this.#commands.sendCommand([...args], this.#patience()));
  }

  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const send = async (words: string[]): Promise<unknown> => await this.#commands.sendCommand(words, this.#patience());
    return await inTime(runScript(send, script, keys, args));
  }

  async listen(channel: string, listener: (message: string) => void): Promise<void> {
    this.#listeners.set(channel, listener);
    try {
      // Always the same function: after an attempt that came too late there would be two.
      await inTime(this.#listening.sSubscribe(channel, this.#heard));
    } catch (error) {
      if (this.#listeners.get(channel) === listener) this.#listeners.delete(channel);
      throw error;
    }
  }

  async unlisten(channel: string): Promise<void> {
    this.#listeners.delete(channel);
    await inTime(this.#listening.sUnsubscribe(channel));
  }

  async remind(): Promise<void> {
    const client = this.#listening;
    // One that is being connected anew listens anew.
    if (!client.isReady || !(await hasForgotten(client, () => this.#listeners.size)) || !client.isReady) return;
    // What stands between may have forgotten more than that: what was agreed upon when the connection began.
    client.destroy();
    await inTime(client.connect());
    // What the package does not know of either it has not subscribed to again.
    await inTime(client.sSubscribe([...this.#listeners.keys()], this.#heard));
  }

  onResumed(listener: () => void): void {
    this.#resumed.push(listener);
  }

  async check(): Promise<void> {
    if (!this.#listening.isReady) throw unavailable(new Error("Nothing can be heard from Redis"));
    const [role] = (await this.command("", ["ROLE"])) as readonly unknown[];
    if (role !== "master") throw new GatewayError("UNAVAILABLE", "Redis is a read-only replica");
  }

  async close(): Promise<void> {
    for (const client of [this.#commands, this.#listening]) {
      if (!client.isOpen) continue;
      await Promise.race([client.close().catch(() => undefined), delay(500, undefined, { ref: false })]);
      if (client.isOpen) client.destroy();
    }
  }

  /** What the server says of itself. */
  async #connect(): Promise<string> {
    await Promise.all([this.#commands.connect(), this.#listening.connect()]);
    return await this.#commands.sendCommand<string>(["INFO"]);
  }

  /**
   * Takes back what could not be written when its callers were told that it failed. The commands of a tick share one: the
   * package's own timer for each of them costs a login more than all else that it says to Redis.
   */
  #patience(): { readonly abortSignal: AbortSignal } {
    if (this.#giveUp === undefined) {
      this.#giveUp = AbortSignal.timeout(COMMAND_MS);
      setMaxListeners(0, this.#giveUp);
      setImmediate(() => (this.#giveUp = undefined));
    }
    return { abortSignal: this.#giveUp };
  }

  #destroy(): void {
    this.#commands.destroy();
    this.#listening.destroy();
  }
}
