import { GatewayError } from "@roomcast/protocol";
import type { JwtAuthenticator, TokenIssuer } from "@roomcast/server";
import express, { type ErrorRequestHandler, type Express, type Request } from "express";
import { fileURLToPath } from "node:url";
import type { Chat } from "./chat.ts";

const page = fileURLToPath(new URL("../dist/page", import.meta.url));
const LONGEST_TEXT = 2000;

export interface AppOptions {
  readonly chat: Chat;
  readonly auth: JwtAuthenticator;
  readonly issuer: TokenIssuer;
  readonly tenantId: string;
  /** Who there is. */
  readonly users: readonly string[];
}

/** The HTTP side: a login, the messages, and the page. */
export function createApp({ chat, auth, issuer, tenantId, users }: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(express.json({ limit: "64kb" }));
  app.use(express.static(page));

  // Whoever says who they are is believed: this is where an application of your own asks for a password.
  app.post("/login", async (request, response) => {
    const userId = field(request, "userId");
    if (!users.includes(userId)) throw new GatewayError("UNAUTHENTICATED", `There is nobody named "${userId}" here`);
    response.json(await issuer.issue({ userId, tenantId }));
  });

  app.get("/messages", async (request, response) => {
    await callerOf(request, auth);
    response.json(chat.messages);
  });

  app.post("/messages", async (request, response) => {
    const author = await callerOf(request, auth);
    const text = field(request, "text").trim();
    if (text === "" || text.length > LONGEST_TEXT) {
      throw new GatewayError("INVALID_PAYLOAD", `"text" must have 1 to ${LONGEST_TEXT} characters`);
    }
    response.status(201).json(await chat.write(author, text));
  });

  app.use(answerErrors);
  return app;
}

function field(request: Request, name: string): string {
  const body: unknown = request.body;
  const value = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  if (typeof value !== "string") throw new GatewayError("INVALID_PAYLOAD", `"${name}" must be a text`);
  return value;
}

/** Who asks, by the same token that opens the connection. */
async function callerOf(request: Request, auth: JwtAuthenticator): Promise<string> {
  const [, token] = /^Bearer (.+)$/u.exec(request.get("authorization") ?? "") ?? [];
  const { principal } = await auth.authenticate({ kind: "token", token: token ?? null });
  if (principal.userId === null) throw new GatewayError("UNAUTHENTICATED", "A user's token is needed");
  return principal.userId;
}

/** `{ error }`, with the status that belongs to it. What is nobody's mistake but ours is told to the log alone. */
const answerErrors: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const status = statusOf(error);
  if (status >= 500) console.error(error);
  response.status(status).json({ error: status < 500 && error instanceof Error ? error.message : "It did not work" });
};

function statusOf(error: unknown): number {
  if (error instanceof GatewayError) return error.status;
  // What Express says of a body that it cannot read.
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}
