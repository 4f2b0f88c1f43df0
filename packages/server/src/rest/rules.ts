import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { RuleMatch } from "@roomcast/core";
import { z } from "zod";
import { jsonSchemaOf, type JsonSchema } from "../asyncapi/json-schema.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { requireAdmin } from "./guards.ts";
import { RuleMatchSchema, RuleTestBody, RuleTestResultSchema } from "./insight-schemas.ts";
import { backEndProblems, BACK_END_SECURITY, body, json } from "./openapi.ts";

const testRules = createRoute({
  method: "post",
  path: "/api/socket/rules/test",
  tags: ["rules"],
  summary: "Which rule a channel has, and what it says to a user, a visitor or a connection; for admins",
  security: BACK_END_SECURITY,
  middleware: requireAdmin(),
  request: { body: body(RuleTestBody) },
  responses: { 200: json("The rule, and its decisions", RuleTestResultSchema), ...backEndProblems("NOT_FOUND") },
});

const listRules = createRoute({
  method: "get",
  path: "/api/cluster/rules",
  tags: ["rules"],
  summary: "The rules in the order in which they are asked, built-in names first; for operators",
  security: BACK_END_SECURITY,
  responses: { 200: json("The rules", z.array(RuleMatchSchema)), ...backEndProblems() },
});

/** A rule as it is told: the schemas of its events as JSON Schemas of what may be published. */
type RuleText = Omit<RuleMatch, "events"> & { readonly events: Record<string, JsonSchema> | null };

/** What admins may see of rules. */
export function addRuleRoutes(app: OpenAPIHono<RestEnv>, { gateway: { insight } }: RestServices): void {
  app.openapi(testRules, async (c) => {
    const { channel, userId, roles, anonymous, socketId } = c.req.valid("json");
    const { rule, decisions } = await insight.test(c.get("caller").tenantId, {
      channel,
      ...(userId === undefined ? undefined : { userId }),
      ...(roles === undefined ? undefined : { roles }),
      ...(anonymous === undefined ? undefined : { anonymous }),
      ...(socketId === undefined ? undefined : { socketId }),
    });
    return c.json({ ...(await ruleText(rule)), decisions }, 200);
  });

  app.openapi(listRules, async (c) => c.json(await Promise.all(insight.rules().map(ruleText)), 200));
}

export async function ruleText(rule: RuleMatch): Promise<RuleText> {
  const { events } = rule;
  if (events === null) return { ...rule, events };
  const schemas = Object.entries(events).map(
    async ([event, schema]) => [event, await jsonSchemaOf(schema, "input", "#")] as const,
  );
  return { ...rule, events: Object.fromEntries(await Promise.all(schemas)) };
}
