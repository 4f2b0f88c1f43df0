import { nativeDialect, type Credentials, type Dialect, type Principal } from "@roomcast/protocol";
import type { Admission } from "../admission.ts";
import type { Authenticator } from "../auth.ts";
import type { Wire } from "../connection.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../gateway.ts";
import { ManualClock, turn } from "./manual-clock.ts";
import { TestClient, TestWire } from "./test-client.ts";

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

/** A gateway in the process, on a clock that the test moves; clients speak to it without any network. */
export class TestGateway {
  readonly clock: ManualClock;
  readonly gateway: Gateway;
  readonly #wires = new Map<Dialect, Wire>();
  /** Ids of several nodes differ where these have names. */
  readonly #prefix: string;
  #clients = 0;

  constructor(options: Partial<GatewayOptions> = {}) {
    this.clock = options.clock instanceof ManualClock ? options.clock : new ManualClock();
    this.#prefix = options.nodeId === undefined ? "" : `${options.nodeId}-`;
    this.gateway = createGateway({ auth: trustingAuthenticator, nodeId: "test", ...options, clock: this.clock });
  }

  /**
   * Connects as `principal`, and is greeted where the store answers at once; rejects like `Gateway.admit`. Null connects a
   * visitor.
   */
  async connect(principal: Partial<Principal> | null = {}, dialect: Dialect = nativeDialect): Promise<TestClient> {
    const credentials: Credentials =
      principal === null ? { kind: "none" } : { kind: "token", token: testPrincipal(principal) };
    const client = this.#open(dialect, await this.gateway.admit(credentials));
    await turn();
    return client;
  }

  /**
   * Opens a connection that is to log in by a command of its dialect; the token of `trustingAuthenticator` is a principal.
   * With an admission it has logged in already.
   */
  open(dialect: Dialect, admission?: Admission): TestClient {
    return this.#open(dialect, admission);
  }

  #open(dialect: Dialect, admission?: Admission): TestClient {
    let wire = this.#wires.get(dialect);
    if (wire === undefined) this.#wires.set(dialect, (wire = new TestWire(dialect)));
    const client = new TestClient(`${this.#prefix}socket-${++this.#clients}`, wire, this.gateway.limits.backlogBytes);
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
