import { request as httpRequest } from "node:http";
import type { Client, ConnectOptions } from "../native/client.ts";
import { unique, type Suite } from "../native/suite.ts";
import { receivedOnce } from "../plazer/plazer.ts";

export interface SteedosOptions extends Omit<ConnectOptions, "token"> {
  readonly tenantId?: string;
  readonly url?: string;
}

/** The header that logs in a user of whom the application knows by this token. */
export function cookies(tenantId: string, token: string): { readonly cookie: string } {
  return { cookie: `lang=en; X-Space-Id=${tenantId}; X-Auth-Token=${encodeURIComponent(token)}` };
}

/** A connection with these headers, that has been told that it may subscribe. */
export async function steedos(suite: Suite, options: SteedosOptions = {}): Promise<Client> {
  const client = await suite.open(options);
  await client.until(() => client.heard.some(({ event }) => event === "connection-init"), "connection-init");
  return client;
}

/** The same for a user of this file's tenant, unless `options` say otherwise. */
export async function steedosUser(suite: Suite, userId: string, options: SteedosOptions = {}): Promise<Client> {
  const headers = { ...options.headers, ...cookies(options.tenantId ?? suite.tenantId, `of-${userId}`) };
  return await steedos(suite, { ...options, headers });
}

/** Subscribes, and waits until that is done. */
export async function subscribe(client: Client, roomParts: unknown, individual?: unknown): Promise<unknown> {
  return await client.ask("subscribe", individual === undefined ? { roomParts } : { roomParts, individual });
}

/** Sends users a notification, by REST. */
export async function notify(
  suite: Suite,
  users: readonly string[],
  message: unknown,
  tenantId: string = suite.tenantId,
): Promise<void> {
  const { status, body } = await suite.call("/api/socket/notify", { tenantId, body: { users, message } });
  if (status !== 200) throw new Error(`The notification was refused: ${JSON.stringify(body)}`);
}

/**
 * Waits until everything that was published before now has arrived at a client that may subscribe: what is published now,
 * by every node, to a room of its own, has.
 */
export async function fence(suite: Suite, client: Client, tenantId: string = suite.tenantId): Promise<void> {
  const room = unique("fence-");
  await subscribe(client, room);
  for (const url of suite.target.urls) {
    const event = unique("fence-");
    await suite.broadcast(room, null, { event, tenantId, url });
    await receivedOnce(client, event, 1);
  }
  await client.ask("unsubscribe", { roomParts: room });
}

/** What a client heard but its greeting and fences. */
export function heard(client: Client): readonly (readonly [event: string, ...args: readonly unknown[]])[] {
  return client.heard
    .filter(({ event }) => event !== "connection-init" && !event.startsWith("fence-"))
    .map(({ event, args }) => [event, ...args] as const);
}

export interface HttpOptions {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request with exactly these headers, whatever they are; an upgrade that succeeds has the status 101. */
export function http(
  url: string,
  options: HttpOptions = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const { method = "GET", headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false, timeout: 10_000 });
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, body: "" });
    });
    request.on("timeout", () => request.destroy(new Error("There was no answer")));
    request.on("error", reject);
    request.end(body);
  });
}
