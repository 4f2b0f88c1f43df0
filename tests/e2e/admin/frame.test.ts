import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { expectAccessible, Site } from "./site.ts";

// What is around all pages.

let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

describe("the frame", () => {
  it("shows an admin no pages of operators", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin");
    const entries = page.getByRole("navigation", { name: "Navigation" }).getByRole("link");
    expect(await entries.allTextContents()).not.toContain("Nodes");
    await expectAccessible(page);
  });
});
