import { MemoryPresenceStore, type PresenceStore } from "@roomcast/core";
import { redisParts } from "@roomcast/redis";
import { createLogger, loadConfig, startServer } from "@roomcast/server";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createClient } from "redis";
import { answer, fail, SECRET } from "../child.ts";
import { addressOf } from "../address.ts";

/**
 * A node with everything of `roomcast serve`. Argument: the port of its Redis, 0 for none. Asked: `fill`, connections and
 * channels that it holds in its presence store; `watch`, and then `watched` for what took longest since.
 */
const [redisPort] = process.argv.slice(2).map(Number) as [number];
const url = `redis://127.0.0.1:${redisPort}`;
const NODE = "node-1";
/** What is put at once. */
const AT_ONCE = 500;
/** Milliseconds; what the loop is late by comes on top. */
const RESOLUTION = 1;

/** A command as Redis notes it: with its time in microseconds, and its words. */
type Noted = readonly [id: number, at: number, microseconds: number, words: readonly string[], ...unknown[]];

const parts =
  redisPort === 0
    ? { nodeId: NODE, presence: new MemoryPresenceStore() }
    : redisParts({ url, nodeId: NODE, failed: (where, error) => fail(`${where}: ${String(error)}`) });
const presence: PresenceStore = parts.presence;
const config = await loadConfig({
  flags: { port: "0" },
  env: { ROOMCAST_JWT_SECRET: SECRET, ROOMCAST_API_KEY: SECRET },
  cwd: "/",
});
const server = await startServer(config, { parts, logger: createLogger({ level: "silent" }) });
const redis = redisPort === 0 ? undefined : createClient({ url });
redis?.on("error", (error: unknown) => fail(String(error)));
await redis?.connect();
const loop = monitorEventLoopDelay({ resolution: RESOLUTION });

answer(
  {
    fill: async ({ connections, channels }: { connections: number; channels: number }) => {
      const tenantId = "default";
      await many(connections, async (n) => {
        const state = { dialect: n % 5 === 0 ? "twake" : "native", transport: "websocket", address: addressOf(n) };
        const member = {
          socketId: `socket${n}`,
          userId: `user${n >> 1}`,
          joinedAt: Date.now(),
          nodeId: `node-${n % 4}`,
        };
        await presence.put({ tenantId, name: "@sessions" }, { ...member, state });
      });
      await many(channels, async (n) => {
        const address = { tenantId, name: `${["room", "chat", "document"][n % 3]}:${n}` };
        presence.count(address, NODE, 1 + ((n * 7919) % 997));
        for (let m = 0; m < (n % 10 === 0 ? 1 + (n % 7) : 0); m++) {
          const member = { socketId: `socket${m}`, userId: `user${m}`, joinedAt: Date.now(), nodeId: NODE };
          await presence.put(address, member);
        }
      });
      const { total } = await presence.channels(tenantId, { limit: 1 });
      if (total !== channels) fail(`There are ${total} channels instead of ${channels}`);
    },
    watch: async () => {
      // Each command is noted, with its time.
      await redis?.sendCommand(["CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "100000"]);
      await redis?.sendCommand(["SLOWLOG", "RESET"]);
      loop.reset();
      loop.enable();
    },
    watched: async () => {
      loop.disable();
      const late = Math.max(0, loop.max / 1e6 - RESOLUTION);
      const log = (await redis?.sendCommand(["SLOWLOG", "GET", "-1"])) as readonly Noted[] | undefined;
      // Those that read and set this, aside.
      const commands = log?.filter(([, , , [word]]) => word !== "SLOWLOG" && word !== "CONFIG");
      const longest = commands?.reduce((most, [, , microseconds]) => Math.max(most, microseconds), 0);
      return { loop: late, ...(longest === undefined ? undefined : { redis: longest / 1000 }) };
    },
  },
  { port: Number(new URL(server.url).port) },
  async () => {
    redis?.destroy();
    await server.close({ drainSeconds: 0 });
  },
);

/** Does something so many times, some at once. */
async function many(count: number, work: (number: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, async (_, at) => await work(from + at)));
}
