import { createGateway, type ChannelRule, type Gateway, type Limits } from "@roomcast/core";
import { attach, HandoverBroker, JwtAuthenticator, type Roomcast } from "@roomcast/server";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";

export const SECRET = "a secret that guards nothing but tests";

export async function sign(userId: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return await new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
}

/** A node in this process. */
export interface Node {
  readonly port: number;
  readonly url: string;
  readonly gateway: Gateway;
  readonly roomcast: Roomcast;
}

export interface NodeOptions {
  readonly channels?: readonly ChannelRule[];
  readonly limits?: Partial<Limits>;
  /** Where logs are handed from one node to the next. */
  readonly history?: string;
  readonly heartbeat?: { readonly intervalSeconds: number; readonly timeoutSeconds: number };
}

/** Starts a node with a heartbeat that finds a lost network within a second. */
export async function startNode(options: NodeOptions = {}): Promise<Node> {
  const { channels, limits, history, heartbeat = { intervalSeconds: 0.4, timeoutSeconds: 0.3 } } = options;
  const httpServer = createServer();
  const gateway = createGateway({
    auth: new JwtAuthenticator({ secret: SECRET }),
    // All clients of a test come from one address.
    limits: { handshakesPerSecondPerAddress: 100_000, ...limits },
    ...(channels === undefined ? undefined : { channels }),
    ...(history === undefined ? undefined : { broker: new HandoverBroker({ file: history }) }),
  });
  const roomcast = attach(httpServer, gateway, { heartbeat });
  await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
  const { port } = httpServer.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}`, gateway, roomcast };
}

/** Waits for a condition; fails with what `what` says after ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`Waited in vain: ${what()}`);
}
