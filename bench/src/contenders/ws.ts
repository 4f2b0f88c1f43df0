import { importKey, verifyToken } from "../token.ts";
import { createServer } from "node:http";
import { WebSocketServer, type WebSocket } from "ws";
import { event } from "./event.ts";
import { serve } from "./serve.ts";

/** What one would write without Socket.IO: a set of sockets, and `send` to each. The first message is the token. */
const key = await importKey();
const httpServer = createServer();
const sockets = new Set<WebSocket>();
const server = new WebSocketServer({ server: httpServer, perMessageDeflate: false });

server.on("connection", (socket) => {
  socket.once("message", (token: Buffer) => {
    verifyToken(key, token.toString()).then(
      () => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        socket.send("subscribed");
      },
      () => socket.close(),
    );
  });
});

serve(httpServer, {
  connections: () => server.clients.size,
  publish: (number, bytes) => {
    const text = JSON.stringify(["event", event(number, bytes)]);
    for (const socket of sockets) socket.send(text);
  },
});
