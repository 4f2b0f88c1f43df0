import type { Page } from "playwright-core";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { expectAccessible, PHONE, Site, takePictures, until } from "./site.ts";

// "User 4711 says that notifications stopped": from signing in to the cause, by what one sees and clicks.

const USER = "4711";
const CHANNEL = `notifications:${USER}`;
/** Each test has a tenant of its own, in which nothing has happened yet. */
const TENANTS = ["left", "revoked", "never", "idle", "grants", "rule", "slow", "well", "two", "phone"] as const;
type Tenant = (typeof TENANTS)[number];

let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

describe("not connected", () => {
  it("because the client left by itself", async () => {
    const socket = await client("left");
    socket.disconnect();
    await nobody("left");
    const page = await diagnosed("left");
    await verdict(page, "Not connected");
    await finding(page, "No node has a connection of this user.");
    await finding(page, /^The last connection ended at .*: The client left by itself, or its network broke\.$/);
    await step(page, /^Have the user open the application again\./);
    await expectAccessible(page);
    await takePictures(page, "users-not-connected");
    await client("left", CHANNEL);
    await page.getByRole("button", { name: "Reload" }).click();
    await verdict(page, "Nothing wrong seen");
  });

  it("because an admin revoked the user, whose old token is refused", async () => {
    const token = site.token({ userId: USER, tenantId: "revoked" });
    await client("revoked");
    const page = await diagnosed("revoked");
    await verdict(page, "Connected and not subscribed");
    await page.getByRole("button", { name: "Revoke the user" }).click();
    const dialog = page.getByRole("dialog", { name: `Revoke user ${USER}?` });
    expect(await dialog.textContent()).toContain(`Every connection of ${USER} ends, on all nodes`);
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Revoke the user" }).click();
    await page.getByText(`User ${USER} was revoked. Connections ended: 1.`).waitFor();
    await verdict(page, "Not connected");
    await finding(page, /^The user was revoked at .*: tokens issued before are refused\.$/);
    await step(page, /^Have the user sign in again/);
    await expect(site.connect({}, { auth: { token } })).rejects.toThrow();
    await page.reload();
    await finding(page, /^The user tried to connect at .* and was refused \(\w+\): /);
  });

  it("because there is no such user", async () => {
    const page = await diagnosed("never");
    await verdict(page, "Not connected");
    await finding(page, "No node remembers anything of this user. The ID may be written differently.");
    await step(page, "Compare the ID with the one in the user's token.");
    await page.getByText("Nothing that the gateway remembers of this user.").waitFor();
  });
});

describe("connected and not subscribed", () => {
  it("is found by the keyboard alone", async () => {
    const socket = await client("idle", "chat:elsewhere");
    const socketId = socket.id ?? "";
    const page = await site.newPage();
    await page.goto(`${site.url}/admin`);
    await tabTo(page, "Token");
    await page.keyboard.type(site.token({ userId: "admin", roles: ["admin"], tenantId: "idle" }));
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
    await tabTo(page, "Users");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Users", level: 1 }).waitFor();
    await tabTo(page, "User ID");
    await page.keyboard.type(USER);
    await page.keyboard.press("Enter");
    await verdict(page, "Connected and not subscribed");
    expect(await focused(page)).toBe("User ID");
    await finding(page, "Live connections: 1.");
    await finding(page, `None of the connections that answered follows ${CHANNEL}.`);
    await finding(page, `The rules let connection ${socketId} follow ${CHANNEL}: it only has to subscribe.`);
    await step(page, new RegExp(`^Have the client subscribe to ${CHANNEL}\\.`));
    // Another channel is asked about, and then the connection looked at.
    await tabTo(page, "Does the user hear this channel?");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("chat:elsewhere");
    await page.keyboard.press("Enter");
    await verdict(page, "Nothing wrong seen");
    await tabTo(page, socketId);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: `Connection of ${USER}`, level: 1 }).waitFor();
    expect(await focused(page)).toBe(`Connection of ${USER}`);
    await tabTo(page, "Disconnect");
    // On a slow machine the dialogue must not take the focus back from what the keyboard has reached.
    await slowDown(page);
    await page.keyboard.press("Enter");
    await until(async () => expect(await focused(page)).toBe("Cancel"));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText(`Connection ${socketId} was ended.`).waitFor();
    await page.getByRole("alert").getByText("This connection is gone").waitFor();
    await until(() => expect(socket.connected).toBe(false));
  });
});

describe("refused by a rule", () => {
  it("that the incident and the verdict lead to", async () => {
    const socket = await client("rule");
    await refuse(socket, "closed:alerts");
    const page = await diagnosed("rule");
    await verdict(page, "Connected and not subscribed");
    const incidents = page.getByRole("table", { name: "What went wrong, newest first" });
    const row = incidents.getByRole("row").filter({ hasText: "closed:alerts" });
    expect(await row.textContent()).toContain("What the client asked for is refused to it by a rule.");
    await row.getByRole("button", { name: "Which rule refuses this?" }).click();
    const dialog = page.getByRole("dialog", { name: "Which rule matches?" });
    await dialog.getByText("Rule 4 matches").waitFor();
    expect(await dialog.getByLabel("Channel").inputValue()).toBe("closed:alerts");
    expect(await dialog.textContent()).toContain(`Asked as connection ${socket.id}`);
    const follow = dialog.getByRole("row").filter({ hasText: "Follow" }).first();
    await until(async () => expect(await follow.textContent()).toMatch(/nobody.*may not.*FORBIDDEN/));
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });

    await page.getByLabel("Does the user hear this channel?").fill("closed:alerts");
    await page.getByRole("button", { name: "Check" }).click();
    await verdict(page, "Refused by a rule");
    await finding(page, `Rule 4 (closed:**) refuses closed:alerts to connection ${socket.id}.`);
    await finding(page, /^Subscribing to closed:alerts was refused at /);
    await step(page, /^See which rule decides, then change the rule/);
    await expectAccessible(page);
    await takePictures(page, "users-refused");
    await verdictCard(page).getByRole("button", { name: "Which rule refuses this?" }).click();
    await dialog.getByText("Rule 4 matches").waitFor();
  });

  it("because the token reaches only what its grants say", async () => {
    const claims = { channels: { "chat:**": ["subscribe"] }, channelsOnly: true };
    const socket = await site.connect({ userId: USER, tenantId: "grants", claims });
    await refuse(socket, CHANNEL);
    const page = await diagnosed("grants");
    await verdict(page, "Refused by a rule");
    await finding(
      page,
      `The token of connection ${socket.id} reaches only what its grants say: the rules give it nothing.`,
    );
    await finding(page, `The built-in rule notifications:{userId} refuses ${CHANNEL} to connection ${socket.id}.`);
  });
});

describe("slow and dropped", () => {
  it("by a client that does not read, and that comes back by itself", async () => {
    const socket = await client("slow", CHANNEL);
    const { ws } = socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
    ws.pause();
    await flood("slow");
    await nobody("slow");
    const page = await diagnosed("slow");
    await verdict(page, "Slow and dropped");
    await finding(page, /^A connection was ended at .* because it did not keep up\.$/);
    await finding(page, "No node has a connection of this user.");
    await step(page, /^The client reconnects by itself/);
    const row = page.getByRole("row").filter({ hasText: "SLOW_CONSUMER" });
    expect(await row.textContent()).toContain("The connection did not keep up and was ended; it reconnects by itself.");
    await expectAccessible(page);
    await takePictures(page, "users-slow");
    ws.resume();
    await until(() => expect(socket.connected).toBe(false));
    await client("slow", CHANNEL);
    await page.reload();
    await finding(page, `1 of 1 connections follow ${CHANNEL}.`);
    await verdict(page, "Slow and dropped");
  }, 40_000);
});

describe("nothing wrong", () => {
  it("is seen where the user follows the channel; a test notification is one click away", async () => {
    const socket = await client("well");
    await socket.emitWithAck("subscribe", { topic: CHANNEL, filter: { kind: "urgent" } });
    await client("well");
    const page = await diagnosed("well");
    await verdict(page, "Nothing wrong seen");
    await finding(page, `1 of 2 connections follow ${CHANNEL}.`);
    await finding(page, /follows notifications:4711 with a filter/);
    await step(page, /^Look at the connections below that do not follow/);
    const table = page.getByRole("table", { name: "Connections" });
    const mine = table.getByRole("row").filter({ hasText: socket.id ?? "" });
    expect(await mine.textContent()).toContain("follows");
    expect(await table.getByText("does not follow").count()).toBe(1);
    await page.getByRole("link", { name: "Send a test notification" }).click();
    await until(() => expect(new URL(page.url()).pathname).toBe("/admin/notifications"));
    await until(async () => expect(await page.getByLabel("To", { exact: true }).inputValue()).toBe(USER));
  });

  it("of another tenant's user is never shown", async () => {
    await client("well", CHANNEL);
    const page = await diagnosed("two");
    await verdict(page, "Not connected");
    await finding(page, /^No node remembers anything/);
  });
});

it("says the same in Chinese and Portuguese, on a telephone", async () => {
  await client("phone");
  const look = async (locale: string, text: string): Promise<void> => {
    const page = await site.newPage({ viewport: PHONE, locale });
    await page.goto(`${site.url}/admin/users?userId=${USER}`);
    const token = site.token({ userId: "admin", roles: ["admin"], tenantId: "phone" });
    await page.locator("input[type=password]").fill(token);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: text, level: 2 }).waitFor();
    await expectAccessible(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
  };
  await Promise.all([look("zh-CN", "已连接但未订阅"), look("pt-BR", "Conectado e sem assinatura")]);
});

/** Signs in on the page, and asks about user 4711: what a test sees first. */
async function diagnosed(tenantId: Tenant): Promise<Page> {
  const page = await site.newPage();
  const token = site.token({ userId: "admin", roles: ["admin"], tenantId });
  await page.goto(`${site.url}/admin`);
  await page.getByLabel("Token", { exact: true }).fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByLabel("User ID").fill(USER);
  await page.getByRole("button", { name: "Diagnose" }).click();
  return page;
}

/** A client of user 4711, which follows this channel. */
async function client(tenantId: Tenant, topic?: string): Promise<Socket> {
  const socket = await site.connect({ userId: USER, tenantId });
  if (topic !== undefined) expect(await socket.emitWithAck("subscribe", { topic })).toMatchObject({ ok: true });
  return socket;
}

async function refuse(socket: Socket, topic: string): Promise<void> {
  expect(await socket.emitWithAck("subscribe", { topic })).toMatchObject({ ok: false });
}

async function nobody(tenantId: Tenant): Promise<void> {
  await until(async () => expect((await site.gateway.connections(tenantId, { userId: USER })).total).toBe(0));
}

/** More than the sockets of both sides hold, and the backlog behind them. */
async function flood(tenantId: Tenant): Promise<void> {
  const data = "x".repeat(60_000);
  for (let n = 0; n < 400; n++) await site.gateway.publish({ tenantId, name: CHANNEL }, "notification", data);
}

function verdictCard(page: Page) {
  return page.getByRole("region", { name: "Verdict" });
}

async function verdict(page: Page, text: string): Promise<void> {
  await verdictCard(page).getByRole("heading", { name: text, level: 2 }).waitFor({ timeout: 12_000 });
}

async function finding(page: Page, text: string | RegExp): Promise<void> {
  await listed(page, "What this follows from", text);
}

async function step(page: Page, text: string | RegExp): Promise<void> {
  await listed(page, "What to do", text);
}

async function listed(page: Page, heading: string, text: string | RegExp): Promise<void> {
  const list = verdictCard(page).getByRole("list", { name: heading });
  await until(async () => {
    // Names stand between marks that isolate their direction.
    const items = (await list.getByRole("listitem").allTextContents()).map((item) =>
      item.replaceAll(/[\u2068\u2069]/g, ""),
    );
    expect(items).toContainEqual(typeof text === "string" ? text : expect.stringMatching(text));
  });
}

/** As if the page's machine had a twentieth of its speed. */
async function slowDown(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 20 });
}

/** Goes on with the Tab key until something of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`The Tab key does not lead to "${name}"`);
}

/** What has the focus: by its label, or by its text. */
async function focused(page: Page): Promise<string> {
  return await page.evaluate(() => {
    const active = document.activeElement === document.body ? null : document.activeElement;
    const label = active instanceof HTMLInputElement ? active.labels?.[0]?.textContent : undefined;
    return (label ?? active?.getAttribute("aria-label") ?? active?.textContent ?? "").trim();
  });
}
