import { createServer } from "node:http";
import { Server } from "socket.io";
import { importKey, verifyToken } from "../token.ts";
import { event } from "./event.ts";
import { serveRecovering } from "./serve-recovering.ts";

/** What people write by hand, as in `plain.ts`. Arguments: port; `recovery` for connection state recovery, with its defaults. */
const [port, recovery] = process.argv.slice(2);
const key = await importKey();
const httpServer = createServer();
const io = new Server(httpServer, {
  transports: ["websocket"],
  serveClient: false,
  ...(recovery === "recovery" ? { connectionStateRecovery: {} } : undefined),
});

io.use((socket, next) => {
  verifyToken(key, String(socket.handshake.auth["token"])).then(
    (userId) => {
      socket.data = { userId };
      next();
    },
    () => next(new Error("The token is not valid")),
  );
});
io.on("connection", (socket) => {
  socket.on("subscribe", (payload: { topic: string }, acknowledge: (answer: unknown) => void) => {
    void socket.join(payload.topic);
    acknowledge({ ok: true });
  });
});

serveRecovering(httpServer, {
  port: Number(port),
  connections: () => io.engine.clientsCount,
  publish: (number, bytes) => io.to("feed").emit("event", event(number, bytes)),
  close: async () => await io.close(),
});
