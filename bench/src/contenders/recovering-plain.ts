import { event } from "./event.ts";
import { followRooms, plainIo } from "./plain-io.ts";
import { serveRecovering } from "./serve-recovering.ts";

/** What people write by hand, as in `plain.ts`. Arguments: port; `recovery` for connection state recovery, with its defaults. */
const [port, recovery] = process.argv.slice(2);
const { httpServer, io } = await plainIo(recovery === "recovery" ? { connectionStateRecovery: {} } : {});
followRooms(io);

serveRecovering(httpServer, {
  port: Number(port),
  connections: () => io.engine.clientsCount,
  publish: (number, bytes) => io.to("feed").emit("event", event(number, bytes)),
  close: async () => await io.close(),
});
