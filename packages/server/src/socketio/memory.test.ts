import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createGateway } from "@roomcast/core";
import { Server } from "socket.io";
import { afterEach, expect, test, vi } from "vitest";
import { openEndpoint } from "./endpoint.ts";

const CONNECTIONS = 500;
/**
 * What an idle connection with two subscriptions may take, in bytes and beside Socket.IO with two rooms: about a quarter more
 * than was measured. Beyond that, a library has probably changed so that `Slimmer` or `WebSocketTransport` finds nothing.
 */
const MOST_BYTES = 9500;
const MOST_RATIO = 0.9;

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test("an idle connection takes less than one of plain Socket.IO", async () => {
  const plain = await perConnection(servePlain);
  const ours = await perConnection(serveGateway);
  expect(ours).toBeLessThan(MOST_BYTES);
  expect(ours / plain).toBeLessThan(MOST_RATIO);
}, 60_000);

/** A server, and how many connections it has. */
type Serve = (httpServer: HttpServer) => () => number;

function servePlain(httpServer: HttpServer): () => number {
  const io = new Server(httpServer, { transports: ["websocket"], serveClient: false });
  cleanups.push(() => io.close());
  io.use((socket, next) => {
    socket.data = { userId: String(socket.handshake.auth["token"]) };
    next();
  });
  io.on("connection", (socket) => {
    socket.on("subscribe", ({ topic }: { topic: string }, acknowledge: (answer: unknown) => void) => {
      void socket.join(topic);
      acknowledge({ ok: true });
    });
  });
  return () => io.engine.clientsCount;
}

function serveGateway(httpServer: HttpServer): () => number {
  const gateway = createGateway({
    auth: {
      authenticate: async (credentials) => ({
        principal: {
          userId: credentials.kind === "token" ? String(credentials.token) : "",
          tenantId: "t",
          roles: ["client"],
          grants: {},
          expiresAt: Date.now() + 3_600_000,
          anonymous: false,
        },
      }),
    },
    limits: { handshakesPerSecondPerAddress: 0 },
  });
  const endpoint = openEndpoint({ httpServer, gateway });
  cleanups.push(async () => {
    await endpoint.close();
    await gateway.close();
  });
  return () => gateway.sessionCount;
}

async function perConnection(serve: Serve): Promise<number> {
  const httpServer = createServer();
  const connections = serve(httpServer);
  await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => httpServer.close());
  // Some before, so that what is made on first use is not counted.
  const first = await connect(httpServer, CONNECTIONS / 5);
  await first();
  await vi.waitFor(() => expect(connections()).toBe(0), 10_000);
  const before = await heap();
  const leave = await connect(httpServer, CONNECTIONS);
  expect(connections()).toBe(CONNECTIONS);
  const taken = (await heap()) - before;
  await leave();
  await vi.waitFor(() => expect(connections()).toBe(0), 10_000);
  return taken / CONNECTIONS;
}

/** Has that many clients connect; returns what has them leave. */
async function connect(httpServer: HttpServer, count: number): Promise<() => Promise<void>> {
  const { port } = httpServer.address() as AddressInfo;
  const clients = fork(new URL("../../test/idle-clients.mjs", import.meta.url), [String(port), String(count)]);
  cleanups.push(() => clients.kill());
  const [said] = (await Promise.race([once(clients, "message"), once(clients, "exit")])) as [unknown];
  expect(said).toBe("connected");
  return async () => {
    const gone = once(clients, "exit");
    clients.kill();
    await gone;
  };
}

async function heap(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    // What was given up in this turn goes after it.
    await turn();
    collect();
    least = Math.min(least, getHeapStatistics().used_heap_size);
  }
  return least;
}
