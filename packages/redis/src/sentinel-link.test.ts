import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { freePort, RedisServer } from "../test/redis-server.ts";
import { connectRedis } from "./connect.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A primary, a replica of it, and a Sentinel that is enough to give the replica its place. */
async function watched() {
  const start = async (more: readonly string[]): Promise<RedisServer> => {
    const server = await RedisServer.start({ args: more });
    ends.push(async () => await server.stop());
    return server;
  };
  const primary = await start([]);
  const replica = await start(["--replicaof", `127.0.0.1 ${primary.port}`, "--repl-diskless-sync-delay", "0"]);
  await vi.waitFor(async () => expect(await replica.cli("role")).toContain("connected"), { timeout: 10_000 });
  const sentinel = await RedisServer.startSentinel([
    `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
    "sentinel down-after-milliseconds main 1000",
    "sentinel failover-timeout main 5000",
  ]);
  ends.push(async () => await sentinel.stop());
  const info = async () => expect(await sentinel.cli("sentinel", "replicas", "main")).toContain(String(replica.port));
  await vi.waitFor(info, { timeout: 15_000 });
  return { primary, replica, sentinel };
}

function link(sentinels: readonly string[], name = "main") {
  const made = connectRedis({ sentinel: { name, sentinels } });
  ends.push(async () => await made.close());
  return made;
}

describe("SentinelLink", () => {
  it("goes over to the new primary with what it listens to, and says that something may have been missed", async () => {
    const { primary, replica, sentinel } = await watched();
    // One of the Sentinels may be away.
    const made = link([`redis://127.0.0.1:${await freePort()}`, sentinel.url]);
    await made.start();
    const channel = randomUUID();
    const heard: string[] = [];
    let resumed = 0;
    made.onResumed(() => void resumed++);
    await made.listen(channel, (message) => void heard.push(message));
    await made.command(channel, ["SPUBLISH", channel, "before"]);
    await vi.waitFor(() => expect(heard).toEqual(["before"]));
    await primary.kill();
    await expect(made.command(channel, ["SPUBLISH", channel, "away"])).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await vi.waitFor(() => expect(resumed).toBe(1), { timeout: 15_000 });
    await made.check();
    expect(await replica.cli("spublish", channel, "after")).toBe("1");
    await vi.waitFor(() => expect(heard).toEqual(["before", "after"]));
    await made.unlisten(channel);
    expect(await made.command(channel, ["SPUBLISH", channel, "bye"])).toBe(0);
  });

  it("refuses a Sentinel that is not there, or watches something else, with what is wrong", async () => {
    const port = await freePort();
    await expect(link([`redis://127.0.0.1:${port}`]).start()).rejects.toThrow(
      `The Sentinel at 127.0.0.1:${port} does not tell the primary`,
    );
    const server = await RedisServer.startSentinel([]);
    ends.push(async () => await server.stop());
    await expect(link([server.url], "other").start()).rejects.toThrow("it watches no other");
    expect(() => link([])).toThrow("The URL of one Sentinel");
  });
});
