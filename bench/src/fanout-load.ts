import type { LoadMessage } from "./messages.ts";
import { RawReader } from "./raw-reader.ts";
import { importKey, signToken } from "./token.ts";

/**
 * Readers of one channel that count what they are given, and of which every hundredth looks at it: numbers must rise by one.
 *
 * Arguments: port, readers, events that are a tick, `socket.io` or `ws`.
 */
const [port, readers, burst] = process.argv.slice(2, 5).map(Number) as [number, number, number];
const language = process.argv[5];
const SAMPLE = 100;
const say = (message: LoadMessage): void => {
  process.send?.(message);
};
let received = 0;
let wanted = readers * burst;
const all: RawReader[] = [];
const fail = (reason: string): void => say({ kind: "failed", reason });

process.on("disconnect", () => process.exit(0));

function counted(): void {
  received++;
  if (received < wanted) return;
  if (received > wanted) fail("Readers were given more than was published");
  wanted += readers * burst;
  say({ kind: "done", count: received });
}

async function open(index: number, token: string): Promise<void> {
  let last = -1;
  const sampled = index % SAMPLE === 0;
  let ready: (() => void) | undefined;
  const subscribed = new Promise<void>((resolve) => (ready = resolve));
  let following = false;
  const path = language === "ws" ? "/" : "/socket.io/?EIO=4&transport=websocket";
  const reader = await RawReader.open(port, path, (text, self) => {
    if (following && !sampled) {
      counted();
      return;
    }
    const frame = text();
    const number = /"number":(\d+)/.exec(frame)?.[1];
    if (number !== undefined) {
      if (last >= 0 && Number(number) !== last + 1) fail(`A reader was given ${number} after ${last}`);
      last = Number(number);
      counted();
    } else if (frame.startsWith("0")) self.send(`40${JSON.stringify({ token })}`);
    else if (frame.startsWith("40")) self.send('420["subscribe",{"topic":"feed"}]');
    else if (frame.startsWith("43") || frame === "subscribed") {
      if (frame.includes('"ok":false')) fail(`Refused: ${frame}`);
      following = true;
      ready?.();
    } else if (frame.startsWith("44")) fail(`Refused: ${frame}`);
  });
  if (language === "ws") reader.send(token);
  all.push(reader);
  await subscribed;
}

const key = await importKey();
let next = 0;
let connected = 0;
const workers = Array.from({ length: 50 }, async () => {
  while (next < readers) {
    const index = next++;
    await open(index, await signToken(key, `user${index}`));
    if (++connected % 250 === 0 || connected === readers) say({ kind: "connected", count: connected });
  }
});
await Promise.all(workers).catch((error: unknown) => fail(String(error)));
