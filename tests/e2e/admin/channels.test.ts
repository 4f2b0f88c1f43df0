import { DEFAULT_LIMITS, MemoryPresenceStore } from "@roomcast/core";
import type { ResolvedConfig } from "@roomcast/server";
import type { Page } from "playwright-core";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { expectAccessible, NARROWEST, Site, takePictures, TENANT, until, WIDE, type Who, tryAgain } from "./site.ts";

// The pages of all channels and of one.

vi.setConfig({ testTimeout: 60_000 });

const CHANNELS: ResolvedConfig["channels"] = [
  {
    match: "chat:{room}",
    keep: { size: 1000, seconds: 3600 },
    events: {
      message: z.object({ text: z.string().min(1), to: z.array(z.string()).optional() }),
      // What a schema says that has no JSON form is known to the gateway alone.
      even: z.object({ n: z.int().refine((n) => n % 2 === 0, "must be even") }),
    },
  },
  { match: "inbox:{userId}", subscribe: "owner", publish: "service" },
  { match: "plain:**", keep: false, slow: "resync" },
  { match: "**", keep: { size: 1000, seconds: 3600 } },
];

const presence = new MemoryPresenceStore();
let site: Site;
/** Loading it takes longer than anything that is tested with it: all tests have the same. */
let page: Page;
const sockets: Socket[] = [];
beforeAll(async () => {
  const free = { handshakesPerSecondPerAddress: 100_000, commandsPerSecond: 100_000, commandBurst: 100_000 };
  site = await Site.start({
    settings: {
      channels: CHANNELS,
      limits: {
        ...DEFAULT_LIMITS,
        ...free,
        subscriptionsPerSession: 10_000,
        jsonDepth: 1000,
        historyBytesPerChannel: 2 ** 24,
      },
    },
    server: { parts: { presence } },
  });
  page = await site.newPage();
  await site.signIn(page, "admin", "audit");
}, 60_000);
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  expect(site.complaints.splice(0)).toEqual([]);
});
afterAll(async () => {
  await site.clear();
  await site.close();
});

const at = (name: string) => ({ tenantId: TENANT, name });

async function send(socket: Socket, command: string, payload: unknown): Promise<void> {
  expect(await socket.emitWithAck(command, payload)).toMatchObject({ ok: true });
}

async function connect(who?: Who): Promise<Socket> {
  const socket = await site.connect(who);
  sockets.push(socket);
  return socket;
}

/** Goes to another part of the page, as its links do. */
async function go(path: string): Promise<void> {
  await page.evaluate((to) => history.pushState(null, "", to), `/admin/${path}`);
}

/** Opens one channel, by its address. */
async function open(channel: string, tab = "live"): Promise<void> {
  await go(`socket?${new URLSearchParams({ channel, tab }).toString()}`);
}

/** Texts of the cells of one column, as far as they are in the page. */
async function column(label: string, index: number): Promise<string[]> {
  const rows = page.getByRole("table", { name: label }).getByRole("row");
  return await rows.evaluateAll((all, cell) => all.slice(1).map((row) => row.children[cell]?.textContent ?? ""), index);
}

describe("all channels", () => {
  it("are searched, sorted and read page by page at the server", async () => {
    const socket = await connect();
    const many = Array.from({ length: 450 }, (_, n) => `many:${String(n).padStart(3, "0")}`);
    await Promise.all(many.map(async (topic) => await send(socket, "subscribe", { topic })));
    await send(socket, "join", { channel: "Room:blue" });
    await send(await connect({ userId: "grace" }), "join", { channel: "Room:blue" });
    await send(await connect({ userId: "alan" }), "join", { channel: "zoo" });
    await go("socket");
    await page.getByText("452 channels", { exact: true }).waitFor();
    expect((await column("Channels", 0)).slice(0, 2)).toEqual(["Room:blue", "many:000"]);
    await takePictures(page, "channels");
    await expectAccessible(page);

    await page.getByRole("button", { name: "Members" }).click();
    await until(async () => expect((await column("Channels", 0)).slice(0, 2)).toEqual(["Room:blue", "zoo"]));
    expect((await column("Channels", 1)).slice(0, 3)).toEqual(["2", "1", "0"]);
    await page.getByRole("button", { name: "Members" }).click();
    await until(async () => expect((await column("Channels", 0))[0]).toBe("many:000"));
    expect(new URL(page.url()).search).toBe("?sort=members&order=asc");
    await page.getByRole("button", { name: "Channel" }).click();

    // All pages come as one scrolls.
    const table = page.getByRole("table", { name: "Channels" });
    await until(async () => {
      await table.evaluate((scroller) => scroller.scrollTo(0, scroller.scrollHeight));
      expect((await column("Channels", 0)).at(-1)).toBe("zoo");
    });
    expect((await column("Channels", 0)).length).toBeLessThan(60);

    const asked: string[] = [];
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname === "/api/socket/channels") asked.push(searchParams.get("search") ?? "");
    });
    // In one go, as quickly as one can type: a slow browser would take its time between the letters.
    await page.getByLabel("Search").evaluate((input: HTMLInputElement) => {
      const write = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
      for (let letters = 1; letters <= "rOOm:B".length; letters++) {
        write?.call(input, "rOOm:B".slice(0, letters));
        input.dispatchEvent(new InputEvent("input", { bubbles: true }));
      }
    });
    await page.getByText("1 channel", { exact: true }).waitFor();
    expect(await column("Channels", 0)).toEqual(["Room:blue"]);
    // Not for each letter; what was there before may have been asked for once more.
    expect(new Set(asked.filter((search) => search !== ""))).toEqual(new Set(["rOOm:B"]));
    await page.reload();
    await page.getByText("1 channel", { exact: true }).waitFor();
    expect(await page.getByLabel("Search").inputValue()).toBe("rOOm:B");
    await page.getByLabel("Search").fill("nothing is called so");
    await page.getByText("No active channel has this in its name").waitFor();
  });

  it("tells what is published on the busiest", async () => {
    const socket = await connect();
    await send(socket, "subscribe", { topic: "busy" });
    await send(socket, "subscribe", { topic: "idle" });
    await go("socket");
    const timer = setInterval(() => void site.gateway.publish(at("busy"), "e", 1), 20);
    await until(async () =>
      expect(await column("Channels", 3)).toEqual([expect.stringMatching(/^\d+(\.\d+)?\/s$/), "–"]),
    );
    clearInterval(timer);
  });

  it("are no more in the page when there are 50,000 to scroll through", async () => {
    const channels = Array.from({ length: 50_000 }, (_, n) => at(`mass:${String(n).padStart(5, "0")}`));
    const follow = (subscribers: number): void => {
      for (const address of channels) presence.count(address, "elsewhere", subscribers);
    };
    follow(1);
    await go("socket?search=mass");
    await page.getByText("50,000 channels", { exact: true }).waitFor();
    const table = page.getByRole("table", { name: "Channels" });
    expect(await table.evaluate(scroll, 1000)).toBeLessThan(80);
    follow(0);
  });
});

/** Scrolls for a time, a fifth of what is in sight each frame: the most rows that were in the page. */
async function scroll(scroller: Element, during: number): Promise<number> {
  const begun = performance.now();
  const top = scroller.scrollTop;
  let rows = 0;
  while (performance.now() - begun < during || scroller.scrollTop === top) {
    scroller.scrollBy(0, scroller.clientHeight / 5);
    await new Promise((resolve) => requestAnimationFrame(resolve));
    rows = Math.max(rows, scroller.querySelectorAll('[role="row"]').length);
  }
  return rows;
}

describe("one channel", () => {
  it("shows who is there, as people and as sockets", async () => {
    const phone = await connect({ userId: "ada", claims: { info: { name: "Ada" } } });
    const laptop = await connect({ userId: "ada" });
    const grace = await connect({ userId: "grace" });
    await send(phone, "join", { channel: "chat:people", state: { typing: true } });
    await send(laptop, "join", { channel: "chat:people" });
    await send(grace, "join", { channel: "chat:people" });
    await send(await connect({ userId: "alan" }), "subscribe", { topic: "chat:people" });
    await open("chat:people", "members");
    await until(async () => expect((await column("People", 0)).toSorted()).toEqual(["ada", "grace"]));
    await page.getByText("People: 2, sockets: 3").waitFor();
    expect(await figure("Members")).toBe("3");
    // With the page itself.
    await until(async () => expect(await figure("Subscribers")).toMatch(/^5/));
    await takePictures(page, "channel-members");

    await page.getByRole("button", { name: "Show the 2 sockets of ada" }).click();
    const dialog = page.getByRole("dialog", { name: "Member" });
    expect(await dialog.getByRole("region", { name: "State" }).textContent()).toContain('"typing": true');
    const links = await dialog.getByRole("link").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(links[0]).toBe("/admin/users?userId=ada");
    const sockets = [phone, laptop].map(({ id = "" }) => new URLSearchParams({ socketId: id }).toString());
    expect(new Set(links.slice(1))).toEqual(new Set(sockets.map((query) => `/admin/connections?${query}`)));
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });

    await page.getByText("Sockets", { exact: true }).first().click();
    await until(async () => expect((await column("Sockets", 1)).toSorted()).toEqual(["ada", "ada", "grace"]));
    await expectAccessible(page);
  });

  it("says by which rule, where its log stands and how far that reaches back", async () => {
    for (let n = 1; n <= 3; n++) await site.gateway.publish(at("chat:ruled"), "message", { text: `${n}` });
    await open("chat:ruled", "rule");
    await page.getByText("Rule 1 of the configuration").waitFor();
    const facts = page.getByRole("tabpanel").locator("dl");
    await until(async () => expect(await facts.innerText()).toMatch(/\{room\}\s+ruled/));
    expect(await facts.innerText()).toMatch(/Who may publish\s+who follows it/);
    expect(await facts.innerText()).toMatch(/History\s+1000 events, 3600 s/);
    await page.getByText("message", { exact: true }).click();
    await page.getByRole("region", { name: "Schema of message" }).getByText('"text": {').waitFor();
    const { position } = await site.gateway.history(at("chat:ruled"));
    expect(await figure("Recovery position")).toBe(`3Epoch ${position?.epoch}`);
    await until(async () => expect(await figure("History")).toMatch(/^3 eventsOldest: 1, of /));
    await expectAccessible(page);
    await takePictures(page, "channel-rule");
    await open("plain:x", "rule");
    await page.getByRole("tabpanel").getByText("nothing", { exact: true }).waitFor();
    await page.getByText("Miss events, and are told to load anew").waitFor();
    await open("notifications:ada", "rule");
    await page.getByText("A built-in rule for names that begin like this").waitFor();
  });

  it("shows its history, the newest first, and loads older", async () => {
    for (let n = 1; n <= 250; n++) await site.gateway.publish(at("old"), "count", { n });
    await open("old", "history");
    await page.getByText("100 events, newest first").waitFor();
    expect((await column("History", 0)).slice(0, 2)).toEqual(["250", "249"]);
    await takePictures(page, "channel-history");
    await page.getByRole("button", { name: "Load older" }).click();
    await page.getByText("200 events, newest first").waitFor();
    const table = page.getByRole("table", { name: "History" });
    await until(async () => {
      await table.evaluate((scroller) => scroller.scrollTo(0, scroller.scrollHeight));
      expect((await column("History", 0)).at(-1)).toBe("1");
    });
    await page.getByText("250 events, newest first").waitFor();
    expect(await page.getByRole("button", { name: "Load older" }).count()).toBe(0);
    await site.gateway.publish(at("old"), "count", { n: 251 });
    await page.getByRole("button", { name: "Reload" }).click();
    await until(async () => {
      await table.evaluate((scroller) => scroller.scrollTo(0, 0));
      expect((await column("History", 0))[0]).toBe("251");
    });
  });

  it("loads history of which few events fit an answer without a hole", async () => {
    const text = "x".repeat(60_000);
    for (let n = 1; n <= 30; n++) await site.gateway.publish(at("large"), "count", { n, text });
    await open("large", "history");
    // A page that is not filled goes on by itself.
    await page.getByText("30 events, newest first").waitFor();
    const offsets = Array.from({ length: 30 }, (_, n) => `${30 - n}`);
    await until(async () => {
      const shown = await column("History", 0);
      expect(shown.length).toBeGreaterThan(5);
      expect(shown).toEqual(offsets.slice(0, shown.length));
    });
  });

  it("follows what is published, filtered, paused and counted", async () => {
    await open("inbox:grace");
    await page.getByText("Nothing yet").waitFor();
    await page.getByText("Following").waitFor();
    const publish = async (event: string, payload: unknown): Promise<unknown> =>
      await site.gateway.publish(at("inbox:grace"), event, payload);
    await publish("mail", { subject: "One" });
    await publish("chat", { text: "Two" });
    const events = (): Promise<string[]> => column("Live events", 4);
    await until(async () => expect(await events()).toEqual(['{"text":"Two"}', '{"subject":"One"}']));
    await takePictures(page, "channel");
    await expectAccessible(page);

    await page.getByLabel("Event contains").fill("MAIL");
    await until(async () => expect(await events()).toEqual(['{"subject":"One"}']));
    await page.getByRole("button", { name: "Pause" }).click();
    for (const subject of ["Three", "Four"]) await publish("mail", { subject });
    await publish("chat", { text: "Five" });
    await page.getByRole("button", { name: "Resume (2 new)" }).waitFor();
    expect(await events()).toEqual(['{"subject":"One"}']);
    await page.getByRole("button", { name: "Resume (2 new)" }).click();
    await until(async () => expect((await events())[0]).toBe('{"subject":"Four"}'));
    await page.getByLabel("Event contains").fill("");
    await page.getByLabel("Payload contains").fill("fiv");
    await until(async () => expect(await events()).toEqual(['{"text":"Five"}']));
    await page.getByLabel("Payload contains").fill("nobody wrote this");
    await page.getByText("Nothing that came matches the filter").waitFor();

    // It goes on while something else is looked at.
    await page.getByRole("tab", { name: "History" }).click();
    await publish("mail", { subject: "Six" });
    await page.getByRole("tab", { name: "Live" }).click();
    await page.getByText("6 events since you opened this").waitFor();
    await page.getByRole("button", { name: "chat" }).first().waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByText("Nothing yet").waitFor();
  });

  it("does not exist yet, and is opened by its name", async () => {
    await go("socket");
    const field = page.getByLabel("Open by name");
    for (const wrong of ["", "a b", "@audit", "x*", "zero\u200Bwidth", "é".repeat(128)]) {
      await field.fill(wrong);
      await page.getByRole("button", { name: "Open", exact: true }).click();
      await page.getByText("1 to 255 bytes without spaces").waitFor();
    }
    await field.fill("brand:new");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await page.getByRole("heading", { name: "Channel brand:new" }).waitFor();
    await page.getByText("Nobody is here, and nothing was published lately.").waitFor();
    for (const name of ["a b", "@audit", "x*"]) {
      await open(name);
      await page.getByText("No channel can have this name").waitFor();
    }
  });
});

describe("publishing", () => {
  it("is checked as one writes, by the schema and by the gateway, and tells what came of it", async () => {
    const socket = await connect({ userId: "grace" });
    await send(socket, "subscribe", { topic: "chat:say" });
    await open("chat:say", "broadcast");
    const editor = page.getByLabel("Payload (JSON)");
    await until(async () => expect(JSON.parse(await editor.inputValue())).toEqual({ text: "text", to: ["text"] }));
    await page.getByText("This fits the schema.").waitFor();
    expect(
      await page.getByRole("combobox", { name: "Event", exact: true }).locator("option").allTextContents(),
    ).toEqual(["message", "even"]);

    await editor.fill('{\n  "text": "a",\n}');
    await page.getByRole("button", { name: "Line 3, column 1" }).waitFor();
    await page.getByText("a name in double quotes is expected here").waitFor();
    expect(await page.getByRole("button", { name: "Publish" }).isDisabled()).toBe(true);

    await editor.fill('{\n  "text": 7\n}');
    await page.getByRole("button", { name: "Line 2, column 11" }).click();
    expect(await editor.evaluate((field) => (field as HTMLTextAreaElement).selectionStart)).toBe(12);
    await page.getByText("The schema: text").waitFor();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("The gateway: text").waitFor();
    await takePictures(page, "channel-broadcast");
    await expectAccessible(page);

    await page.getByRole("button", { name: "Begin with an example" }).click();
    await editor.fill('{"text":"Hello"}');
    await page.getByRole("button", { name: "Format" }).click();
    expect(await editor.inputValue()).toBe('{\n  "text": "Hello"\n}');
    const heard = new Promise((resolve) => socket.once("event", resolve));
    await page.getByRole("button", { name: "Publish" }).click();
    const result = page.getByRole("status", { name: "Published" });
    const event = (await heard) as { id: string; position: { epoch: string; offset: number } };
    expect(event).toMatchObject({ topic: "chat:say", event: "message", payload: { text: "Hello" }, source: "rest" });
    await until(async () => expect(await result.innerText()).toContain(event.id));
    expect(await result.innerText()).toContain(`${event.position.epoch} : 1`);

    // What only the gateway knows.
    await page.getByRole("combobox", { name: "Event", exact: true }).selectOption("even");
    await editor.fill('{ "n": 3 }');
    await page.getByText("This fits the schema.").waitFor();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("The gateway: n must be even").waitFor();
    await page.getByRole("button", { name: "Line 1, column 8" }).waitFor();
  });

  it("goes without a payload, and says what the gateway does not take", async () => {
    const socket = await connect();
    await send(socket, "subscribe", { topic: "plain:free" });
    await open("plain:free", "broadcast");
    await page.getByText("Any event and any JSON may be published here.").waitFor();
    const heard = new Promise((resolve) => socket.once("event", resolve));
    await page.getByLabel("Payload (JSON)").fill("");
    await page.getByRole("combobox", { name: "Event", exact: true }).fill("ping");
    await page.getByRole("button", { name: "Publish" }).click();
    expect(await heard).toMatchObject({ event: "ping", payload: null });
    await page.getByText("None: the channel keeps no history").waitFor();
    // Socket.IO keeps this name for itself.
    await page.getByRole("combobox", { name: "Event", exact: true }).fill("disconnect");
    await page.getByRole("button", { name: "Publish" }).click();
    await page
      .getByText(/no name that Socket\.IO keeps for itself/)
      .first()
      .waitFor();
    expect(await page.getByRole("combobox", { name: "Event", exact: true }).getAttribute("aria-invalid")).toBe("true");
    await page.getByRole("combobox", { name: "Event", exact: true }).fill("deep");
    await page.getByLabel("Payload (JSON)").fill(`${"[".repeat(1000)}${"]".repeat(1000)}`);
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("status", { name: "Published" }).getByText("deep").waitFor();
    await page.getByLabel("Payload (JSON)").fill(JSON.stringify("x".repeat(1_000_000)));
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("The gateway: The body is larger than 1000000 bytes").waitFor();
    await page.getByLabel("Payload (JSON)").fill(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    await page.getByText("this has more than 1,000 levels, which no gateway takes").waitFor();
  });

  it("can be done from the list on by the keyboard alone", async () => {
    const socket = await connect({ userId: "grace" });
    await send(socket, "subscribe", { topic: "chat:keys" });
    await page.goto(`${site.url}/admin`);
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    const heard = new Promise((resolve) => socket.once("event", resolve));
    await tabTo("Channels");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Channels" }).waitFor();
    await tabTo("Search");
    await page.keyboard.type("KEYS");
    await page.getByText("1 channel", { exact: true }).waitFor();
    await tabTo("chat:keys");
    await page.keyboard.press("Enter");
    await tabTo("Live");
    for (let n = 0; n < 3; n++) await page.keyboard.press("ArrowRight");
    await page.getByText("This fits the schema.").waitFor();
    await tabTo("Payload (JSON)");
    await page.keyboard.press("Control+A");
    await page.keyboard.type('{"text":"Without a mouse"}');
    await tabTo("Publish");
    await page.keyboard.press("Enter");
    expect(await heard).toMatchObject({ payload: { text: "Without a mouse" } });
    await page.getByRole("status", { name: "Published" }).waitFor();
  });
});

describe("bad input", () => {
  const names = [
    "//evil.example/x",
    "../../etc",
    "javascript:alert(1)",
    "%2F",
    "a?b#c&channel=d",
    "<script>é😀漢字</script>",
  ];

  it("names that look like paths, addresses or code are names", async () => {
    const socket = await connect();
    await go("socket");
    for (const name of names) {
      await send(socket, "join", { channel: name });
      await site.gateway.publish(at(name), "hello", name);
      await page.getByLabel("Search").fill(name);
      await page.getByRole("table", { name: "Channels" }).getByRole("link", { name, exact: true }).click();
      await page.getByRole("heading", { name: `Channel ${name}`, exact: true }).waitFor();
      if (/[%?+]/.test(name)) await page.reload();
      await until(async () => expect([name, await figure("Members")]).toEqual([name, "1"]));
      await page.getByText("Following").waitFor();
      await site.gateway.publish(at(name), "hello", "live");
      await until(async () => expect(await column("Live events", 4)).toEqual(['"live"']));
      await page.getByRole("tab", { name: "History" }).click();
      await until(async () =>
        expect(await column("History", 4)).toEqual(['"live"', expect.stringContaining(name.slice(0, 100))]),
      );
      await page.getByRole("link", { name: "← All channels" }).click();
    }
  });

  it("names that no browser puts into a path are followed all the same", async () => {
    await open("..");
    await page.getByText("Browsers cannot ask REST for a channel that is called like this").waitFor();
    await page.getByText("Following").waitFor();
    await site.gateway.publish(at(".."), "hello", "up");
    await until(async () => expect(await column("Live events", 4)).toEqual(['"up"']));
    await page.getByRole("tab", { name: "Broadcast" }).click();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("status", { name: "Published" }).waitFor();
  });

  it("payloads of all kinds are shown as the texts that they are", async () => {
    let deep: unknown = "core";
    for (let n = 0; n < 999; n++) deep = n % 2 === 0 ? [deep] : { in: deep };
    const payloads: readonly unknown[] = [
      { html: '<script>window.broken = 1</script><img src=x onerror="window.broken = 1">' },
      { long: "x".repeat(64 * 1024 - 200) },
      deep,
      { hidden: "a\u202Eb\u200Bc\u0000d\u2028e" },
      { ["__proto__"]: 1, constructor: { prototype: null } },
    ];
    for (const payload of payloads) await site.gateway.publish(at("bad"), "\u202Eevil\u200B", payload);
    await open("bad", "history");
    await page.getByText("5 events, newest first").waitFor();
    expect((await column("History", 2))[0]).toBe("U+202EevilU+200B");
    expect((await column("History", 4))[1]).toContain("aU+202EbU+200Bc\\u0000dU+2028e");
    const shown: string[] = [];
    for (let n = 0; n < payloads.length; n++) {
      await page.getByRole("table").getByRole("button", { name: "evil" }).nth(n).click();
      const dialog = page.getByRole("dialog", { name: "Event" });
      shown.unshift((await dialog.getByRole("region", { name: "Payload" }).textContent()) ?? "");
      if (n === 0) await expectAccessible(page);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    }
    expect(shown[0]).toContain("<script>window.broken = 1</script><img src=x onerror=");
    expect(shown[1]).toMatch(/^\{ {2}"long": "x{16000,}… \+\d+\}$/);
    expect(shown[2]).toMatch(/"core"[\s\]}]+$/);
    expect(shown[4]).toContain('"__proto__": 1');
    expect(await page.evaluate(() => "broken" in globalThis)).toBe(false);
    // The same as it comes.
    await page.getByRole("tab", { name: "Live" }).click();
    await page.getByText("Following").waitFor();
    await page.getByLabel("Payload contains").fill("CORE");
    for (const payload of payloads) await site.gateway.publish(at("bad"), "again", payload);
    await until(async () => expect((await column("Live events", 4)).length).toBe(1));
  });
});

describe("what is in the way", () => {
  it("is told, and tried again: a gateway that is away for a while", async () => {
    await page.route(/\/api\/socket\/channels/, async (route) => {
      await route.fulfill({ status: 503, body: "<h1>Service Unavailable</h1>", contentType: "text/html" });
    });
    await go("socket");
    const alert = page.getByRole("alert");
    await alert.getByText("The gateway answered with status 503").waitFor();
    await page.unroute(/\/api\/socket\/channels/);
    await tryAgain(page, alert);
    await page.getByText("No channel is active").waitFor();
    await expectAccessible(page);
  });

  it("is no telephone: all of a list of channels is in sight", async () => {
    const socket = await connect({ userId: "ada" });
    for (const last of ["one", "two"]) await send(socket, "subscribe", { topic: `a:${"long".repeat(6)}:${last}` });
    await page.setViewportSize({ width: 360, height: 740 });
    await go("socket");
    await page.getByRole("link", { name: /:two$/ }).waitFor();
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll(".virtual-row")].flatMap((row) =>
        [row, ...row.querySelectorAll(":scope > *, .mono")]
          .filter((part) => part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight + 1)
          .map((part) => part.textContent),
      ),
    );
    expect(cut).toEqual([]);
    await page.setViewportSize(WIDE);
  });

  it("is no narrow screen, and no long language", async () => {
    for (let n = 0; n < 3; n++) await site.gateway.publish(at("chat:narrow"), "message", { text: "x".repeat(300) });
    await send(await connect({ userId: "w".repeat(100) }), "join", {
      channel: "chat:narrow",
      state: "x".repeat(500),
    });
    await page.setViewportSize(NARROWEST);
    await page.context().addCookies([{ name: "roomcast-look", value: "dark.pt", domain: "127.0.0.1", path: "/admin" }]);
    await page.goto(`${site.url}/admin/socket`);
    await page.getByText("Ao vivo", { exact: true }).first().waitFor();
    const tabs = {
      live: "Nada ainda",
      history: "3 eventos",
      members: "Pessoas",
      broadcast: "Publicar",
      rule: "O que decide",
    };
    const paths = Object.entries(tabs).map(([tab, text]) => [`socket?channel=chat%3Anarrow&tab=${tab}`, text] as const);
    for (const [path, text] of [
      ["socket", "Abrir pelo nome"],
      ...paths,
      ["notifications", "Ids de"],
      ["audit", "Novas entradas aparecem"],
    ] as const) {
      await go(path);
      await page.getByText(text).last().waitFor();
      const sideways = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth - clientWidth;
      });
      expect([path, sideways]).toEqual([path, 0]);
    }
    await page.setViewportSize(WIDE);
    await page.context().clearCookies({ name: "roomcast-look" });
    await page.goto(`${site.url}/admin/socket`);
    await page.getByText("Live", { exact: true }).first().waitFor();
  });
});

describe("5,000 events a second", () => {
  it("do not stop the page, which draws ten times a second", async () => {
    await open("plain:storm");
    await page.getByText("Following").waitFor();
    let sent = 0;
    const storm = async (): Promise<number> => {
      const changes = page.getByText(/events since you opened this/).evaluate(countChanges, 2500);
      const begun = performance.now();
      while (performance.now() - begun < 2000) {
        const due = Math.floor(((performance.now() - begun) / 1000) * 5000);
        for (; sent < due; sent++) void site.gateway.publish(at("plain:storm"), "drop", { n: sent });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return await changes;
    };
    expect(await storm()).toBeLessThanOrEqual(26);
    // All of it, or the page says that it was too slow for that.
    const told = new RegExp(`^(${sent.toLocaleString("en")} events since|The gateway left out events)`);
    await page.getByText(told).first().waitFor();
    // With the row of the headers.
    expect(await page.getByRole("table", { name: "Live events" }).getAttribute("aria-rowcount")).toBe("501");
    await page.getByText("The newest 500 are kept.").waitFor();
  });
});

/** Counts for a time in how many frames a text has changed. */
async function countChanges(element: Element, during: number): Promise<number> {
  const begun = performance.now();
  let [changes, before] = [0, element.textContent];
  while (performance.now() - begun < during) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    if (element.textContent !== before) changes++;
    before = element.textContent;
  }
  return changes;
}

/** What a figure of the channel says. */
async function figure(name: string): Promise<string> {
  return (await page.getByRole("group", { name, exact: true }).locator("> :last-child").textContent()) ?? "";
}

/** Presses the tabulator until something that is called so has the focus. */
async function tabTo(name: string): Promise<void> {
  const passed: string[] = [];
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(() => {
      const { activeElement: element } = document;
      const label =
        element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.labels?.[0] : null;
      return (element?.getAttribute("aria-label") ?? (label ?? element)?.textContent ?? "").trim();
    });
    if (now === name) return;
    passed.push(now);
  }
  throw new Error(`"${name}" was not reached by the tabulator: ${passed.join(", ")}`);
}
