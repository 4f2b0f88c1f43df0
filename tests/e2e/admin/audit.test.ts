import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ADMIN_KEY, expectAccessible, PHONE, Site, takePictures, TENANT, until } from "./site.ts";

// The page that tells who did what to whom.

vi.setConfig({ testTimeout: 60_000 });

let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

/** The texts of the rows that are in the page, without the head. */
async function rows(page: Page): Promise<string[][]> {
  return await page
    .getByRole("table", { name: "Entries" })
    .getByRole("row")
    .evaluateAll((all) => all.slice(1).map((row) => [...row.children].map(({ textContent }) => textContent ?? "")));
}

/** Who, what and to whom. */
const deeds = async (page: Page): Promise<string[]> =>
  (await rows(page)).map((cells) => cells.slice(1, 4).join(" | ").trim());

describe("the audit", () => {
  it("tells who did what to whom, what was and what comes", async () => {
    const victim = await site.connect({ userId: "grace" });
    const call = async (path: string, body: unknown): Promise<void> => {
      const headers = { "X-Api-Key": ADMIN_KEY, "X-Tenant-Id": TENANT, "Content-Type": "application/json" };
      const answer = await fetch(site.url + path, { method: "POST", headers, body: JSON.stringify(body) });
      expect([path, answer.status]).toEqual([path, 200]);
    };
    await call("/api/socket/revoke", { userId: "mallory" });
    const page = await site.newPage();
    await site.signIn(page, { userId: "root", roles: ["admin"] }, "audit");
    await until(async () =>
      expect(await deeds(page)).toEqual(["root | Signed in | –", "Nobody known | Revoked a user | mallory"]),
    );
    expect((await rows(page))[1]?.[4]).toBe("API key");
    await page.getByText("2 of 2 entries. New entries appear by themselves.").waitFor();

    // Live: by a key, and by this page itself.
    await call("/api/socket/revoke", { userId: "grace" });
    await until(() => expect(victim.connected).toBe(false));
    await until(async () => expect((await deeds(page))[0]).toBe("Nobody known | Revoked a user | grace"));
    const other = await page.context().newPage();
    await other.goto(`${site.url}/admin/notifications`);
    await other.getByLabel("To", { exact: true }).fill("ada alan");
    await other.getByLabel("Message", { exact: true }).fill("Hi");
    await other.getByRole("button", { name: "Send" }).click();
    await until(async () => expect((await deeds(page))[0]).toMatch(/^root \| Sent a notification \| ada \+1$/));
    await other.goto(`${site.url}/admin/socket?channel=news%3Aone&tab=broadcast`);
    await other.getByRole("button", { name: "Publish" }).click();
    await until(async () => expect((await deeds(page))[0]).toBe("root | Published an event | news:one"));
    await takePictures(page, "audit");
    await expectAccessible(page);

    const links = page.getByRole("table", { name: "Entries" }).getByRole("link");
    const targets = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(targets.slice(0, 2)).toEqual(["/admin/users?userId=root", "/admin/socket?channel=news%3Aone"]);
    await page.getByRole("button", { name: "Show the entry of root: Sent a notification" }).click();
    const dialog = page.getByRole("dialog", { name: "Entry" });
    await dialog.getByRole("link", { name: "alan" }).waitFor();
    expect(await dialog.getByRole("region", { name: "Details" }).textContent()).toContain('"count": 2');
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });

    // Filters are in the address.
    await page.getByLabel("Action", { exact: true }).selectOption("revoke");
    await until(async () => expect((await deeds(page)).length).toBe(2));
    await page.getByLabel("Person").fill("GRA");
    await until(async () => expect(await deeds(page)).toEqual(["Nobody known | Revoked a user | grace"]));
    await page.reload();
    await until(async () => expect(await deeds(page)).toEqual(["Nobody known | Revoked a user | grace"]));
    await page.getByLabel("Person").fill("nobody did it");
    await page.getByText("No entry matches the filter").waitFor();
  });

  it("is read back to its beginning, and looked through", async () => {
    const by = { userId: "bot", via: "key" } as const;
    await site.gateway.audit("beta", { action: "revoke", target: "needle", by });
    for (let n = 1; n < 350; n++) await site.gateway.audit("beta", { action: "disconnect", target: `socket${n}`, by });
    const page = await site.newPage();
    await site.signIn(page, { userId: "eve", tenantId: "beta", roles: ["admin"] }, "audit");
    await page.getByText("100 of 100 entries.").waitFor();
    expect((await deeds(page))[1]).toBe("bot | Ended a connection | socket349");
    await page.getByRole("button", { name: "Load older" }).click();
    await page.getByText("200 of 200 entries.").waitFor();
    // Where a page has none, older ones are looked through.
    await page.getByLabel("Person").fill("needle");
    await page.getByText("1 of 351 entries.").waitFor();
    expect(await deeds(page)).toEqual(["bot | Revoked a user | needle"]);
  });

  it("shows names as they are, and fits a telephone", async () => {
    const by = { userId: "<b>eve</b>", via: "token" } as const;
    await site.gateway.audit("gamma", { action: "broadcast", target: "../..//evil.example?x#y", by });
    const page = await site.newPage({ viewport: PHONE });
    await site.signIn(page, { userId: "eve", tenantId: "gamma", roles: ["admin"] }, "audit");
    await until(async () => expect((await deeds(page))[1]).toContain("<b>eve</b>"));
    const link = page.getByRole("link", { name: "../..//evil.example?x#y" });
    await link.click();
    await page.getByRole("heading", { name: "Channel ../..//evil.example?x#y" }).waitFor();
    await page.goBack();
    await expectAccessible(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(wide).toBe(false);
  });
});
