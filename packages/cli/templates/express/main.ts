import process from "node:process";
import express from "express";
import { setupWebSockets } from "./websockets/socket.ts";

const { PORT = "3000" } = process.env;

const app = express();
app.get("/", (_request, response) => {
  response.json({ status: "ok" });
});

const realtime = setupWebSockets(app);
realtime.listen(Number(PORT), (error) => {
  if (error !== undefined) throw error;
  console.log(`API: http://localhost:${PORT}/`);
});
process.once("SIGTERM", () => void realtime.close());
