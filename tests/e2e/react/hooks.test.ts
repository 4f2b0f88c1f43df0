import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { sign } from "../node.ts";
import { launchBrowser } from "./browser.ts";
import { buildPage } from "./build-page.ts";
import { Host } from "./host.ts";
import type {} from "./page/app.tsx";

// The hooks in a real browser, under StrictMode, with both versions of React.

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
}, 60_000);
afterAll(async () => await browser.close());

const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 10_000, interval: 10 });

describe.each(["19", "18"] as const)("React %s", (version) => {
  /** The names of the commands that pages have sent. */
  const sent: string[] = [];
  let files: Awaited<ReturnType<typeof buildPage>>;
  let host: Host;
  const contexts: BrowserContext[] = [];
  /** What no page may say: failures that nobody caught, and what React complains of. */
  const complaints: string[] = [];

  beforeAll(async () => {
    files = await buildPage({ react: version });
  }, 60_000);

  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
    await host.close();
    sent.length = 0;
    const said = complaints.splice(0);
    expect(said).toEqual([]);
  });

  async function openPage(path: string): Promise<Page> {
    const context = await browser.newContext();
    contexts.push(context);
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // The browser's own words for connections that the tests break.
      const own = /WebSocket connection|Failed to load resource/.test(message.text());
      if (["error", "warning"].includes(message.type()) && !own) complaints.push(message.text());
    });
    page.on("websocket", (webSocket) => {
      webSocket.on("framesent", ({ payload }) => {
        const [, command] = /^42\d+\["(\w+)"/.exec(String(payload)) ?? [];
        if (command !== undefined) sent.push(command);
      });
    });
    await page.goto(`${host.url}${path}`);
    return page;
  }

  /** Opens the page of a user with some views mounted. */
  async function start(show: string, token?: string): Promise<Page> {
    host = await Host.start(files);
    return await join(show, token ?? (await sign("ada")));
  }

  async function join(show: string, token: string): Promise<Page> {
    const page = await openPage(`/?show=${show}&token=${token}`);
    await page.waitForSelector("#foreign", { state: "attached" });
    return page;
  }

  async function shown(page: Page, id: string): Promise<unknown> {
    const text = await page.locator(`#${id}`).textContent({ timeout: 5000 });
    return JSON.parse(text as string);
  }

  const shows = (page: Page, id: string, value: unknown): Promise<void> =>
    until(async () => expect(await shown(page, id)).toEqual(value));

  const toggle = (page: Page, id: string): Promise<void> => page.evaluate((view) => window.page.toggle(view), id);
  const press = (page: Page, id: string): Promise<void> => page.locator(`#${id}`).dispatchEvent("click");

  it("StrictMode runs effects twice, and there is one connection, one subscription, one membership", async () => {
    const page = await start("connection-a,channel-a,presence-a,notifications-a,resource-a");
    expect(await page.evaluate(() => window.page.version)).toMatch(`${version}.`);
    expect(await page.evaluate(() => window.page.effects)).toBe(2);
    await shows(page, "connection-a", { state: "connected", userId: "ada" });
    await shows(page, "resource-a", { status: "ready", titles: [] });
    await until(async () => {
      expect(await host.followers("chat:1")).toEqual({ subscribers: 1, members: 1 });
      expect(await host.followers("notifications:ada")).toEqual({ subscribers: 1, members: 0 });
    });
    expect([host.webSocketCount, host.gateway.sessionCount, host.loads]).toEqual([1, 1, 1]);
    await host.publish(1);
    await shows(page, "channel-a", { status: "live", heard: [1] });

    // The same for what is mounted on a connection that is there.
    const views = ["channel-a", "presence-a", "notifications-a", "resource-a"];
    sent.length = 0;
    for (const view of views) await toggle(page, view);
    await until(() => expect(sent.toSorted()).toEqual(["leave", "unsubscribe", "unsubscribe", "unsubscribe"]));
    expect(await host.followers("chat:1")).toEqual({ subscribers: 0, members: 0 });
    sent.length = 0;
    for (const view of views) await toggle(page, view);
    await shows(page, "resource-a", { status: "ready", titles: [] });
    await until(async () => expect(await shown(page, "presence-a")).toMatchObject({ joined: true }));
    await until(() => expect(sent.toSorted()).toEqual(["history", "join", "subscribe", "subscribe", "subscribe"]));
    expect(host.loads).toBe(2);
  });

  it("useConnection: two components, a lost connection, disconnect and connect", async () => {
    const page = await start("connection-a,connection-b");
    const both = async (value: object): Promise<void> => {
      await shows(page, "connection-a", value);
      await shows(page, "connection-b", value);
    };
    await both({ state: "connected", userId: "ada" });
    host.cut();
    await until(() => expect(host.webSocketCount).toBe(2));
    await both({ state: "connected", userId: "ada" });
    await toggle(page, "connection-b");
    await press(page, "connection-a-disconnect");
    await shows(page, "connection-a", { state: "disconnected", userId: "ada" });
    await until(() => expect(host.gateway.sessionCount).toBe(0));
    await press(page, "connection-a-connect");
    await shows(page, "connection-a", { state: "connected", userId: "ada" });
  });

  it("a new token replaces the connection: without a loss for the same user, with nothing left for another", async () => {
    const page = await start("connection-a,channel-a,presence-a,notifications-a,resource-a");
    await host.write(1, "old");
    await shows(page, "resource-a", { status: "ready", titles: ["old"] });
    await until(async () => expect(await shown(page, "presence-a")).toMatchObject({ joined: true }));
    await host.gateway.notify("default", ["ada"], "for Ada");
    await shows(page, "notifications-a", { unread: 1, all: [["for Ada", false]] });
    const renewed = await sign("ada", { jti: "2" });
    await page.evaluate((token) => window.page.setToken(token), renewed);
    for (let n = 1; n <= 20; n++) await host.publish(n);
    await until(async () => expect(await shown(page, "channel-a")).toMatchObject({ heard: { length: 20 } }));
    expect([host.webSocketCount, host.loads]).toEqual([2, 1]);
    await shows(page, "notifications-a", { unread: 1, all: [["for Ada", false]] });

    const other = await sign("bob");
    await page.evaluate((token) => window.page.setToken(token), other);
    await shows(page, "connection-a", { state: "connected", userId: "bob" });
    await shows(page, "presence-a", { joined: true, total: 1, people: [["bob", { mood: "fine" }]] });
    await shows(page, "notifications-a", { unread: 0, all: [] });
    await shows(page, "resource-a", { status: "ready", titles: ["old"] });
    await until(() => expect(host.gateway.sessionCount).toBe(1));
    expect([host.webSocketCount, host.loads]).toEqual([3, 2]);
    await host.publish(21);
    await until(async () => expect(await shown(page, "channel-a")).toMatchObject({ heard: { length: 21 } }));
  });

  it("a token provider that rejects, and a token that is refused, are shown; the next one is taken", async () => {
    const page = await start("connection-a", "provider");
    await shows(page, "connection-a", { state: "connecting", error: "UNAVAILABLE" });
    const token = await sign("ada");
    await page.evaluate((given) => window.page.provide(given), token);
    await shows(page, "connection-a", { state: "connected", userId: "ada" });
    await page.evaluate(() => window.page.setToken("nonsense"));
    await shows(page, "connection-a", { state: "disconnected", error: "UNAUTHENTICATED" });
    await page.evaluate((given) => window.page.setToken(given), token);
    await shows(page, "connection-a", { state: "connected", userId: "ada" });
  });

  it("useChannel: two components hear each event once, and one that goes takes nothing from the other", async () => {
    const page = await start("channel-a,channel-b");
    await shows(page, "channel-b", { status: "live", heard: [] });
    expect(await host.followers("chat:1")).toEqual({ subscribers: 1, members: 0 });
    for (const n of [1, 2, 3]) await host.publish(n);
    await shows(page, "channel-a", { status: "live", heard: [1, 2, 3] });
    await shows(page, "channel-b", { status: "live", heard: [1, 2, 3] });
    host.cut();
    await host.publish(4);
    await shows(page, "channel-a", { status: "live", heard: [1, 2, 3, 4] });
    await toggle(page, "channel-a");
    await press(page, "channel-b-plus");
    await press(page, "channel-b-publish");
    await shows(page, "channel-b", { status: "live", heard: [1, 2, 3, 4, 1100] });
    // Mounted again, it begins anew on the subscription that is there.
    await toggle(page, "channel-a");
    await shows(page, "channel-a", { status: "live", heard: [] });
    await host.publish(5);
    await shows(page, "channel-a", { status: "live", heard: [5] });
    await shows(page, "foreign", 6);
    await toggle(page, "channel-a");
    await toggle(page, "channel-b");
    await until(async () => expect(await host.followers("chat:1")).toEqual({ subscribers: 0, members: 0 }));
    expect(host.gateway.sessionCount).toBe(1);
    // The application's own listener has outlived all of them.
    await toggle(page, "channel-a");
    await shows(page, "channel-a", { status: "live", heard: [] });
    await host.publish(6);
    await shows(page, "foreign", 7);
  });

  it("useChannel: says so where events were lost for good", async () => {
    const page = await start("connection-a,channel-a");
    await shows(page, "channel-a", { status: "live", heard: [] });
    await press(page, "connection-a-disconnect");
    await shows(page, "channel-a", { status: "pending", heard: [] });
    await until(() => expect(host.gateway.sessionCount).toBe(0));
    // More than the server keeps.
    for (let n = 1; n <= 150; n++) await host.publish(n);
    await press(page, "connection-a-connect");
    await shows(page, "channel-a", { status: "live", heard: [], gaps: 1 });
    await host.publish(151);
    await shows(page, "channel-a", { status: "live", heard: [151], gaps: 1 });
  });

  it("usePresence: two components and two users, until the last component has gone", async () => {
    const page = await start("presence-a,presence-b");
    const ada = ["ada", { mood: "fine" }];
    await shows(page, "presence-a", { joined: true, total: 1, people: [ada] });
    const other = await join("presence-a", await sign("bob"));
    const tab = await join("presence-a", await sign("bob"));
    const bob = ["bob", { mood: "fine" }, { mood: "fine" }];
    for (const id of ["presence-a", "presence-b"]) {
      await shows(page, id, { joined: true, total: 3, people: [ada, bob] });
    }
    await press(tab, "presence-a-mood");
    await shows(page, "presence-a", {
      joined: true,
      total: 3,
      people: [ada, ["bob", { mood: "fine" }, { mood: "better" }]],
    });
    await tab.close();
    await toggle(page, "presence-b");
    await shows(page, "presence-a", { joined: true, total: 2, people: [ada, ["bob", { mood: "fine" }]] });
    await shows(other, "presence-a", { joined: true, total: 2, people: [ada, ["bob", { mood: "fine" }]] });
    await toggle(page, "presence-a");
    await shows(other, "presence-a", { joined: true, total: 1, people: [["bob", { mood: "fine" }]] });
    await toggle(page, "presence-a");
    await shows(other, "presence-a", { joined: true, total: 2, people: [["bob", { mood: "fine" }], ada] });
  });

  it("useNotifications: two components share the list and what was read, which outlives both", async () => {
    const page = await start("notifications-a,notifications-b");
    await until(async () => expect(await host.followers("notifications:ada")).toEqual({ subscribers: 1, members: 0 }));
    await host.gateway.notify("default", ["ada"], "one");
    await host.gateway.notify("default", ["bob"], "none of hers");
    await host.gateway.notify("default", ["ada"], "two");
    const fresh = {
      unread: 2,
      all: [
        ["two", false],
        ["one", false],
      ],
    };
    await shows(page, "notifications-a", fresh);
    await shows(page, "notifications-b", fresh);
    await press(page, "notifications-a-read");
    const read = {
      unread: 1,
      all: [
        ["two", false],
        ["one", true],
      ],
    };
    await shows(page, "notifications-b", read);
    await toggle(page, "notifications-a");
    await toggle(page, "notifications-b");
    await until(async () => expect(await host.followers("notifications:ada")).toEqual({ subscribers: 0, members: 0 }));
    await host.gateway.notify("default", ["ada"], "three");
    await toggle(page, "notifications-b");
    await shows(page, "notifications-b", { unread: 2, all: [["three", false], ...read.all] });
    await press(page, "notifications-b-all");
    await until(async () => expect(await shown(page, "notifications-b")).toMatchObject({ unread: 0 }));
  });

  it("useResource: two components follow what they loaded, over a loss of the connection, until they go", async () => {
    host = await Host.start(files);
    await host.write(1, "one");
    const page = await join("resource-a,resource-b", await sign("ada"));
    await shows(page, "resource-a", { status: "ready", titles: ["one"] });
    await shows(page, "resource-b", { status: "ready", titles: ["one"] });
    expect([host.loads, await host.followers("tasks")]).toEqual([2, { subscribers: 1, members: 0 }]);
    await host.write(2, "two");
    host.cut();
    await host.write(1, "uno");
    await host.write(3, "three");
    await host.remove(2);
    await shows(page, "resource-a", { status: "ready", titles: ["uno", "three"] });
    await shows(page, "resource-b", { status: "ready", titles: ["uno", "three"] });
    expect(host.loads).toBe(2);
    await toggle(page, "resource-a");
    await host.write(4, "four");
    await shows(page, "resource-b", { status: "ready", titles: ["uno", "three", "four"] });
    await press(page, "resource-b-reload");
    await until(() => expect(host.loads).toBe(3));
    await shows(page, "resource-b", { status: "ready", titles: ["uno", "three", "four"] });
    await press(page, "resource-b-key");
    await until(() => expect(host.loads).toBe(4));
    await shows(page, "resource-b", { status: "ready", titles: ["uno", "three", "four"] });
    await toggle(page, "resource-b");
    await until(async () => expect(await host.followers("tasks")).toEqual({ subscribers: 0, members: 0 }));
  });

  it("takes over a page that came from a server", async () => {
    host = await Host.start(files);
    await host.write(1, "one");
    const show = "connection-a,channel-a,presence-a,notifications-a,resource-a";
    const page = await openPage(`/hydrated?show=${show}&token=${await sign("ada")}`);
    const rendered = await page.locator("#root").getAttribute("data-rendered");
    expect(rendered).toContain('{"state":"connecting"}');
    expect(rendered).toContain('{"status":"loading","titles":[]}');
    await shows(page, "connection-a", { state: "connected", userId: "ada" });
    await shows(page, "resource-a", { status: "ready", titles: ["one"] });
    expect(host.webSocketCount).toBe(1);
  });

  it("leaves a client of the application's own as it was", async () => {
    host = await Host.start(files);
    const page = await openPage(`/given?show=connection-a,channel-a,presence-a&token=${await sign("ada")}`);
    await shows(page, "connection-a", { state: "connected", userId: "ada" });
    await until(async () => expect(await host.followers("chat:1")).toEqual({ subscribers: 1, members: 1 }));
    await host.publish(1);
    await shows(page, "channel-a", { status: "live", heard: [1] });
    await toggle(page, "nothing");
    await until(async () => expect(await host.followers("chat:1")).toEqual({ subscribers: 0, members: 0 }));
    expect(await page.locator("#nothing").textContent()).toBe("connected");
    await toggle(page, "nothing");
    await shows(page, "connection-a", { state: "connected", userId: "ada" });
    await until(async () => expect(await host.followers("chat:1")).toEqual({ subscribers: 1, members: 1 }));
    expect(host.webSocketCount).toBe(1);
  });

  it("a hook without its provider says what it needs", async () => {
    host = await Host.start(files);
    const page = await openPage("/lonely");
    expect(await page.locator("#error").textContent()).toBe(
      "useChannel needs a <RealtimeProvider> around the component that calls it",
    );
    // React reports what a boundary caught.
    expect(complaints.splice(0).join("\n")).toContain("useChannel needs a <RealtimeProvider>");
  });
});
