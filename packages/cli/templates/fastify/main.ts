import process from "node:process";
import { fastify } from "fastify";
import { setupWebSockets } from "./websockets/socket.ts";

const { PORT = "3000" } = process.env;

const app = fastify();
app.get("/", () => ({ status: "ok" }));

await setupWebSockets(app);
await app.listen({ port: Number(PORT), host: "0.0.0.0" });
console.log(`API: http://localhost:${PORT}/`);
process.once("SIGTERM", () => void app.close());
