import { answer, fail } from "./child.ts";
import { answered, pushed, RawCaller } from "./raw-caller.ts";
import { importKey, signToken } from "./token.ts";

/**
 * An operator whose page is open: it follows the numbers of the cluster and of its tenant, and asks for the lists anew every
 * few seconds.
 *
 * Argument: port. Asked: `connect`; `open` the page; `close` it, which is answered with how many samples and lists came.
 */
const port = Number(process.argv[2]);
const CHANNELS = ["@cluster", "@stats"] as const;
const LISTS = [
  "/api/socket/channels?limit=100&sort=subscribers&order=desc",
  "/api/socket/connections/list?limit=100",
  "/api/cluster/nodes",
] as const;
const POLL_MS = 5000;

let caller: RawCaller | undefined;
let token = "";
let samples = 0;
let lists = 0;
let polling: NodeJS.Timeout | undefined;
/** What is on its way. */
let asking: Promise<void> = Promise.resolve();
const subscriptions: string[] = [];

answer({
  connect: async () => {
    token = await signToken(await importKey(), "operator", ["operator"]);
    caller = await RawCaller.open({ port, token, onPush: (_, text) => take(text()) });
  },
  open: async () => {
    [samples, lists] = [0, 0];
    for (const topic of CHANNELS) {
      const frame = await page().ask("subscribe", { topic });
      subscriptions.push(answered<{ subscriptionId: string }>(frame).subscriptionId);
    }
    poll();
    polling = setInterval(poll, POLL_MS);
  },
  close: async () => {
    clearInterval(polling);
    await asking;
    for (const subscriptionId of subscriptions.splice(0)) await page().ask("unsubscribe", { subscriptionId });
    return { samples, lists };
  },
});

function page(): RawCaller {
  if (caller === undefined) throw new Error("The page is not connected");
  return caller;
}

function take(frame: string): void {
  const [name, payload] = pushed(frame);
  if (name === "event" && CHANNELS.some((topic) => topic === (payload as { topic: string }).topic)) samples++;
}

function poll(): void {
  asking = asking.then(async () => {
    for (const path of LISTS) {
      const response = await fetch(`http://127.0.0.1:${port}/roomcast${path}`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      const text = await response.text();
      if (response.status !== 200) fail(`${path} was answered ${response.status}: ${text.slice(0, 300)}`);
      lists++;
    }
  });
  asking.catch((error: unknown) => fail(String(error)));
}
