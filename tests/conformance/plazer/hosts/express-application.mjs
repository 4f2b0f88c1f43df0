import { sendNotification } from "@roomcast/server";
import { roomcast } from "@roomcast/server/express";
import { settings } from "./settings.mjs";

export function serve(express, name) {
  const app = express();
  const realtime = roomcast(app, settings);
  app.use(express.json());
  app.get("/hello", (_request, response) => response.json({ from: name }));
  app.post("/echo", (request, response) => response.status(201).json(request.body));
  app.post("/notify/:tenantId/:userId", async (request, response) => {
    const { tenantId, userId } = request.params;
    response.json(await sendNotification(realtime.gateway, tenantId, userId, request.body));
  });
  const server = realtime.listen(0, "127.0.0.1", () =>
    console.log(`Listening on http://127.0.0.1:${server.address().port}`),
  );
  process.once("SIGTERM", () => void realtime.close());
}
