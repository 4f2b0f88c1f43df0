import axe from "axe-core";
import type { Gateway } from "@roomcast/core";
import { createLogger, loadConfig, startServer, type ResolvedConfig, type StandaloneServer } from "@roomcast/server";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { io, type Socket } from "socket.io-client";
import { expect, vi } from "vitest";
import { seconds, sign } from "../../conformance/native/tokens.ts";
import { launchBrowser } from "../react/browser.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const SECRET = "the secret of a test of the admin page";
/** For every tenant, with every role. */
export const OPERATOR_KEY = "a-key-of-operators-in-the-tests";
/** For the tenants `acme` and `beta`, with the role `admin`. */
export const ADMIN_KEY = "a-key-of-admins-of-acme-and-beta";
export const TENANT = "acme";

export const WIDE = { width: 1280, height: 800 } as const;
export const PHONE = { width: 390, height: 844 } as const;
/** The narrowest that WCAG asks for (1.4.10). */
export const NARROWEST = { width: 320, height: 640 } as const;

export type StaffRole = "admin" | "operator";

export interface Who {
  readonly userId?: string;
  readonly tenantId?: string;
  readonly roles?: readonly string[];
  /** How long the token is good, in seconds; 3,600 unless given. */
  readonly lifeSeconds?: number;
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface SiteOptions {
  /** Instead of what `admin.config.mjs` says. */
  readonly settings?: Partial<ResolvedConfig>;
  /** Several share it: what a test opens it closes, too. */
  readonly server?: Parameters<typeof startServer>[1];
}

/** What the console says of what is asked while the gateway ends, or is not there. */
export const GATEWAY_AWAY = /WebSocket connection|ERR_CONNECTION_(REFUSED|RESET|CLOSED)|ERR_EMPTY_RESPONSE/;

/** A gateway that serves the page as it is built, a browser to look at it with, and what went wrong there. */
export class Site {
  readonly browser: Browser;
  /** What no page may say: errors and warnings of the console, violations of the policy, failures that nobody caught. */
  readonly complaints: string[] = [];
  /** The origins that pages asked anything of. */
  readonly origins = new Set<string>();
  readonly #begin: (port: number) => Promise<StandaloneServer>;
  #server: StandaloneServer;
  readonly #contexts: BrowserContext[] = [];
  readonly #sockets: Socket[] = [];

  private constructor(options: {
    readonly begin: (port: number) => Promise<StandaloneServer>;
    readonly server: StandaloneServer;
    readonly browser: Browser;
  }) {
    this.#begin = options.begin;
    this.#server = options.server;
    this.browser = options.browser;
  }

  static async start(options: SiteOptions = {}): Promise<Site> {
    requireBuiltPage();
    const config = await loadConfig({
      flags: { port: "0", config: fileURLToPath(new URL("admin.config.mjs", import.meta.url)) },
      env: { ROOMCAST_JWT_SECRET: SECRET },
      cwd: here("."),
    });
    const logger = createLogger({ level: "silent" });
    const begin = async (port: number): Promise<StandaloneServer> =>
      await startServer({ ...config, ...options.settings, port }, { logger, ...options.server });
    return new Site({ begin, server: await begin(0), browser: await launchBrowser() });
  }

  get server(): StandaloneServer {
    return this.#server;
  }

  /** Ends the server and starts another one at the same place. In between, `meanwhile` happens. */
  async restart(meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const { port } = new URL(this.url);
    await this.#server.close({ drainSeconds: 0 });
    await meanwhile();
    this.#server = await this.#begin(Number(port));
  }

  get gateway(): Gateway {
    return this.server.gateway;
  }

  get url(): string {
    return this.server.url;
  }

  token(who: Who = {}): string {
    const { userId = "ada", tenantId = TENANT, roles, lifeSeconds = 3600, claims } = who;
    const now = seconds();
    const permissions = roles === undefined ? undefined : { permissions: roles };
    const all = { sub: userId, tenantId, iat: now, exp: now + lifeSeconds, ...permissions, ...claims };
    return sign(all, { secret: SECRET });
  }

  /** An empty tab in a browser without cookies. */
  async newPage(options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: WIDE,
      locale: "en-GB",
      timezoneId: "UTC",
      reducedMotion: "reduce",
      ...options,
    });
    this.#contexts.push(context);
    context.on("request", (request) => {
      if (!request.url().startsWith("data:")) this.origins.add(new URL(request.url()).origin);
    });
    context.on("weberror", (error) => this.complaints.push(String(error.error())));
    context.on("console", (message) => {
      const text = message.text();
      // Refusals of REST are answers like others; what a page cannot load of itself is not.
      if (/^Failed to load resource: .* status of \d+/.test(text) && !message.location().url.includes("/assets/"))
        return;
      if (["error", "warning"].includes(message.type())) this.complaints.push(`${text} (${message.location().url})`);
    });
    // Sooner than the test's, so that a test that waits in vain says for what.
    context.setDefaultTimeout(15_000);
    return await context.newPage();
  }

  /** Takes away the complaints that a test brings about on purpose. */
  forgive(pattern: RegExp): void {
    const left = this.complaints.filter((complaint) => !pattern.test(complaint));
    this.complaints.splice(0, this.complaints.length, ...left);
  }

  /** Signs a tab in without the sign-in page, and opens `path` below `/admin`. */
  async signIn(page: Page, who: StaffRole | Who = "admin", path = ""): Promise<void> {
    const given: Who = typeof who === "string" ? { userId: who, roles: [who] } : who;
    const answer = await page.context().request.post(`${this.url}/auth/session`, {
      headers: { Origin: this.url },
      data: { token: this.token(given) },
    });
    expect([answer.status(), await answer.text()]).toEqual([200, expect.any(String)]);
    await page.goto(`${this.url}/admin${path === "" ? "" : `/${path}`}`);
    await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
  }

  /** A client that has connected by the native dialect. */
  async connect(who: Who = {}, options: Parameters<typeof io>[1] = {}): Promise<Socket> {
    const auth = { token: this.token(who) };
    const socket = io(this.url, { auth, transports: ["websocket"], forceNew: true, reconnection: false, ...options });
    this.#sockets.push(socket);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
    return socket;
  }

  /** Calls REST with the operators' key. */
  async call(
    path: string,
    options: { readonly method?: string; readonly body?: unknown; readonly tenantId?: string } = {},
  ) {
    const { body, tenantId = TENANT, method = body === undefined ? "GET" : "POST" } = options;
    return await fetch(this.url + path, {
      method,
      headers: {
        "X-Api-Key": OPERATOR_KEY,
        "X-Tenant-Id": tenantId,
        ...(body === undefined ? undefined : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
    });
  }

  /** Closes tabs and clients. For `afterEach`: fails where a page has complained. */
  async clear(): Promise<void> {
    for (const context of this.#contexts.splice(0)) {
      // What a test answered in the server's stead may still be under way.
      for (const page of context.pages()) await page.unrouteAll({ behavior: "ignoreErrors" });
      await context.close();
    }
    for (const socket of this.#sockets.splice(0)) socket.disconnect();
    expect(this.complaints.splice(0)).toEqual([]);
    expect([...this.origins].filter((origin) => origin !== this.url)).toEqual([]);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) socket.disconnect();
    await this.browser.close();
    await this.server.close({ drainSeconds: 0 });
  }
}

const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** What of them depends on colours. */
const ON_COLOURS = ["color-contrast", "link-in-text-block"];

/**
 * What axe-core finds against WCAG 2.2 A and AA and its best practices, or by some of their rules, one line for each
 * element.
 */
export async function axeFindings(page: Page, rules?: readonly string[]): Promise<string[]> {
  await page.evaluate(axe.source);
  const runOnly = rules === undefined ? STANDARDS : { type: "rule" as const, values: [...rules] };
  const { violations } = await page.evaluate(async (only) => {
    const { axe: inPage } = globalThis as unknown as { axe: typeof axe };
    return await inPage.run({ runOnly: only, resultTypes: ["violations"] });
  }, runOnly);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(" ")}: ${failureSummary ?? ""}`),
  );
}

/** Expects that axe-core finds nothing, in either colours. The tab has them as the browser does. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await setColours(page, colorScheme);
    const rules = colorScheme === "light" ? undefined : ON_COLOURS;
    expect([colorScheme, await axeFindings(page, rules)]).toEqual([colorScheme, []]);
  }
}

/** Whether pictures are written. */
export const TAKES_PICTURES: boolean = process.env["ROOMCAST_SCREENSHOTS"] === "1";

/** With `ROOMCAST_SCREENSHOTS=1`, writes pictures of the page in both colours to `docs/admin/`. */
export async function takePictures(page: Page, name: string): Promise<void> {
  if (!TAKES_PICTURES) return;
  const folder = here("../../../docs/admin");
  mkdirSync(folder, { recursive: true });
  const before = page.viewportSize() ?? WIDE;
  await page.setViewportSize(WIDE);
  for (const colorScheme of ["light", "dark"] as const) {
    await setColours(page, colorScheme);
    await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png`, animations: "disabled", caret: "hide" });
  }
  await page.setViewportSize(before);
}

/** As if the system changed its colours. */
async function setColours(page: Page, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor({ state: "attached" });
}

/** Asks again after `failure`, which then is gone. The page may do so by itself at the same moment. */
export async function tryAgain(page: Page, failure: Locator): Promise<void> {
  const gone = async (): Promise<void> => await failure.waitFor({ state: "detached" });
  await Promise.race([page.getByRole("button", { name: "Try again" }).first().click(), gone()]);
  await gone();
}

/** Waits until `check` no longer throws, for ten seconds. */
export function until(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000, interval: 20 });
}

/** `npm test` builds the page. Who runs a test by itself may have changed it since. */
function requireBuiltPage(): void {
  const script = new URL("../../../scripts/bundle.mjs", import.meta.url).href;
  const code = `import { isAdminBuilt } from ${JSON.stringify(script)}; process.stdout.write(String(isAdminBuilt()))`;
  const built = execFileSync(process.execPath, ["--input-type=module", "--eval", code], { encoding: "utf8" });
  if (built !== "true")
    throw new Error("The admin page was changed since it was built: npm run build -w packages/admin");
}
