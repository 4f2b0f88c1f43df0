import { MemoryPresenceStore } from "@roomcast/core";
import type { Page } from "playwright-core";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { expectAccessible, PHONE, Site, takePictures, TENANT, until, type Who } from "./site.ts";

// The list of connections, one connection, and what one can do about it. The page has a connection of its own.

/** More connections than the server looks through for one page of a list. */
const CROWD = 100_010;

let site: Site;
const presence = new MemoryPresenceStore();
beforeAll(async () => {
  site = await Site.start({ server: { parts: { presence } } });
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

describe("the list", () => {
  it("has all connections, page after page", async () => {
    const tenantId = "many";
    await Promise.all(Array.from({ length: 230 }, async (_, n) => await site.connect({ tenantId, userId: `u${n}` })));
    const page = await open({ tenantId });
    await page.getByText("Connections: 231").waitFor();
    const table = page.getByRole("table", { name: "Live connections" });
    // With the row of the headers.
    expect(await table.getAttribute("aria-rowcount")).toBe("232");
    // Only rows in sight are in the page.
    expect(await table.getByRole("row").count()).toBeLessThan(60);
    await until(async () => {
      await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      const last = await table.getByRole("row").last().getAttribute("aria-rowindex");
      expect(last).toBe("232");
    });
    await expectAccessible(page);
    await takePictures(page, "connections");
  });

  it("is searched by user, socket id, address, dialect and node, which the page's address tells", async () => {
    const ada = await site.connect({ userId: "ada" });
    const bob = await site.connect({ userId: "bob" });
    await site.connect({ userId: "bob" });
    const page = await open();
    await page.getByText("Connections: 4").waitFor();
    const own = page.getByRole("row").filter({ hasText: "this page" });
    await until(async () => expect(await own.textContent()).toContain("admin"));
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/connections/list")) asked.push(new URL(request.url()).search);
    });
    const field = page.getByLabel("Search for");
    await field.pressSequentially("bob", { delay: 20 });
    await until(async () => expect(await users(page)).toEqual(["bob", "bob"]));
    expect(new Set(asked.filter((search) => search.includes("userId")))).toEqual(new Set(["?limit=200&userId=bob"]));
    expect(new URL(page.url()).search).toBe("?by=userId&search=bob");

    await page.getByLabel("Search by").selectOption("Socket ID");
    await field.fill(ada.id ?? "");
    await until(async () => expect(await users(page)).toEqual(["ada"]));
    await page.getByLabel("Search by").selectOption("Address, from its beginning");
    await field.fill("127.0.");
    await page.getByText("Found: 4. All 4 connections were looked through.").waitFor();
    await field.fill("10.");
    await page.getByText("Found: 0. All 4 connections were looked through.").waitFor();
    await page.getByText("No connection is like this").waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Clear the search" }).last().click();
    await page.getByText("Connections: 4").waitFor();
    await page.getByLabel("Search by").selectOption("Dialect");
    await field.selectOption("plazer");
    await page.getByText("Found: 0. All 4 connections were looked through.").waitFor();
    await field.selectOption("native");
    await page.getByText("Found: 4. All 4 connections were looked through.").waitFor();
    const { nodeId } = site.gateway;
    await page.goto(`${site.url}/admin/connections?by=nodeId&search=${encodeURIComponent(nodeId)}`);
    await page.getByText(/^Found: ([34])\. All \1 connections were looked through\.$/).waitFor();
    expect(await field.inputValue()).toBe(nodeId);
    await page.getByRole("link", { name: bob.id ?? "" }).click();
    await page.getByRole("heading", { name: "Connection of bob" }).waitFor();
    await page.goBack();
    await page.getByText(/^Found: ([34])\. All \1 connections were looked through\.$/).waitFor();
  });

  it("goes on by itself where the server looked through many and found none", async () => {
    const tenantId = "crowd";
    const address = { tenantId, name: "@sessions" };
    for (let n = 0; n < CROWD; n++) {
      const state = {
        dialect: "native",
        transport: "websocket",
        address: n === CROWD - 1 ? "203.0.113.7" : "192.0.2.1",
      };
      await presence.put(address, { socketId: `crowd-${n}`, userId: `u${n}`, joinedAt: 1, nodeId: "elsewhere", state });
    }
    const page = await open({ tenantId });
    await page.getByText("Connections: 100,011").waitFor();
    const pages: number[] = [];
    page.on("response", (response) => {
      if (!response.url().includes("address=203.")) return;
      void response.json().then((entries: readonly unknown[]) => pages.push(entries.length));
    });
    await page.getByLabel("Search by").selectOption("Address, from its beginning");
    await page.getByLabel("Search for").fill("203.");
    await page.getByText("Found: 1. All 100,011 connections were looked through.").waitFor();
    expect(await users(page)).toEqual([`u${CROWD - 1}`]);
    expect(pages.slice(0, 2)).toEqual([0, 1]);
  });

  it("leads to the report of a user who is not connected, on a telephone too", async () => {
    const page = await open({}, "connections?by=userId&search=nobody", PHONE);
    await page.getByText("No connection is like this").waitFor();
    await expectAccessible(page);
    await page.getByRole("link", { name: "Diagnose user nobody" }).click();
    await page.getByRole("heading", { name: "Not connected" }).waitFor();
  });
});

describe("one connection", () => {
  it("tells who it is, what it follows and what passes", async () => {
    const claims = {
      channels: { "vip:**": ["subscribe", "publish"] },
      info: { name: "Ada <script>alert(1)</script>" },
      email: "ada@example.com",
      department: { name: "sales\u200b" },
    };
    const socket = await site.connect({ userId: "ada", claims });
    await ok(socket, "subscribe", { topic: "chat:all" });
    await ok(socket, "subscribe", { topic: "vip:some", filter: { kind: "urgent" } });
    await ok(socket, "join", { channel: "chat:room" });
    expect(await socket.emitWithAck("subscribe", { topic: "closed:one" })).toMatchObject({ ok: false });
    const page = await open({}, `connections?socketId=${socket.id}`);
    const region = (name: string | RegExp) => page.getByRole("region", { name });
    const principal = await region("Who it speaks for").textContent();
    for (const text of ["ada", TENANT, "client", "ada@example.com", "vip:**: Follow, Publish", "<script>alert(1)"])
      expect(principal).toContain(text);
    expect(principal).toMatch(/Token expires.*\(in 5\d minutes\)/);
    const link = await region("The link").textContent();
    for (const text of ["native", "websocket", "127.0.0.1", site.gateway.nodeId]) expect(link).toContain(text);
    const told = await region("Other claims of the token").textContent();
    expect(told).toContain('"name": "salesU+200B"');
    expect(await page.content()).not.toContain(site.token({ userId: "ada", claims }).split(".")[1]);

    const follows = page.getByRole("table", { name: "What it follows" });
    const row = async (name: string): Promise<string | null> =>
      await follows.getByRole("row").filter({ hasText: name }).textContent();
    expect(await row("chat:all")).toMatch(/everything.*no.*a rule.*keeps up/);
    expect(await row("vip:some")).toMatch(/\{"kind":"urgent"\}.*no.*keeps up/);
    expect(await row("chat:room")).toMatch(/everything.*yes.*a rule/);
    expect(await follows.getByRole("link", { name: "chat:all" }).getAttribute("href")).toMatch(
      /socket\?channel=chat%3Aall$/,
    );
    const incident = page
      .getByRole("table", { name: "What went wrong" })
      .getByRole("row")
      .filter({ hasText: "closed:one" });
    expect(await incident.textContent()).toContain("FORBIDDEN");

    const traffic = region("Traffic");
    expect(await traffic.textContent()).toMatch(/Waiting to be sent.*of at most 1 MB/);
    const events = page.getByRole("row").filter({ hasText: "Events to the client" }).getByRole("cell").last();
    expect(await events.textContent()).toContain("0");
    for (let n = 0; n < 7; n++) await site.gateway.publish({ tenantId: TENANT, name: "chat:all" }, "said", { n });
    await page.getByRole("button", { name: "Reload" }).click();
    await until(async () => expect(await events.textContent()).toContain("7"));
    await expectAccessible(page);
    await takePictures(page, "connection");

    // What it may, by the rules and its own token.
    const tester = region("May it …?");
    await tester.getByLabel("Channel").fill("vip:other");
    await tester.getByRole("button", { name: "Ask the rules" }).click();
    await tester.getByText("Rule 6 matches").waitFor();
    await tester.getByLabel("Channel").fill("closed:vip");
    await tester.getByLabel("Channel").press("Enter");
    await tester.getByText("Rule 4 matches").waitFor();
    const follow = tester.getByRole("row").filter({ hasText: "Follow" }).first();
    await until(async () => expect(await follow.textContent()).toMatch(/may not.*FORBIDDEN/));
    await incident.getByRole("button", { name: "Which rule refuses this?" }).click();
    await page.getByRole("dialog").getByText("Rule 4 matches").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.setViewportSize(PHONE);
    await until(async () => {
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
    });
    await expectAccessible(page);
  }, 40_000);

  it("says so when it goes while it is looked at, and keeps what was known", async () => {
    const socket = await site.connect({ userId: "leaver" });
    await ok(socket, "subscribe", { topic: "chat:kept" });
    const page = await open({}, `connections?socketId=${socket.id}`);
    await page.getByRole("link", { name: "chat:kept" }).waitFor();
    socket.disconnect();
    await page
      .getByRole("alert")
      .getByText(/^It ended, or its client left\. What is shown was true at /)
      .waitFor();
    await page.getByRole("link", { name: "chat:kept" }).waitFor();
    expect(await page.getByRole("button", { name: "Disconnect" }).isDisabled()).toBe(true);
    await expectAccessible(page);
    await page.getByRole("link", { name: "Diagnose user leaver" }).click();
    await page.getByRole("heading", { name: "Not connected" }).waitFor();
  });

  it("says so where there never was one, whatever its name", async () => {
    const page = await open({}, "connections?socketId=nobody");
    await page.getByText("There is no connection with this socket ID, or not any more.").waitFor();
    await expectAccessible(page);
    for (const name of ["..", "a/b?c=d#<script>alert(1)</script>\u202e"]) {
      await page.goto(`${site.url}/admin/connections?socketId=${encodeURIComponent(name)}`);
      await page.getByText("There is no connection with this socket ID, or not any more.").waitFor();
    }
  });
});

describe("what an admin does", () => {
  it("is asked about first, and then done", async () => {
    const socket = await site.connect({ userId: "ada" });
    const { id = "" } = socket;
    const page = await open({}, `connections?socketId=${id}`);
    await page.getByRole("button", { name: "Disconnect" }).click();
    const dialog = page.getByRole("dialog", { name: `Disconnect ${id}?` });
    expect(await dialog.textContent()).toContain("The connection of ada ends at once.");
    expect(await dialog.textContent()).toContain("This is noted in the audit log.");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "hidden" });
    expect(socket.connected).toBe(true);
    await page.getByRole("button", { name: "Disconnect" }).click();
    await dialog.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("status").getByText(`Connection ${id} was ended.`).waitFor();
    await until(() => expect(socket.connected).toBe(false));
    await page.getByText("This connection is gone").waitFor();
    const { events } = (await (await site.call("/api/socket/audit?limit=1")).json()) as {
      readonly events: readonly { readonly payload: unknown }[];
    };
    expect(events).toMatchObject([{ payload: { action: "disconnect", by: { userId: "admin", via: "session" } } }]);
  });

  it("is told when that is the admin", async () => {
    const page = await open({}, "connections");
    const own = page.getByRole("row").filter({ hasText: "(this page)" });
    await own.getByRole("link").first().click();
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("dialog").getByText("This is the connection of this page").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Revoke the user" }).click();
    await page.getByRole("dialog").getByText("This is you: the page signs you out, too.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  });

  it("tells the second of two that it was done already", async () => {
    const { id = "" } = await site.connect({ userId: "ada" });
    const [first, second] = [
      await open({ userId: "one" }, `connections?socketId=${id}`),
      await open({ userId: "two" }, `connections?socketId=${id}`),
    ];
    for (const page of [first, second]) await page.getByRole("button", { name: "Disconnect" }).click();
    for (const [page, text] of [
      [first, `Connection ${id} was ended.`],
      [second, `Connection ${id} is gone already: somebody else ended it, or its client left.`],
    ] as const) {
      await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
      await page.getByText(text, { exact: true }).waitFor();
      await page.getByRole("alert").getByText("This connection is gone").waitFor();
    }
    // So for a user who is revoked twice.
    const sockets = [await site.connect({ userId: "bob" }), await site.connect({ userId: "bob" })];
    for (const page of [first, second]) {
      await page.goto(`${site.url}/admin/connections?socketId=${sockets[0]?.id}`);
      await page.getByRole("button", { name: "Revoke the user" }).click();
    }
    for (const [page, text] of [
      [first, "User bob was revoked. Connections ended: 2."],
      [second, "User bob was revoked. No connection was left to end: somebody else may have been faster."],
    ] as const) {
      await page.getByRole("dialog").getByRole("button", { name: "Revoke the user" }).click();
      await page.getByText(text, { exact: true }).waitFor();
    }
    await until(() => expect(sockets.map(({ connected }) => connected)).toEqual([false, false]));
  });
});

async function open(who: Who = {}, path = "connections", viewport?: typeof PHONE): Promise<Page> {
  const page = await site.newPage(viewport === undefined ? {} : { viewport });
  const admin = { userId: "admin", roles: ["admin"], ...who };
  if (path !== "connections") await site.signIn(page, admin, path);
  else {
    // Once the page's own connection is there, which is one of the list.
    await site.signIn(page, admin, "users");
    await page.getByRole("link", { name: "Connections", exact: true }).click();
  }
  return page;
}

async function ok(socket: Socket, command: string, payload: unknown): Promise<void> {
  expect(await socket.emitWithAck(command, payload)).toMatchObject({ ok: true });
}

/** Whose connections the list shows. */
async function users(page: Page): Promise<readonly (string | null)[]> {
  const rows = page.getByRole("table", { name: "Live connections" }).getByRole("row");
  const names = await Promise.all(
    (await rows.all()).map(async (row) => await row.locator("[role=cell]").nth(1).allTextContents()),
  );
  return names.flat();
}
