import { answer, fail } from "./child.ts";
import { crowd } from "./crowd.ts";
import { monotonic } from "./clock.ts";
import type { RawReader } from "./raw-reader.ts";
import { openSession } from "./raw-session.ts";
import { importKey, signToken } from "./token.ts";
import { within } from "./within.ts";

/**
 * Sessions that publish, each to a channel of its own that two of them follow; or all of them to one channel, which one more
 * session follows. All of it must arrive.
 *
 * Arguments: port. Asked: `connect`; `start`; `stop`, answered when everything has arrived with what that was.
 */
const [port] = process.argv.slice(2).map(Number) as [number];
const SESSIONS = 50;
const TICK_MS = 10;
const PATIENCE_SECONDS = 10;
const EVENT = '42["event"';
const TEXT = "x".repeat(60);

export interface Traffic {
  readonly perSecond: number;
  /** The channel that all of it goes to; channels of their own unless given. */
  readonly channel?: string | undefined;
}

export interface Passed {
  readonly published: number;
  readonly delivered: number;
  /** Publications a second. */
  readonly rate: number;
}

/** What is under way. */
interface Run extends Traffic {
  readonly began: number;
  readonly timer: NodeJS.Timeout;
}

const publishers: RawReader[] = [];
/** By topic. */
const followers: RawReader[] = [];
let run: Run | undefined;
let published = 0;
let delivered = 0;
let arrived: (() => void) | undefined;
let wanted = Number.POSITIVE_INFINITY;

answer({
  connect: async (channel: string) => {
    const key = await importKey();
    const open = async (user: string, topics: readonly string[]): Promise<RawReader> => {
      const token = await signToken(key, user, ["service"]);
      return await openSession({ port, language: "socket.io", token, topics, onFrame: (_, text) => take(text()) });
    };
    await crowd({ to: SESSIONS, atOnce: 5 }, async (at) => {
      publishers[at] = await open(`publisher${at}`, [topicOf(at), topicOf((at + 1) % SESSIONS)]);
    });
    followers.push(await open("follower", [channel]));
  },
  start: ({ perSecond, channel }: Traffic) => {
    published = 0;
    delivered = 0;
    wanted = Number.POSITIVE_INFINITY;
    const began = monotonic();
    run = { perSecond, channel, began, timer: setInterval(publishDue, TICK_MS) };
  },
  stop: async (): Promise<Passed> => {
    if (run === undefined) throw new Error("Nothing is published");
    const { began, channel, timer } = run;
    clearInterval(timer);
    const rate = (published * 1000) / (monotonic() - began);
    wanted = published * (channel === undefined ? 2 : followers.length);
    if (delivered < wanted) {
      const all = new Promise<void>((resolve) => (arrived = resolve));
      await within(PATIENCE_SECONDS, () => `Delivering ${delivered} of ${wanted} events`, all);
    }
    if (delivered > wanted) fail(`${delivered} events were delivered instead of ${wanted}`);
    return { published, delivered, rate };
  },
});

function topicOf(at: number): string {
  return `traffic:${at}`;
}

/** What is late is published at once. */
function publishDue(): void {
  if (run === undefined) return;
  const due = Math.floor(((monotonic() - run.began) * run.perSecond) / 1000);
  for (; published < due; published++) {
    const at = published % SESSIONS;
    const data = { number: published, text: TEXT };
    const payload = { channel: run.channel ?? topicOf(at), event: "changed", data };
    publishers[at]?.send(`42${JSON.stringify(["publish", payload])}`);
  }
}

function take(frame: string): void {
  if (!frame.startsWith(EVENT)) {
    fail(`Told instead of an event: ${frame.slice(0, 300)}`);
    return;
  }
  if (++delivered !== wanted) return;
  arrived?.();
  arrived = undefined;
}
