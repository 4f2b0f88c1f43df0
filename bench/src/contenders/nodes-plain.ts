import { createShardedAdapter } from "@socket.io/redis-adapter";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { fail } from "../child.ts";
import { event } from "./event.ts";
import { followRooms, plainIo } from "./plain-io.ts";
import { serveRecovering } from "./serve-recovering.ts";

/**
 * One of several nodes behind a Redis, as people set them up by hand. Arguments: its port; `sharded` for the adapter over
 * sharded publish/subscribe, `streams` for the one that keeps what was sent, which is what state recovery over nodes needs.
 */
const [redisPort, adapter] = process.argv.slice(2);
const open = async () => {
  const client = createClient({ url: `redis://127.0.0.1:${redisPort}` });
  client.on("error", (error: unknown) => fail(`Redis: ${String(error)}`));
  return await client.connect();
};
const { httpServer, io } = await plainIo(
  adapter === "streams"
    ? { adapter: createAdapter(await open()), connectionStateRecovery: {} }
    : { adapter: createShardedAdapter(await open(), await open()) },
);
followRooms(io);

serveRecovering(httpServer, {
  port: 0,
  connections: () => io.engine.clientsCount,
  publish: (number, bytes) => io.to("feed").emit("event", event(number, bytes)),
  close: async () => await io.close(),
});
