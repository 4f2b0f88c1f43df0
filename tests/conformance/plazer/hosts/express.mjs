// The Express set-up: the application's routes, and the gateway beside them on its server.
import { createServer } from "node:http";
import express from "express";
import { startGateway } from "./gateway.mjs";

const app = express();
app.use(express.json());
app.get("/hello", (_request, response) => response.json({ from: "express" }));
app.post("/echo", (request, response) => response.status(201).json(request.body));

const httpServer = createServer(app);
const { notify, close } = startGateway(httpServer);
app.post("/notify/:tenantId/:userId", async (request, response) => {
  const { tenantId, userId } = request.params;
  response.json(await notify(tenantId, userId, request.body));
});
httpServer.listen(0, "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${httpServer.address().port}`));
process.once("SIGTERM", () => void close());
