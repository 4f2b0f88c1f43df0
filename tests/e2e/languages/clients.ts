import { io, type ManagerOptions, type Socket } from "socket.io-client";
import type { Nodes } from "./nodes.ts";

export const LANGUAGES = ["native", "steedos", "twake", "plazer"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A Socket.IO event: its name, then its arguments. */
export type Heard = readonly [event: string, ...args: unknown[]];

export interface Who {
  readonly userId: string;
  readonly tenantId: string;
  /** Claims of its token, in languages that have tokens. */
  readonly claims?: object;
}

/** The code or the text of a refusal; undefined where there was none. */
export type Refusal = string | undefined;

/** How one language says it. */
interface Speech {
  /** Resolves when the client may begin. */
  begin(client: LanguageClient, token: string): Promise<void>;
  follow(client: LanguageClient, channel: string, token?: string): Promise<Refusal>;
  /** Publishes to a channel, as far as the language can: under the event `event` where it can name one. */
  publish(client: LanguageClient, channel: string, data: unknown, options: PublishOptions): Promise<Refusal>;
}

interface PublishOptions {
  readonly event?: string;
  readonly token?: string;
}

const PATIENCE_MS = 10_000;

const SPEECHES: Readonly<Record<Language, Speech>> = {
  native: {
    begin: async (client) => void (await client.hear("session")),
    follow: async (client, topic, token) => refusal(await client.ask("subscribe", { topic, token })),
    publish: async (client, channel, data, { event = "message" }) =>
      refusal(await client.ask("publish", { channel, event, data })),
  },
  steedos: {
    begin: async (client) => void (await client.hear("connection-init")),
    follow: async (client, roomParts, token) => refusal(await client.ask("subscribe", { roomParts, token })),
    publish: async (client, channel, data, { event = "message", token }) =>
      refusal(await client.ask("publish", { channel, room: channel, name: channel, event, data, token })),
  },
  twake: {
    async begin(client, token) {
      client.socket.emit("authenticate", { token });
      await client.hear("authenticated");
    },
    async follow(client, name, token) {
      const mark = client.heard.length;
      client.socket.emit("realtime:join", { name, token });
      const [event, answer] = await client.hear(/^realtime:join:/, mark);
      return event === "realtime:join:success" ? undefined : (answer as { error: string }).error;
    },
    async publish(client, name, data, { token }) {
      const mark = client.heard.length;
      client.socket.emit("realtime:event", { name, data, token });
      // Success is silent: what is answered after it shows that there was no failure.
      await client.ask("online:set", {});
      const failure = client.heard.slice(mark).find(([event]) => event === "realtime:event:error");
      return (failure?.[1] as { message: string } | undefined)?.message;
    },
  },
  plazer: {
    begin: async (client) => void (await client.ask("leave", { room: "nowhere" })),
    follow: async (client, room, token) => refusal(await client.ask("join", { room, token })),
    publish: async (client, room, data, { token }) => refusal(await client.ask("message", { room, data, token })),
  },
};

/** A stock client of one language, that remembers everything it hears. */
export class LanguageClient {
  readonly language: Language;
  readonly who: Who;
  readonly socket: Socket;
  readonly heard: Heard[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(language: Language, who: Who, socket: Socket) {
    this.language = language;
    this.who = who;
    this.socket = socket;
    socket.onAny((...frame: [string, ...unknown[]]) => {
      this.heard.push(frame);
      for (const look of this.#waiting) look();
    });
  }

  /** Connects and logs in. `how` changes how it connects. */
  static async connect(
    language: Language,
    url: string,
    nodes: Pick<Nodes, "token">,
    who: Who,
    how: Partial<ManagerOptions> = {},
  ): Promise<LanguageClient> {
    const { userId, tenantId, claims } = who;
    const token = nodes.token(userId, tenantId, claims);
    const options = { transports: ["websocket"], forceNew: true, reconnection: false, ...how };
    const socket = {
      native: () => io(url, { ...options, auth: { token } }),
      steedos: () =>
        io(url, { ...options, extraHeaders: { Cookie: `X-Space-Id=${tenantId}; X-Auth-Token=of-${userId}` } }),
      twake: () => io(url, { ...options, path: "/socket" }),
      plazer: () => io(`${url}/events`, { ...options, auth: { token } }),
    }[language]();
    const client = new LanguageClient(language, who, socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("connect_error", reject);
    });
    await SPEECHES[language].begin(client, token);
    return client;
  }

  async follow(channel: string, token?: string): Promise<Refusal> {
    return await SPEECHES[this.language].follow(this, channel, token);
  }

  async publish(channel: string, data: unknown, options: PublishOptions = {}): Promise<Refusal> {
    return await SPEECHES[this.language].publish(this, channel, data, options);
  }

  ask(event: string, ...args: unknown[]): Promise<unknown> {
    return this.socket.timeout(PATIENCE_MS).emitWithAck(event, ...args);
  }

  /** The first event of this name that came after so many others. */
  async hear(name: string | RegExp, after = 0): Promise<Heard> {
    const matches = ([event]: Heard): boolean => (typeof name === "string" ? event === name : name.test(event));
    const find = (): Heard | undefined => this.heard.slice(after).find(matches);
    await this.until(() => find() !== undefined, String(name));
    return find() as Heard;
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const heard = this.heard.map((frame) => JSON.stringify(frame).slice(0, 300)).join("\n");
        reject(new Error(`A ${this.language} client waited in vain for ${what}; it heard:\n${heard}`));
      }, PATIENCE_MS);
      this.#waiting.add(look);
    });
  }

  close(): void {
    this.socket.disconnect();
  }
}

function refusal(answer: unknown): Refusal {
  const { ok, error } = answer as { ok: boolean; error?: { code: string } };
  return ok ? undefined : (error?.code ?? "no error");
}
