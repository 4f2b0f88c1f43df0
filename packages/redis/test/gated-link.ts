import { GatewayError } from "@roomcast/protocol";
import type { RedisLink } from "../src/link.ts";
import type { Script } from "../src/scripts.ts";

/** A link that a test can cut: while it is, nothing reaches Redis, and nobody is told when it is whole again. */
export class GatedLink implements RedisLink {
  readonly sharded: boolean;
  cut = false;
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.sharded = link.sharded;
    this.#link = link;
  }

  async start(): Promise<void> {
    await this.#link.start();
  }

  async command(key: string, args: readonly string[]): Promise<unknown> {
    this.#pass();
    return await this.#link.command(key, args);
  }

  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    this.#pass();
    return await this.#link.run(script, keys, args);
  }

  async listen(channel: string, listener: (message: string) => void): Promise<void> {
    this.#pass();
    await this.#link.listen(channel, listener);
  }

  async unlisten(channel: string): Promise<void> {
    this.#pass();
    await this.#link.unlisten(channel);
  }

  async remind(): Promise<void> {
    this.#pass();
    await this.#link.remind();
  }

  onResumed(listener: () => void): void {
    this.#link.onResumed(listener);
  }

  async check(): Promise<void> {
    this.#pass();
    await this.#link.check();
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  #pass(): void {
    if (this.cut) throw new GatewayError("UNAVAILABLE", "Redis is not available");
  }
}
