import process from "node:process";
import { redisParts } from "@roomcast/redis";
import { loadConfig, startServer } from "@roomcast/server";

/** A node of a cluster behind a Redis, in a process of its own; the rest of its settings stand in the usual variables. */
const { TEST_REDIS_URL, TEST_REDIS_PREFIX } = process.env;
const config = await loadConfig({ flags: { port: "0" }, env: process.env, cwd: import.meta.dirname });
const parts = redisParts({
  url: TEST_REDIS_URL,
  prefix: TEST_REDIS_PREFIX,
  limits: config.limits,
  failed: (where, error) => console.error(`${where}: ${error instanceof Error ? error.message : String(error)}`),
});
const server = await startServer(config, { parts });
console.log(`Listening on ${server.url}`);
process.once("SIGTERM", () => void server.close());
