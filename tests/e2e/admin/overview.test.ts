import type { Locator, Page } from "playwright-core";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { GATEWAY_AWAY, expectAccessible, NARROWEST, PHONE, Site, takePictures, TAKES_PICTURES, until } from "./site.ts";

// Live numbers of real traffic.

let site: Site;
/** Stops what goes on in the background. */
const stops: (() => void)[] = [];
beforeAll(async () => {
  site = await Site.start();
}, 60_000);
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await site.clear();
});
afterAll(async () => await site.close());

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });
/** The number beside a name. */
const figure = (page: Page, name: string): Locator =>
  page
    .locator("dl > div")
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator("dd")
    .first();
const numberOf = async (locator: Locator): Promise<number> =>
  Number.parseFloat((await locator.textContent())?.replaceAll(",", "") ?? "");

/** How wide a chart's first line is drawn, in pixels. */
async function drawn(chart: Locator): Promise<number> {
  return await chart.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
    const colour = getComputedStyle(canvas).getPropertyValue("--mantine-color-indigo-6").trim();
    const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true })!;
    copy.drawImage(canvas, 0, 0);
    const { data, width } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const columns = new Set<number>();
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) columns.add((at / 4) % width);
    return columns.size;
  });
}

/** Three clients in a channel, one of which speaks all the time, and is refused as often. */
async function traffic(channel: string, tenantId = "acme"): Promise<Socket[]> {
  const sockets = await Promise.all(["a", "b", "c"].map(async (userId) => await site.connect({ userId, tenantId })));
  for (const socket of sockets) await socket.emitWithAck("subscribe", { topic: channel });
  const [speaker] = sockets;
  const timer = setInterval(() => {
    speaker?.emit("publish", { channel, event: "message", data: { text: "hello" } });
    speaker?.emit("subscribe", { topic: "closed:door" });
  }, 20);
  stops.push(() => clearInterval(timer));
  return sockets;
}

describe("the overview of an operator", () => {
  it("shows what goes on at all nodes, as it goes on", { timeout: 30_000 }, async () => {
    await traffic("chat:<b>1</b>/?x=#y");
    const page = await site.newPage();
    await site.signIn(page, { roles: ["operator"], tenantId: "beta" });
    await heading(page, "Overview").waitFor();
    await until(async () => {
      expect(await numberOf(figure(page, "Connections"))).toBe(4);
      expect(await numberOf(figure(page, "Channels"))).toBe(1);
      const [given, written] = [
        await numberOf(figure(page, "Events in / s")),
        await numberOf(figure(page, "Events out / s")),
      ];
      expect(given).toBeGreaterThan(5);
      expect(written).toBeGreaterThan(given * 2);
      expect(await numberOf(figure(page, "Refused / s"))).toBeGreaterThan(5);
      expect(await figure(page, "Publish to write, p99").textContent()).toMatch(/\d ms$/);
      expect(await figure(page, "Memory").textContent()).toMatch(/\d MB$/);
    });
    const row = page.getByRole("region", { name: "Nodes" }).getByRole("row").nth(1);
    expect(await row.getByRole("rowheader").textContent()).toContain(site.gateway.nodeId);
    expect(await row.getByRole("cell").first().textContent()).toBe("4");
    const nodes = page.getByRole("region", { name: "Nodes" });
    expect(await nodes.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    const refused = page.getByRole("region", { name: "Refused, by code" });
    await refused.getByText("A rule or the role did not allow it").waitFor();
    // One second later they are others.
    const before = await page.getByRole("region", { name: "Nodes" }).textContent();
    await until(async () => expect(await page.getByRole("region", { name: "Nodes" }).textContent()).not.toBe(before));
    await expectAccessible(page);

    // Of another tenant, by a name that looks like an address.
    await page.getByRole("region", { name: "Busiest channels" }).getByRole("link").click();
    await heading(page, "chat:<b>1</b>/?x=#y").waitFor();
    const { pathname, searchParams } = new URL(page.url());
    expect([pathname, searchParams.get("channel"), searchParams.get("tenant")]).toEqual([
      "/admin/socket",
      "chat:<b>1</b>/?x=#y",
      "acme",
    ]);
  });

  it("shows one tenant, where that is asked for", async () => {
    await traffic("chat:1");
    const page = await site.newPage();
    await site.signIn(page, { roles: ["operator"], tenantId: "beta" });
    await until(async () => expect(await numberOf(figure(page, "Connections"))).toBe(4));
    await page.getByText("This tenant", { exact: true }).click();
    await page.getByText("Tenant beta, as it is now.").waitFor();
    // The page's own.
    await until(async () => expect(await numberOf(figure(page, "Connections"))).toBe(1));
    expect(await page.getByRole("region", { name: "Nodes" }).count()).toBe(0);
    await page.getByText("Nothing passes through any channel at the moment.").waitFor();
  });

  it("draws the last quarter of an hour, in words too", { timeout: TAKES_PICTURES ? 200_000 : 40_000 }, async () => {
    await traffic("chat:1");
    const page = await site.newPage();
    await site.signIn(page, "operator");
    const chart = page.getByRole("figure", { name: /^Events a second/ });
    await chart.getByText(/^In: latest \d+(\.\d+)?, at most \d+/).waitFor({ timeout: 30_000 });
    expect(await page.getByRole("figure").count()).toBe(7);
    // A step takes ten seconds.
    await vi.waitFor(async () => expect(await drawn(chart)).toBeGreaterThan(0), { timeout: 25_000, interval: 100 });
    // Ten seconds are a ninetieth of it.
    if (TAKES_PICTURES)
      await vi.waitFor(async () => expect(await drawn(chart)).toBeGreaterThan(30), {
        timeout: 150_000,
        interval: 1000,
      });
    await takePictures(page, "overview");
    await expectAccessible(page);
    await page.setViewportSize(NARROWEST);
    await until(async () => {
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    });
  });
});

describe("the overview of an admin", () => {
  it("knows its own tenant alone", async () => {
    await traffic("chat:of-acme");
    await traffic("chat:of-beta", "beta");
    const page = await site.newPage({ viewport: PHONE });
    const frames: string[] = [];
    page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(String(payload))));
    const answers: string[] = [];
    page.on("response", (response) => {
      if (response.url().includes("/api/"))
        void response.text().then(
          (text) => answers.push(text),
          () => undefined,
        );
    });
    await site.signIn(page, "admin");
    await page.getByRole("link", { name: "chat:of-acme" }).waitFor();
    await until(async () => {
      expect(await numberOf(figure(page, "Connections"))).toBe(4);
      expect(await numberOf(figure(page, "Events in / s"))).toBeGreaterThan(5);
    });
    expect([await page.getByRole("region", { name: "Nodes" }).count(), await figure(page, "Memory").count()]).toEqual([
      0, 0,
    ]);
    await until(() => expect(answers).toHaveLength(1));
    const all = [...frames, ...answers].join("\n");
    expect(all).toContain("chat:of-acme");
    expect(all).not.toContain("beta");
    await expectAccessible(page);
  });

  it("is of one tenant again after a reload, where that was asked for", async () => {
    const page = await site.newPage();
    await site.signIn(page, "operator");
    await page.getByText("This tenant", { exact: true }).click();
    await page.getByText("Tenant acme, as it is now.").waitFor();
    await page.reload();
    await page.getByText("Tenant acme, as it is now.").waitFor();
  });

  it("says what is missing while REST has nothing to tell, and goes on live", async () => {
    await traffic("chat:1");
    const page = await site.newPage();
    const body = JSON.stringify({ error: "UNAVAILABLE", message: "Redis is away", retryable: true });
    await page.route("**/api/socket/stats?*", (route) =>
      route.fulfill({ status: 503, contentType: "application/json", body }),
    );
    await site.signIn(page, "admin");
    await until(async () => expect(await numberOf(figure(page, "Events in / s"))).toBeGreaterThan(5));
    const failure = page.getByRole("alert").filter({ hasText: "Redis is away" });
    await failure.waitFor();
    await expectAccessible(page);
    await page.unroute("**/api/socket/stats?*");
    await failure.getByRole("button", { name: "Try again" }).click();
    await failure.waitFor({ state: "detached" });
  });

  it("says of when its numbers are while there is no connection", { timeout: 30_000 }, async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin");
    await until(async () => expect(await numberOf(figure(page, "Connections"))).toBe(1));
    const standstill = page.getByRole("status").filter({ hasText: "There is no live connection at the moment." });
    await site.restart(async () => await standstill.waitFor());
    await standstill.waitFor({ state: "detached" });
    site.forgive(GATEWAY_AWAY);
  });
});
