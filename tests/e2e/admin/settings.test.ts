import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { ADMIN_KEY, expectAccessible, OPERATOR_KEY, PHONE, SECRET, Site, takePictures, TENANT, until } from "./site.ts";

// What operators see of the configuration, and the tester of rules.

let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

it("shows operators the effective configuration, without its secrets", async () => {
  const page = await site.newPage();
  const answers: Promise<string>[] = [];
  page.on("response", (response) => {
    if (response.url().includes("/api/cluster/")) answers.push(response.text());
  });
  await site.signIn(page, "operator", "settings");
  const config = page.getByRole("region", { name: "Effective configuration" });
  await config.getByText(`Of node ${site.gateway.nodeId}`).waitFor();
  await config.getByText("auth", { exact: true }).click();
  await config.getByText("jwt", { exact: true }).click();
  const jwt = config
    .getByRole("listitem")
    .filter({ hasText: /^secret:/ })
    .last();
  expect(await jwt.textContent()).toBe("secret: hidden");
  await config.getByText("apiKeys", { exact: true }).click();
  await expectAccessible(page);
  await config.getByRole("textbox", { name: "Filter by name" }).fill("backlog");
  expect(await config.getByRole("listitem").last().textContent()).toBe("backlogBytes: 1048576");
  await config.getByRole("textbox", { name: "Filter by name" }).fill("nothing like it");
  await config.getByText("No setting has this in its name.").waitFor();
  // Without where the file of this machine lies.
  await config.getByRole("textbox", { name: "Filter by name" }).fill("auth");
  await takePictures(page, "settings");
  await config.getByRole("textbox", { name: "Filter by name" }).fill("");

  const hashes = /sha256: "(\w{64})"/g;
  const file = await readFile(new URL("admin.config.mjs", import.meta.url), "utf8");
  const secrets = [SECRET, OPERATOR_KEY, ADMIN_KEY, ...[...file.matchAll(hashes)].map(([, hash]) => hash ?? "")];
  expect(secrets).toHaveLength(5);
  const seen = [await page.content(), ...(await Promise.all(answers))];
  expect(seen.length).toBeGreaterThan(2);
  for (const text of seen) for (const secret of secrets) expect(text).not.toContain(secret);
});

it("lists the rules in order, built-in ones first", async () => {
  const page = await site.newPage();
  await site.signIn(page, "operator", "settings");
  const table = page.getByRole("table", { name: "Channel rules, in order" });
  await table.getByText("inbox:{userId}").waitFor();
  const rows = await Promise.all(
    (await table.getByRole("row").all()).map(async (row) => await row.locator("[role=cell] > div").allTextContents()),
  );
  expect(rows.slice(1).map(([number, match, subscribe]) => [number, match, subscribe])).toEqual([
    ["built in", "user:{userId}", "its owner"],
    ["built in", "notifications:{userId}", "its owner"],
    ["built in", "org:{tenantId}", "its owner"],
    ["1", "chat:{room}", "who is signed in"],
    ["2", "inbox:{userId}", "its owner"],
    ["3", "news:{name}", "who is signed in"],
    ["4", "closed:**", "nobody"],
    ["5", "plain:**", "who is signed in"],
    ["6", "**", "who is signed in"],
  ]);
  expect(rows.find(([number]) => number === "5")).toContain("nothing");
  // Of a tablet the table is wider, where it is none of cards.
  for (const size of [{ width: 800, height: 600 }, PHONE]) {
    await page.setViewportSize(size);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(size.width);
    await expectAccessible(page);
  }
});

it("tells which rule matches a channel, and what it lets somebody do", async () => {
  const page = await site.newPage();
  await site.signIn(page, "operator", "settings");
  const tester = page.getByRole("region", { name: "Which rule matches?" });
  const ask = tester.getByRole("button", { name: "Ask the rules" });
  const actions = async (): Promise<readonly (readonly string[])[]> =>
    await Promise.all(
      (await tester.getByRole("row").all())
        .slice(1)
        .map(async (row) => await row.locator("[role=cell] > div").allTextContents()),
    );

  await tester.getByLabel("Channel").fill("inbox:ada");
  await ask.click();
  await tester.getByText("Rule 2 matches").waitFor();
  await tester.getByText("userId = ada").waitFor();
  // Nobody asks, so that nothing is decided.
  expect(await actions()).toEqual([
    ["Follow", "its owner"],
    ["See members", "its owner"],
    ["Read history", "its owner"],
    ["Publish", "back ends and admins"],
  ]);

  await tester.getByRole("radio", { name: "A user" }).check();
  await tester.getByLabel("User ID").fill("ada");
  await ask.click();
  await until(async () =>
    expect(await actions()).toEqual([
      ["Follow", "its owner", "mayby the rule"],
      ["See members", "its owner", "mayby the rule"],
      ["Read history", "its owner", "mayby the rule"],
      ["Publish", "back ends and admins", expect.stringMatching(/^may notFORBIDDEN/)],
    ]),
  );
  await expectAccessible(page);
  const decided = async (): Promise<readonly boolean[]> =>
    (await actions()).map(([, , decision = ""]) => !decision.startsWith("may not"));
  await tester.getByRole("checkbox", { name: "service" }).check();
  await ask.click();
  await until(async () => expect(await decided()).toEqual([true, true, true, true]));
  // A link to it asks the same.
  const { search } = new URL(page.url());
  expect(Object.fromEntries(new URLSearchParams(search))).toEqual({
    channel: "inbox:ada",
    userId: "ada",
    roles: "client,service",
  });
  await page.reload();
  await until(async () => expect(await decided()).toEqual([true, true, true, true]));

  await tester.getByRole("radio", { name: "An anonymous visitor" }).check();
  await tester.getByLabel("Channel").fill(`org:${TENANT}`);
  await tester.getByLabel("Channel").press("Enter");
  await tester.getByText("A built-in rule matches").waitFor();
  await until(async () => expect(await decided()).toEqual([false, false, false, false]));

  await tester.getByLabel("Channel").fill("no channel at all");
  await ask.click();
  const refused = tester.getByRole("alert");
  await refused.getByText("INVALID_PAYLOAD").waitFor();
  await expectAccessible(page);
});

it("opens the documents of both interfaces", async () => {
  const page = await site.newPage();
  await site.signIn(page, "operator", "settings");
  for (const [name, field] of [
    ["OpenAPI: the REST API", "openapi"],
    ["AsyncAPI: the events of the channels", "asyncapi"],
  ] as const) {
    const opened = page.waitForEvent("popup");
    await page.getByRole("link", { name }).click();
    const document = await opened;
    await document.waitForLoadState();
    const text = (await document.locator("pre").first().textContent()) ?? "";
    expect(JSON.parse(text)).toHaveProperty(field);
    await document.close();
  }
});

it("is not there for admins, who test rules elsewhere", async () => {
  const page = await site.newPage();
  await site.signIn(page, "admin", "settings");
  await page.getByText("There is no such page").waitFor();
  expect(await page.getByRole("link", { name: "Settings" }).count()).toBe(0);
  const answer = await page.evaluate(async () => (await fetch("/api/cluster/config")).status);
  expect([401, 403]).toContain(answer);
  await page.goto(`${site.url}/admin/users?userId=ada&test=inbox:ada`);
  const dialog = page.getByRole("dialog", { name: "Which rule matches?" });
  await dialog.getByText("Rule 2 matches").waitFor();
  expect(await dialog.getByLabel("User ID").inputValue()).toBe("ada");
});
