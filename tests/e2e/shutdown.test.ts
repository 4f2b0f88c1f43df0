import { RealtimeClient } from "@roomcast/client";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io } from "socket.io-client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Listener } from "./listener.ts";
import { SECRET, sign, until } from "./node.ts";
import { GatewayProcess } from "./process.ts";
import { Proxy } from "./proxy.ts";

const READERS = 60;
/** Much longer than it takes to end where all clients do as they are told. */
const DRAIN_SECONDS = 20;
const SHORT_DRAIN_SECONDS = 5;

let folder: string;
let proxy: Proxy;
const processes: GatewayProcess[] = [];
const clients: RealtimeClient[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomcast-"));
  proxy = new Proxy();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await proxy.close();
  for (const process of processes.splice(0)) await process.stop("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

async function start(drainSeconds = DRAIN_SECONDS): Promise<GatewayProcess> {
  const config = join(folder, "roomcast.config.mjs");
  await writeFile(
    config,
    `export default { drainSeconds: ${drainSeconds}, limits: { handshakesPerSecondPerAddress: 10000 },
      channels: [{ match: "**", keep: { size: 10000, seconds: 300 } }] };`,
  );
  const started = new GatewayProcess({
    ROOMCAST_JWT_SECRET: SECRET,
    ROOMCAST_CONFIG: config,
    ROOMCAST_HISTORY_FILE: join(folder, "history.jsonl"),
  });
  processes.push(started);
  proxy.target = await started.port();
  return started;
}

async function connect(
  url: string,
  userId: string,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<RealtimeClient> {
  const client = new RealtimeClient({ url, token: await sign(userId, claims), reconnectionDelay: 50 });
  clients.push(client);
  return client;
}

it("SIGTERM under load: clients hear of it, come back to the next process and lose nothing; the exit code is 0", async () => {
  const url = await proxy.listen();
  const first = await start();
  const listeners: Listener[] = [];
  for (let i = 0; i < READERS; i++) {
    const client = await connect(url, `reader${i}`);
    listeners.push(new Listener(client, `chat:${i % 3}`));
  }
  for (const { client, topic } of listeners) await client.socketClient.history(topic);
  const stock = io(url, { auth: { token: await sign("stock") }, transports: ["websocket"], reconnection: false });
  const closing = new Promise<unknown>((resolve) => stock.on("closing", resolve));
  const reason = new Promise<string>((resolve) => stock.on("disconnect", resolve));
  await new Promise<void>((resolve) => stock.on("connect", resolve));

  // A back end that publishes all the time, through the same door as everybody.
  const writer = await connect(url, "writer", { permissions: ["service"] });
  const published = new Map<string, number[]>([
    ["chat:0", []],
    ["chat:1", []],
    ["chat:2", []],
  ]);
  const acknowledged: Promise<void>[] = [];
  let number = 0;
  const publish = (): void => {
    const topic = `chat:${number % 3}`;
    const mine = number++;
    acknowledged.push(
      writer.socketClient.publish(topic, "n", { number: mine }).then(() => void published.get(topic)?.push(mine)),
    );
  };
  const load = setInterval(publish, 5);
  try {
    await until(
      () => listeners.every(({ events }) => events.length >= 20),
      () => "all hear the load",
    );

    const { code, ms } = await first.stop("SIGTERM");
    expect(code).toBe(0);
    expect(ms).toBeLessThan(DRAIN_SECONDS * 1000);
    expect(await closing).toMatchObject({ code: "SHUTTING_DOWN", reconnect: true });
    // Not "io server disconnect", after which stock clients stay away.
    expect(await reason).toBe("transport close");

    const before = number;
    await start();
    await until(
      () => number > before + 200,
      () => "the load goes on",
    );
  } finally {
    clearInterval(load);
    stock.close();
  }
  await Promise.all(acknowledged);
  for (const listener of listeners) {
    const wanted = published.get(listener.topic) ?? [];
    await until(
      () => listener.events.length >= wanted.length,
      () => `${listener.topic}: ${listener.events.length} of ${wanted.length}`,
    );
    expect(listener.gaps).toBe(0);
    expect(listener.violations()).toEqual([]);
    const numbers = listener.events.map(({ payload }) => (payload as { number: number }).number);
    expect([...numbers].sort((a, b) => a - b)).toEqual([...wanted].sort((a, b) => a - b));
  }
}, 60_000);

it("ends soon though a client does not read, does not close and does not answer", async () => {
  const url = await proxy.listen();
  const first = await start(SHORT_DRAIN_SECONDS);
  const client = await connect(url, "mute");
  await client.socketClient.history("any");
  proxy.stall();
  const { code, ms } = await first.stop("SIGINT");
  expect(code).toBe(0);
  expect(ms).toBeLessThan(2 * SHORT_DRAIN_SECONDS * 1000);
}, 30_000);
