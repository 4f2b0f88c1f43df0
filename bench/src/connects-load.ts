import { answer, fail } from "./child.ts";
import { monotonic } from "./clock.ts";
import { event } from "./contenders/event.ts";
import { AT_ONCE, crowd } from "./crowd.ts";
import { openSession } from "./raw-session.ts";
import { importKey, signToken } from "./token.ts";
import { within } from "./within.ts";

/**
 * Whoever connects, authenticates, subscribes to `feed` and has the answer; then the next does. All stay.
 *
 * Arguments: port, bytes of an event's payload. Asked: `tokens` for so many more; `connect` them, answered with how long it
 * took; `expect` one event, answered when everybody has it.
 */
const [port, bytes] = process.argv.slice(2, 4).map(Number) as [number, number];
const text = JSON.stringify(event(0, bytes).text);
let tokens: readonly string[] = [];
let users = 0;
let left = 0;
let complete: (() => void) | undefined;

export interface Connected {
  readonly milliseconds: number;
  /** Of this process meanwhile, in microseconds. */
  readonly cpu: number;
}

answer({
  // Beforehand: making them is nobody's connect.
  tokens: async (count: number) => {
    const key = await importKey();
    tokens = await Promise.all(
      Array.from({ length: count }, async (_, at) => await signToken(key, `user${users + at}`)),
    );
    users += count;
  },
  connect: async (): Promise<Connected> => {
    const before = process.cpuUsage();
    const start = monotonic();
    const connect = async (index: number): Promise<void> => {
      const token = tokens[index] as string;
      await openSession({ port, language: "socket.io", token, topics: ["feed"], onFrame: (_, read) => take(read()) });
    };
    await within(60, `${tokens.length} connects`, crowd({ to: tokens.length, atOnce: AT_ONCE }, connect));
    const milliseconds = monotonic() - start;
    const { user, system } = process.cpuUsage(before);
    return { milliseconds, cpu: user + system };
  },
  expect: async () => {
    left = users;
    const all = new Promise<void>((resolve) => (complete = resolve));
    await within(30, `An event for ${users}`, all);
  },
});

function take(frame: string): void {
  // Roomcast greets as soon as somebody is in, which may be after the answer of whoever asks at once.
  if (frame.startsWith('42["session",')) return;
  if (left === 0 || !frame.startsWith('42["event",') || !frame.includes(text)) fail(`A reader was given ${frame}`);
  if (--left === 0) complete?.();
}
