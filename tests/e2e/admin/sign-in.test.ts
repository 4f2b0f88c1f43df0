import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ADMIN_KEY, expectAccessible, NARROWEST, OPERATOR_KEY, Site, takePictures, until } from "./site.ts";

// From nobody to somebody, and back.

let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });
const submit = (page: Page) => page.getByRole("button", { name: "Sign in" });

async function open(path = "", options: Parameters<Site["newPage"]>[0] = {}): Promise<Page> {
  const page = await site.newPage(options);
  await page.goto(`${site.url}/admin${path}`);
  await heading(page, "Sign in").waitFor();
  return page;
}

describe("signing in", () => {
  it("takes a token of an admin, by the keyboard alone, and goes where one wanted to go", async () => {
    const page = await open("/connections?userId=ada");
    await expectAccessible(page);
    await takePictures(page, "sign-in");
    for (let tabs = 0; tabs < 10; tabs++) {
      await page.keyboard.press("Tab");
      if (await page.getByLabel("Token", { exact: true }).evaluate((field) => field === document.activeElement)) break;
    }
    // As it is copied from a header.
    await page.keyboard.insertText(`Bearer ${site.token({ userId: "ada", roles: ["admin"] })}\n`);
    await page.keyboard.press("Enter");
    await heading(page, "Connections").waitFor();
    expect(page.url()).toBe(`${site.url}/admin/connections?userId=ada`);
    await until(async () => {
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
    });
    expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
    const [cookie] = (await page.context().cookies()).filter(({ name }) => name.includes("admin"));
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
    expect(await page.evaluate(() => document.cookie)).not.toContain("admin");
  });

  it("takes an API key, for a tenant of several, and outlives a reload", async () => {
    const page = await open();
    await page.getByLabel("An API key").check();
    await page.getByLabel("API key", { exact: true }).fill(ADMIN_KEY);
    await page.getByLabel("Tenant (optional)").fill("beta");
    await page.keyboard.press("Enter");
    await heading(page, "Overview").waitFor();
    await page.getByText("Tenant beta, as it is now.").waitFor();
    await page.getByLabel("Tenant", { exact: true }).selectOption("acme");
    await page.getByRole("button", { name: "Show this tenant" }).click();
    await page.getByText("Tenant acme, as it is now.").waitFor();
    expect(new URL(page.url()).searchParams.get("tenant")).toBe("acme");
    await page.reload();
    await page.getByText("Tenant acme, as it is now.").waitFor();
  });

  it("keeps what is entered hidden, and says what is wrong beside the field", async () => {
    const page = await open("", { viewport: NARROWEST });
    const field = page.getByLabel("Token", { exact: true });
    expect([await field.getAttribute("type"), await field.getAttribute("autocomplete")]).toEqual(["password", "off"]);
    const says = async (text: string): Promise<void> => {
      await page.getByRole("alert").getByText(text).waitFor();
      expect(await field.getAttribute("aria-invalid")).toBe("true");
      expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    };
    await submit(page).click();
    await says("Enter a token");
    await field.fill("nonsense");
    await submit(page).click();
    await says("This token is not valid, or has expired");
    await expectAccessible(page);
    await field.fill(site.token({ userId: "client" }));
    await submit(page).click();
    await says("It is valid, but has neither the role admin nor operator");
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    // A right one: what was wrong before is forgotten.
    await field.fill(site.token({ roles: ["operator"] }));
    await submit(page).click();
    await heading(page, "Overview").waitFor();
  });

  it("says that the gateway is away, and lets one try again", async () => {
    const page = await open();
    const body = JSON.stringify({ error: "UNAVAILABLE", message: "Redis is away", retryable: true });
    await page.route("**/auth/session", (route) =>
      route.fulfill({ status: 503, contentType: "application/json", body }),
    );
    await page.getByLabel("Token", { exact: true }).fill(site.token({ roles: ["admin"] }));
    await submit(page).click();
    await page.getByRole("alert").getByText("The gateway, or what it needs, is away (UNAVAILABLE)").waitFor();
    await page.reload();
    await heading(page, "The gateway cannot be reached").waitFor();
    await page.getByRole("alert").getByText("Redis is away").waitFor();
    await expectAccessible(page);
    await page.unroute("**/auth/session");
    await page.getByRole("button", { name: "Try again" }).click();
    await heading(page, "Sign in").waitFor();
  });

  it("speaks the browser's language, or the one that is chosen", async () => {
    const page = await site.newPage({ locale: "pt-BR" });
    await page.goto(`${site.url}/admin`);
    await heading(page, "Entrar").waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("pt");
    await page.getByLabel("Idioma").selectOption({ label: "中文" });
    await heading(page, "登录").waitFor();
    await until(async () => expect(await page.evaluate(() => document.documentElement.lang)).toBe("zh"));
    await page.reload();
    await heading(page, "登录").waitFor();
    expect(await page.title()).toBe("登录 · Roomcast");
  });

  it("makes one wait after five wrong tries, and then takes the right key", { timeout: 30_000 }, async () => {
    const page = await open();
    await page.getByLabel("An API key").check();
    const field = page.getByLabel("API key", { exact: true });
    for (let tries = 1; tries <= 6; tries++) {
      await field.fill(`wrong ${tries}`);
      await submit(page).click();
      await page
        .getByRole("alert")
        .getByText(tries <= 5 ? "This API key is not known" : "There were too many wrong tries")
        .waitFor();
    }
    const waiting = page.getByRole("button", { name: /^Try again in \d seconds?$/ });
    expect(await waiting.getAttribute("aria-disabled")).toBe("true");
    await field.fill(OPERATOR_KEY);
    await submit(page).click({ timeout: 15_000 });
    await heading(page, "Overview").waitFor();
  });
});

describe("a session", () => {
  it("ends by signing out, in every tab", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin");
    const other = await page.context().newPage();
    await other.goto(`${site.url}/admin/users`);
    await heading(other, "Users").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("status").getByText("You have signed out.").waitFor();
    expect((await page.context().cookies()).filter(({ name }) => name.includes("admin"))).toEqual([]);
    // By itself, and long before its live connection has to prove who it is again.
    await other.getByRole("status").getByText("Your session has ended.").waitFor({ timeout: 5000 });
    await page.getByLabel("Token", { exact: true }).fill(site.token({ userId: "ada", roles: ["admin"] }));
    await page.keyboard.press("Enter");
    await heading(page, "Overview").waitFor();
    await heading(other, "Users").waitFor({ timeout: 5000 });
  });

  it("is another's where somebody else has signed in in another tab", async () => {
    const page = await site.newPage();
    await site.signIn(page, { userId: "ada", roles: ["admin"], tenantId: "acme" });
    await page.getByText("Tenant: acme").waitFor();
    const other = await page.context().newPage();
    await site.signIn(other, { userId: "bob", roles: ["admin"], tenantId: "beta" });
    await page.getByRole("link", { name: "Channels" }).click();
    await page.getByText("Tenant: beta").waitFor();
  });

  it("may expire under the page, which says so and goes on after signing in again", async () => {
    const page = await site.newPage();
    await site.signIn(page, { userId: "ada", roles: ["operator"], lifeSeconds: 6 }, "notifications");
    await page.getByRole("textbox", { name: "Message" }).fill("What I was about to say");
    await page.getByRole("status").getByText("Your session ends soon").waitFor();
    await page.getByRole("status").getByText("Your session has ended.").waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Sign in");
    await expectAccessible(page);
    await page.getByLabel("Token", { exact: true }).fill(site.token({ userId: "ada", roles: ["operator"] }));
    await page.keyboard.press("Enter");
    await heading(page, "Notifications").waitFor();
    expect(await page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("What I was about to say");
  });

  it("leaves nothing of what one writes to the next who signs in", async () => {
    const page = await site.newPage();
    await site.signIn(page, { userId: "ada", roles: ["admin"] }, "notifications");
    await page.getByRole("textbox", { name: "Message" }).fill("Of ada");
    await page.getByRole("button", { name: "Sign out" }).click();
    for (const userId of ["bob", "ada"]) {
      await page.getByLabel("Token", { exact: true }).fill(site.token({ userId, roles: ["admin"] }));
      await page.keyboard.press("Enter");
      await heading(page, "Notifications").waitFor();
      expect(await page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("");
      await page.getByRole("button", { name: "Sign out" }).click();
    }
  });

  it("does not end because the clock of the browser is wrong", async () => {
    const page = await site.newPage();
    await page.clock.setFixedTime(Date.now() + 24 * 3_600_000);
    await site.signIn(page, "admin", "users");
    await heading(page, "Users").waitFor();
    await page.getByRole("link", { name: "Audit log" }).click();
    await heading(page, "Audit log").waitFor();
  });
});
