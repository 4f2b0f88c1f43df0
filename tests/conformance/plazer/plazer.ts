import { expect } from "vitest";
import type { Client, ConnectOptions } from "../native/client.ts";
import { unique, type Suite } from "../native/suite.ts";

export const NAMESPACE = "/events";

/** What a `message` brings. */
export interface Message {
  readonly userId: string | null;
  readonly data: unknown;
  readonly timestamp: string;
}

export interface PlazerOptions extends Omit<ConnectOptions, "token" | "namespace"> {
  /** Claims beside or instead of the usual ones; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly tenantId?: string;
  readonly url?: string;
}

/** A user's connection, that has been put into its rooms. */
export async function plazerUser(suite: Suite, userId: string, options: PlazerOptions = {}): Promise<Client> {
  const { claims, tenantId, ...others } = options;
  const token = suite.token(userId, { ...(tenantId === undefined ? undefined : { tenantId }), ...claims });
  const client = await suite.open({ ...others, token, namespace: NAMESPACE });
  // Commands wait until the session stands where it is to stand.
  expect(await client.ask("leave", { room: "nowhere" })).toEqual({ ok: true });
  return client;
}

/** First arguments of the events of this name, until now. */
export function received(client: Client, event: string): readonly unknown[] {
  return client.heard.filter((one) => one.event === event).map(({ args }) => args[0]);
}

/** The same, once there are so many. */
export async function receivedOnce(client: Client, event: string, count: number): Promise<readonly unknown[]> {
  await client.until(() => received(client, event).length >= count, `${count} of "${event}"`);
  return received(client, event);
}

/**
 * Waits until all that was published to a room before now has arrived at a client that is in it: what is published now, by
 * every node, has.
 */
export async function fence(suite: Suite, client: Client, room: string, tenantId = suite.tenantId): Promise<void> {
  for (const url of suite.target.urls) {
    const event = unique("fence-");
    await suite.broadcast(room, null, { event, tenantId, url });
    await client.until(() => received(client, event).length === 1, `the fence in ${room}`);
  }
}

/** Checks that a client heard nothing but fences. */
export function expectSilence(client: Client): void {
  expect(client.heard.filter(({ event }) => !event.startsWith("fence-"))).toEqual([]);
}
