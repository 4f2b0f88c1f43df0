import type { OpenAPIHono } from "@hono/zod-openapi";
import { asyncApiDocument, describeServer, type AsyncApiDocument } from "../asyncapi/document.ts";
import type { RestEnv, RestServices } from "./context.ts";

/** What is said on the channels of the gateway's contract, for whoever asks, like `/openapi.json`. */
export function addAsyncApi(app: OpenAPIHono<RestEnv>, { gateway, socketPath = "/socket.io/" }: RestServices): void {
  let made: Promise<AsyncApiDocument> | undefined;
  app.get("/asyncapi.json", async (c) => {
    // When somebody asks: libraries take their time for it.
    made ??= asyncApiDocument({ rules: gateway.rules });
    const { asyncapi, info, defaultContentType, ...rest } = await made;
    const server = describeServer(originOf(c.req.url, c.req.header("x-forwarded-proto")), socketPath);
    return c.json({ asyncapi, info, defaultContentType, servers: { gateway: server }, ...rest });
  });
}

/** What the caller says of itself is good enough for a document that it alone gets. */
function originOf(url: string, forwardedProtocol: string | undefined): string {
  const origin = new URL(url);
  return forwardedProtocol === "https" ? `https://${origin.host}` : origin.origin;
}
