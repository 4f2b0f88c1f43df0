import { describe, expect, it } from "vitest";
import { MemoryPresenceStore } from "./memory-presence.ts";
import type { MemberRecord } from "./presence.ts";
import type { Arrival } from "./auth.ts";
import { TestGateway, testPrincipal } from "./testing/index.ts";
import { GatewayError, twakeDialect, type ChannelAddress } from "@roomcast/protocol";

/** A store that takes its time to put, and to say that it has. */
class SlowStore extends MemoryPresenceStore {
  readonly #steps: (() => void)[] = [];

  override async put(address: ChannelAddress, member: MemberRecord): Promise<void> {
    await this.#step();
    await super.put(address, member);
    await this.#step();
  }

  /** Lets one step of what is put go on. */
  next(): void {
    this.#steps.shift()?.();
  }

  async #step(): Promise<void> {
    await new Promise<void>((resolve) => this.#steps.push(resolve));
  }
}

function setUp(connectionsPerUser: number) {
  const presence = new SlowStore();
  const node = new TestGateway({ presence, limits: { connectionsPerUser } });
  /** What came of an attempt to connect. */
  const outcomes: string[] = [];
  const attempt = async (): Promise<void> => {
    await node.connect().then(
      () => outcomes.push("in"),
      (error: unknown) => outcomes.push((error as { code: string }).code),
    );
  };
  return { presence, node, outcomes, attempt };
}

describe("the limit of a user's connections, where the store takes its time", () => {
  it("counts who has opened and is not in the store yet", async () => {
    const { presence, node, outcomes, attempt } = setUp(1);
    await attempt();
    void attempt();
    await node.settle();
    expect(outcomes).toEqual(["in"]);
    for (let step = 0; step < 2; step++) {
      presence.next();
      await node.settle();
    }
    expect(outcomes).toEqual(["in", "LIMIT_REACHED"]);
  });

  it("does not count twice who is in the store, and has not been said to be", async () => {
    const { presence, node, outcomes, attempt } = setUp(2);
    await attempt();
    presence.next();
    await node.settle();
    void attempt();
    await node.settle();
    expect(outcomes).toEqual(["in"]);
    presence.next();
    await node.settle();
    expect(outcomes).toEqual(["in", "in"]);
  });

  it("gives the place back where the store fails", async () => {
    const { presence, node, outcomes, attempt } = setUp(1);
    presence.put = async () => await Promise.reject(new Error("full"));
    await attempt();
    await node.settle();
    await attempt();
    expect(outcomes).toEqual(["in", "in"]);
  });
});

describe("whoever looks at arrivals", () => {
  it("hears who was recognised and whence, before there is a place for them, and may refuse", async () => {
    const arrivals: Arrival[] = [];
    const node = new TestGateway({
      limits: { connectionsPerUser: 1 },
      arriving: async (arrival) => {
        arrivals.push(arrival);
        await Promise.resolve();
        if (arrival.principal.userId === "mallory") throw new GatewayError("FORBIDDEN", "Not today");
      },
    });
    await expect(node.connect({ userId: "mallory" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(node.connect({ userId: "mallory" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const origin = { dialect: "native", remoteAddress: "::1", headers: {}, auth: { version: 2 } };
    const credentials = { kind: "token", token: testPrincipal() } as const;
    await node.gateway.admit(credentials, undefined, origin);
    await expect(node.gateway.admit({ kind: "token", token: 5 })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(arrivals.map(({ principal }) => principal.userId)).toEqual(["mallory", "mallory", "alice"]);
    expect(arrivals.map((arrival) => arrival.origin)).toEqual([undefined, undefined, origin]);
  });

  it("refuses with UNAVAILABLE where it breaks, or takes its time", async () => {
    const failures: unknown[] = [];
    const observer = { failed: (where: string) => void failures.push(where) };
    const broken = new TestGateway({
      observer,
      arriving: () => {
        throw new Error("no database");
      },
    });
    await expect(broken.connect()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const slow = new TestGateway({ observer, arriving: () => new Promise(() => undefined) });
    const refused = expect(slow.connect()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await slow.settle();
    await slow.advance(5000);
    await refused;
    expect(failures).toEqual(["arrival", "arrival"]);
  });

  it("looks at those who log in late, too", async () => {
    const node = new TestGateway({
      arriving: ({ principal }) => {
        if (principal.userId === "mallory") throw new GatewayError("FORBIDDEN", "Not today");
      },
    });
    const late = { kind: "token", token: testPrincipal({ userId: "mallory" }) } as const;
    const client = node.open(twakeDialect());
    await expect(client.session.login(late)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await client.session.login({ kind: "token", token: testPrincipal() });
    expect(client.session.principal.userId).toBe("alice");
  });
});
