import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { BrokerReader, Keep } from "@roomcast/core";
import { GatewayError, type Publication } from "@roomcast/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createCertificate } from "../../server/test/certificate.ts";
import { freePort, RedisServer, type RedisServerOptions } from "../test/redis-server.ts";
import { RedisBroker } from "./broker.ts";
import { Keys } from "./keys.ts";
import { COMMAND_MS } from "./link.ts";
import { SingleLink } from "./single-link.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const KEEP: Keep = { size: 10, seconds: 60 };
const DRAFT = { event: "said", data: "hello", source: "server", timestamp: 1 } as const;
const room = (name: string) => ({ tenantId: "acme", name });

async function redis(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  ends.push(async () => await server.stop());
  return server;
}

function link(url: string): SingleLink {
  const made = new SingleLink({ url });
  ends.push(async () => await made.close());
  return made;
}

async function broker(server: RedisServer, keys = new Keys(randomUUID())) {
  const made = new RedisBroker({ link: link(server.url), keys });
  ends.push(async () => await made.close());
  const heard: Publication[] = [];
  const reader: BrokerReader = { publication: (publication) => void heard.push(publication), signal: () => undefined };
  await made.start(randomUUID(), reader);
  return { made, heard, keys };
}

async function failure(work: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await work.then(
    (value) => expect.fail(`it resolved to ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GatewayError);
  return error as GatewayError;
}

function causeOf(error: GatewayError): string {
  return error.cause instanceof Error ? error.cause.message : String(error.cause);
}

describe("a Redis that cannot serve is refused when starting, with what is wrong", () => {
  it("nothing listens there", async () => {
    const port = await freePort();
    await expect(link(`redis://127.0.0.1:${port}`).start()).rejects.toThrow(
      `Redis at 127.0.0.1:${port} cannot be reached: nothing listens there`,
    );
    await expect(link(`redis://localhost:${port}`).start()).rejects.toThrow("nothing listens there");
  });

  it("no such host", async () => {
    await expect(link("redis://redis.invalid").start()).rejects.toThrow(
      "Redis at redis.invalid:6379 cannot be reached: no such host",
    );
  });

  it("a URL that is none, without repeating its password", () => {
    for (const url of [
      "",
      "redis",
      "http://u:secret@h",
      "redis://u:secret@h:port",
      "redis://u:secret@h/x",
      "redis://",
    ]) {
      const make = () => new SingleLink({ url });
      expect(make).toThrow("URL of Redis");
      expect(make).not.toThrow("secret");
    }
  });

  it("a password that is wrong, or missing", async () => {
    const server = await redis({ args: ["--requirepass", "open sesame"] });
    const { host } = new URL(server.url);
    const wrong = link(`redis://:abracadabra@${host}`).start();
    await expect(wrong).rejects.toThrow(`Redis at ${host} refuses the user name or password`);
    await expect(wrong).rejects.not.toThrow("abracadabra");
    await expect(link(`redis://nobody:abracadabra@${host}`).start()).rejects.toThrow(
      "refuses the user name or password",
    );
    await expect(link(server.url).start()).rejects.toThrow(`Redis at ${host} wants a password`);
    await link(`redis://:open%20sesame@${host}`).start();
  });

  it("one that speaks TLS, and we do not; one that does not, and we do; a certificate that is not trusted", async () => {
    const [secure, plain] = await Promise.all([redis({ tls: createCertificate() }), redis()]);
    await expect(link(secure.url).start()).rejects.toThrow("where it wants TLS, use rediss://");
    await expect(link(plain.url.replace("redis:", "rediss:")).start()).rejects.toThrow(
      "where it does not speak TLS, use redis://",
    );
    await expect(link(secure.url.replace("redis:", "rediss:")).start()).rejects.toThrow(
      "certificate that is not trusted",
    );
  });

  it("older than 7", async () => {
    for (const [hello, what] of [
      ["%1\r\n+server\r\n+redis\r\n", "is too old (6.2.14)"],
      ["-ERR unknown command `HELLO`, with args beginning with: `3`\r\n", "is too old"],
    ] as const) {
      const old = await oldRedis(hello);
      await expect(link(old).start()).rejects.toThrow(what);
    }
  });

  it("one that never answers", async () => {
    const server = await redis();
    server.stall();
    await expect(link(server.url).start()).rejects.toThrow("does not answer");
  });

  it("a read-only replica, a node of a Redis Cluster", async () => {
    const port = await freePort();
    const [replica, member] = await Promise.all([
      redis({ args: ["--replicaof", `127.0.0.1 ${port}`] }),
      redis({ args: ["--cluster-enabled", "yes"] }),
    ]);
    await expect(link(replica.url).start()).rejects.toThrow("is a read-only replica: give the primary");
    await expect(link(member.url).start()).rejects.toThrow("is a node of a Redis Cluster");
  });
});

describe("a Redis that cannot serve any more", () => {
  it("says UNAVAILABLE when it is out of memory, does nothing by halves, and goes on when there is some", async () => {
    const server = await redis();
    const { made, heard } = await broker(server);
    await made.subscribe(room("new"));
    await made.subscribe(room("old"));
    const before = await made.publish(room("old"), DRAFT, { keep: KEEP });
    await server.cli("config", "set", "maxmemory", "1mb");
    for (const name of ["new", "old"]) {
      const idempotency = { sender: "ann", key: `once-${name}` };
      const error = await failure(made.publish(room(name), DRAFT, { keep: KEEP, idempotency }));
      expect([error.code, error.message]).toEqual(["UNAVAILABLE", "Redis is out of memory"]);
      expect(causeOf(error)).toMatch(/^OOM/);
    }
    await server.cli("config", "set", "maxmemory", "0");
    const page = await made.history(room("old"), KEEP, { limit: 10 });
    expect(page.events.map(({ id }) => id)).toEqual([before.id]);
    expect((await made.history(room("new"), KEEP, { limit: 10 })).events).toEqual([]);
    const idempotency = { sender: "ann", key: "once-old" };
    const after = await made.publish(room("old"), DRAFT, { keep: KEEP, idempotency });
    expect(after.position?.offset).toBe((before.position?.offset ?? 0) + 1);
    await vi.waitFor(() => expect(heard.map(({ id }) => id)).toEqual([before.id, after.id]));
  });

  it("says UNAVAILABLE and why when it became a read-only replica", async () => {
    const server = await redis();
    const { made } = await broker(server);
    await server.cli("replicaof", "127.0.0.1", String(await freePort()));
    const error = await failure(made.publish(room("a"), DRAFT, { keep: KEEP }));
    expect([error.code, error.message]).toEqual(["UNAVAILABLE", "Redis is a read-only replica"]);
    expect(causeOf(error)).toMatch(/^READONLY/);
    expect((await failure(made.check())).message).toBe("Redis is a read-only replica");
    await server.cli("replicaof", "no", "one");
    await made.check();
    await made.publish(room("a"), DRAFT, { keep: KEEP });
  });

  it("says INTERNAL where something of another kind is under a key", async () => {
    const server = await redis();
    const made = link(server.url);
    await made.start();
    await made.command("a", ["SET", "a", "garbage"]);
    const error = await failure(made.command("a", ["HGET", "a", "b"]));
    expect([error.code, error.message]).toEqual(["INTERNAL", "Redis could not do what it was asked for"]);
    expect(causeOf(error)).toMatch(/^WRONGTYPE/);
    expect((await failure(made.command("a", ["NONSENSE"]))).code).toBe("INTERNAL");
    expect(await made.command("a", ["GET", "a"])).toBe("garbage");
  });

  it(
    "says nothing later of what it could not take in time, but for what was on its way",
    { timeout: 30_000 },
    async () => {
      const server = await redis();
      const { made } = await broker(server);
      const names = Array.from({ length: 1000 }, (_, n) => `r${n}`);
      server.stall();
      const data = "x".repeat(20_000);
      const answers = await Promise.all(
        names.map(async (name) => (await failure(made.publish(room(name), { ...DRAFT, data }, { keep: KEEP }))).code),
      );
      expect(new Set(answers)).toEqual(new Set(["UNAVAILABLE"]));
      server.goOn();
      await vi.waitFor(async () => await made.check(), { timeout: 10_000 });
      await made.publish(room("after"), DRAFT, { keep: KEEP });
      let kept = 0;
      for (const name of names) kept += (await made.history(room(name), KEEP, { limit: 1 })).events.length;
      // What the system's buffers held; all the rest, some twenty megabytes, was taken back.
      expect(kept).toBeLessThan(names.length / 2);
    },
  );

  it("works for other channels where others wrote garbage under the keys of some", async () => {
    const server = await redis();
    const { made, keys, heard } = await broker(server);
    await made.subscribe(room("fine"));
    await made.publish(room("log"), DRAFT, { keep: KEEP });
    await server.cli("set", keys.channel(room("meta")).meta, "garbage");
    await server.cli("hset", keys.channel(room("fields")).meta, "epoch", "e", "top", "x", "bytes", "y");
    await server.cli("set", keys.channel(room("log")).log, "garbage");
    // No id comes after this one: the log is begun anew, as where others wrote to it otherwise.
    await server.cli("xadd", keys.channel(room("last")).log, "18446744073709551615-18446744073709551615", "p", "x");
    expect((await made.publish(room("last"), DRAFT, { keep: KEEP })).position?.offset).toBe(1);
    for (const name of ["meta", "fields", "log"]) {
      for (const work of [
        made.publish(room(name), DRAFT, { keep: KEEP }),
        made.history(room(name), KEEP, { limit: 10 }),
      ]) {
        // Either it is gone on with, with a new log, or it is refused.
        const result = await work.catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toMatchObject({ name: "GatewayError", code: "INTERNAL" });
      }
    }
    const { id } = await made.publish(room("fine"), DRAFT, { keep: KEEP });
    await vi.waitFor(() => expect(heard.map((publication) => publication.id)).toEqual([id]));
    await made.check();
  });

  it("says UNAVAILABLE within two seconds while it is held up, never that it worked", async () => {
    const server = await redis();
    const { made } = await broker(server);
    const { position } = await made.publish(room("a"), DRAFT, { keep: KEEP });
    for (const how of ["stopped", "paused"]) {
      if (how === "stopped") server.stall();
      else await server.cli("client", "pause", "4000", "all");
      const from = performance.now();
      // Of the machine, which may have other things to do.
      const lateness = delay(COMMAND_MS).then(() => performance.now() - from - COMMAND_MS);
      const errors = await Promise.all([
        failure(made.publish(room("a"), DRAFT, { keep: KEEP })),
        failure(made.publish(room("a"), DRAFT, { keep: false })),
        failure(made.history(room("a"), KEEP, { limit: 1 })),
        failure(made.subscribe(room(randomUUID()))),
        failure(made.check()),
      ]);
      const took = performance.now() - from;
      expect(took - (await lateness)).toBeLessThan(2000);
      for (const { code, message } of errors) expect([code, message]).toEqual(["UNAVAILABLE", "Redis does not answer"]);
      if (how === "stopped") server.goOn();
      await vi.waitFor(async () => await made.check(), { timeout: 10_000 });
    }
    const after = await made.publish(room("a"), DRAFT, { keep: KEEP });
    expect(after.position?.epoch).toBe(position?.epoch);
  });

  it("hears once what it began to listen to a second time, the first having taken too long", async () => {
    const server = await redis();
    const made = link(server.url);
    await made.start();
    const heard: string[] = [];
    const listen = async () => await made.listen("news", (message) => void heard.push(message));
    server.stall();
    expect((await failure(listen())).code).toBe("UNAVAILABLE");
    server.goOn();
    await vi.waitFor(listen, { timeout: 10_000 });
    await made.command("news", ["SPUBLISH", "news", "one"]);
    await made.command("news", ["SPUBLISH", "news", "two"]);
    await vi.waitFor(() => expect(heard).toContain("two"));
    expect(heard).toEqual(["one", "two"]);
  });

  it("says UNAVAILABLE while it is away, and tells when it is heard again", async () => {
    const server = await redis();
    const { made, heard } = await broker(server);
    await made.subscribe(room("a"));
    await server.kill();
    for (let n = 0; n < 3; n++) {
      expect((await failure(made.publish(room("a"), DRAFT, { keep: KEEP }))).code).toBe("UNAVAILABLE");
      expect((await failure(made.check())).code).toBe("UNAVAILABLE");
    }
    await server.resume();
    await vi.waitFor(async () => await made.check(), { timeout: 10_000 });
    const { id } = await made.publish(room("a"), DRAFT, { keep: KEEP });
    await vi.waitFor(() => expect(heard.map((publication) => publication.id)).toEqual([id]));
  });
});

/** Speaks as one that is too old, which cannot be installed beside a new one. */
async function oldRedis(hello: string): Promise<string> {
  const info = "# Server\r\nredis_version:6.2.14\r\nredis_mode:standalone\r\n\r\n# Replication\r\nrole:master\r\n";
  const server: Server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      for (const [, word] of data.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        if (word === "HELLO") socket.write(hello);
        else if (word === "INFO") socket.write(`$${info.length}\r\n${info}\r\n`);
        else socket.write("+OK\r\n");
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(async () => {
    server.close();
    await once(server, "close");
  });
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
