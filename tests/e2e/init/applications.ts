import type { Framework } from "./project.ts";

const SOURCES = {
  express: `
import process from "node:process";
import express from "express";
import { setupWebSockets } from "./websockets/socket.js";

const app = express();
const realtime = setupWebSockets(app);
app.post("/notify/:user/:tenant", async (request, response) => {
  const { user, tenant } = request.params;
  response.json(await realtime.sendNotification(user, { title: "Hello" }, tenant));
});
app.post("/plan/:org", async (request, response) => {
  response.json(await realtime.sendToOrg(request.params.org, "plan", { size: "large" }));
});
realtime.listen(Number(process.env["PORT"]), "127.0.0.1", () => console.log("listening"));
`,
  fastify: `
import process from "node:process";
import { fastify } from "fastify";
import { setupWebSockets } from "./websockets/socket.js";

const app = fastify();
const realtime = await setupWebSockets(app);
app.post<{ Params: { user: string; tenant: string } }>("/notify/:user/:tenant", ({ params }) =>
  realtime.sendNotification(params.user, { title: "Hello" }, params.tenant),
);
app.post<{ Params: { org: string } }>("/plan/:org", ({ params }) =>
  realtime.sendToOrg(params.org, "plan", { size: "large" }),
);
await app.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1" });
console.log("listening");
`,
  nest: `
import "reflect-metadata";
import process from "node:process";
import { Controller, Module, Param, Post } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { EventsGateway } from "./websockets/events.gateway.js";
import { WebSocketsModule } from "./websockets/websockets.module.js";

@Controller()
class AppController {
  constructor(private readonly events: EventsGateway) {}

  @Post("notify/:user/:tenant")
  async notify(@Param("user") user: string, @Param("tenant") tenant: string): Promise<void> {
    await this.events.sendNotification(user, { title: "Hello" }, tenant);
  }

  @Post("plan/:org")
  async plan(@Param("org") org: string): Promise<void> {
    await this.events.sendToOrg(org, "plan", { size: "large" });
  }
}

@Module({ imports: [WebSocketsModule], controllers: [AppController] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ["warn", "error"] });
await app.listen(Number(process.env["PORT"]), "127.0.0.1");
console.log("listening");
`,
} satisfies Record<Framework, string>;

/** An application of a user's that calls what was generated, of its own; in the place of `main.ts`. */
export function application(framework: Framework): string {
  return SOURCES[framework].trimStart();
}
