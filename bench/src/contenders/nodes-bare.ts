import { createServer } from "node:http";
import { createClient } from "redis";
import { fail } from "../child.ts";
import { event } from "./event.ts";
import { serve } from "./serve.ts";

/** Publishes by Redis alone; whoever listens asks it, and not us. Arguments: the port of Redis. */
const [redisPort] = process.argv.slice(2);
const client = createClient({ url: `redis://127.0.0.1:${redisPort}` });
client.on("error", (error: unknown) => fail(`Redis: ${String(error)}`));
await client.connect();

serve(createServer(), {
  connections: () => 0,
  publish: (number, bytes) => {
    client.publish("feed", JSON.stringify(["event", event(number, bytes)])).catch((error: unknown) => {
      throw error;
    });
  },
});
