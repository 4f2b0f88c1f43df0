import { createGateway } from "@roomcast/core";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { io } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { next, TestNode } from "../test/harness.ts";
import { attach } from "./attach.ts";

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

async function start(...args: Parameters<typeof TestNode.start>): Promise<TestNode> {
  const node = await TestNode.start(...args);
  nodes.push(node);
  return node;
}

const application: RequestListener = (request, response) => {
  response.setHeader("X-Application", "yes");
  response.end(`application ${request.url}`);
};

describe("attach to an application's server", () => {
  it("leaves the application's requests to it, untouched", async () => {
    const node = await start({ httpServer: createServer(application), ownsAllPaths: false });
    for (const path of ["/", "/api/users", "/api/sockets", "/auth/login", "/healthy", "/socket.io-not"]) {
      const answer = await node.call(path, { headers: {} });
      expect(answer, path).toMatchObject({ status: 200, body: `application ${path}` });
      expect(answer.headers.get("x-application")).toBe("yes");
      expect(answer.headers.get("x-content-type-options"), path).toBeNull();
    }
    for (const path of ["/health", "/ready", "/openapi.json", "/api/socket/connections"]) {
      const answer = await node.call(path);
      expect(answer.status, path).toBe(200);
      expect(answer.headers.get("x-application"), path).toBeNull();
    }
    expect(await node.call("/api/socket/nothing")).toMatchObject({ status: 404, body: { error: "NOT_FOUND" } });
    const socket = await node.connect(await node.token("alice"), ["polling", "websocket"]);
    expect(await socket.emitWithAck("subscribe", { topic: "x" })).toMatchObject({ ok: true });
    expect((await node.call("/api/socket/connections")).body).toEqual({ count: 1 });
  });

  it("leaves streaming bodies to the application", async () => {
    const echo: RequestListener = (request, response) => void request.pipe(response);
    const node = await start({ httpServer: createServer(echo), ownsAllPaths: false });
    const body = "x".repeat(300_000);
    expect((await node.call("/upload", { body, headers: {} })).body).toBe(body);
  });

  it("works without REST, and then has no path but its endpoint's", async () => {
    const httpServer = createServer(application);
    const gateway = createGateway({ auth: { authenticate: () => Promise.reject(new Error("nobody")) } });
    const roomcast = attach(httpServer, gateway);
    const url = await listen(httpServer);
    expect(await (await fetch(`${url}/health`)).text()).toBe("application /health");
    expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status).toBe(200);
    await roomcast.close({ drainSeconds: 1 });
  });

  it("opens its endpoint where it is told to, and none for a dialect that is off", async () => {
    const node = await start({ attach: { path: "/realtime/" } });
    const socket = io(node.url, {
      path: "/realtime/",
      auth: { token: await node.token("alice") },
      reconnection: false,
    });
    expect(await next(socket, "session")).toMatchObject({ userId: "alice" });
    socket.disconnect();
    expect((await node.call("/socket.io/?EIO=4&transport=polling")).status).toBe(404);
    const silent = await start({ attach: { dialects: { native: false } } });
    expect((await silent.call("/socket.io/?EIO=4&transport=polling")).status).toBe(404);
    expect((await silent.call("/health")).status).toBe(200);
  });

  it("answers what is nobody's, so that nothing hangs", async () => {
    const node = await start({ ownsAllPaths: false });
    expect(await node.call("/nobody")).toMatchObject({ status: 404, body: { error: "NOT_FOUND" } });
  });
});

async function listen(httpServer: Server): Promise<string> {
  await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
}

describe("close", () => {
  it("says that it is going, while it drains", async () => {
    const node = await start();
    await node.gateway.drain({ seconds: 1 });
    expect(await node.call("/ready")).toMatchObject({ status: 503, body: { error: "SHUTTING_DOWN" } });
    expect((await node.call("/health")).status).toBe(200);
    expect((await node.call("/socket.io/?EIO=4&transport=polling")).status).toBe(503);
  });

  it("tells clients to come back elsewhere, then closes everything, within the drain time", async () => {
    const httpServer = createServer();
    const node = await start({ httpServer });
    const token = await node.token("alice");
    const sockets = [await node.connect(token), await node.connect(token, ["polling"])];
    const heard = sockets.map((socket) => Promise.all([next(socket, "closing"), next(socket, "disconnect")]));
    const stuck = await stubborn(node.url, token);
    const closed = node.roomcast.close({ drainSeconds: 2 });
    expect(node.roomcast.close({ drainSeconds: 60 })).toBe(closed);
    for (const [closing, reason] of await Promise.all(heard)) {
      expect(closing).toMatchObject({ code: "SHUTTING_DOWN", reconnect: true });
      // Not "io server disconnect", after which clients stay away.
      expect(["transport close", "transport error"]).toContain(reason);
    }
    await closed;
    expect(node.gateway.sessionCount).toBe(0);
    expect(httpServer.listening).toBe(false);
    await expect(fetch(node.url)).rejects.toThrow();
    stuck.close();
  });

  it("ends in time although a request never does", async () => {
    let arrived: (() => void) | undefined;
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    const httpServer = createServer(() => arrived?.());
    const node = await start({ httpServer, ownsAllPaths: false });
    const failed = expect(fetch(`${node.url}/hangs`)).rejects.toThrow();
    await arrival;
    await node.roomcast.close({ drainSeconds: 0.2 });
    await failed;
    expect(httpServer.listening).toBe(false);
  });

  it("closes at once when nobody is there", async () => {
    const node = await start();
    await node.roomcast.close();
    await node.roomcast.close();
  });
});

/** A link that opens a session and then neither reads nor closes. */
async function stubborn(url: string, token: string): Promise<{ close(): void }> {
  const { WebSocket } = await import("ws");
  const socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
  await new Promise<void>((resolve) => {
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith("0")) socket.send(`40${JSON.stringify({ token })}`);
      if (text.startsWith("40")) resolve();
    });
  });
  socket.pause();
  return { close: () => socket.terminate() };
}
