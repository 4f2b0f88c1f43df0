// The Fastify set-up: the application's routes, and the gateway beside them on its server.
import fastify from "fastify";
import { startGateway } from "./gateway.mjs";

const app = fastify();
const { notify, close } = startGateway(app.server);
app.get("/hello", () => ({ from: "fastify" }));
app.post("/echo", (request, reply) => reply.code(201).send(request.body));
app.post("/notify/:tenantId/:userId", async ({ params, body }) => await notify(params.tenantId, params.userId, body));
await app.ready();
console.log(`Listening on ${await app.listen({ port: 0, host: "127.0.0.1" })}`);
process.once("SIGTERM", () => void close());
