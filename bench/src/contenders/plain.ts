import { event } from "./event.ts";
import { plainIo } from "./plain-io.ts";
import { serve } from "./serve.ts";

/** What people write by hand: Socket.IO with a token check in a middleware, and rooms. */
const { httpServer, io } = await plainIo();

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
