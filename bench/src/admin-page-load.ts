import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answer, SECRET } from "./child.ts";
import { Chromium, type Tab } from "./chromium.ts";
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
const ROW_PX = 40;
const ROW = '.virtual-table [role="rowgroup"]:last-child [role="row"]';
const CHART = "figure canvas";
const POLL_MS = 50;
const PATIENCE_MS = 30_000;
/** What has not come when nothing came for so long is not going to come. */
const SETTLED_MS = 3000;

/** What is looked at. */
export interface Opened {
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

const chromium = await Chromium.start(file);
const token = await signToken(await importKey(), "operator", ["operator"]);
let view: Tab | undefined;

answer(
  {
    firstLoad: async (): Promise<FirstLoad> => {
      const tab = await chromium.newTab(VIEWPORT);
      const load = await firstLoad(tab);
      await tab.close();
      return load;
    },
    open,
    frames: async ({ name, ...recording }: Recording & { readonly name: string }): Promise<Frames> => {
      const stopProfile = await profile(opened(), name);
      const { frames, long, requests, pixels } = await opened().call(recordFrames, recording);
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
      const tab = opened();
      await tab.send("Performance.enable");
      await tab.send("HeapProfiler.collectGarbage");
      const asked = await tab.send<{ metrics: { name: string; value: number }[] }>("Performance.getMetrics");
      const of = (wanted: string): number => asked.metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
      return { heap: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners") };
    },
    shown,
    close: async () => {
      await opened().close();
      view = undefined;
    },
  },
  undefined,
  async () => await chromium.close(),
);

function opened(): Tab {
  if (view === undefined) throw new Error("No view is open");
  return view;
}

async function open({ path, rows, stands = ROW, follows }: Opened): Promise<void> {
  const tab = (view = await chromium.newTab(VIEWPORT));
  if (path === undefined) {
    // As large as the page's tables, and with as much to draw as it takes to be seen moving.
    await tab.call((height) => {
      document.body.innerHTML =
        `<div class="virtual-table" style="overflow:auto;contain:strict;height:calc(100vh - 300px);margin:180px 16px 0 256px">` +
        `<div style="height:${height}px;background:repeating-linear-gradient(#fff 0 39px,#ccc 39px 40px)"></div></div>`;
    }, rows * ROW_PX);
    return;
  }
  await tab.open(`${origin}/admin`);
  await tab.find('input[type="password"]');
  await signIn(tab);
  // Signed in by itself, the page would have gone to the overview first.
  await tab.open(`${origin}/admin/${path}`);
  if (follows === undefined) await tab.find(stands);
  else await followed(follows);
}

/** Without the form, so that nothing of the page is there yet. */
async function signIn(tab: Tab): Promise<void> {
  const status = await tab.call(async (text) => {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch("/auth/session", { method: "POST", headers, body: JSON.stringify({ token: text }) });
    return response.status;
  }, token);
  if (status !== 200) throw new Error(`Signing in was answered with ${status}`);
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

/** The number of events that the page says it was given: all of so many, or what it stays at. */
async function shown(published: number): Promise<number> {
  let before = -1;
  for (let grown = monotonic(); monotonic() - grown < SETTLED_MS;) {
    const text = await opened().call(
      () => /([\d,]+) events? since you opened this/.exec(document.body.innerText)?.[1] ?? "",
      undefined,
    );
    const now = text === "" ? -1 : Number(text.replaceAll(",", ""));
    if (now === published) return now;
    if (now > before) grown = monotonic();
    before = now;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  if (!(before >= 0 && before < published)) throw new Error(`The page shows ${before} events of ${published}`);
  return before;
}

async function firstLoad(tab: Tab): Promise<FirstLoad> {
  let bytes = 0;
  let under = 0;
  let changed = monotonic();
  const change = (by: number): void => {
    under += by;
    changed = monotonic();
  };
  tab.on("Network.requestWillBeSent", () => change(1));
  tab.on("Network.loadingFailed", () => change(-1));
  tab.on("Network.loadingFinished", (finished) => {
    bytes += (finished as { encodedDataLength: number }).encodedDataLength;
    change(-1);
  });
  const idle = async (): Promise<void> => {
    while (under > 0 || monotonic() - changed < 500) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  };
  await tab.send("Network.enable");
  // Of its own host a browser also takes Brotli, which others get by https alone.
  await tab.send("Network.setExtraHTTPHeaders", { headers: { "Accept-Encoding": "gzip" } });
  const began = monotonic();
  await tab.open(`${origin}/admin`);
  await tab.find('input[type="password"]');
  const signInMs = monotonic() - began;
  await idle();
  const signInBytes = bytes;
  const entered = monotonic();
  await tab.call((text) => {
    (document.querySelector('input[type="password"]') as HTMLInputElement).value = text;
    document.querySelector<HTMLButtonElement>('button[type="submit"]')?.click();
  }, token);
  await tab.find(CHART);
  const overviewMs = monotonic() - entered;
  await idle();
  return { signInKib: signInBytes / 1024, overviewKib: bytes / 1024, signInMs, overviewMs };
}

/** With `BENCH_PROFILE=<folder>`, leaves a profile of the tab's CPU there. */
async function profile(tab: Tab, name: string): Promise<() => Promise<void>> {
  const folder = process.env["BENCH_PROFILE"];
  if (folder === undefined) return async () => undefined;
  await tab.send("Profiler.enable");
  await tab.send("Profiler.start");
  return async () => {
    const { profile: taken } = await tab.send<{ profile: object }>("Profiler.stop");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `page-${name}.cpuprofile`), JSON.stringify(taken));
  };
}
