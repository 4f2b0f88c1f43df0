import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { expectAccessible, Site, until, tryAgain } from "./site.ts";

// What pages say that could not ask, and what they say of addresses that somebody made up.

let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

/** A tab to which REST answers nothing but 503, as a proxy does. */
async function cutOff(what: RegExp): Promise<Page> {
  const page = await site.newPage();
  await page.route(what, (route) => route.fulfill({ status: 503, contentType: "text/html", body: "<h1>Away</h1>" }));
  return page;
}

/** Signs in without waiting for what is live. */
async function enter(page: Page, path: string): Promise<void> {
  const data = { token: site.token({ roles: ["operator"] }) };
  const answer = await page.context().request.post(`${site.url}/auth/session`, { headers: { Origin: site.url }, data });
  expect(answer.status()).toBe(200);
  await page.goto(`${site.url}/admin/${path}`);
}

const failure = (page: Page) => page.getByRole("alert").getByText("The gateway answered with status 503").first();

describe("while REST is away, nothing is said to be nothing:", () => {
  it.each([
    ["socket", "No channel is active"],
    ["audit", "Nothing was done yet"],
    ["users?userId=ada", "Looking …"],
  ])("%s does not say “%s”", async (path, said) => {
    const page = await cutOff(/\/api\//);
    await site.signIn(page, "operator", path);
    await failure(page).waitFor();
    expect(await page.getByText(said).count()).toBe(0);
    await expectAccessible(page);
    await page.unroute(/\/api\//);
    await tryAgain(page, failure(page));
  });

  it("a connection is not said to have a silent node, of which nobody was asked", async () => {
    const page = await cutOff(/\/connections\/abc/);
    await site.signIn(page, "operator", "connections?socketId=abc");
    await failure(page).waitFor();
    expect(await page.getByText("node does not answer").count()).toBe(0);
  });

  it("the audit log does not say that it goes on by itself", async () => {
    const page = await cutOff(/\/ticket$/);
    await enter(page, "audit");
    await page.getByText("New entries do not appear by themselves now").waitFor();
    await page.unroute(/\/ticket$/);
    await page.reload();
    await page.getByText("New entries appear by themselves.").waitFor();
  });

  it("the overview has no numbers before there are any", async () => {
    const page = await cutOff(/\/api\/|\/ticket$/);
    await enter(page, "");
    await failure(page).waitFor();
    expect(await page.getByText("Events in / s").count()).toBe(0);
    await page.unroute(/\/api\/|\/ticket$/);
    await tryAgain(page, failure(page));
    await page.getByText("Events in / s").first().waitFor();
  });
});

describe("an address that somebody made up", () => {
  it.each([
    ["users?userId=", "Users"],
    ["connections?socketId=", "Connections"],
  ])("%s… neither widens the page nor turns its text", async (path, title) => {
    const page = await site.newPage();
    for (const name of ["w".repeat(3000), "\u202Egnp.exe\u200B"]) {
      await site.signIn(page, "admin", path + encodeURIComponent(name));
      await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
      await until(async () => expect(await page.getByRole("alert").count()).toBeGreaterThan(0));
      const text = await page.getByRole("main").innerText();
      expect(text).not.toMatch(/[\u202E\u200B]/);
      if (!name.startsWith("w")) expect(text).toContain("U+202E");
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
      ).toBe(0);
    }
    await expectAccessible(page);
  });
});
