import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createGateway, type ChannelRule, type Gateway, type Limits } from "@roomcast/core";
import { GatewayError, type Credentials, type Principal } from "@roomcast/protocol";
import { expect, vi } from "vitest";
import { planEndpoints, type DialectSettings } from "../src/endpoints.ts";
import { openEndpoint, type Endpoint, type EndpointOptions } from "../src/socketio/endpoint.ts";
import { Gate } from "../src/socketio/gate.ts";
import { RawClient } from "./raw-client.ts";

export const TENANT = "t";
/** Most bytes that may wait for one reader. */
export const BACKLOG_BYTES = 128 * 1024;
/** What one reader may have beyond that: the frames of a tick that were on their way when it was seen to be slow. */
export const SLACK_BYTES = 64 * 1024;
export const PAD_BYTES = 16 * 1024;

export type Language = "native" | "steedos" | "twake" | "plazer";
export type Transport = "websocket" | "polling";

export interface StartOptions {
  readonly httpServer?: HttpServer;
  readonly channels?: readonly ChannelRule[];
  readonly limits?: Partial<Limits>;
  readonly dialects?: DialectSettings;
  readonly endpoint?: Partial<EndpointOptions>;
}

/** What a link of `ws` counts while it compresses. */
interface Compressing {
  readonly socket?: { readonly _sender?: { readonly _bufferedBytes: number } };
}

/** A node on a free port whose every waiting byte can be counted, and which tells whom it let go of. */
export class BacklogNode {
  readonly gateway: Gateway;
  readonly port: number;
  /** Why sessions ended. */
  readonly reasons: string[] = [];
  /** How many deliveries were not written because their readers were slow. */
  lost = 0;
  /** The most bytes that `held` has seen. */
  peak = 0;
  published = 0;
  readonly #endpoints: readonly Endpoint[];
  readonly #httpServer: HttpServer;
  readonly #sockets = new Set<Socket>();
  readonly #readers: Reader[] = [];

  private constructor(options: StartOptions, httpServer: HttpServer) {
    this.#httpServer = httpServer;
    this.gateway = createGateway({
      auth: { authenticate: async (credentials) => ({ principal: principalOf(credentials) }) },
      channels: options.channels ?? [],
      limits: {
        backlogBytes: BACKLOG_BYTES,
        historyBytesPerChannel: 256 * 1024 * 1024,
        handshakesPerSecondPerAddress: 0,
        ...options.limits,
      },
      observer: {
        disconnected: (_dialect, reason) => this.reasons.push(reason),
        dropped: (reason, count) => (this.lost += reason === "slow" ? count : 0),
      },
    });
    const { gateway } = this;
    const gate = new Gate({ gateway, trustProxy: false });
    this.#endpoints = planEndpoints(options.dialects).map((plan) =>
      openEndpoint({ ...plan, httpServer, gateway, gate, ...options.endpoint }),
    );
    const connected = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    };
    httpServer.on("connection", connected);
    this.port = (httpServer.address() as AddressInfo).port;
  }

  static async start(options: StartOptions = {}): Promise<BacklogNode> {
    const httpServer = options.httpServer ?? createServer();
    await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
    return new BacklogNode(options, httpServer);
  }

  /** A reader of the channel `feed`; its user is called `name`. */
  async reader(name: string, options: ReaderOptions = {}): Promise<Reader> {
    const reader = await Reader.open(this.port, name, options);
    this.#readers.push(reader);
    return reader;
  }

  async readers(count: number, name: string, options: ReaderOptions = {}): Promise<readonly Reader[]> {
    return await Promise.all(Array.from({ length: count }, (_, n) => this.reader(`${name}-${n}`, options)));
  }

  /** Bytes that the process holds for its clients: in its sockets, and in Engine.IO for those that poll. */
  held(): number {
    let bytes = 0;
    for (const { writableLength } of this.#sockets) bytes += writableLength;
    for (const { io } of this.#endpoints) {
      const { clients } = io.engine as unknown as { clients: Record<string, { writeBuffer: { data?: string }[] }> };
      for (const { writeBuffer } of Object.values(clients)) {
        for (const { data = "" } of writeBuffer) bytes += data.length;
      }
    }
    this.peak = Math.max(this.peak, bytes);
    return bytes;
  }

  /** Resolves when no frame is being compressed any more: all that was begun is in the sockets. */
  async compressed(): Promise<void> {
    await until(() =>
      this.#endpoints.every(({ io }) => {
        const { clients } = io.engine as unknown as { clients: Record<string, { transport: Compressing }> };
        return Object.values(clients).every(({ transport }) => (transport.socket?._sender?._bufferedBytes ?? 0) === 0);
      }),
    );
  }

  /** Publishes numbered events to `feed`, a few at a time, each time waiting until all `keen` readers have them. */
  async publish(count: number, keen: readonly Reader[]): Promise<void> {
    for (let left = count; left > 0;) {
      for (let i = 0; i < 4 && left > 0; i++, left--) {
        const data = { n: ++this.published, pad: "x".repeat(PAD_BYTES) };
        await this.gateway.publish({ tenantId: TENANT, name: "feed" }, "e", data);
      }
      await turn();
      this.held();
      await until(() => keen.every(({ last }) => last === this.published));
    }
  }

  /** Publishes until every publication is lost for so many readers, or until so many were ended for being slow. */
  async publishUntilSlow(slow: number, keen: readonly Reader[]): Promise<void> {
    const ended = (): number => this.reasons.filter((reason) => reason === "SLOW_CONSUMER").length;
    const before = ended();
    for (let n = 0; n < 2000; n++) {
      const { lost } = this;
      await this.publish(1, keen);
      if (this.lost - lost === slow || ended() - before === slow) return;
    }
    throw new Error(
      `After ${this.published} events, ${this.lost} are lost and ${ended() - before} readers have been ended`,
    );
  }

  /** All have gone, and nothing is kept of them. */
  async isEmpty(): Promise<void> {
    for (const { client } of this.#readers.splice(0)) client.leave();
    await vi.waitFor(
      () => expect([this.gateway.sessionCount, this.gateway.channelCount, this.held()]).toEqual([0, 0, 0]),
      { timeout: 10_000 },
    );
  }

  async close(): Promise<void> {
    for (const { client } of this.#readers) client.close();
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
    this.#httpServer.closeAllConnections();
    this.#httpServer.close();
    await this.gateway.close();
  }
}

export interface ReaderOptions {
  readonly language?: Language;
  readonly transport?: Transport;
  /** See `RawClientOptions`. */
  readonly bite?: number;
}

interface Position {
  readonly epoch: string;
  readonly offset: number;
}

interface Event {
  readonly payload: { readonly n: number };
}

/** A client of one language that follows `feed`, and remembers the numbers of what it hears there. */
export class Reader {
  readonly numbers: number[] = [];
  readonly gaps: { channel: string; position: Position }[] = [];
  #client: RawClient | undefined;

  static async open(port: number, name: string, options: ReaderOptions): Promise<Reader> {
    const { language = "native", transport = "websocket", bite } = options;
    const reader = new Reader();
    const client = await RawClient.connect({
      port,
      transport,
      ...HANDSHAKES[language](name),
      ...(bite === undefined ? undefined : { bite }),
      onEvent: (frame) => reader.#hear(frame),
    });
    reader.#client = client;
    if (language === "twake") {
      client.emit("authenticate", { token: name });
      client.emit("realtime:join", { name: "feed" });
      await until(() => reader.#joined);
    } else {
      const commands = {
        native: ["subscribe", { topic: "feed" }],
        steedos: ["subscribe", { roomParts: "feed" }],
        plazer: ["join", { room: "feed" }],
      };
      expect(await client.ask(...(commands[language] as [string, object]))).toMatchObject({ ok: true });
    }
    return reader;
  }

  get client(): RawClient {
    return this.#client as RawClient;
  }

  get last(): number {
    return this.numbers.at(-1) ?? 0;
  }

  /** What it can have of the channel's log after the event `n`, page by page. */
  async recover(n: number, epoch: string): Promise<readonly number[]> {
    const recovered: number[] = [];
    for (let offset = n; ;) {
      const answer = await this.client.ask("history", { channel: "feed", since: { epoch, offset } });
      const { events, position } = answer as { events: readonly Event[]; position: Position };
      recovered.push(...events.map(({ payload }) => payload.n));
      offset += events.length;
      if (offset >= position.offset || events.length === 0) return recovered;
    }
  }

  #joined = false;

  #hear([event, payload]: readonly unknown[]): void {
    if (event === "gap") {
      this.gaps.push(payload as Reader["gaps"][number]);
    } else if (event === "realtime:join:success") {
      this.#joined = true;
    } else {
      const n = numberOf(payload);
      if (n !== undefined) this.numbers.push(n);
    }
  }
}

const HANDSHAKES: Readonly<Record<Language, (name: string) => object>> = {
  native: (name) => ({ auth: { token: name } }),
  steedos: (name) => ({ cookie: `X-Space-Id=${TENANT}; X-Auth-Token=${name}` }),
  twake: () => ({ path: "/socket/" }),
  plazer: (name) => ({ namespace: "/events", auth: { token: name } }),
};

/** The number of an event of `feed`, in any language. */
function numberOf(payload: unknown): number | undefined {
  const { n, payload: native, data } = (payload ?? {}) as Record<string, unknown>;
  if (typeof n === "number") return n;
  return native === undefined && data === undefined ? undefined : numberOf(native ?? data);
}

function principalOf(credentials: Credentials): Principal {
  const userId = credentials.kind === "none" ? undefined : credentials.token;
  if (typeof userId !== "string") throw new GatewayError("UNAUTHENTICATED", "No token");
  return { userId, tenantId: TENANT, roles: ["client"], grants: {}, anonymous: false };
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Waits for what comes by the network. */
export async function until(condition: () => boolean): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > 10_000) throw new Error(`Waited in vain for ${String(condition)}`);
    await turn();
  }
}

/** Bytes that live in the process once all garbage has gone. */
export async function liveBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 3; i++) {
    await turn();
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
