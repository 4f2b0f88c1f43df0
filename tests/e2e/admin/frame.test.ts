import type { Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_AWAY, expectAccessible, NARROWEST, Site, until } from "./site.ts";

// What is around all pages.

let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });
const focused = (page: Page): Promise<string | null | undefined> =>
  page.evaluate(() => document.activeElement?.textContent);
const live = (page: Page, state: string): Promise<void> =>
  page.getByRole("status").getByText(state, { exact: true }).waitFor();
/** Counts how often the page is loaded from now on. */
function loadsOf(page: Page): { count: number } {
  const loads = { count: 0 };
  page.on("load", () => loads.count++);
  return loads;
}

describe("navigation", () => {
  it("tells where one is, and moves the focus to the heading of what is shown", async () => {
    const page = await site.newPage();
    await site.signIn(page, "operator");
    await heading(page, "Overview").waitFor();
    const entries = page.getByRole("navigation", { name: "Navigation" }).getByRole("link");
    const names = await entries.allTextContents();
    expect(names).toHaveLength(9);
    for (const name of names) {
      await entries.getByText(name, { exact: true }).click();
      await heading(page, name).waitFor();
      await until(async () => expect(await focused(page)).toBe(name));
      expect(await page.locator("[aria-current=page]").allTextContents()).toEqual([name]);
      await until(async () => expect(await page.title()).toBe(`${name} · Roomcast`));
    }
    // Nothing of all this comes from elsewhere.
    expect([...site.origins]).toEqual([site.url]);
    await page.goBack();
    await heading(page, names.at(-2) ?? "").waitFor();
  });

  it("has a way past itself, which stays on the page", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin", "users");
    await heading(page, "Users").waitFor();
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
    expect(page.url()).toBe(`${site.url}/admin/users`);
  });

  it("frames what is chosen where colours are the reader's", async () => {
    const page = await site.newPage({ forcedColors: "active" });
    await site.signIn(page, "operator");
    const framed = (locator: Locator): Promise<boolean> =>
      locator.evaluate((element) => getComputedStyle(element).outlineStyle === "solid");
    const link = (name: string) => page.getByRole("navigation", { name: "Navigation" }).getByRole("link", { name });
    expect([await framed(link("Overview")), await framed(link("Users"))]).toEqual([true, false]);
    const choice = (text: string) => page.locator("label").filter({ hasText: text });
    await until(async () =>
      expect([await framed(choice("All tenants")), await framed(choice("This tenant"))]).toEqual([true, false]),
    );
    await page.goto(`${site.url}/admin/socket?channel=chat%3A1`);
    const tab = (selected: boolean) => page.getByRole("tab", { selected }).first();
    await tab(true).waitFor();
    expect([await framed(tab(true)), await framed(tab(false))]).toEqual([true, false]);
  });

  it("has nothing of operators for admins", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin", "nodes");
    await heading(page, "There is no such page").waitFor();
    const names = await page.getByRole("navigation", { name: "Navigation" }).getByRole("link").allTextContents();
    expect([names.includes("Nodes"), names.includes("Settings")]).toEqual([false, false]);
    await expectAccessible(page);
  });

  it("fits the narrowest screen, out of the keyboard's way until it is opened", async () => {
    const page = await site.newPage({ viewport: NARROWEST });
    await site.signIn(page, "operator");
    await heading(page, "Overview").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    const burger = page.getByRole("button", { name: "Navigation" });
    const users = page.getByRole("link", { name: "Users" });
    expect(await users.isVisible()).toBe(false);
    await burger.click();
    await users.waitFor();
    await page.getByLabel("Colours").selectOption("dark");
    expect(await page.locator("html").getAttribute("data-mantine-color-scheme")).toBe("dark");
    await page.keyboard.press("Escape");
    await users.waitFor({ state: "hidden" });
    expect(await burger.evaluate((element) => element === document.activeElement)).toBe(true);
    await burger.click();
    await users.click();
    await heading(page, "Users").waitFor();
    await users.waitFor({ state: "hidden" });
    await page.reload();
    await heading(page, "Users").waitFor();
    expect(await page.locator("html").getAttribute("data-mantine-color-scheme")).toBe("dark");
  });
});

describe("another tenant", () => {
  it("is chosen by operators, is in the address, and is where links lead", async () => {
    const page = await site.newPage();
    await site.signIn(page, "operator", "audit");
    const field = page.getByLabel("Tenant", { exact: true });
    await field.fill("no tenant");
    await page.keyboard.press("Enter");
    await page.getByText("1 to 128 of A-Z").waitFor();
    await field.fill("beta");
    const sockets: string[] = [];
    page.on("websocket", (socket) => sockets.push(socket.url()));
    await page.keyboard.press("Enter");
    await until(() => expect(new URL(page.url()).searchParams.get("tenant")).toBe("beta"));
    await until(() => expect(sockets).toHaveLength(1));
    await page.getByRole("link", { name: "Channels" }).click();
    await until(() => expect(page.url()).toBe(`${site.url}/admin/socket?tenant=beta`));
    await page.goto(`${site.url}/admin/users?userId=ada&tenant=gamma`);
    await heading(page, "ada").waitFor();
    expect(await field.inputValue()).toBe("gamma");
    expect(page.url()).toBe(`${site.url}/admin/users?userId=ada&tenant=gamma`);
  });

  it("is not another's to choose", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin", "users?tenant=beta");
    await page.getByText("Tenant: acme").waitFor();
    await until(() => expect(page.url()).toBe(`${site.url}/admin/users`));
  });
});

describe("the server", () => {
  it("may go and come back, of another version", { timeout: 30_000 }, async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin", "users");
    await page.route("**/auth/session", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...((await response.json()) as object), version: "99.0.0" } });
    });
    await site.restart(async () => await live(page, "Reconnecting"));
    await live(page, "Live");
    await page.getByRole("status").getByText("The gateway has been upgraded since this page was loaded.").waitFor();
    await expectAccessible(page);
    const loads = loadsOf(page);
    await page.getByRole("button", { name: "Reload the page" }).click();
    await until(() => expect(loads.count).toBe(1));
    await heading(page, "Users").waitFor();
    site.forgive(GATEWAY_AWAY);
  });

  it("may not have a part of the page any more, which is then loaded anew", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin");
    await heading(page, "Overview").waitFor();
    let gone = true;
    await page.route("**/assets/page-*.js", (route) => (gone ? route.fulfill({ status: 404 }) : route.continue()));
    const loads = loadsOf(page);
    await page.route(`${site.url}/admin/users`, (route) => {
      gone &&= route.request().resourceType() !== "document";
      return route.continue();
    });
    await page.getByRole("link", { name: "Users" }).click();
    await heading(page, "Users").waitFor();
    expect(loads.count).toBe(1);
    site.forgive(/assets|dynamically imported module/);
  });

  it("may never have it, and the page does not load itself again and again", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin");
    await heading(page, "Overview").waitFor();
    await page.route("**/assets/page-*.js", (route) => route.fulfill({ status: 404 }));
    const loads = loadsOf(page);
    await page.getByRole("link", { name: "Users" }).click();
    await until(() => expect(loads.count).toBe(1));
    await page.getByRole("alert").getByText("This part of the page broke").waitFor();
    // The answer to whether the server is there would come before the next load.
    await page.waitForLoadState("networkidle");
    expect(loads.count).toBe(1);
    await page.unroute("**/assets/page-*.js");
    await page.getByRole("button", { name: "Reload the page" }).click();
    await heading(page, "Users").waitFor();
    site.forgive(/assets|dynamically imported module/);
  });

  it("may be away when a part is asked for: the page stays", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin");
    await heading(page, "Overview").waitFor();
    const loads = loadsOf(page);
    const away = /\/admin\/(users|assets\/page-.*)$/;
    await page.route(away, (route) => route.abort());
    const asked = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/admin/users"));
    await page.getByRole("link", { name: "Users" }).click();
    await page.getByRole("alert").getByText("This part of the page broke").waitFor();
    await asked;
    // Other pages still work.
    await page.getByRole("link", { name: "Overview" }).click();
    await heading(page, "Overview").waitFor();
    expect(loads.count).toBe(0);
    site.forgive(/assets|dynamically imported module|ERR_FAILED/);
  });

  it("may be away when what a page says is asked for, which then does not come without its words", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin");
    await heading(page, "Overview").waitFor();
    await page.route(/\/admin\/(users|assets\/later-.*)$/, (route) => route.abort());
    const asked = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/admin/users"));
    await page.getByRole("link", { name: "Users" }).click();
    await page.getByRole("alert").getByText("This part of the page broke").waitFor();
    await asked;
    // Another page asks for the same again.
    await page.unrouteAll({ behavior: "wait" });
    await page.getByRole("link", { name: "Channels" }).click();
    await page.getByText("Every channel that somebody is in or follows.").waitFor();
    site.forgive(/assets|dynamically imported module|ERR_FAILED/);
  });

  it("may be away when another language is asked for: the page says so by the one that it keeps, and asks again", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin");
    const language = page.getByLabel("Language");
    await language.waitFor();
    await page.route(/\/admin(\/assets\/(first|later)-.*)?$/, (route) => route.abort());
    const asked = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/admin"));
    await language.selectOption("zh");
    await asked;
    await until(async () => expect(await language.inputValue()).toBe("en"));
    await heading(page, "Overview").waitFor();
    await page.unrouteAll({ behavior: "wait" });
    await language.selectOption("zh");
    await heading(page, "概览").waitFor();
    await page.locator('html[lang="zh"]').waitFor({ state: "attached" });
    site.forgive(/assets|dynamically imported module|ERR_FAILED/);
  });

  it("may be slow with a language, which does not come after the one that was chosen later", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin", "users");
    await page.getByLabel("User ID").fill("half a na");
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(/\/assets\/(first|later)-/, async (route) => {
      await released;
      await route.continue();
    });
    await page.getByLabel("Language").selectOption("pt");
    await page.getByLabel("Language").selectOption("zh");
    await page.getByLabel("Language").selectOption("en");
    const loaded = page.waitForLoadState("networkidle");
    release();
    await loaded;
    await heading(page, "Users").waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    await page.getByLabel("Language").selectOption("pt");
    await heading(page, "Usuários").waitFor();
    expect(await page.getByLabel("ID do usuário").inputValue()).toBe("half a na");
  });

  it("may refuse what one does, which is announced and can be closed", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin", "users");
    await page.route("**/auth/session", (route) => route.fulfill({ status: 503, body: "<h1>Bad gateway</h1>" }));
    await page.getByRole("button", { name: "Sign out" }).click();
    const notice = page.getByRole("alert").filter({ hasText: "The gateway, or what it needs, is away" });
    await notice.waitFor();
    expect(await page.locator("[aria-live=polite]").count()).toBeGreaterThan(0);
    await expectAccessible(page);
    await notice.getByRole("button", { name: "Close" }).click();
    await notice.waitFor({ state: "detached" });
    await heading(page, "Users").waitFor();
  });
});
