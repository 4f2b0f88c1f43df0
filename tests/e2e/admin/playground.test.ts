import { createLogger, loadConfig, startServer, type ResolvedConfig, type StandaloneServer } from "@roomcast/server";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Page } from "playwright-core";
import { CopiedPrograms, runShell } from "./playground-code.ts";
import { PlaygroundPanel, type DialectLabel } from "./playground-panel.ts";
import {
  GATEWAY_AWAY,
  expectAccessible,
  NARROWEST,
  OPERATOR_KEY,
  PHONE,
  SECRET,
  Site,
  takePictures,
  TENANT,
  until,
} from "./site.ts";

let site: Site;
beforeAll(async () => {
  site = await Site.start();
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

const open = async (options: Parameters<Site["newPage"]>[0] = {}): Promise<Page> => {
  const page = await site.newPage(options);
  page.setDefaultTimeout(10_000);
  await site.signIn(page, "operator", "playground");
  return page;
};

/** What has the focus, by its text. */
const focus = async (page: Page): Promise<string | null | undefined> =>
  await page.evaluate(() => document.activeElement?.textContent);

/** A browser that an application of Steedos has logged in. */
const logIn = async (page: Page, user: string): Promise<void> => {
  const cookies = { "X-Space-Id": TENANT, "X-Auth-Token": `of-${user}` };
  await page.context().addCookies(Object.entries(cookies).map(([name, value]) => ({ name, value, url: site.url })));
};

/** Commands by what shows that they were answered: an acknowledgement's text, or an event. */
const COMMANDS: Readonly<
  Record<DialectLabel, readonly (readonly [template: string, how: "↩" | "event", answer: string])[]>
> = {
  Native: [
    ["subscribe", "↩", '"ok": true'],
    ["subscribe (filter)", "↩", '"ok": true'],
    ["subscribe (room token)", "↩", '"ok": true'],
    ["join", "↩", '"total": 1'],
    ["publish", "↩", '"ok": true'],
    ["direct", "↩", '"delivered": 1'],
    ["members", "↩", '"userId": "playground-1"'],
    ["state", "↩", '"ok": true'],
    ["history", "↩", '"text": "Hello"'],
    ["refresh", "↩", '"expiresAt"'],
    ["leave", "↩", '"ok": true'],
    ["unsubscribe", "↩", '"ok": true'],
  ],
  Twake: [
    ["realtime:join", "event", "realtime:join:success"],
    // The sender hears it, as all do who joined.
    ["realtime:event", "event", 'realtime:event {"name":"chat:1","data":{"text":"Hello"}}'],
    ["realtime:leave", "event", "realtime:leave:success"],
    ["online:get", "↩", "true"],
    ["online:set", "↩", "{}"],
    ["authenticate", "event", "authenticated"],
  ],
  Plazer: [
    ["join", "↩", '"ok": true'],
    ["message", "↩", '"ok": true'],
    ["leave", "↩", '"ok": true'],
  ],
  Steedos: [
    ["subscribe", "↩", '"ok": true'],
    ["subscribe (individual)", "↩", '"ok": true'],
    ["unsubscribe", "↩", '"ok": true'],
    ["ping", "event", "pong"],
  ],
};

describe("each dialect", () => {
  it("connects, and has each of its commands answered", { timeout: 60_000 }, async () => {
    const page = await open();
    await logIn(page, "ada");
    for (const [index, dialect] of (["Native", "Twake", "Plazer", "Steedos"] as const).entries()) {
      const panel = await PlaygroundPanel.add(page, dialect, index + 1);
      await panel.connect();
      const templates = await panel.root.getByLabel("Template").getByRole("option").allTextContents();
      expect(templates.toSorted()).toEqual(COMMANDS[dialect].map(([template]) => template).toSorted());
      for (const [template, how, answer] of COMMANDS[dialect]) {
        if (how === "↩")
          expect([template, await panel.ask(template)]).toEqual([template, expect.stringContaining(answer)]);
        else await panel.hear(template, answer);
      }
      await panel.button(`Remove ${panel.name}`).click();
    }
  });
});

describe("a token", () => {
  it("says what was chosen, of the tenant that is looked at, and no more than one may give", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin", "playground");
    const own = await PlaygroundPanel.add(page, "Native");
    const roles = own.root.getByRole("group", { name: "Roles" }).getByRole("checkbox");
    expect(await roles.evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value))).toEqual([
      "client",
      "service",
      "admin",
    ]);

    const wide = await open();
    const panel = await PlaygroundPanel.add(wide, "Native");
    await panel.button("Grants and public information").click();
    await panel.root.getByLabel(/^info/).fill("[1]");
    await panel.button("Connect").click();
    await panel.root.getByText("This has to be a JSON object").waitFor();
    await panel.root.getByLabel(/^info/).fill('{ "name": "Ann" }');
    await panel.root.getByLabel(/^channels/).fill('{ "chat:{room}": ["subscribe", "presence"] }');
    await panel.root.getByLabel("The grants are all that this token reaches").check();
    await panel.connect();
    expect(await panel.ask("join")).toContain('"name": "Ann"');
    expect(await panel.ask("subscribe", '{ "topic": "news:1" }')).toContain('"code": "FORBIDDEN"');

    await wide.getByLabel("Tenant").fill("beta");
    await wide.getByLabel("Tenant").press("Enter");
    await wide.getByRole("heading", { name: "No connection yet" }).waitFor();
    const other = await PlaygroundPanel.add(wide, "Native");
    await other.connect();
    expect(JSON.parse(await other.read("Events", "session"))).toMatchObject({
      tenantId: "beta",
      userId: "playground-1",
    });
  });
});

describe("side by side", () => {
  it("shows one publication in two languages, as events and as frames, and no token unless asked", async () => {
    const page = await open({ viewport: { width: 1600, height: 900 } });
    await page.getByRole("button", { name: "Native and Twake in one channel" }).click();
    const native = new PlaygroundPanel({ page, dialect: "Native", number: 1 });
    const twake = new PlaygroundPanel({ page, dialect: "Twake", number: 2 });
    await page.getByLabel("Channel", { exact: true }).fill("chat:side");
    await native.root.getByLabel("Transport").selectOption("Polling, then WebSocket");
    await native.connect();
    await native.row("Frames", "upgrade: websocket").waitFor();
    await twake.root.getByLabel("Transport").selectOption("Polling only");
    await twake.connect();
    await twake.root.locator("dd").getByText("polling", { exact: true }).waitFor();
    expect(await native.ask("subscribe")).toContain('"ok": true');
    await twake.hear("realtime:join", "realtime:join:success");
    await twake.root.getByText(/^realtime:join: realtime:join:success after [\d.]+ ms$/).waitFor();

    await native.write("publish");
    await native.send();
    expect(JSON.parse(await twake.read("Events", "realtime:event"))).toEqual({
      name: "chat:side",
      data: { text: "Hello", _type: "message" },
    });
    await twake.write("realtime:event");
    await twake.send();
    expect(JSON.parse(await native.read("Events", /event .*"event":"event"/))).toMatchObject({
      topic: "chat:side",
      event: "event",
      payload: { text: "Hello" },
      source: "socket",
      sender: { userId: "playground-2" },
    });

    expect(await native.read("Frames", '"event":"event"')).toMatch(/^42\["event",\{"id":".*"topic":"chat:side"/);
    const sent = await native.read("Frames", /↑ 42\d\["publish"/);
    expect(sent).toMatch(/^42\d\["publish",\{"channel":"chat:side"/);
    expect(await native.row("Frames", '["publish"').innerText()).toContain(`${sent.length} byte`);
    expect(await native.root.getByTitle(/^Bytes of the frames/).innerText()).toMatch(
      /^↓ \d+ \([\d.,]+ (bytes?|kB)\) received · ↑ \d+ \([\d.,]+ (bytes?|kB)\) sent$/,
    );

    // Neither the handshake nor the room's token, in any field or frame.
    const fields = await page
      .locator("input, textarea")
      .evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
    expect((await page.content()) + fields.join()).not.toContain("eyJ");
    expect(await native.read("Frames", '40{"token')).toBe('40{"token":"•••"}');
    await native.root.getByLabel("Show tokens in rows").first().check();
    expect(await native.read("Frames", '40{"token')).toMatch(/^40\{"token":"eyJ[\w-]+\.[\w-]+\.[\w-]+"\}$/);
    await native.root.getByLabel("Show tokens in rows").first().uncheck();
    await native.button("Show the token").click();
    await page
      .getByRole("region", { name: `${native.name}: Token` })
      .getByText(/^eyJ/)
      .waitFor();
    await native.button("Hide the token").click();

    const kept = await page.evaluate(async () => ({
      local: localStorage.length,
      session: sessionStorage.length,
      cookies: document.cookie,
    }));
    expect(kept).toEqual({ local: 0, session: 0, cookies: "" });

    await native.button("Show the code").click();
    await expectAccessible(page);
    const list = native.root.getByRole("listbox", { name: "Events" });
    await list.evaluate((element) => element.scrollIntoView({ block: "end" }));
    await takePictures(page, "playground");
    for (const viewport of [PHONE, NARROWEST]) {
      await page.setViewportSize(viewport);
      const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
      expect([viewport, scrollWidth]).toEqual([viewport, clientWidth]);
    }

    const connections = async (): Promise<number> =>
      ((await (await site.call("/api/socket/connections")).json()) as { count: number }).count;
    expect(await connections()).toBe(3);
    await page.setViewportSize({ width: 1600, height: 900 });
    await page.getByRole("navigation").getByRole("link", { name: "Channels" }).click();
    await until(async () => expect(await connections()).toBe(1));
  });
});

describe("what goes by", () => {
  it("is bounded, drawn ten times a second at most, filtered and held", { timeout: 30_000 }, async () => {
    const page = await open();
    const panel = await PlaygroundPanel.add(page, "Native");
    await panel.connect();
    expect(await panel.ask("subscribe", '{ "topic": "plain:flood" }')).toContain('"ok": true');

    const flood = async (from: number, to: number): Promise<void> => {
      for (let i = from; i <= to; i++)
        await site.gateway.publish({ tenantId: TENANT, name: "plain:flood" }, "n", `<${i}>`);
    };
    const tally = panel.root.getByTitle(/^Bytes of the frames/);
    const draws = await tally.evaluateHandle((element) => {
      const drawn: number[] = [];
      new MutationObserver(() => drawn.push(performance.now())).observe(element, {
        characterData: true,
        subtree: true,
      });
      return drawn;
    });
    await flood(1, 3000);
    await panel.row("Events", "<3000>").waitFor();
    expect(await panel.rows("Events").last().getAttribute("aria-setsize")).toBe("1000");
    // Few of them are in the page.
    expect(await panel.rows("Events").count()).toBeLessThan(60);
    // A slow browser draws late, and then two soon after each other.
    const drawn = await draws.jsonValue();
    expect(drawn.length).toBeGreaterThan(1);
    expect(drawn.length).toBeLessThanOrEqual(((drawn.at(-1) ?? 0) - (drawn[0] ?? 0)) / 100 + 3);

    await panel.logButton("Events", "Pause").click();
    await flood(3001, 3002);
    await panel.root.getByText("2 more wait").waitFor();
    expect(await panel.row("Events", "<3001>").count()).toBe(0);
    await panel.logButton("Events", "Go on").click();
    await panel.row("Events", "<3002>").waitFor();

    await panel.root.getByLabel("Events: Filter").fill("<2999>");
    await until(async () => expect(await panel.rows("Events").count()).toBe(1));
    await panel.root.getByLabel("Events: Filter").fill("nothing of this");
    await panel.root.getByText("Nothing matches the filter.").waitFor();
    await panel.root.getByLabel("Events: Filter").fill("");
    await panel.root.getByLabel("Frames: Direction").selectOption("Sent");
    await until(async () => expect(await panel.row("Frames", "↓").count()).toBe(0));

    // The whole list is one stop of the keyboard.
    const list = panel.root.getByRole("listbox", { name: "Events" });
    await list.focus();
    await page.keyboard.press("End");
    await page
      .getByRole("region", { name: `${panel.name}: Events, Row` })
      .getByText("<3002>")
      .waitFor();
    await page.keyboard.press("ArrowUp");
    await page
      .getByRole("region", { name: `${panel.name}: Events, Row` })
      .getByText("<3001>")
      .waitFor();
    await page.keyboard.press("Home");
    expect(await list.getByRole("option", { selected: true }).getAttribute("aria-posinset")).toBe("1");

    await panel.clear("Events");
    await panel.root.getByText("Events, answers and changes of the connection show here.").waitFor();
  });

  it("may be anything, and stays what it is", async () => {
    const page = await open();
    // By the keyboard alone.
    const panel = new PlaygroundPanel({ page, dialect: "Native", number: 1 });
    await page.getByRole("button", { name: "Add Native" }).press("Enter");
    expect(await focus(page)).toBe(panel.name);
    for (const label of ["Remove Native, connection 1", "Log in", "User id"]) {
      await page.keyboard.press("Tab");
      expect([
        label,
        await panel.root.getByLabel(label).evaluate((element) => element === document.activeElement),
      ]).toEqual([label, true]);
    }
    await page.keyboard.press("Enter");
    await panel.is("Connected");
    await panel.button("Disconnect").press("Enter");
    expect(await focus(page)).toBe("Connect anew");
    await page.keyboard.press("Enter");
    await panel.is("Connected");
    await panel.ask("subscribe");
    const nasty = `<script>document.title = "x"</script><img src=x onerror=alert(1)> \u200b\u202eabc`;
    const payload = JSON.stringify({ channel: "chat:1", event: "message", data: { nasty } });
    expect(await panel.ask("publish", payload)).toContain('"ok": true');
    await panel.root.getByText("2 invisible characters").waitFor();
    expect(await panel.read("Events", '"source":"socket"')).toContain("U+200BU+202Eabc");
    expect(await page.title()).toBe("Playground · Roomcast");

    const long = JSON.stringify({ channel: "chat:1", event: "message", data: "x".repeat(65_536) });
    expect(await panel.ask("publish", long)).toContain('"code": "TOO_LARGE"');
    const deep = `{ "channel": "chat:1", "event": "message", "data": ${"[".repeat(40)}${"]".repeat(40)} }`;
    expect(await panel.ask("publish", deep)).toContain('"code": "INVALID_PAYLOAD"');
    await panel.root.getByText("More than 32 levels").waitFor();
    const bytes = '{ "channel": "chat:1", "event": "message", "data": { "$bytes": "AQL/" } }';
    expect(await panel.ask("publish", bytes)).toContain('"code": "INVALID_PAYLOAD"');
    await panel.row("Frames", "01 02 ff").waitFor();

    await panel.write("publish", '{\n  "channel": }');
    await panel.root.getByText("No JSON: line 2, column 14").waitFor();
    expect(await panel.button("Send").isDisabled()).toBe(true);
    await panel.root.getByLabel("Argument (JSON)").fill("[".repeat(1000) + "]".repeat(1000));
    await panel.root.getByText("Nested too deeply to be sent").waitFor();
    await panel.root.getByLabel("Argument (JSON)").fill("");
    await panel.root.getByLabel("Event", { exact: true }).fill("disconnect");
    await panel.root.getByText("Socket.IO keeps this name to itself").waitFor();
    await panel.root.getByLabel("Event", { exact: true }).fill("nonsense");
    await panel.clear("Events");
    await panel.root.getByLabel("Argument (JSON)").press("Control+Enter");
    await panel.row("Events", "↩ nonsense").waitFor();
    expect(await panel.answer.innerText()).toContain('"code": "UNKNOWN_COMMAND"');
    await panel.is("Connected");
    await panel.button(`Remove ${panel.name}`).press("Enter");
    await page.getByRole("heading", { name: "No connection yet" }).waitFor();
    expect(
      await page.getByLabel("Channel", { exact: true }).evaluate((field) => field === document.activeElement),
    ).toBe(true);
  });
});

describe("a connection that is refused or ends", () => {
  it("says why, by code", { timeout: 30_000 }, async () => {
    const page = await open();
    const alert = (panel: PlaygroundPanel) => panel.root.getByRole("alert");

    // A foreign token, where it logs in in the handshake and where it does so afterwards.
    const native = await PlaygroundPanel.add(page, "Native");
    await native.root.getByLabel("Log in").selectOption("With a pasted token");
    await native.root.getByLabel("Token", { exact: true }).fill(`${site.token({ userId: "eve" })}x`);
    await native.button("Connect").click();
    await alert(native).getByText("UNAUTHENTICATED").waitFor();
    await alert(native).getByText("Trying again in the same way does not help.").waitFor();
    await native.is("Ended");

    const twake = await PlaygroundPanel.add(page, "Twake", 2);
    await twake.root.getByLabel("Log in").selectOption("With a pasted token");
    await twake.root.getByLabel("Token", { exact: true }).fill("nonsense");
    await twake.button("Connect").click();
    await alert(twake).getByText("jwt malformed").waitFor();

    const plazer = await PlaygroundPanel.add(page, "Plazer", 3);
    await plazer.root.getByLabel("Log in").selectOption("Without a token");
    await plazer.button("Connect").click();
    await alert(plazer).getByText("UNAUTHENTICATED").waitFor();
    await expectAccessible(page);

    // Steedos takes it as nobody, to whom nothing is given.
    const steedos = await PlaygroundPanel.add(page, "Steedos", 4);
    await steedos.root.getByText(/This page makes none/).waitFor();
    await steedos.connect();
    expect(await steedos.ask("subscribe")).toContain('"ok": false');

    // A good token that is revoked under it.
    await native.root.getByLabel("Token", { exact: true }).fill(site.token({ userId: "eve" }));
    await native.connect();
    await site.call("/api/socket/revoke", { body: { userId: "eve" } });
    await alert(native).getByText("REVOKED").waitFor();
    await native.is("Ended");

    // One that expires under it.
    await native.root.getByLabel("Log in").selectOption("With a new token");
    await native.root.getByLabel("Valid for (seconds)").fill("1");
    await native.root.getByLabel("Reconnect by itself").uncheck();
    // It may be over before a slow browser has shown that it began.
    await native.clear("Events");
    await native.button("Connect anew").click();
    await native.row("Events", /·\s*connect\b/).waitFor();
    await alert(native).getByText("TOKEN_EXPIRED").waitFor({ timeout: 15_000 });
    await native.root.getByText("expired", { exact: true }).waitFor();
  });
});

describe("the code for it", () => {
  const programs = new CopiedPrograms();
  afterAll(async () => await programs.end());

  it("does the same where it is run", { timeout: 60_000 }, async () => {
    const page = await open();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await logIn(page, "ada");
    await page.getByLabel("Channel", { exact: true }).fill("chat:code");
    const copied: Record<string, string> = {};

    const native = await PlaygroundPanel.add(page, "Native");
    await native.connect();
    for (const template of ["subscribe", "publish", "join", "members", "history", "leave", "unsubscribe"])
      await native.ask(template);
    copied["native"] = await native.copy("socket.io-client");
    copied["client"] = await native.copy("@roomcast/client");
    const twake = await PlaygroundPanel.add(page, "Twake", 2);
    await twake.connect();
    await twake.hear("realtime:join", "realtime:join:success");
    await twake.hear("realtime:event", "realtime:event");
    copied["twake"] = await twake.copy("socket.io-client");
    const curl = await twake.copy("curl");
    const plazer = await PlaygroundPanel.add(page, "Plazer", 3);
    await plazer.connect();
    await plazer.ask("join");
    await plazer.ask("message");
    copied["plazer"] = await plazer.copy("socket.io-client");
    const steedos = await PlaygroundPanel.add(page, "Steedos", 4);
    await steedos.connect();
    await steedos.ask("subscribe");
    copied["steedos"] = await steedos.copy("socket.io-client");
    expect(Object.values(copied).join("") + curl).not.toContain("eyJ");

    const [{ token }, room] = (await runShell(curl, { ROOMCAST_API_KEY: OPERATOR_KEY })) as [
      { token: string },
      { token: string },
    ];
    await programs.compile(copied);
    const env = {
      ROOMCAST_TOKEN: token,
      ROOMCAST_ROOM_TOKEN_1: room.token,
      ROOMCAST_COOKIES: `X-Space-Id=${TENANT}; X-Auth-Token=of-ada`,
    };
    const said: Readonly<Record<string, RegExp>> = {
      native:
        /^event \[\{.*"topic":"chat:code".*"payload":\{"text":"Hello"\}[^]*^publish \{"ok":true[^]*^members .*"status":"online"[^]*^unsubscribe \{"ok":true/m,
      client: /^chat:code message \{"text":"Hello"\}$[^]*^history /m,
      twake: /^realtime:event \[\{"name":"chat:code","data":\{"text":"Hello"\}\}\]$/m,
      plazer: /^message \[\{"userId":"playground-2","data":\{"text":"Hello"\},"timestamp":/m,
      steedos: /^subscribe \{"ok":true\}$/m,
    };
    const runs = Object.keys(copied).map((name) => ({ name, program: programs.run(name, env) }));
    await until(() => {
      for (const { name, program } of runs)
        expect([name, program.stdout + program.stderr]).toEqual([name, expect.stringMatching(said[name] as RegExp)]);
    });
    // This one has nothing to publish with.
    await site.gateway.publish({ tenantId: TENANT, name: "chat:code" }, "later", { n: 1 });
    await runs.find(({ name }) => name === "steedos")?.program.written(/^later \[\{"n":1\}\]$/m);
  });
});

describe("languages", () => {
  it.each([
    ["zh-CN", "试验场", "添加 Native", "连接"],
    ["pt-BR", "Laboratório", "Adicionar Native", "Conectar"],
  ])("%s", async (locale, title, add, connect) => {
    const page = await site.newPage({ locale });
    await page.context().request.post(`${site.url}/auth/session`, {
      headers: { Origin: site.url },
      data: { token: site.token({ roles: ["admin"] }) },
    });
    await page.goto(`${site.url}/admin/playground`);
    await page.getByRole("heading", { name: title }).waitFor();
    await page.getByRole("button", { name: add }).click();
    await page.getByRole("button", { name: connect, exact: true }).click();
    await page.getByRole("listbox").first().waitFor();
    // Nothing is shown by its key.
    expect(await page.locator("main").innerText()).not.toMatch(/\b(connect|command|log|code|facts|token|phases)\.\w/);
  });
});

/** A gateway beside the one that all tests share. */
const startOther = async (change: (config: ResolvedConfig) => ResolvedConfig): Promise<StandaloneServer> => {
  const config = await loadConfig({
    flags: { port: "0", config: fileURLToPath(new URL("admin.config.mjs", import.meta.url)) },
    env: { ROOMCAST_JWT_SECRET: SECRET },
    cwd: fileURLToPath(new URL(".", import.meta.url)),
  });
  return await startServer(change(config), { logger: createLogger({ level: "silent" }) });
};

/** Opens the playground of another gateway, signed in by a key. */
const openAt = async (url: string): Promise<Page> => {
  const page = await site.newPage();
  page.setDefaultTimeout(10_000);
  const data = { apiKey: OPERATOR_KEY, tenantId: TENANT };
  const answer = await page.context().request.post(`${url}/auth/session`, { headers: { Origin: url }, data });
  expect(answer.status()).toBe(200);
  await page.goto(`${url}/admin/playground`);
  return page;
};

describe("a gateway that makes no tokens", () => {
  it("takes one that is pasted", async () => {
    const issuer = {
      issuer: "https://issuer.test",
      url: "http://127.0.0.1:9/keys",
      tenants: "*",
      roles: ["client"],
    } as const;
    const other = await startOther((config) => {
      const { secret: _, ...jwt } = config.auth.jwt;
      return {
        ...config,
        auth: { ...config.auth, jwt: { ...jwt, jwks: [{ ...issuer, audience: ["a"], algorithms: ["EdDSA"] }] } },
      };
    });
    const page = await openAt(other.url);
    const panel = await PlaygroundPanel.add(page, "Native");
    await panel.root.getByText("This gateway has no shared secret, so that it makes no tokens. Paste one.").waitFor();
    expect(await panel.root.getByLabel("Log in").getByRole("option").allTextContents()).toEqual([
      "With a pasted token",
      "Without a token",
    ]);
    await panel.button("Connect").click();
    await panel.root.getByText("Paste a token first").waitFor();
    await panel.root.getByLabel("Token", { exact: true }).fill(site.token());
    await panel.button("Connect").click();
    await panel.root.getByRole("alert").getByText("UNAUTHENTICATED").waitFor();
    // The page first: it would miss its gateway.
    await page.context().close();
    await other.close({ drainSeconds: 0 });
    site.origins.delete(other.url);
  });
});

describe("a gateway that goes away", () => {
  it("is missed, and found again", { timeout: 30_000 }, async () => {
    const page = await open();
    const panel = await PlaygroundPanel.add(page, "Native");
    await panel.connect();
    await panel.clear("Frames");
    await site.restart(async () => {
      await panel.is("Reconnecting");
      await panel.row("Events", "SHUTTING_DOWN").waitFor();
      await panel.row("Events", "reconnect_attempt").waitFor();
      await panel.root.getByRole("alert").waitFor();
      expect(await panel.button("Send").isDisabled()).toBe(true);
    });
    await panel.is("Connected");
    // The new link's frames are seen from the first on.
    await panel.row("Frames", '0{"sid":"•••"').waitFor();
    expect(await panel.ask("subscribe")).toContain('"ok": true');
    site.forgive(GATEWAY_AWAY);
  });
});
