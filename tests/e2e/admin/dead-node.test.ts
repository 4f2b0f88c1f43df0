import { DEFAULT_LIMITS } from "@roomcast/core";
import { redisParts } from "@roomcast/redis";
import type { Page } from "playwright-core";
import { fileURLToPath } from "node:url";
import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { RedisServer } from "../../../packages/redis/test/redis-server.ts";
import { serve, type Program } from "../../cli/program.ts";
import { expectAccessible, SECRET, Site } from "./site.ts";

// A node that dies while a connection of it is looked at, from another node on the same Redis.

const CONFIG = fileURLToPath(new URL("admin.config.mjs", import.meta.url));
/** What a dead node held is given up by then. */
const GIVEN_UP_MS = 20_000;

let redis: RedisServer;
let site: Site;
let program: Program | undefined;
let socket: Socket | undefined;
beforeAll(async () => {
  redis = await RedisServer.start();
  const shared = { url: redis.url, prefix: "roomcast" };
  const parts = redisParts({ ...shared, limits: DEFAULT_LIMITS, nodeId: "node-alive", revocationsMs: 3_600_000 });
  site = await Site.start({ settings: { redis: shared }, server: { parts } });
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => {
  socket?.disconnect();
  program?.kill("SIGKILL");
  await site.close();
  await redis.stop();
});

it("is said to be silent, then to be gone, and what was known stays", async () => {
  const other = await serve(["--redis", redis.url, "--config", CONFIG, "--log-level", "warn"], {
    env: { ROOMCAST_JWT_SECRET: SECRET },
  });
  program = other.program;
  socket = io(other.url, { auth: { token: site.token({ userId: "4711" }) }, transports: ["websocket"] });
  await new Promise<void>((resolve, reject) => socket?.once("connect", resolve).once("connect_error", reject));
  expect(await socket.emitWithAck("subscribe", { topic: "notifications:4711" })).toMatchObject({ ok: true });
  const { id: socketId = "" } = socket;

  const details = await site.newPage();
  await site.signIn(details, "admin", `connections?socketId=${socketId}`);
  const link = await details.getByRole("region", { name: "The link" }).textContent();
  const [, nodeId = ""] = /Node(.+?)Connected/.exec(link ?? "") ?? [];
  expect(nodeId).not.toBe("node-alive");
  await follows(details);
  const report = await site.newPage();
  await site.signIn(report, "admin", "users?userId=4711");
  await verdict(report, "Nothing wrong seen");

  socket.io.reconnection(false);
  program.kill("SIGKILL");
  await program.end();
  // Both see it before the cluster has given the node up.
  for (const page of [details, report]) await page.getByRole("button", { name: "Reload" }).click();
  const alert = details.getByRole("alert");
  await Promise.all([
    alert.getByText("Its node does not answer").waitFor(),
    verdict(report, "This cannot be told yet"),
  ]);
  expect(await alert.textContent()).toContain(`Node ${nodeId} is slow, cut off or dead. What is shown was true at `);
  await follows(details);
  const findings = await report.getByRole("list", { name: "What this follows from" }).textContent();
  const plain = findings?.replaceAll(/[\u2068\u2069]/g, "");
  expect(plain).toContain(`Connection ${socketId} could not be looked at: node ${nodeId} does not answer.`);
  expect(plain).toContain(`These nodes did not answer, so what they remember is missing: ${nodeId}.`);

  await alert.getByText("This connection is gone").waitFor({ timeout: GIVEN_UP_MS });
  expect(await alert.textContent()).toContain(`Its node ${nodeId} stopped answering and is not part of the cluster`);
  await follows(details);
  await expectAccessible(details);
  await verdict(report, "Not connected");
}, 60_000);

/** What is known of the connection is shown. */
async function follows(page: Page): Promise<void> {
  await page.getByRole("table", { name: "What it follows" }).getByText("notifications:4711").waitFor();
}

async function verdict(page: Page, name: string): Promise<void> {
  await page.getByRole("region", { name: "Verdict" }).getByRole("heading", { name }).waitFor({ timeout: GIVEN_UP_MS });
}
