import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { Client, Refused, type ConnectOptions } from "./client.ts";
import { findTarget, type Target, type TargetKind } from "./target.ts";
import { roomToken, seconds, sign, type RoomClaims } from "./tokens.ts";
import { RETRYABLE, type Json } from "./wire.ts";

export interface CallOptions {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, with `Content-Type: application/json` unless `headers` say otherwise. */
  readonly text?: string;
  /** Bearer token instead of the key for everything; null: no credentials. */
  readonly token?: string | null;
  readonly apiKey?: string;
  readonly tenantId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Which of the target's addresses; the first unless given. */
  readonly url?: string;
}

export interface Response<Body = Json> {
  readonly status: number;
  readonly headers: Headers;
  /** JSON where it is JSON, else text; null where there is none. */
  readonly body: Body;
}

export interface UserOptions extends Omit<ConnectOptions, "token"> {
  /** Claims beside or instead of the usual ones; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly tenantId?: string;
  readonly url?: string;
}

/** A name that nobody used before, also where the target outlives the suite. */
export function unique(prefix: string): string {
  return `${prefix}${randomBytes(6).toString("hex")}`;
}

/** What is open while a test runs. */
interface Closable {
  close(): void;
}

/**
 * One target for a test file: started before it, ended after it, with all clients of a test closed behind it. Where it has
 * several nodes, back ends (REST and services) are at the first, and a test's other clients at the last, the one before
 * it, and so on: what reaches its first client comes from another node, and so it does between its first two.
 */
export class Suite {
  /** A tenant of this file's own. */
  readonly tenantId = unique("t-");
  readonly #baseClaims: Readonly<Record<string, unknown>>;
  readonly #open = new Set<Closable>();
  #target: Target | undefined;
  /** Connections of the test until now. */
  #turn = 0;
  /** Tests that run at the same time. */
  #running = 0;

  constructor(baseClaims: Readonly<Record<string, unknown>> = {}) {
    this.#baseClaims = baseClaims;
  }

  get target(): Target {
    if (this.#target === undefined) throw new Error("The target is started before the first test, not before that");
    return this.#target;
  }

  get secret(): string {
    return this.target.secret;
  }

  /** Where the next client connects: at the last of the target's addresses first. */
  get url(): string {
    const { urls } = this.target;
    return urls.at(-1 - (this.#turn++ % urls.length)) as string;
  }

  /** Where back ends are. */
  get backEndUrl(): string {
    return this.target.urls[0];
  }

  async start(kind: TargetKind, env: Readonly<Record<string, string>>): Promise<void> {
    this.#target = await findTarget(kind, env);
  }

  async stop(): Promise<void> {
    const target = this.#target;
    if (target === undefined) return;
    const ended = target.programs.flatMap(({ child }) => child.exitCode ?? []);
    const codes = await target.stop();
    // Whatever was sent to it, it was there to the end, and ended in good order.
    expect({ ended, codes }).toEqual({ ended: [], codes: target.programs.map(() => 0) });
    for (const { stdout, stderr } of target.programs) {
      expect(`${stdout}${stderr}`).not.toMatch(/eyJ[\w-]+\.[\w-]+\.|unhandled|uncaught/i);
    }
  }

  begin(): void {
    if (this.#running++ === 0) this.#turn = 0;
  }

  /** Closes all clients, once no test runs any more. */
  release(): void {
    if (--this.#running > 0) return;
    for (const one of this.#open) one.close();
    this.#open.clear();
  }

  /** Has it closed when the test is over. */
  keep<Kept extends Closable>(one: Kept): Kept {
    this.#open.add(one);
    return one;
  }

  /** The claims of a token that is good for an hour. */
  claims(userId: string, claims: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const now = seconds();
    return { sub: userId, tenantId: this.tenantId, iat: now, exp: now + 3600, ...this.#baseClaims, ...claims };
  }

  token(userId: string, claims: Readonly<Record<string, unknown>> = {}): string {
    return sign(this.claims(userId, claims), { secret: this.secret });
  }

  roomToken(claims: Omit<RoomClaims, "tenantId"> & { readonly tenantId?: string }, changes?: object): string {
    return roomToken(this.secret, { tenantId: this.tenantId, ...claims }, changes);
  }

  /** A connection for a user of this file's tenant. */
  async user(userId: string = unique("u-"), options: UserOptions = {}): Promise<Client> {
    const { claims, tenantId, ...others } = options;
    const token = this.token(userId, { ...(tenantId === undefined ? undefined : { tenantId }), ...claims });
    return await this.connect({ ...others, token });
  }

  /** A connection of a back end. */
  async service(options: UserOptions = {}): Promise<Client> {
    const claims = { permissions: ["service"], ...options.claims };
    return await this.user(unique("s-"), { url: this.backEndUrl, ...options, claims });
  }

  async connect(options: ConnectOptions & { readonly url?: string } = {}): Promise<Client> {
    const client = this.keep(await Client.connect(options.url ?? this.url, options));
    if (this.target.urls.length > 1) await this.#known(client);
    return client;
  }

  /** Waits until other nodes know of a session too, which they do a moment after it was greeted. */
  async #known(client: Client): Promise<void> {
    const { socketId, tenantId } = client.session;
    const path = "/api/socket/connections/list?limit=1000";
    for (const end = Date.now() + 5000; client.reason === undefined && Date.now() < end;) {
      const { body } = await this.call<readonly { readonly socketId: string }[]>(path, { tenantId });
      if (body.some((connection) => connection.socketId === socketId)) return;
    }
  }

  /** A connection that may have been answered, but not greeted. */
  async open(options: ConnectOptions & { readonly url?: string } = {}): Promise<Client> {
    return this.keep(await Client.open(options.url ?? this.url, options));
  }

  /** The refusal of a handshake that must be refused. */
  async refusal(options: ConnectOptions & { readonly url?: string }): Promise<Refused> {
    let client: Client;
    try {
      client = await Client.connect(options.url ?? this.url, options);
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      return thrown;
    }
    client.close();
    throw new Error(`The handshake was accepted: ${JSON.stringify(client.session)}`);
  }

  /** Checks that a handshake is refused with this code, in the shape that the specification gives it. */
  async expectRefused(options: ConnectOptions & { readonly url?: string }, code: string): Promise<void> {
    const { data, message } = await this.refusal(options);
    expect(data).toEqual({ code, message: expect.any(String), retryable: RETRYABLE.has(code) });
    const { token } = options;
    if (typeof token === "string" && token.length > 20)
      expect(`${message}${JSON.stringify(data)}`).not.toContain(token.slice(-20));
  }

  /** A call of the REST API; with the key for everything and this file's tenant unless `options` say otherwise. */
  async call<Body = Json>(path: string, options: CallOptions = {}): Promise<Response<Body>> {
    const {
      token,
      apiKey,
      tenantId = this.tenantId,
      body,
      text = body === undefined ? undefined : JSON.stringify(body),
    } = options;
    const credentials: Record<string, string> =
      token === null
        ? {}
        : token === undefined || apiKey !== undefined
          ? { "X-Api-Key": apiKey ?? this.target.apiKey, "X-Tenant-Id": tenantId }
          : { Authorization: `Bearer ${token}` };
    const response = await fetch(`${options.url ?? this.backEndUrl}${path}`, {
      method: options.method ?? (text === undefined ? "GET" : "POST"),
      headers: {
        ...(text === undefined ? undefined : { "Content-Type": "application/json" }),
        ...credentials,
        ...options.headers,
      },
      ...(text === undefined ? undefined : { body: text }),
      signal: AbortSignal.timeout(10_000),
    });
    const answer = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return {
      status: response.status,
      headers: response.headers,
      body: (answer === "" ? null : isJson ? JSON.parse(answer) : answer) as Body,
    };
  }

  /** Publishes by REST. */
  async broadcast(
    channel: string,
    data: Json,
    options: { readonly event?: string; readonly tenantId?: string; readonly url?: string } = {},
  ) {
    const { event = "message", ...others } = options;
    const { status, body } = await this.call<{ id: string; position?: { epoch: string; offset: number } }>(
      "/api/socket/broadcast",
      {
        ...others,
        body: { channel, event, data },
      },
    );
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  }

  /**
   * Waits until everything that was decided for this client before now has arrived: a message that is sent to it now, by
   * every node, has.
   */
  async fence(client: Client): Promise<void> {
    const { socketId, tenantId } = client.session;
    for (const url of this.target.urls) {
      const event = unique("fence-");
      const { status, body } = await this.call("/api/socket/direct", { url, tenantId, body: { socketId, event } });
      expect(status, JSON.stringify(body)).toBe(200);
      await client.push("event", (push) => push.topic === "@direct" && push.event === event);
    }
  }

  /** Checks that the target serves others: a new client, an event, REST. */
  async expectServing(): Promise<void> {
    const channel = unique("serving:");
    const reader = await this.user(undefined, { tenantId: unique("t-") });
    const { tenantId } = reader.session;
    await reader.ok("subscribe", { topic: channel });
    await this.broadcast(channel, "still there", { tenantId });
    expect((await reader.eventsOf(channel, 1))[0]?.payload).toBe("still there");
    for (const url of this.target.urls) expect((await this.call("/health", { url, token: null })).status).toBe(200);
    for (const { child } of this.target.programs) expect(child.exitCode).toBeNull();
    reader.close();
  }
}

export interface UseTargetOptions {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly env?: () => Promise<Readonly<Record<string, string>>>;
}

/** To be called once at the top of a test file. */
export function useTarget(kind: TargetKind, options: UseTargetOptions = {}): Suite {
  const suite = new Suite(options.claims);
  beforeAll(async () => suite.start(kind, (await options.env?.()) ?? {}));
  beforeEach(() => suite.begin());
  afterEach(() => suite.release());
  afterAll(() => suite.stop());
  return suite;
}
