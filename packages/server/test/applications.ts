import express, { type Express } from "express";
import fastify, { type FastifyInstance } from "fastify";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { roomcast as onExpress } from "../src/adapters/express.ts";
import { getRoomcast, roomcast as onFastify } from "../src/adapters/fastify.ts";
import { roomcast as onNode } from "../src/adapters/node.ts";
import type { EmbedOptions } from "../src/config/embed-options.ts";
import type { Embedded } from "../src/embed.ts";

/** An application with Roomcast: `GET /hello` and `POST /echo` are its own, all else is 404. */
export interface Application {
  readonly server: Server;
  readonly roomcast: Embedded;
  readonly url: string;
  /** As the application ends itself. */
  close(): Promise<void>;
}

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

export type StartApplication = (options: EmbedOptions, certificate: Certificate) => Promise<Application>;

/** The same application in each framework, as its own documentation would write it. */
export const applications: Readonly<Record<string, StartApplication>> = {
  "node:http": async (options) => await startNode(createServer(routes), "http", options),
  "node:https": async (options, certificate) =>
    await startNode(createSecureServer(certificate, routes), "https", options),
  "Express 5": async (options) => await startExpress(express, options),
  "Express 4": async (options) => await startExpress(express4(), options),
  "Express 5 on node:https": async (options, certificate) => {
    const { server, ...roomcast } = onExpress(createSecureServer(certificate, expressRoutes(express)), options);
    return await listening({ server, roomcast, protocol: "https" });
  },
  Fastify: async (options) => await startFastify(fastify() as FastifyInstance, "http", options),
  "Fastify on https": async (options, certificate) =>
    await startFastify(fastify({ https: certificate }) as unknown as FastifyInstance, "https", options),
};

function express4(): typeof express {
  return createRequire(import.meta.url)("express-v4") as typeof express;
}

function routes(...[request, response]: Parameters<Parameters<typeof createServer>[1] & object>): void {
  if (request.method === "GET" && request.url === "/hello") {
    response.setHeader("Content-Type", "application/json").end('{"hello":"world"}');
  } else if (request.method === "POST" && request.url === "/echo") {
    response.setHeader("Content-Type", "application/json");
    request.pipe(response);
  } else {
    response.writeHead(404).end("not found");
  }
}

async function startNode(server: Server, protocol: string, options: EmbedOptions): Promise<Application> {
  return await listening({ server, roomcast: onNode(server, options), protocol });
}

function expressRoutes(make: typeof express): Express {
  const app = make();
  app.use(express.json());
  app.get("/hello", (_request, response) => void response.json({ hello: "world" }));
  app.post("/echo", (request, response) => void response.json(request.body));
  return app;
}

async function startExpress(make: typeof express, options: EmbedOptions): Promise<Application> {
  const app = expressRoutes(make);
  const { server, listen, ...roomcast } = onExpress(app, options);
  await new Promise<void>((resolve, reject) => {
    listen(0, "127.0.0.1", (error?: Error) => (error === undefined ? resolve() : reject(error)));
  });
  return application({ server, roomcast, protocol: "http" });
}

async function startFastify(app: FastifyInstance, protocol: string, options: EmbedOptions): Promise<Application> {
  await app.register(onFastify, options);
  app.get("/hello", () => ({ hello: "world" }));
  app.post("/echo", (request) => request.body);
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { ...application({ server: app.server, roomcast: getRoomcast(app), protocol }), close: () => app.close() };
}

interface Parts {
  readonly server: Server;
  readonly roomcast: Embedded;
  readonly protocol: string;
}

async function listening(parts: Parts): Promise<Application> {
  parts.server.listen(0, "127.0.0.1");
  await once(parts.server, "listening");
  return application(parts);
}

function application({ server, roomcast, protocol }: Parts): Application {
  const { port } = server.address() as AddressInfo;
  const name = protocol === "https" ? "localhost" : "127.0.0.1";
  return { server, roomcast, url: `${protocol}://${name}:${port}`, close: () => roomcast.close() };
}
