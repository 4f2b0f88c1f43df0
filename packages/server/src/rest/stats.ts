import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { Answers, Gateway, NodeSample, Question, RefusedRates, TenantSample } from "@roomcast/core";
import { GatewayError } from "@roomcast/protocol";
import type { RestEnv, RestServices } from "./context.ts";
import { checkAdmin } from "./guards.ts";
import { backEndProblems, BACK_END_SECURITY, json } from "./openapi.ts";
import { ClusterStatsSchema, StatsQuery, TenantStatsSchema } from "./stats-schemas.ts";

const tenantStats = createRoute({
  method: "get",
  path: "/api/socket/stats",
  tags: ["operation"],
  summary: "What the tenant did on each node in the last quarter of an hour; for admins",
  security: BACK_END_SECURITY,
  request: { query: StatsQuery },
  responses: { 200: json("Samples of each node, oldest first", TenantStatsSchema), ...backEndProblems() },
});

const clusterStats = createRoute({
  method: "get",
  path: "/api/cluster/stats",
  tags: ["operation"],
  summary: "What each node did in the last quarter of an hour; for operators",
  security: BACK_END_SECURITY,
  request: { query: StatsQuery },
  responses: { 200: json("Samples of each node, oldest first", ClusterStatsSchema), ...backEndProblems() },
});

/** What was measured. */
export function addStatsRoutes(app: OpenAPIHono<RestEnv>, { gateway }: RestServices): void {
  app.openapi(tenantStats, async (c) => {
    const caller = c.get("caller");
    checkAdmin(caller);
    const { seconds } = c.req.valid("query");
    const found = await askAll(gateway, { kind: "tenantStats", tenantId: caller.tenantId, seconds });
    const nodes = found.answers.map(({ nodeId, value }) => ({ nodeId, samples: value.map(tenantSample) }));
    return c.json({ nodes, unreachable: [...found.unreachable] }, 200);
  });

  app.openapi(clusterStats, async (c) => {
    const { seconds } = c.req.valid("query");
    const found = await askAll(gateway, { kind: "nodeStats", seconds });
    const nodes = found.answers.map(({ nodeId, value }) => ({ nodeId, samples: value.map(nodeSample) }));
    return c.json({ nodes, unreachable: [...found.unreachable] }, 200);
  });
}

/** All nodes' answers; this one's alone while it cannot reach the others, which is when operators look. */
export async function askAll<Asked extends Question>(gateway: Gateway, question: Asked): Promise<Answers<Asked>> {
  const { insight, nodeId } = gateway;
  try {
    return await insight.askAll(question);
  } catch (thrown) {
    if (GatewayError.from(thrown).code !== "UNAVAILABLE") throw thrown;
    return { answers: [{ nodeId, value: await insight.ask(nodeId, question) }], unreachable: [] };
  }
}

/** A sample as REST has it. */
export function nodeSample({ latency, loop, refused, ...sample }: NodeSample) {
  const [p50, p95, p99] = latency ?? [0, 0, 0];
  const latencies: [number, number, number] | null = latency === null ? null : [p50, p95, p99];
  const delays: [number, number] = [loop[0], loop[1]];
  return { ...sample, latency: latencies, loop: delays, refused: copied(refused) };
}

function tenantSample({ refused, ...sample }: TenantSample) {
  return { ...sample, refused: copied(refused) };
}

function copied(rates: RefusedRates): Record<string, number> {
  return { ...rates };
}
