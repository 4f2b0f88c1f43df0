import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { checkChannelName, toRealtimeEvent } from "@roomcast/protocol";
import { z } from "zod";
import { withoutUndefined } from "../without-undefined.ts";
import type { RestEnv, RestServices } from "./context.ts";
import { describePage } from "./guards.ts";
import { backEndProblems, BACK_END_SECURITY, json, page } from "./openapi.ts";
import {
  ChannelParams,
  ChannelSchema,
  ChannelsQuery,
  HistoryQuery,
  HistorySchema,
  MembersQuery,
  MemberSchema,
} from "./schemas.ts";

const listChannels = createRoute({
  method: "get",
  path: "/api/socket/channels",
  tags: ["channels"],
  summary: "Channels with members or subscribers",
  description:
    "By name unless told. Where there are thousands of channels, a list that is searched or sorted by numbers may be some seconds old.",
  security: BACK_END_SECURITY,
  request: { query: ChannelsQuery },
  responses: {
    200: page("One page of channels", z.array(ChannelSchema), "Channels that are looked for, on all pages"),
    ...backEndProblems(),
  },
});

const listMembers = createRoute({
  method: "get",
  path: "/api/socket/channels/{channel}/members",
  tags: ["channels"],
  summary: "Who joined a channel",
  security: BACK_END_SECURITY,
  request: { params: ChannelParams, query: MembersQuery },
  responses: {
    200: page(
      "One page of members; empty for a channel that nobody joined",
      z.array(MemberSchema),
      "Members on all pages",
    ),
    ...backEndProblems(),
  },
});

const readHistory = createRoute({
  method: "get",
  path: "/api/socket/channels/{channel}/history",
  tags: ["channels"],
  summary: "The newest events of a channel, or the oldest after a position",
  security: BACK_END_SECURITY,
  request: { params: ChannelParams, query: HistoryQuery },
  responses: { 200: json("Events, oldest first, and the top of the log", HistorySchema), ...backEndProblems() },
});

/** What back ends may read of channels. */
export function addChannelRoutes(app: OpenAPIHono<RestEnv>, { gateway }: RestServices): void {
  app.openapi(listChannels, async (c) => {
    const found = await gateway.channels(c.get("caller").tenantId, withoutUndefined(c.req.valid("query")));
    describePage(c, found);
    return c.json([...found.entries], 200);
  });

  app.openapi(listMembers, async (c) => {
    const name = checkChannelName(c.req.valid("param").channel, "channel");
    const { cursor } = c.req.valid("query");
    const { tenantId } = c.get("caller");
    const found = await gateway.members({ tenantId, name }, cursor === undefined ? {} : { cursor });
    describePage(c, found);
    return c.json([...found.members], 200);
  });

  app.openapi(readHistory, async (c) => {
    const name = checkChannelName(c.req.valid("param").channel, "channel");
    const { limit, epoch, offset } = c.req.valid("query");
    const { tenantId } = c.get("caller");
    const since = epoch === undefined || offset === undefined ? undefined : { epoch, offset };
    const found = await gateway.history({ tenantId, name }, since === undefined ? { limit } : { limit, since });
    return c.json({ ...found, events: found.events.map(toRealtimeEvent) }, 200);
  });
}
