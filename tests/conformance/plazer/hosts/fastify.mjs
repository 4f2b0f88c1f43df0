// The Fastify set-up: the application's routes, and the gateway beside them.
import { sendNotification } from "@roomcast/server";
import { getRoomcast, roomcast } from "@roomcast/server/fastify";
import fastify from "fastify";
import { settings } from "./settings.mjs";

const app = fastify();
app.register(roomcast, settings);
app.get("/hello", () => ({ from: "fastify" }));
app.post("/echo", (request, reply) => reply.code(201).send(request.body));
app.post("/notify/:tenantId/:userId", async ({ params, body }) => {
  return await sendNotification(getRoomcast(app).gateway, params.tenantId, params.userId, body);
});
console.log(`Listening on ${await app.listen({ port: 0, host: "127.0.0.1" })}`);
process.once("SIGTERM", () => void app.close());
