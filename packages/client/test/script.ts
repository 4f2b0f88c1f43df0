import { RealtimeClient, type RealtimeClientOptions } from "../src/client.ts";
import type { Environment } from "../src/environment.ts";
import type { RealtimeError } from "../src/errors.ts";
import type { Link, LinkEvents, LinkOptions } from "../src/link.ts";

/**
 * Time, chance and the network in the test's hands: for what a real server cannot be made to do, or takes minutes to do. What
 * it can is in client.test.ts.
 */
export class ScriptedLink implements Link {
  readonly options: LinkOptions;
  readonly sent: { event: string; payload: Record<string, unknown>; answer: (reply: unknown) => void }[] = [];
  closedByClient = false;
  readonly #events: LinkEvents;

  constructor(options: LinkOptions, events: LinkEvents) {
    this.options = options;
    this.#events = events;
  }

  send(event: string, payload: object, answer: (reply: unknown) => void): void {
    this.sent.push({ event, payload: JSON.parse(JSON.stringify(payload)) as Record<string, unknown>, answer });
  }

  close(): void {
    this.closedByClient = true;
  }

  open(session: object = {}): void {
    this.#events.opened();
    this.push("session", { socketId: "s", serverTime: 0, ...session });
  }

  push(event: string, payload: unknown): void {
    this.#events.pushed(event, payload);
  }

  refuse(data?: unknown): void {
    this.#events.refused(data, new Error("refused"));
  }

  end(farewell = false): void {
    this.#events.closed(farewell);
  }

  of(event: string): { payload: Record<string, unknown>; answer: (reply: unknown) => void }[] {
    return this.sent.filter((one) => one.event === event);
  }
}

export class Script implements Environment {
  readonly links: ScriptedLink[] = [];
  chance = 1;
  #now = 0;
  #timers: { at: number; task: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { at: this.#now + delayMs, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  openLink(options: LinkOptions, events: LinkEvents): Link {
    const link = new ScriptedLink(options, events);
    this.links.push(link);
    return link;
  }

  get link(): ScriptedLink {
    return this.links.at(-1) as ScriptedLink;
  }

  /** Lets time pass until the client tries to connect. */
  async nextLink(): Promise<void> {
    const links = this.links.length;
    while (this.links.length === links) await this.advance(100);
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = next.at;
      next.task();
      await settle();
    }
    this.#now = until;
  }
}

/** Lets all promises that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

export async function start(options: Partial<RealtimeClientOptions> = {}) {
  const script = new Script();
  const client = new RealtimeClient({ url: "http://localhost", token: "t", ...options }, script);
  const states: string[] = [];
  const errors: RealtimeError[] = [];
  client.on("connection", ({ state }) => states.push(state));
  client.on("error", (error) => errors.push(error));
  await settle();
  return { script, client, states, errors };
}

export const ok = (result: object = {}): object => ({ ok: true, ...result });
export const refusal = (code: string, retryable = false, details?: object): object => ({
  code,
  message: code,
  retryable,
  details,
});
export const no = (code: string, retryable = false, details?: object): object => ({
  ok: false,
  error: refusal(code, retryable, details),
});
