import { DEFAULT_LIMITS, MemoryPresenceStore, MemoryRevocations, systemClock } from "@roomcast/core";
import { TestClient, TestCluster, TestWire } from "@roomcast/core/testing";
import { nativeDialect } from "@roomcast/protocol";
import { redisParts } from "@roomcast/redis";
import process from "node:process";
import type { Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RedisServer } from "../../../packages/redis/test/redis-server.ts";
import { expectAccessible, NARROWEST, Site, takePictures, until, tryAgain } from "./site.ts";

// Two nodes, of which one leaves.

/** A link that is there until it is said to be gone. */
class Lingering extends TestClient {
  override close(): void {}
}

let site: Site;
let second: Site;
beforeAll(async () => {
  const cluster = new TestCluster({ clock: systemClock });
  const shared = { presence: new MemoryPresenceStore(), revocations: new MemoryRevocations({ clock: systemClock }) };
  const start = async (nodeId: string): Promise<Site> =>
    await Site.start({ server: { parts: { ...shared, broker: cluster.broker(), nodeId } } });
  [site, second] = [await start("node-1"), await start("node-2")];
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => {
  await site.close();
  await second.close();
});

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });
const node = (page: Page, name: string): Locator => page.getByRole("article", { name });
const figure = (within: Locator, name: string): Locator =>
  within.locator("dl > div").filter({ hasText: name }).locator("dd").first();

describe("the nodes of a Redis", () => {
  it("say how it is", { timeout: 60_000 }, async () => {
    const redis = await RedisServer.start();
    const failures: string[] = [];
    const parts = redisParts({
      url: redis.url,
      prefix: "admin-test",
      limits: DEFAULT_LIMITS,
      revocationsMs: 3_600_000,
      failed: (where) => failures.push(where),
    });
    const withRedis = await Site.start({ server: { parts } });
    try {
      const page = await withRedis.newPage();
      await withRedis.signIn(page, "operator", "nodes");
      await page.getByText("Redis: healthy").waitFor();
      const article = page.getByRole("article");
      await until(async () => expect(await figure(article, "Answer of the broker").textContent()).toMatch(/\d ms$/));
      // Whether the session is still good is in Redis, too: without it nothing new is shown, which the page says.
      await redis.kill();
      await page.getByRole("button", { name: "Reload" }).click();
      const failure = page.getByRole("alert").filter({ hasText: "Redis is not available" });
      await failure.waitFor({ timeout: 20_000 });
      await page.getByText(/^As of/).waitFor();
      await expectAccessible(page);
      await redis.resume();
      await tryAgain(page, failure);
      await page.getByText("Redis: healthy").waitFor();
      expect(failures.length).toBeGreaterThan(0);
    } finally {
      await withRedis.close();
      await redis.stop();
    }
  });
});

describe("the nodes", () => {
  it("are shown with their load, version and broker", async () => {
    for (const userId of ["a", "b"]) await second.connect({ userId });
    const page = await site.newPage();
    await site.signIn(page, "operator", "nodes");
    await heading(page, "Nodes").waitFor();
    await until(async () => {
      expect(await figure(node(page, "node-1"), "Connections").textContent()).toBe("1");
      expect(await figure(node(page, "node-2"), "Connections").textContent()).toBe("2");
    });
    const text = (await node(page, "node-2").textContent()) ?? "";
    expect(text).toContain("Serving");
    expect(text).toMatch(/: healthy/);
    expect(text).toMatch(/Version \d+\.\d+\.\d+/);
    expect(text).toContain(`:${process.pid}`);
    await until(async () => expect(await figure(node(page, "node-1"), "Memory").textContent()).toMatch(/\d MB$/));
    await takePictures(page, "nodes");
    await expectAccessible(page);
    await page.setViewportSize(NARROWEST);
    const tooWide = (): Promise<string[]> =>
      page.evaluate(() =>
        [...document.querySelectorAll("main *")]
          .filter((element) => element.getBoundingClientRect().right > window.innerWidth)
          .map((element) => `${element.className} ${element.textContent}`),
      );
    await until(async () => expect(await tooWide()).toEqual([]));
  });

  it("have a row each in the overview, and one for all", async () => {
    for (const userId of ["a", "b", "c"]) await second.connect({ userId });
    const page = await site.newPage();
    await site.signIn(page, "operator");
    const row = (name: string): Locator =>
      page
        .getByRole("region", { name: "Nodes" })
        .getByRole("row")
        .filter({ has: page.getByRole("rowheader", { name }) });
    const connections = async (name: string): Promise<string | null> =>
      await row(name).getByRole("cell").first().textContent();
    await until(async () => {
      expect([await connections("node-1"), await connections("node-2"), await connections("All nodes")]).toEqual([
        "1",
        "5",
        "6",
      ]);
    });
  });

  it("may not answer REST, which the page says and gets over", { timeout: 30_000 }, async () => {
    const page = await site.newPage();
    await site.signIn(page, "operator", "nodes");
    await node(page, "node-2").waitFor();
    await page.route("**/api/cluster/nodes", (route) =>
      route.fulfill({ status: 503, body: "<html>Bad gateway</html>" }),
    );
    await page.getByRole("button", { name: "Reload" }).click();
    const failure = page.getByRole("alert").filter({ hasText: "The gateway, or what it needs, is away" });
    await failure.waitFor({ timeout: 15_000 });
    await node(page, "node-2").waitFor();
    await page.unroute("**/api/cluster/nodes");
    await tryAgain(page, failure);
  });

  it("may leave, which takes as long as there is somebody", { timeout: 60_000 }, async () => {
    const page = await site.newPage();
    await site.signIn(page, "operator", "nodes");
    await node(page, "node-2").getByText("Serving").waitFor();
    const lingering = new Lingering("lingering", new TestWire(nativeDialect));
    lingering.attach(second.gateway.open(lingering));
    const left = second.server.close({ drainSeconds: 30 });
    // The page asks by itself.
    await node(page, "node-2").getByText("Draining").waitFor();
    expect(await node(page, "node-1").getByText("Serving").count()).toBe(1);
    await expectAccessible(page);
    lingering.session.gone();
    await left;
    await node(page, "node-2").waitFor({ state: "detached" });
    await node(page, "node-1").waitFor();
  });
});
