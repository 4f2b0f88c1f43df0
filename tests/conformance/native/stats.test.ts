import { describe, expect, it } from "vitest";
import type { Client } from "./client.ts";
import { unique, useTarget } from "./suite.ts";
import type { Json } from "./wire.ts";

const suite = useTarget("main");

const NAMES = ["@stats", "@cluster", "@audit"] as const;
type Name = (typeof NAMES)[number];

interface Sample {
  readonly t: number;
  readonly nodeId: string;
  readonly seconds: number;
  readonly connections: number;
  readonly channels: number;
  readonly in: number;
  readonly out: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly busiest?: readonly (readonly (string | number)[])[];
  readonly [name: string]: unknown;
}

const admin = { claims: { permissions: ["admin"] } };
const operator = { claims: { permissions: ["operator"] } };

async function reaches(client: Client): Promise<Name[]> {
  const open: Name[] = [];
  for (const topic of NAMES) {
    const answer = await client.request("subscribe", { topic });
    if (answer.ok) open.push(topic);
    else expect(answer.error.code).toBe("FORBIDDEN");
  }
  return open;
}

const samples = (client: Client, topic: Name = "@cluster"): readonly Sample[] =>
  client.payloads(topic) as unknown as readonly Sample[];

/** What a rate adds up to. */
function total(all: readonly Sample[], of: (sample: Sample) => number): number {
  return Math.round(all.reduce((sum, sample) => sum + of(sample) * sample.seconds, 0));
}

/** Names of the nodes, as those tell it who greet. */
async function nodeIds(): Promise<string[]> {
  const ids = new Set<string>();
  for (const url of suite.target.urls) ids.add((await suite.user(undefined, { url })).session.nodeId);
  return [...ids].sort();
}

describe("operators' channels", () => {
  it("open as far as the role goes", async () => {
    expect(await reaches(await suite.user())).toEqual([]);
    expect(await reaches(await suite.connect())).toEqual([]);
    expect(await reaches(await suite.service())).toEqual([]);
    expect(await reaches(await suite.user(undefined, admin))).toEqual(["@stats", "@audit"]);
    expect(await reaches(await suite.user(undefined, operator))).toEqual([...NAMES]);
  });

  it("open to nobody by grants, nor to one who reaches nothing but them", async () => {
    const channels = Object.fromEntries([...NAMES, "**"].map((name) => [name, ["subscribe", "history", "presence"]]));
    expect(await reaches(await suite.user(undefined, { claims: { channels } }))).toEqual([]);
    const only = { permissions: ["operator", "admin"], channels, channelsOnly: true };
    expect(await reaches(await suite.user(undefined, { claims: only }))).toEqual([]);
  });

  it("open to nobody by a room token", async () => {
    const client = await suite.user("roomy");
    for (const topic of NAMES) {
      const token = suite.roomToken({ room: topic, userId: "roomy" });
      await client.refused("subscribe", { topic, token }, "FORBIDDEN");
    }
  });

  it("are joined, published to and listed by nobody", async () => {
    const client = await suite.user(undefined, { claims: { permissions: ["operator", "admin", "service"] } });
    for (const channel of NAMES) {
      await client.ok("subscribe", { topic: channel });
      for (const [command, payload] of [
        ["join", {}],
        ["publish", { event: "stats", data: { in: 1 } }],
        ["members", {}],
        ["state", { state: 1 }],
      ] as const)
        await client.refused(command, { channel, ...payload }, "FORBIDDEN");
      const body = { channel, event: "stats", data: {} };
      expect((await suite.call("/api/socket/broadcast", { body })).status).toBe(403);
    }
    for (const channel of ["@stats", "@cluster"]) await client.refused("history", { channel }, "FORBIDDEN");
    expect(await client.ok("history", { channel: "@audit" })).toMatchObject({ events: expect.any(Array) as unknown });
  });

  it("end when a refresh takes the role, and no sooner", async () => {
    const client = await suite.user("fallen", operator);
    for (const topic of NAMES) await client.ok("subscribe", { topic, subscriptionId: topic });
    await client.ok("refresh", { token: suite.token("fallen", { permissions: ["admin"] }) });
    expect(await client.push("error")).toMatchObject({ code: "FORBIDDEN", channel: "@cluster" });
    await client.refused("unsubscribe", { subscriptionId: "@cluster" }, "NOT_FOUND");
    await client.ok("refresh", { token: suite.token("fallen") });
    await client.push("error", ({ channel }) => channel === "@stats");
    await client.push("error", ({ channel }) => channel === "@audit");
    for (const topic of NAMES) await client.refused("unsubscribe", { subscriptionId: topic }, "NOT_FOUND");
  });
});

describe("live numbers", () => {
  it("come from every node, compact, and in the shape of the specification", async () => {
    const nodes = await nodeIds();
    const client = await suite.user(undefined, operator);
    await client.ok("subscribe", { topic: "@cluster" });
    const seen = (): string[] => [...new Set(samples(client).map(({ nodeId }) => nodeId))].sort();
    await client.until(() => seen().length === nodes.length, `samples of ${nodes.length} nodes`);
    expect(seen()).toEqual(nodes);
    const [event] = client.events("@cluster");
    expect(event).toMatchObject({ event: "stats", source: "server" });
    expect(JSON.stringify(event).length).toBeLessThan(2000);
    expect(samples(client)[0]).toEqual({
      t: expect.any(Number),
      nodeId: expect.any(String),
      seconds: expect.any(Number),
      connections: expect.any(Number),
      channels: expect.any(Number),
      subscriptions: expect.any(Number),
      in: expect.any(Number),
      out: expect.any(Number),
      bytes: expect.any(Number),
      latency: expect.toSatisfy((value: unknown) => value === null || (Array.isArray(value) && value.length === 3)),
      refused: expect.any(Object),
      dropped: expect.any(Number),
      backlog: expect.any(Number),
      slow: expect.any(Number),
      rss: expect.any(Number),
      heap: expect.any(Number),
      loop: [expect.any(Number), expect.any(Number)],
      cpu: expect.any(Number),
      draining: false,
      busiest: expect.any(Array),
    });
    const { rss, seconds } = samples(client)[0] as Sample;
    expect(rss).toBeGreaterThan(20_000_000);
    expect(seconds).toBeGreaterThan(0.5);
  });

  it("of a tenant add up to what was published and refused in it, wherever, and tell nothing of others", async () => {
    const tenantId = unique("t-");
    const [mine, other] = [
      await suite.user(undefined, { ...admin, tenantId }),
      await suite.user(undefined, { ...admin, tenantId: unique("t-") }),
    ];
    for (const client of [mine, other]) await client.ok("subscribe", { topic: "@stats" });
    // A sample of each node first: they know that somebody follows.
    const heard = (client: Client): number => new Set(samples(client, "@stats").map(({ nodeId }) => nodeId)).size;
    for (const client of [mine, other])
      await client.until(() => heard(client) === suite.target.urls.length, "a sample of each node");
    const reader = await suite.user(undefined, { tenantId });
    const channel = unique("busy:");
    await reader.ok("subscribe", { topic: channel });
    for (let n = 0; n < 7; n++) await suite.broadcast(channel, n, { tenantId });
    for (const url of suite.target.urls) await suite.broadcast(channel, "more", { tenantId, url });
    await reader.refused("publish", { channel: unique("nobody's:"), event: "e" }, "FORBIDDEN");
    const published = 7 + suite.target.urls.length;
    const all = (): readonly Sample[] => samples(mine, "@stats");
    const sums = () => ({
      in: total(all(), (sample) => sample.in),
      out: total(all(), (sample) => sample.out),
      refused: total(all(), ({ refused }) => refused["FORBIDDEN"] ?? 0),
    });
    await mine.until(() => sums().in >= published && sums().out >= published && sums().refused > 0, "all of it");
    expect(sums()).toEqual({ in: published, out: published, refused: 1 });
    expect(all().flatMap(({ busiest = [] }) => busiest.map(([name]) => name))).toContain(channel);
    expect(total(samples(other, "@stats"), (sample) => sample.in + sample.out)).toBe(0);
    expect(JSON.stringify(other.payloads("@stats"))).not.toContain(channel);
  });

  it("come no more to who let go of them, while others hear on", async () => {
    const [gone, stays] = [await suite.user(undefined, operator), await suite.user(undefined, operator)];
    for (const client of [gone, stays]) {
      await client.ok("subscribe", { topic: "@cluster", subscriptionId: "all" });
      await client.until(() => samples(client).length > 0, "a sample");
    }
    await gone.ok("unsubscribe", { subscriptionId: "all" });
    const [before, count] = [samples(gone).length, samples(stays).length];
    await stays.until(() => samples(stays).length >= count + 3 * suite.target.urls.length, "three seconds more");
    await suite.fence(gone);
    expect(samples(gone).length).toBe(before);
  });
});

describe("REST for operators", () => {
  const bearer = (...permissions: string[]) => ({ token: suite.token("boss", { permissions }) });

  it("answers as far as the role goes", async () => {
    const calls = ["/api/socket/stats", "/api/cluster/stats", "/api/cluster/nodes", "/api/cluster/config"];
    const statuses = async (token: string | null) =>
      await Promise.all(calls.map(async (path) => (await suite.call(path, { token })).status));
    expect(await statuses(null)).toEqual([401, 401, 401, 401]);
    expect(await statuses(bearer("client").token)).toEqual([403, 403, 403, 403]);
    expect(await statuses(bearer("service").token)).toEqual([403, 403, 403, 403]);
    expect(await statuses(bearer("admin").token)).toEqual([200, 403, 403, 403]);
    expect(await statuses(bearer("operator").token)).toEqual([200, 200, 200, 200]);
  });

  it("has the samples that each node kept", async () => {
    const nodes = await nodeIds();
    for (const path of ["/api/socket/stats?seconds=60", "/api/cluster/stats?seconds=60"]) {
      const { status, body } = await suite.call<{ nodes: { nodeId: string; samples: Sample[] }[]; unreachable: Json }>(
        path,
        bearer("operator"),
      );
      expect([status, body.unreachable, body.nodes.map(({ nodeId }) => nodeId).sort()]).toEqual([200, [], nodes]);
      for (const { nodeId, samples: kept } of body.nodes) {
        expect(kept.length).toBeLessThanOrEqual(13);
        for (const sample of kept) {
          expect(sample.nodeId).toBe(nodeId);
          expect(sample).not.toHaveProperty("busiest");
        }
      }
    }
    for (const seconds of ["0", "901", "1e2", "-5"])
      expect((await suite.call(`/api/cluster/stats?seconds=${seconds}`, bearer("operator"))).status).toBe(400);
  });

  it("lists the nodes, with the health of their broker", async () => {
    const { status, body } = await suite.call<{ nodeId: string; broker: unknown }[]>(
      "/api/cluster/nodes",
      bearer("operator"),
    );
    expect(status).toBe(200);
    expect(body.map(({ nodeId }) => nodeId)).toEqual(await nodeIds());
    const one = suite.target.urls.length === 1;
    for (const node of body) {
      expect(node).toMatchObject({
        version: expect.stringMatching(/^\d+\.\d+\.\d+/) as unknown,
        reachable: true,
        draining: false,
        broker: {
          kind: one ? "memory" : "redis",
          healthy: true,
          latencyMs: one ? null : (expect.any(Number) as unknown),
          error: null,
        },
      });
    }
  });

  it("shows the settings without secrets", async () => {
    const { status, body } = await suite.call("/api/cluster/config", bearer("operator"));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      nodeId: expect.any(String) as unknown,
      config: {
        auth: { jwt: { secret: "<hidden>" }, apiKeys: expect.any(Array) as unknown },
        direct: "<function>",
        limits: { handshakesPerSecondPerAddress: 2000 },
      },
    });
    const text = JSON.stringify(body);
    expect(text).not.toContain(suite.secret);
    expect(text).not.toContain(suite.target.apiKey);
    expect(text).not.toMatch(/[0-9a-f]{64}/i);
  });
});
