import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Limits } from "./limits.ts";
import type { Observer } from "./observer.ts";
import { ManualClock, TestGateway, testPrincipal, turn, type TestClient } from "./testing/index.ts";
import { SlowStore } from "./testing/slow-store.ts";
import { TestCluster } from "./testing/test-cluster.ts";
import type { Arrival } from "./auth.ts";
import { GatewayError, twakeDialect } from "@roomcast/protocol";

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

/** Nodes that share a broker and a presence store. */
function nodes(count: number, limits: Partial<Limits>, presence: SlowStore, observer: Observer = {}) {
  const clock = new ManualClock();
  const cluster = new TestCluster({ clock });
  return Array.from(
    { length: count },
    (_, n) => new TestGateway({ clock, broker: cluster.broker(), presence, observer, nodeId: `node-${n}`, limits }),
  );
}

const greeted = (client: TestClient): boolean => client.received("session").length > 0;

describe("limits of connections, where logins come to several nodes at once", () => {
  it.each([
    ["connectionsPerUser", 1],
    ["connectionsPerUser", 3],
    ["connectionsPerTenant", 1],
    ["connectionsPerTenant", 3],
  ] as const)("let in by %s who is first of all in the store: %d", async (limit, most) => {
    const presence = new SlowStore();
    const refused: string[] = [];
    const crowd = nodes(most + 2, { [limit]: most }, presence, { refused: (code) => void refused.push(code) });
    // Nobody is in the store when they are admitted: each node has room for its own.
    const clients = await Promise.all(crowd.map(async (node) => await node.connect()));
    const [first] = crowd;
    for (let step = 0; step < 2 * clients.length; step++) {
      presence.next();
      await first?.settle();
    }
    expect(clients.map(greeted)).toEqual(clients.map((_, n) => n < most));
    for (const [n, client] of clients.entries()) {
      expect(client.closed).toBe(n < most ? undefined : "stay-away");
      expect(client.received("closing")).toMatchObject(n < most ? [] : [{ code: "LIMIT_REACHED", reconnect: false }]);
    }
    expect((await first?.gateway.connections("default"))?.total).toBe(most);
    expect(refused).toEqual(["LIMIT_REACHED", "LIMIT_REACHED"]);
    await expect(first?.connect()).rejects.toMatchObject({ code: "LIMIT_REACHED", details: { limit } });
  });

  it("let in exactly as many as there are places, however long each takes", async () => {
    const hops = fc.infiniteStream(fc.nat(6));
    const logins = fc.array(fc.nat(2), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(logins, fc.integer({ min: 1, max: 4 }), hops, async (places, most, waits) => {
        const presence = new SlowStore(async () => {
          for (let left = waits.next().value ?? 0; left > 0; left--) await turn();
        });
        const crowd = nodes(3, { connectionsPerUser: most }, presence);
        const outcomes = await Promise.allSettled(places.map(async (n) => await crowd[n]?.connect()));
        for (let n = 0; n < 30; n++) await turn();
        const clients = outcomes.flatMap((one) => (one.status === "fulfilled" ? (one.value ?? []) : []));
        const staying = clients.filter(({ closed }) => closed === undefined);
        expect(staying.length).toBe(Math.min(most, places.length));
        expect(staying.every(greeted)).toBe(true);
        expect(clients.filter(greeted).length).toBe(staying.length);
        expect((await crowd[0]?.gateway.connections("default"))?.total).toBe(staying.length);
      }),
      { numRuns: 200 },
    );
  });

  it("have nobody wait for long where the store does not answer, and end who is one too many when it does", async () => {
    const presence = new SlowStore();
    const [one, two] = nodes(2, { connectionsPerUser: 1 }, presence) as [TestGateway, TestGateway];
    const [first, second] = [await one.connect(), await two.connect()];
    await one.advance(2000);
    expect([greeted(first), greeted(second)]).toEqual([true, true]);
    for (let step = 0; step < 4; step++) {
      presence.next();
      await one.settle();
    }
    expect([first.closed, second.closed]).toEqual([undefined, "stay-away"]);
    expect(second.received("closing")).toMatchObject([{ code: "LIMIT_REACHED" }]);
  });

  it("refuse nobody because the store could not count", async () => {
    const presence = new SlowStore(async () => {});
    const failures: string[] = [];
    const node = new TestGateway({
      presence,
      limits: { connectionsPerUser: 1 },
      observer: { failed: (where) => failures.push(where) },
    });
    const members = presence.members.bind(presence);
    let asked = 0;
    presence.members = async (...question) => {
      if (++asked > 1) throw new Error("away");
      return await members(...question);
    };
    const client = await node.connect();
    await node.settle();
    expect([asked, greeted(client), client.closed, failures]).toEqual([2, true, undefined, ["presence"]]);
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
