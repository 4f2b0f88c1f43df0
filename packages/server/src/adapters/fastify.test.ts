import { MemoryBroker, systemClock } from "@roomcast/core";
import fastify, { type FastifyHttpOptions, type FastifyInstance } from "fastify";
import dns from "node:dns";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { io, type Socket } from "socket.io-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ConfigError } from "../config/config-error.ts";
import type { EmbedOptions } from "../config/embed-options.ts";
import { getRoomcast, roomcast } from "./fastify.ts";

const options: EmbedOptions = {
  auth: { jwt: { secret: "a secret of the application, of more than 32 bytes" } },
  drainSeconds: 1,
};

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

function application(settings: FastifyHttpOptions<Server> = {}): FastifyInstance {
  const app = fastify(settings) as FastifyInstance;
  cleanUp.push(() => app.close());
  return app;
}

async function connect(url: string, token: string, transports = ["websocket"]): Promise<Socket> {
  const socket = io(url, { auth: { token }, transports, forceNew: true, reconnection: false });
  cleanUp.push(() => socket.disconnect());
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
  return socket;
}

describe("the Fastify plugin", () => {
  it("is there for the application and everything in it", async () => {
    const app = application();
    await app.register(roomcast, options);
    await app.register(
      async (inner) => {
        inner.post("/tokens/:user", async ({ params }) => {
          const { user } = params as { user: string };
          return await getRoomcast(inner).issueToken({ userId: user });
        });
      },
      { prefix: "/v1" },
    );
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    expect(app.hasDecorator("roomcast")).toBe(true);
    expect(app.printPlugins()).toContain("roomcast");
    const { token } = (await (await fetch(`${url}/v1/tokens/alice`, { method: "POST" })).json()) as { token: string };
    await connect(url, token);
    // Requests without a network pass it by.
    expect((await app.inject({ url: "/v1/tokens/bob", method: "POST" })).json()).toHaveProperty("token");
  });

  it("stays in the context that it is registered in", async () => {
    const app = application();
    app.get("/", () => "outside");
    await app.register(
      async (inner) => {
        await inner.register(roomcast, options);
        inner.get("/token", async () => await getRoomcast(inner).issueToken({ userId: "alice" }));
      },
      { prefix: "/v1" },
    );
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    expect(app.hasDecorator("roomcast")).toBe(false);
    expect(() => getRoomcast(app)).toThrow(/roomcast/);
    const { token } = (await (await fetch(`${url}/v1/token`)).json()) as { token: string };
    const socket = await connect(url, token);
    // Its own addresses are those of the server, whatever the prefix of the context.
    expect((await fetch(`${url}/roomcast/ready`)).status).toBe(200);
    expect((await fetch(`${url}/v1/roomcast/ready`)).status).toBe(404);
    expect(await (await fetch(url)).text()).toBe("outside");
    const ended = new Promise((resolve) => socket.once("disconnect", resolve));
    await app.close();
    expect(await ended).toMatch(/^transport/);
  });

  it("serves all addresses of localhost", async () => {
    // Where it has two; not every machine's has.
    const { lookup } = dns;
    const both = (name: string, settings: dns.LookupAllOptions, done: (error: null, found: unknown) => void): void => {
      if (name !== "localhost" || !settings.all) return Reflect.apply(lookup, dns, [name, settings, done]);
      done(null, [
        { address: "127.0.0.1", family: 4 },
        { address: "127.0.0.2", family: 4 },
      ]);
    };
    const stub = vi.spyOn(dns, "lookup").mockImplementation(both as typeof lookup);
    cleanUp.push(() => stub.mockRestore());
    const app = application();
    await app.register(roomcast, options);
    app.get("/hello", () => "hello");
    await app.listen({ port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const { token } = await getRoomcast(app).issueToken({ userId: "alice" });
    const addresses = (app.addresses() as AddressInfo[]).map(({ address }) => address);
    expect(addresses).toEqual(expect.arrayContaining(["127.0.0.1", "127.0.0.2"]));
    for (const address of addresses) {
      const url = `http://${address}:${port}`;
      for (const transports of [["websocket"], ["polling"]]) {
        const socket = await connect(url, token, transports);
        expect(await socket.emitWithAck("subscribe", { topic: "a" })).toMatchObject({ ok: true });
      }
      expect((await fetch(`${url}/roomcast/health`)).status).toBe(200);
      expect(await (await fetch(`${url}/hello`)).text()).toBe("hello");
      expect((await fetch(`${url}/nowhere`)).status).toBe(404);
    }
  });

  it("fails the start with wrong options, or twice in one application", async () => {
    const wrong = application();
    wrong.register(roomcast, { ...options, prot: 1 } as EmbedOptions);
    await expect(wrong.ready()).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringMatching(/^prot is not known; it may be one of cors, /),
    });
    const prefixed = application();
    prefixed.register(roomcast, { ...options, prefix: "/realtime" } as EmbedOptions);
    await expect(prefixed.ready()).rejects.toThrow(/^prefix is not known/);
    const twice = application();
    twice.register(roomcast, options);
    twice.register(roomcast, options);
    await expect(twice.ready()).rejects.toThrow("This HTTP server has Roomcast already");
    const http2 = fastify({ http2: true });
    cleanUp.push(() => http2.close());
    http2.register(roomcast as never, options as never);
    await expect(http2.ready()).rejects.toThrow(ConfigError);
  });

  it("fails the start without a broker, and says why in the application's log", async () => {
    const lines: string[] = [];
    const app = application({ logger: { level: "warn", stream: { write: (line: string) => void lines.push(line) } } });
    const broker = new MemoryBroker({ clock: systemClock });
    broker.start = () => Promise.reject(new Error("No Redis at redis://user:password@host"));
    await app.register(roomcast, { ...options, broker });
    await expect(app.listen({ port: 0 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ module: "roomcast", where: "start" }]);
    expect(lines.join("")).not.toContain("password");
  });

  it("leaves a port in use to the application", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    cleanUp.push(() => taken.close());
    const app = application();
    await app.register(roomcast, options);
    const { port } = taken.address() as AddressInfo;
    await expect(app.listen({ port, host: "127.0.0.1" })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await app.close();
  });

  it("closes with an application that never listened", async () => {
    const app = application();
    await app.register(roomcast, options);
    const { gateway } = getRoomcast(app);
    await app.close();
    await expect(gateway.ready()).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
  });
});
