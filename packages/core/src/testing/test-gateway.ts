import {
  nativeDialect,
  type Credentials,
  type Dialect,
  type Frame,
  type Principal,
  type RealtimeEvent,
} from "@roomcast/protocol";
import type { Authenticator } from "../auth.ts";
import type { Connection, EncodedFrame, Wire } from "../connection.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../gateway.ts";
import type { Session } from "../session.ts";
import { ManualClock, turn } from "./manual-clock.ts";

/** A principal for tests: user `alice` of tenant `default`, with `fields` instead of what they name. */
export function testPrincipal(fields: Partial<Principal> = {}): Principal {
  return { userId: "alice", tenantId: "default", roles: ["client"], grants: {}, anonymous: false, ...fields };
}

/** Takes the principal itself for a token: `{ kind: "token", token: principal }`. */
export const trustingAuthenticator: Authenticator = {
  authenticate: async (credentials: Credentials) => ({
    principal:
      credentials.kind === "token"
        ? (credentials.token as Principal)
        : testPrincipal({ userId: null, roles: [], anonymous: true }),
  }),
};

interface TestFrame extends EncodedFrame {
  readonly frame: Frame;
}

/** One for each dialect of a test gateway: frames as they are. */
class TestWire implements Wire {
  readonly dialect: Dialect;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  encode(frame: Frame): TestFrame {
    // What a dialect gives must be writable as JSON; what a client reads has been.
    const text = JSON.stringify(frame);
    return { bytes: text.length, frame: JSON.parse(text) as Frame };
  }
}

/** A client in the process: what it was told, and a way to ask. */
export class TestClient implements Connection {
  readonly id: string;
  readonly wire: Wire;
  readonly transport = "memory";
  readonly remoteAddress = undefined;
  /** All frames that were written, in order. */
  readonly frames: Frame[] = [];
  /** Set to play a client that does not read. */
  overloaded = false;
  /** How the server ended the link. */
  closed: "reconnect" | "stay-away" | "destroy" | undefined;
  #session: Session | undefined;

  constructor(id: string, wire: Wire) {
    this.id = id;
    this.wire = wire;
  }

  get session(): Session {
    if (this.#session === undefined) throw new Error("The client is not connected");
    return this.#session;
  }

  attach(session: Session): void {
    this.#session = session;
  }

  write(frame: EncodedFrame): void {
    if (this.closed === undefined) this.frames.push((frame as TestFrame).frame);
  }

  close(how: "reconnect" | "stay-away" | "destroy"): void {
    if (this.closed !== undefined) return;
    this.closed = how;
    this.#session?.gone();
  }

  /** Sends a frame without waiting for an answer. */
  send(...frame: readonly unknown[]): void {
    this.session.receive(frame, { bytes: JSON.stringify(frame)?.length ?? 0 });
  }

  /** Sends a frame; resolves to the first argument of its acknowledgement. */
  request(...frame: readonly unknown[]): Promise<Record<string, unknown>> {
    return new Promise((resolve) => {
      this.session.receive(frame, {
        bytes: JSON.stringify(frame)?.length ?? 0,
        acknowledge: ([answer]) => resolve(JSON.parse(JSON.stringify(answer)) as Record<string, unknown>),
      });
    });
  }

  /** First arguments of the frames called `event`. */
  received(event: string): readonly Record<string, unknown>[] {
    return this.frames.filter(([name]) => name === event).map(([, argument]) => argument as Record<string, unknown>);
  }

  /** The events that came, as the native dialect tells them. */
  events(): readonly RealtimeEvent[] {
    return this.received("event") as unknown as readonly RealtimeEvent[];
  }

  /** Plays a client that reads again after it did not. */
  drain(): void {
    this.overloaded = false;
    this.#session?.drained();
  }

  /** Plays a client that goes away. */
  leave(): void {
    if (this.closed !== undefined) return;
    this.closed = "destroy";
    this.#session?.gone();
  }
}

/** A gateway in the process, on a clock that the test moves; clients speak to it without any network. */
export class TestGateway {
  readonly clock: ManualClock;
  readonly gateway: Gateway;
  readonly #wires = new Map<Dialect, Wire>();
  #clients = 0;

  constructor(options: Partial<GatewayOptions> = {}) {
    this.clock = options.clock instanceof ManualClock ? options.clock : new ManualClock();
    this.gateway = createGateway({ auth: trustingAuthenticator, nodeId: "test", ...options, clock: this.clock });
  }

  /** Connects as `principal`; rejects like `Gateway.admit`. Null connects a visitor. */
  async connect(principal: Partial<Principal> | null = {}, dialect: Dialect = nativeDialect): Promise<TestClient> {
    const credentials: Credentials =
      principal === null ? { kind: "none" } : { kind: "token", token: testPrincipal(principal) };
    const admission = await this.gateway.admit(credentials);
    let wire = this.#wires.get(dialect);
    if (wire === undefined) this.#wires.set(dialect, (wire = new TestWire(dialect)));
    const client = new TestClient(`socket-${++this.#clients}`, wire);
    client.attach(this.gateway.open(client, admission));
    return client;
  }

  /** Lets everything that is under way come to its end, without any time passing. */
  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) await turn();
  }

  /** Lets time pass. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }
}
