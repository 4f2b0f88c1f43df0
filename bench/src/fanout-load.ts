import { answer, fail, tell } from "./child.ts";
import { PING_BYTES, RawReader } from "./raw-reader.ts";
import { importKey, signToken } from "./token.ts";

/**
 * Readers of one channel that count what they are given, and of which every hundredth looks at it: numbers must rise by one.
 *
 * Arguments: port, readers, `socket.io` or `ws`. Asked: `connect`; `expect` so many events, which is answered when every
 * reader has them.
 */
const [port, readers] = process.argv.slice(2, 4).map(Number) as [number, number];
const language = process.argv[4];
const SAMPLE = 100;
let received = 0;
let wanted = 0;
let complete: (() => void) | undefined;

answer({
  connect: async () => {
    const key = await importKey();
    let next = 0;
    let connected = 0;
    const workers = Array.from({ length: 50 }, async () => {
      while (next < readers) {
        const index = next++;
        await open(index, await signToken(key, `user${index}`));
        if (++connected % 250 === 0) tell(connected);
      }
    });
    await Promise.all(workers);
  },
  expect: async (events: number) => {
    wanted += readers * events;
    // They may have come before the question did; more than it asks for are too many.
    if (received > wanted) fail(`Readers were given ${received} events of ${wanted}`);
    if (received < wanted) await new Promise<void>((resolve) => (complete = resolve));
  },
});

function counted(): void {
  received++;
  if (received !== wanted) return;
  complete?.();
  complete = undefined;
}

async function open(index: number, token: string): Promise<void> {
  let last = -1;
  const sampled = index % SAMPLE === 0;
  let ready: (() => void) | undefined;
  const subscribed = new Promise<void>((resolve) => (ready = resolve));
  let following = false;
  const path = language === "ws" ? "/" : "/socket.io/?EIO=4&transport=websocket";
  const reader = await RawReader.open(port, path, (length, text, self) => {
    if (length === PING_BYTES) {
      self.send("3");
      return;
    }
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
  await subscribed;
}
