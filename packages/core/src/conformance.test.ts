import type { Credentials, Principal } from "@roomcast/protocol";
import { GatewayError } from "@roomcast/protocol";
import { describe, it } from "vitest";
import type { Authenticator } from "./auth.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { MemoryBroker } from "./memory-broker.ts";
import { MemoryPresenceStore } from "./memory-presence.ts";
import { MemoryRevocations } from "./memory-revocations.ts";
import { ChannelRules } from "./rules.ts";
import {
  authenticatorCases,
  brokerCases,
  channelPolicyCases,
  connectionCases,
  ManualClock,
  presenceStoreCases,
  revocationsCases,
  TestCluster,
  TestGateway,
  testPrincipal,
  turn,
  type ConformanceCase,
  type ConnectedClient,
  type PolicyQuestion,
} from "./testing/index.ts";

function run(cases: readonly ConformanceCase[]): void {
  for (const { name, run: body } of cases) it(name, body);
}

const close = async (): Promise<void> => {};

describe("MemoryBroker", () => {
  run(
    brokerCases({
      make: async (limits) => {
        const clock = new ManualClock();
        const broker = new MemoryBroker({ clock, limits: { ...DEFAULT_LIMITS, ...limits } });
        return {
          node: () => broker,
          nodes: 1,
          now: () => clock.now(),
          advance: (ms) => clock.advance(ms),
          settle: turn,
          close: () => broker.close(),
        };
      },
    }),
  );
});

describe("TestCluster", () => {
  run(
    brokerCases({
      make: async (limits) => {
        const clock = new ManualClock();
        const cluster = new TestCluster({ clock, ...(limits === undefined ? undefined : { limits }) });
        return {
          node: () => cluster.broker(),
          nodes: 3,
          now: () => clock.now(),
          advance: (ms) => clock.advance(ms),
          settle: turn,
          close: () => cluster.close(),
        };
      },
    }),
  );
});

describe("MemoryPresenceStore", () => {
  run(
    presenceStoreCases(async () => {
      const store = new MemoryPresenceStore();
      return { store, other: store, close };
    }),
  );
});

describe("MemoryRevocations", () => {
  run(
    revocationsCases(async () => {
      const clock = new ManualClock();
      const revocations = new MemoryRevocations({ clock });
      return { revocations, other: revocations, now: () => clock.now(), close };
    }),
  );
});

describe("ChannelRules", () => {
  const service = testPrincipal({ userId: "svc", roles: ["service"] });
  const visitor = testPrincipal({ userId: null, roles: [], anonymous: true });
  const ask = (
    principal: Principal,
    action: PolicyQuestion["action"],
    name: string,
    allowed: boolean,
    following: "rule" | "grant" | false = false,
  ): PolicyQuestion => ({
    principal,
    action,
    address: { tenantId: principal.tenantId, name },
    context: { following },
    allowed,
  });
  run(
    channelPolicyCases(async () => ({
      policy: new ChannelRules({
        rules: [
          { match: "open:**", subscribe: "anyone" },
          { match: "slow:{id}", subscribe: async (principal) => principal.userId === "alice" },
          { match: "quiet:**", keep: false, slow: "resync" },
        ],
      }),
      questions: [
        ask(testPrincipal(), "subscribe", "chat:1", true),
        ask(testPrincipal(), "publish", "chat:1", false),
        ask(testPrincipal(), "publish", "chat:1", true, "rule"),
        ask(visitor, "subscribe", "chat:1", false),
        ask(visitor, "subscribe", "open:1", true),
        ask(testPrincipal(), "presence", "slow:1", true),
        ask(testPrincipal({ userId: "bob" }), "presence", "slow:1", false),
        ask(service, "publish", "quiet:1", true),
        ask(testPrincipal(), "subscribe", "user:alice", true),
        ask(testPrincipal(), "subscribe", "user:bob", false),
      ],
      close,
    })),
  );
});

describe("An authenticator of a fixed table", () => {
  const users: ReadonlyMap<unknown, Principal> = new Map([
    ["token-of-alice", testPrincipal()],
    ["token-of-bob", testPrincipal({ userId: "bob", tenantId: "other" })],
  ]);
  const authenticator: Authenticator = {
    authenticate(credentials: Credentials) {
      if (credentials.kind === "none") {
        return Promise.resolve({ principal: testPrincipal({ userId: null, roles: [], anonymous: true }) });
      }
      const principal = credentials.kind === "token" ? users.get(credentials.token) : undefined;
      if (principal === undefined) throw new GatewayError("UNAUTHENTICATED", "The token is not known");
      return Promise.resolve({ principal });
    },
  };
  run(
    authenticatorCases(async () => ({
      authenticator,
      accepted: [
        { credentials: { kind: "token", token: "token-of-alice" }, userId: "alice", tenantId: "default" },
        { credentials: { kind: "token", token: "token-of-bob" }, userId: "bob", tenantId: "other" },
        { credentials: { kind: "none" }, userId: null, tenantId: "default" },
      ],
      refused: [{ credentials: { kind: "token", token: "token-of-eve" }, code: "UNAUTHENTICATED" }],
      close,
    })),
  );
});

describe("TestClient", () => {
  run(
    connectionCases(async () => {
      let ends = 0;
      const test = new TestGateway({
        channels: [{ match: "open:**", slow: "resync" }],
        limits: { backlogBytes: 65_536 },
        observer: { disconnected: () => ends++ },
      });
      return {
        gateway: test.gateway,
        disconnected: () => ends,
        close: () => test.gateway.close(),
        async connect(): Promise<ConnectedClient> {
          const client = await test.connect();
          return {
            connection: client,
            received: client.log,
            get ended() {
              if (client.closed === undefined) return undefined;
              return client.closed === "stay-away" ? "disconnect" : "transport";
            },
            send: (...frame) => void client.request(...frame),
            pause: () => client.pause(),
            resume: () => client.resume(),
            leave: () => client.leave(),
          };
        },
      };
    }),
  );
});
