import { event } from "./event.ts";
import { followRooms, plainIo } from "./plain-io.ts";
import { serve } from "./serve.ts";

/** What people write by hand: Socket.IO with a token check in a middleware, and rooms. */
const { httpServer, io } = await plainIo();
followRooms(io);

serve(httpServer, {
  connections: () => io.engine.clientsCount,
  publish: (number, bytes) => io.to("feed").emit("event", event(number, bytes)),
});
