import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { OPERATOR_KEY, Site, until } from "./site.ts";

// What a page costs before it can be used, as it goes over the wire.

const KIB = 1024;
let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

interface Transfer {
  readonly path: string;
  readonly encoding: string;
  bytes: number;
}

/** All that a page loads from now on, with the bytes of headers and compressed bodies, as the browser counts them. */
async function watch(page: Page): Promise<() => Transfer[]> {
  const browser = await page.context().newCDPSession(page);
  const transfers = new Map<string, Transfer>();
  browser.on("Network.responseReceived", ({ requestId, response }) => {
    const encoding = Object.entries(response.headers).find(([name]) => name.toLowerCase() === "content-encoding")?.[1];
    transfers.set(requestId, { path: new URL(response.url).pathname, encoding: encoding ?? "", bytes: 0 });
  });
  browser.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const transfer = transfers.get(requestId);
    if (transfer !== undefined) transfer.bytes = encodedDataLength;
  });
  await browser.send("Network.enable");
  return () => [...transfers.values()];
}

const total = (transfers: readonly Transfer[]): number => transfers.reduce((sum, { bytes }) => sum + bytes, 0);

describe("the first load", () => {
  it("is at most 180 KiB to sign in, and 250 KiB with the overview and its charts", async () => {
    // Without Brotli, which browsers take by https alone.
    const page = await site.newPage({ extraHTTPHeaders: { "Accept-Encoding": "gzip" } });
    const transfers = await watch(page);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let asked = 0;
    await page.route("**/assets/charts-*.js", async (route) => {
      asked++;
      await released;
      await route.continue();
    });
    await page.goto(`${site.url}/admin`);
    await page.getByLabel("An API key").check();
    await page.waitForLoadState("networkidle");
    const signIn = total(transfers());
    expect(asked).toBe(0);

    await page.getByLabel("API key", { exact: true }).fill(OPERATOR_KEY);
    await page.keyboard.press("Enter");
    // All numbers are there before the charts are.
    await page.getByRole("region", { name: "Nodes" }).getByText(site.gateway.nodeId).waitFor();
    await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
    await until(() => expect(asked).toBe(1));
    release();
    await page.getByRole("figure").first().locator("canvas").waitFor();
    await page.waitForLoadState("networkidle");
    const overview = total(transfers());

    const assets = transfers().filter(({ path }) => path.startsWith("/admin/assets/"));
    expect(assets.filter(({ encoding }) => encoding !== "gzip")).toEqual([]);
    expect(signIn).toBeGreaterThan(50 * KIB);
    expect(signIn).toBeLessThanOrEqual(180 * KIB);
    expect(overview).toBeGreaterThan(signIn);
    expect(overview).toBeLessThanOrEqual(250 * KIB);
  });

  it("takes nothing twice", async () => {
    const page = await site.newPage();
    await site.signIn(page, "operator");
    await page.getByRole("figure").first().waitFor();
    const transfers = await watch(page);
    await page.reload();
    await page.getByRole("figure").first().waitFor();
    const assets = transfers().filter(({ path }) => path.startsWith("/admin/assets/"));
    expect(assets.length).toBeGreaterThan(3);
    expect(total(assets)).toBe(0);
  });
});
