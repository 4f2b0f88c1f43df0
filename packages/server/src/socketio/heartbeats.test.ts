import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket as EngineSocket } from "engine.io";
import { io, type ManagerOptions } from "socket.io-client";
import { Server as SocketIoServer } from "socket.io";
import { afterEach, expect, test, vi } from "vitest";
import { Heartbeats } from "./heartbeats.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server of Socket.IO whose pings are sent by `Heartbeats`. */
async function serve(pingInterval: number, pingTimeout: number) {
  const httpServer = createServer();
  const engine = new Server({ pingInterval, pingTimeout });
  const heartbeats = new Heartbeats({ intervalMs: pingInterval });
  const reasons: string[] = [];
  engine.on("connection", (conn: EngineSocket) => {
    const beat = heartbeats.take(conn);
    expect(beat).toBeDefined();
    conn.on("close", (reason: string) => {
      reasons.push(reason);
      beat?.stop();
    });
  });
  const server = new SocketIoServer();
  engine.attach(httpServer, { path: "/socket.io/" });
  server.bind(engine);
  await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
  cleanups.push(
    () => httpServer.closeAllConnections(),
    () => httpServer.close(),
    () => engine.close(),
  );
  const { port } = httpServer.address() as AddressInfo;
  return {
    engine,
    reasons,
    client(options: Partial<ManagerOptions>) {
      const socket = io(`http://127.0.0.1:${port}`, { forceNew: true, reconnection: false, ...options });
      cleanups.push(() => socket.disconnect());
      return socket;
    },
  };
}

test.each([["websocket"], ["polling"]])("clients over %s are pinged again and again, and stay", async (transport) => {
  const { client } = await serve(20, 10_000);
  const sockets = [1, 2, 3].map(() => client({ transports: [transport] }));
  const pings = sockets.map((socket) => {
    const heard = vi.fn();
    socket.io.on("ping", heard);
    return heard;
  });
  await vi.waitFor(() => {
    for (const heard of pings) expect(heard.mock.calls.length).toBeGreaterThan(4);
  });
  // One goes; the others hear on.
  sockets[1]?.disconnect();
  const before = pings.map((heard) => heard.mock.calls.length);
  await vi.waitFor(() => {
    for (const index of [0, 2]) expect(pings[index]?.mock.calls.length).toBeGreaterThan((before[index] ?? 0) + 3);
  });
  expect(sockets.map(({ connected }) => connected)).toEqual([true, false, true]);
});

test("who does not answer a ping is closed", async () => {
  const { engine, reasons, client } = await serve(20, 50);
  // Its pongs are lost, as is all that it says.
  engine.on("connection", (conn: EngineSocket) => conn.transport.removeAllListeners("packet"));
  client({ transports: ["websocket"] });
  await vi.waitFor(() => expect(reasons).toEqual(["ping timeout"]));
});

test("what is no socket of Engine.IO that pings is left alone", () => {
  const heartbeats = new Heartbeats({ intervalMs: 10 });
  for (const conn of [{}, { pingIntervalTimer: null }, { pingIntervalTimer: { refresh: () => undefined } }]) {
    const before = { ...conn };
    expect(heartbeats.take(conn as unknown as EngineSocket)).toBeUndefined();
    expect(conn).toEqual(before);
  }
});
