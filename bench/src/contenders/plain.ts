import { importKey, verifyToken } from "../token.ts";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { event } from "./event.ts";
import { serve } from "./serve.ts";

/** What people write by hand: Socket.IO with a token check in a middleware, and rooms. */
const key = await importKey();
const httpServer = createServer();
const io = new Server(httpServer, { transports: ["websocket"], serveClient: false });

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

serve(httpServer, {
  connections: () => io.engine.clientsCount,
  publish: (number, bytes) => io.to("feed").emit("event", event(number, bytes)),
});
