import { CrudException } from "@roomcast/core/crud";
import { GatewayError } from "@roomcast/protocol";
import type { JwtAuthenticator, RoomTokens, TokenIssuer } from "@roomcast/server";
import express, { type Express, type Request } from "express";
import { fileURLToPath } from "node:url";
import { answerErrors, bearer, body, idOf, queryText } from "./http.ts";
import { ROOM, type MessageContext, type MessageService } from "./message-service.ts";

const page = fileURLToPath(new URL("../public", import.meta.url));
const socketClient = fileURLToPath(import.meta.resolve("socket.io-client/dist/socket.io.js"));

export interface AppOptions {
  readonly messages: MessageService;
  readonly auth: JwtAuthenticator;
  readonly issuer: TokenIssuer;
  readonly roomTokens: RoomTokens;
}

/** The HTTP side: the routes of messages, a login, and the page. */
export function createApp({ messages, auth, issuer, roomTokens }: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(express.json({ limit: "64kb" }));
  app.use(express.static(page));
  app.get("/socket.io-client.js", (_request, response) => response.sendFile(socketClient));

  // Whoever gives a name is believed: this is where an application of your own asks for a password.
  app.post("/login", async (request, response) => {
    const { userId, tenantId = "default" } = body(request);
    if (typeof userId !== "string" || typeof tenantId !== "string") {
      throw CrudException.badRequest(`"userId" and "tenantId" must be texts`);
    }
    const { token, expiresAt } = await issuer.issue({ userId, tenantId });
    response.json({ token, expiresAt, rooms: await roomTokens.signRooms({ userId, tenantId }, [ROOM]) });
  });

  app.get("/messages", async (request, response) => {
    const { limit, page_token, reversed } = request.query;
    const pagination = { page_token: queryText(page_token), limitStr: queryText(limit), reversed: reversed === "true" };
    const list = await messages.list(pagination, undefined, await contextOf(request, auth));
    response.json({ messages: list.getEntities(), next_page_token: list.page_token });
  });
  app.get("/messages/:id", async (request, response) => {
    response.json(await messages.get(idOf(request), await contextOf(request, auth)));
  });
  app.post("/messages", async (request, response) => {
    const { entity } = await messages.create(body(request), await contextOf(request, auth));
    response.status(201).location(`${ROOM}/${entity.id}`).json(entity);
  });
  app.patch("/messages/:id", async (request, response) => {
    const { entity } = await messages.update(idOf(request), body(request), await contextOf(request, auth));
    response.json(entity);
  });
  app.delete("/messages/:id", async (request, response) => {
    await messages.delete(idOf(request), await contextOf(request, auth));
    response.status(204).end();
  });

  app.use(answerErrors);
  return app;
}

/** The caller, by the same token that opens the socket. */
async function contextOf(request: Request, auth: JwtAuthenticator): Promise<MessageContext> {
  const { principal } = await auth.authenticate({ kind: "token", token: bearer(request) });
  const { userId, tenantId } = principal;
  if (userId === null) throw new GatewayError("UNAUTHENTICATED", "A user's token is needed");
  return { user: { id: userId, tenantId }, url: request.originalUrl, method: request.method, transport: "http" };
}
