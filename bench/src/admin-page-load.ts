import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, type CDPSession, type Page } from "playwright-core";
import { answer, SECRET } from "./child.ts";
import { monotonic } from "./clock.ts";
import { percentile } from "./contest.ts";
import { recordFrames, type Recording } from "./recorder.ts";
import { importKey, signToken } from "./token.ts";

/**
 * An operator's browser. Arguments: port, file of Chromium. Asked: `firstLoad`, in a browser that knows nothing of the page;
 * `open` a view; `frames` and `memory` of it; `shown`, how many events it says that it was given; `close`.
 */
const [port, file] = process.argv.slice(2) as [string, string];
const origin = `http://127.0.0.1:${port}`;
const VIEWPORT = { width: 1280, height: 800 };
const LOCALE = "en-GB";
/** Rows of a list, for whom a steady state is awaited. */
const ROW = '.virtual-table [role="rowgroup"]:last-child [role="row"]';
const POLL_MS = 50;
const PATIENCE_MS = 30_000;
/** What has not come when nothing came for so long is not going to come. */
const SETTLED_MS = 3000;

/** What is looked at. */
export interface Opened {
  readonly name: string;
  /** Below the page; a scroller of this height with nothing but lines in it unless given. */
  readonly path?: string | undefined;
  readonly rows: number;
  /** What is there once it stands; a row of a list unless given. */
  readonly stands?: string | undefined;
  /** A channel that it follows by then. */
  readonly follows?: string | undefined;
}

export interface Frames {
  readonly fps: number;
  /** Percent of the frames that were later than 20 ms after the one before. */
  readonly late: number;
  readonly p95: number;
  readonly most: number;
  /** Frames that took 50 ms and more, a minute. */
  readonly long: number;
  /** Rows that were scrolled by, a second. */
  readonly rows: number;
  readonly restP95: number;
  readonly restMost: number;
}

export interface FirstLoad {
  readonly signInKib: number;
  readonly overviewKib: number;
  readonly signInMs: number;
  readonly overviewMs: number;
}

export interface HeapNow {
  /** Bytes in use after a collection. */
  readonly heap: number;
  readonly nodes: number;
  readonly listeners: number;
}

const ROW_PX = 40;

const browser = await chromium.launch({
  executablePath: file,
  handleSIGINT: false,
  handleSIGTERM: false,
  handleSIGHUP: false,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
const key = await importKey();
const token = await signToken(key, "operator", ["operator"]);
const context = await browser.newContext({ viewport: VIEWPORT, locale: LOCALE });
let page: Page | undefined;
let profiler: CDPSession | undefined;

answer(
  {
    firstLoad: async (): Promise<FirstLoad> => {
      const fresh = await browser.newContext({ viewport: VIEWPORT, locale: LOCALE });
      try {
        return await firstLoad(await fresh.newPage());
      } finally {
        await fresh.close();
      }
    },
    open,
    frames: async ({ name, ...recording }: Recording & { readonly name: string }): Promise<Frames> => {
      const tab = opened();
      const stopProfile = await profile(tab, name);
      const { frames, long, requests, pixels } = await tab.evaluate(recordFrames, recording);
      await stopProfile();
      const sorted = Float64Array.from(frames).sort();
      const seconds = sorted.reduce((sum, one) => sum + one, 0) / 1000;
      const times = Float64Array.from(requests).sort();
      return {
        fps: frames.length / seconds,
        late: (100 * frames.filter((one) => one > 20).length) / frames.length,
        p95: percentile(sorted, 0.95),
        most: sorted.at(-1) ?? Number.NaN,
        long: (60 * long.length) / seconds,
        rows: recording.scroller === undefined ? Number.NaN : pixels / ROW_PX / seconds,
        restP95: percentile(times, 0.95),
        restMost: times.at(-1) ?? Number.NaN,
      };
    },
    memory: async (): Promise<HeapNow> => {
      const session = (profiler ??= await context.newCDPSession(opened()));
      await session.send("HeapProfiler.enable");
      await session.send("Performance.enable");
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const of = (wanted: string): number => metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
      return { heap: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners") };
    },
    shown,
    close: async () => {
      await opened().close();
      page = undefined;
      profiler = undefined;
    },
  },
  undefined,
  async () => await browser.close(),
);

/** The number of events that the page says it was given: all of so many, or what it stays at. */
async function shown(published: number): Promise<number> {
  const text = opened().getByText(/ events? since you opened this/);
  let before = -1;
  for (let grown = monotonic(); monotonic() - grown < SETTLED_MS;) {
    const now = Number(((await text.textContent()) ?? "").split(" ", 1)[0]?.replaceAll(",", ""));
    if (now === published) return now;
    if (now > before) grown = monotonic();
    before = now;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  if (!(before >= 0 && before < published)) throw new Error(`The page shows ${before} events of ${published}`);
  return before;
}

function opened(): Page {
  if (page === undefined) throw new Error("No view is open");
  return page;
}

async function open({ path, rows, stands = ROW, follows }: Opened): Promise<void> {
  const tab = (page = await context.newPage());
  if (path === undefined) {
    // As large as the page's tables, and with as much to draw as a scroller needs to be seen moving.
    await tab.setContent(
      `<div class="virtual-table" style="overflow:auto;contain:strict;height:calc(100vh - 300px);margin:180px 16px 0 256px">` +
        `<div style="height:${rows * ROW_PX}px;background:repeating-linear-gradient(#fff 0 39px,#ccc 39px 40px)"></div></div>`,
    );
    return;
  }
  await signIn();
  await tab.goto(`${origin}/admin/${path}`);
  if (follows === undefined) await tab.locator(stands).first().waitFor({ timeout: PATIENCE_MS });
  else await followed(follows);
}

/** The session lasts longer than any bench, but a server that answers 401 ends it. */
async function signIn(): Promise<void> {
  const { ok, status } = await post("/auth/session", { token });
  if (!ok) throw new Error(`Signing in was answered with ${status}`);
}

async function post(path: string, data: object): Promise<{ readonly ok: boolean; readonly status: number }> {
  const response = await context.request.post(origin + path, { headers: { Origin: origin }, data });
  return { ok: response.ok(), status: response.status() };
}

/** Resolves when the page follows a channel beside the traffic's own reader. */
async function followed(channel: string): Promise<void> {
  const address = `${origin}/api/socket/channels/${encodeURIComponent(channel)}`;
  for (const began = monotonic(); monotonic() - began < PATIENCE_MS;) {
    const response = await fetch(address, { headers: { "X-Api-Key": SECRET } });
    const { subscriberCount } = (await response.json()) as { readonly subscriberCount?: number };
    if (subscriberCount === 2) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`The page does not follow ${channel}`);
}

async function firstLoad(tab: Page): Promise<FirstLoad> {
  const session = await tab.context().newCDPSession(tab);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  const began = monotonic();
  await tab.goto(`${origin}/admin`);
  const secret = tab.locator('input[type="password"]');
  await secret.waitFor();
  const signInMs = monotonic() - began;
  await tab.waitForLoadState("networkidle");
  const signInBytes = bytes;
  await secret.fill(token);
  const entered = monotonic();
  await tab.locator('button[type="submit"]').click();
  await tab.locator(".recharts-surface").first().waitFor({ timeout: PATIENCE_MS });
  const overviewMs = monotonic() - entered;
  await tab.waitForLoadState("networkidle");
  return { signInKib: signInBytes / 1024, overviewKib: bytes / 1024, signInMs, overviewMs };
}

/** With `BENCH_PROFILE=<folder>`, leaves a profile of the tab's CPU there. */
async function profile(tab: Page, name: string): Promise<() => Promise<void>> {
  const folder = process.env["BENCH_PROFILE"];
  if (folder === undefined) return async () => undefined;
  const session = await tab.context().newCDPSession(tab);
  await session.send("Profiler.enable");
  await session.send("Profiler.start");
  return async () => {
    const { profile: taken } = await session.send("Profiler.stop");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `page-${name}.cpuprofile`), JSON.stringify(taken));
  };
}
