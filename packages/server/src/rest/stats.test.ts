import { MemoryBroker, MemoryPresenceStore } from "@roomcast/core";
import { ManualClock } from "@roomcast/core/testing";
import { GatewayError, type Role } from "@roomcast/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACME_KEY, KEY, next, TestNode } from "../../test/harness.ts";

const CALLS = ["/api/socket/stats", "/api/cluster/stats", "/api/cluster/nodes", "/api/cluster/config"] as const;

let node: TestNode;
const clock = new ManualClock(Date.now());
beforeAll(async () => {
  node = await TestNode.start({ gateway: { clock, nodeId: "one", node: { version: "1.2.3", host: "h", pid: 7 } } });
});
afterAll(() => node.close());

async function statuses(headers: Readonly<Record<string, string>>): Promise<number[]> {
  return await Promise.all(CALLS.map(async (path) => (await node.call(path, { headers })).status));
}

describe("the calls of operators", () => {
  it.each<[role: Role, statuses: number[]]>([
    ["client", [403, 403, 403, 403]],
    ["service", [403, 403, 403, 403]],
    ["admin", [200, 403, 403, 403]],
    ["operator", [200, 200, 200, 200]],
  ])("answer a token with the role %s as far as that goes", async (role, expected) => {
    const token = await node.token(`a-${role}`, { roles: [role] });
    expect(await statuses({ Authorization: `Bearer ${token}` })).toEqual(expected);
  });

  it("answer a key as far as its roles go, and nobody without credentials", async () => {
    expect(await statuses({ "X-Api-Key": KEY })).toEqual([200, 200, 200, 200]);
    expect(await statuses({ "X-Api-Key": ACME_KEY, "X-Tenant-Id": "acme" })).toEqual([403, 403, 403, 403]);
    expect(await statuses({})).toEqual([401, 401, 401, 401]);
  });

  it("have what was kept: of nodes, and of the tenant that asks alone", async () => {
    const socket = await node.connect(await node.token("alice", { tenantId: "t-stats" }));
    await socket.emitWithAck("subscribe", { topic: "a" });
    const heard = next(socket, "event");
    await node.gateway.publish({ tenantId: "t-stats", name: "a" }, "e", 1);
    await heard;
    await node.call("/api/socket/channels?limit=0", { headers: { "X-Api-Key": KEY, "X-Tenant-Id": "t-stats" } });
    await clock.advance(5000);
    const own = await node.call("/api/socket/stats", { headers: { "X-Api-Key": KEY, "X-Tenant-Id": "t-stats" } });
    expect(own.body).toEqual({
      nodes: [
        {
          nodeId: "one",
          samples: [
            {
              t: clock.now(),
              nodeId: "one",
              seconds: 5,
              connections: 1,
              channels: 1,
              in: 0.2,
              out: 0.2,
              refused: { INVALID_PAYLOAD: 0.2 },
            },
          ],
        },
      ],
      unreachable: [],
    });
    const other = await node.call("/api/socket/stats", { headers: { "X-Api-Key": KEY, "X-Tenant-Id": "t-other" } });
    expect(other.body).toEqual({ nodes: [{ nodeId: "one", samples: [] }], unreachable: [] });
    const all = await node.call("/api/cluster/stats?seconds=5");
    expect(all.body).toMatchObject({
      nodes: [
        {
          nodeId: "one",
          samples: [
            {
              connections: 1,
              in: 0.2,
              out: 0.2,
              latency: [expect.any(Number), expect.any(Number), expect.any(Number)],
              draining: false,
            },
          ],
        },
      ],
      unreachable: [],
    });
    const [sample] = (all.body as { nodes: { samples: { bytes: number; rss: number }[] }[] }).nodes[0]?.samples ?? [];
    expect(sample?.bytes).toBeGreaterThan(10);
    expect(sample?.rss).toBeGreaterThan(10_000_000);
    socket.disconnect();
  });

  it.each(["0", "901", "x", "-1", "1.5", ""])("refuse seconds=%s", async (seconds) => {
    for (const path of ["/api/socket/stats", "/api/cluster/stats"]) {
      expect(await node.call(`${path}?seconds=${seconds}`)).toMatchObject({
        status: 400,
        body: { error: "INVALID_PAYLOAD", details: { path: "seconds" } },
      });
    }
  });

  it("list the nodes and how they are", async () => {
    await clock.advance(5000);
    const { body } = await node.call("/api/cluster/nodes");
    expect(body).toEqual([
      {
        nodeId: "one",
        version: "1.2.3",
        startedAt: expect.any(Number),
        host: "h",
        pid: 7,
        reachable: true,
        draining: false,
        connections: node.gateway.sessionCount,
        channels: expect.any(Number),
        broker: { kind: "memory", healthy: true, latencyMs: null, error: null },
        latest: expect.objectContaining({ nodeId: "one", seconds: 5 }),
      },
    ]);
  });

  it("have no settings where there is no configuration", async () => {
    expect((await node.call("/api/cluster/config")).body).toEqual({
      nodeId: "one",
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      config: null,
    });
  });

  it("are described", async () => {
    const { body } = await node.call("/openapi.json");
    for (const path of CALLS) expect(body).toHaveProperty(["paths", path, "get", "responses", "403"]);
  });
});

describe("a node that reaches no other", () => {
  it("tells of itself all the same, and of its broker what is wrong", async () => {
    const away = async () => await Promise.reject(new GatewayError("UNAVAILABLE", "Redis cannot be reached"));
    const broker = Object.assign(new MemoryBroker(), { signal: away, check: away });
    const presence = Object.assign(new MemoryPresenceStore(), { members: away });
    const lonely = await TestNode.start({ gateway: { broker, presence, nodeId: "lonely" } });
    expect((await lonely.call("/api/cluster/nodes")).body).toMatchObject([
      {
        nodeId: "lonely",
        reachable: true,
        broker: { healthy: false, latencyMs: null, error: "Redis cannot be reached" },
        latest: null,
      },
    ]);
    expect((await lonely.call("/api/cluster/stats")).body).toEqual({
      nodes: [{ nodeId: "lonely", samples: [] }],
      unreachable: [],
    });
    await lonely.close();
  });
});
