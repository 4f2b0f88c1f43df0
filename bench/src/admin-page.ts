import type { FirstLoad, Frames, HeapNow, Opened } from "./admin-page-load.ts";
import type { Bench } from "./bench.ts";
import { hold, type Contender, type Measure } from "./contest.ts";
import { chromiumBrowser } from "./installed.ts";
import { grouped, wholeNumber } from "./numbers.ts";
import type { Recording } from "./recorder.ts";
import { Stage, type Actor } from "./stage.ts";
import type { Passed, Traffic } from "./traffic-load.ts";

/** One part of the page, and what goes on there. */
interface View extends Contender, Pick<Opened, "path" | "stands" | "follows"> {
  /** What is scrolled; nothing unless given. */
  readonly scroller?: string;
  /** Whether it is scrolled up and down again, and not on and on. */
  readonly turns?: boolean;
}

const TABLE = ".virtual-table";
/** The channel whose live tail gets everything. */
const FEED = "feed:all";
const PLAIN: View = { name: "plain", title: "an empty page, scrolled", scroller: TABLE };
const CONNECTIONS: View = { name: "connections", title: "connections, scrolled", path: "connections", scroller: TABLE };
const CHANNELS: View = { name: "channels", title: "channels, scrolled", path: "socket", scroller: TABLE };
const TAIL: View = { name: "tail", title: "live tail that gets all", path: `socket?channel=${FEED}`, follows: FEED };
const TAIL_SCROLLED: View = {
  ...TAIL,
  name: "tail-scrolled",
  title: "the same, scrolled",
  scroller: TABLE,
  turns: true,
};
const OVERVIEW: View = { name: "overview", title: "overview", path: "", stands: "figure canvas" };

const FRAMES: readonly Measure[] = [
  { key: "fps", title: "frames / s", digits: 1, better: "more" },
  { key: "late", title: "% over 20 ms", digits: 1, compared: false },
  { key: "p95", title: "p95 ms", digits: 1, compared: false },
  { key: "most", title: "longest ms", digits: 1, compared: false },
  { key: "long", title: "long frames / min", digits: 1, compared: false },
  { key: "rows", title: "rows / s", digits: 0, compared: false },
  { key: "events", title: "events / s", digits: 0, compared: false },
  { key: "given", title: "% given to the page", digits: 1, compared: false },
  { key: "restP95", title: "REST p95 ms", digits: 1, compared: false },
  { key: "restMost", title: "REST longest ms", digits: 1, compared: false },
];
const LOADS: readonly Measure[] = [
  { key: "signInKib", title: "KiB until sign-in", digits: 1, compared: false },
  { key: "overviewKib", title: "KiB until the overview", digits: 1, compared: false },
  { key: "signInMs", title: "sign-in after ms", digits: 0, compared: false },
  { key: "overviewMs", title: "overview ms after that", digits: 0, compared: false },
];
const MEMORY: readonly Measure[] = [
  { key: "before", title: "heap MiB at first", digits: 2, compared: false },
  { key: "after", title: "at last", digits: 2, compared: false },
  { key: "nodes", title: "more DOM nodes", digits: 0, compared: false },
  { key: "listeners", title: "more listeners", digits: 0, compared: false },
  { key: "events", title: "events / s", digits: 0, compared: false },
  { key: "given", title: "% given to the page", digits: 1, compared: false },
];
/** Until a view holds what it holds at most, in a run that lasts. */
const WARM_UP_MS = 5000;
const MIB = 1024 * 1024;
/** How far what is published a second may stay behind what was asked for. */
const SHORTFALL = 0.95;

interface Outcome {
  /** Publications a second. */
  readonly events: number;
  /** Percent of what was published on the channel that the page follows. */
  readonly given: number;
}

interface Setting {
  readonly traffic: Actor;
  readonly browser: Actor;
  readonly events: number;
  readonly rows: number;
}

export const adminPageBench: Bench = {
  name: "admin-page",
  about:
    "The admin page of a gateway with many connections and channels, in Chromium without a screen or a graphics card, while events pass through the gateway: frames a second while its lists are scrolled so fast that page after page is fetched, beside an empty page that scrolls a plain box; what is loaded at first; and whether memory grows.",
  options: {
    connections: { default: "100000", about: "put into the presence store" },
    channels: { default: "50000", about: "put there too" },
    events: { default: "5000", about: "publications a second, by sessions" },
    seconds: { default: "20", about: "for each part of the page" },
    rows: { default: "300", about: "rows a second that are scrolled by" },
    memory: { default: "60", about: "seconds that memory is watched" },
  },
  run: async ({ rounds, only, values, report }) => {
    const [connections, channels, events, seconds, rows, watched] = (
      ["connections", "channels", "events", "seconds", "rows", "memory"] as const
    ).map((name) => wholeNumber(name, values[name] as string)) as [number, number, number, number, number, number];
    const chromium = chromiumBrowser();
    const missing = "missing" in chromium ? chromium.missing : undefined;
    const present = <Name extends Contender>(all: readonly Name[]): readonly Name[] =>
      missing === undefined ? all : all.map((one) => ({ ...one, missing }));
    const size = `${grouped(connections)} connections, ${grouped(channels)} channels, ${grouped(events)} events / s`;
    const parameters = { connections, channels, events, seconds, rows };
    const frames = {
      title: `frames: ${size}`,
      parameters,
      measures: FRAMES,
      contenders: present([PLAIN, CONNECTIONS, CHANNELS, TAIL, TAIL_SCROLLED, OVERVIEW]),
      baseline: PLAIN.name,
      rounds,
      only,
    };
    const loading = {
      title: "first load",
      parameters,
      measures: LOADS,
      contenders: present([{ name: "page", title: "Roomcast's page" }]),
      baseline: "page",
      rounds,
    };
    const memory = {
      title: `memory over ${watched} s: ${size}`,
      parameters: { ...parameters, watched },
      measures: MEMORY,
      contenders: present([TAIL, CHANNELS, OVERVIEW].filter(({ name }) => only?.includes(name) !== false)),
      baseline: TAIL.name,
      rounds: 1,
    };
    if ("missing" in chromium) {
      const measure = async (): Promise<Record<string, number>> => ({});
      for (const contest of [frames, loading, memory]) report(await hold<Contender>({ ...contest, measure }));
      return;
    }
    await Stage.play(async (stage) => {
      const server = await stage.server("lists-roomcast", [0]);
      const { port } = server.ready;
      await server.ask("fill", { connections, channels });
      const traffic = await stage.load("traffic-load", [port], 0);
      await traffic.ask("connect", FEED);
      const browser = await stage.load("admin-page-load", [port, chromium.file]);
      const setting = { traffic, browser, events, rows };
      report(await hold({ ...frames, measure: async (view) => await measureFrames(setting, view, seconds) }));
      report(await hold({ ...loading, measure: async () => ({ ...(await browser.ask<FirstLoad>("firstLoad")) }) }));
      report(await hold({ ...memory, measure: async (view) => await measureMemory(setting, view, watched) }));
    });
  },
};

async function measureFrames(setting: Setting, view: View, seconds: number): Promise<Record<string, number>> {
  const { browser, rows } = setting;
  const { name, scroller, turns = false } = view;
  const recording: Recording = { scroller, turns, pixelsPerSecond: rows * 40, milliseconds: seconds * 1000 };
  const [frames, outcome] = await during(setting, view, seconds, async () => {
    return await browser.ask<Frames>("frames", { ...recording, name });
  });
  return { ...frames, ...outcome };
}

async function measureMemory(setting: Setting, view: View, seconds: number): Promise<Record<string, number>> {
  const { browser } = setting;
  const [[before, after], outcome] = await during(setting, view, seconds, async () => {
    const first = await browser.ask<HeapNow>("memory");
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return [first, await browser.ask<HeapNow>("memory")] as const;
  });
  return {
    before: before.heap / MIB,
    after: after.heap / MIB,
    nodes: after.nodes - before.nodes,
    listeners: after.listeners - before.listeners,
    ...outcome,
  };
}

/** Opens a view, and does something there while events pass. */
async function during<Value>(
  { traffic, browser, events, rows }: Setting,
  view: View,
  seconds: number,
  work: () => Promise<Value>,
): Promise<[Value, Outcome]> {
  const { path, stands, follows } = view;
  const opened: Opened = { path, stands, follows, rows: rows * 3600 };
  await browser.ask("open", opened);
  const asked: Traffic = { perSecond: events, channel: follows };
  await traffic.ask("start", asked);
  await new Promise((resolve) => setTimeout(resolve, Math.min(WARM_UP_MS, seconds * 1000)));
  const value = await work();
  const passed = await traffic.ask<Passed>("stop");
  if (passed.rate < events * SHORTFALL)
    throw new Error(`${passed.rate.toFixed(0)} events a second were published instead of ${events}`);
  const shown = follows === undefined ? Number.NaN : await browser.ask<number>("shown", passed.published);
  await browser.ask("close");
  return [value, { events: passed.rate, given: (100 * shown) / passed.published }];
}
