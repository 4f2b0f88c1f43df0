import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { Gateway, NodeInfo, NodeState } from "@roomcast/core";
import { GatewayError } from "@roomcast/protocol";
import { z } from "zod";
import { VERSION } from "../version.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { backEndProblems, BACK_END_SECURITY, json } from "./openapi.ts";
import { askAll, nodeSample } from "./stats.ts";
import { ConfigSchema, NodeSchema } from "./stats-schemas.ts";

const listNodes = createRoute({
  method: "get",
  path: "/api/cluster/nodes",
  tags: ["operation"],
  summary: "The nodes of the cluster, and how they are; for operators",
  security: BACK_END_SECURITY,
  responses: {
    200: json("All nodes, by name; only the asked one while it cannot reach the others", z.array(NodeSchema)),
    ...backEndProblems(),
  },
});

const readConfig = createRoute({
  method: "get",
  path: "/api/cluster/config",
  tags: ["operation"],
  summary: "The settings of the asked node, without secrets; for operators",
  security: BACK_END_SECURITY,
  responses: { 200: json("Secrets are `<hidden>`, functions `<function>`", ConfigSchema), ...backEndProblems() },
});

/** What operators alone may see. */
export function addClusterRoutes(app: OpenAPIHono<RestEnv>, { gateway, config }: RestServices): void {
  app.openapi(listNodes, async (c) => {
    const [nodes, { answers }] = await Promise.all([nodesOf(gateway), askAll(gateway, { kind: "node" })]);
    const states = new Map(answers.map(({ nodeId, value }) => [nodeId, value]));
    return c.json(
      nodes.map((node) => shownNode(node, states.get(node.nodeId))),
      200,
    );
  });

  app.openapi(readConfig, (c) => {
    return c.json(
      { nodeId: gateway.nodeId, version: VERSION, config: config === undefined ? null : { ...config } },
      200,
    );
  });
}

async function nodesOf({ insight }: Gateway): Promise<readonly NodeInfo[]> {
  try {
    return await insight.nodes();
  } catch (thrown) {
    if (GatewayError.from(thrown).code !== "UNAVAILABLE") throw thrown;
    return [insight.own];
  }
}

function shownNode(node: NodeInfo, state: NodeState | undefined) {
  if (state === undefined) {
    const unknown = { draining: null, connections: null, channels: null, broker: null, latest: null };
    return { ...node, reachable: false, ...unknown };
  }
  const { latest, ...others } = state;
  return { ...node, reachable: true, ...others, latest: latest === null ? null : nodeSample(latest) };
}
