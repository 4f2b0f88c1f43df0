import { answer, fail } from "./child.ts";
import { connectCrowd } from "./crowd.ts";
import { event } from "./contenders/event.ts";
import { followFeed, type FeedLanguage } from "./feed-reader.ts";
import { importKey, signToken } from "./token.ts";

/**
 * Readers of one channel, each of which must be given every event once and in order. All count, and compare an event's length
 * with what the others got; every hundredth compares its text.
 *
 * Arguments: port, readers, language, bytes of an event's payload. Asked: `connect`; `expect` so many events, which is
 * answered when every reader has them; `finish`, which rejects when more have come.
 */
const [port, readers] = process.argv.slice(2, 4).map(Number) as [number, number];
const language = process.argv[4] as FeedLanguage;
const bytes = Number(process.argv[5]);
const SAMPLE = 100;
/** What has not come when nothing came for so long is not going to come. */
const PATIENCE_MS = 10_000;
/** By reader: how many events it had. */
const counts = new Uint32Array(readers);
/** By number of the event. */
const lengths: number[] = [];
let received = 0;
/** Events that every reader should have had. */
let wanted = 0;
let complete: (() => void) | undefined;

answer({
  connect: async () => {
    const key = await importKey();
    await connectCrowd({ to: readers }, async (index) => {
      const token = await signToken(key, `user${index}`);
      await followFeed({ port, language, token, onEvent: (length, text) => take(index, length, text) });
    });
  },
  expect: async (events: number) => {
    wanted += events;
    // They may have come before the question did.
    if (received < readers * wanted) await patiently(new Promise<void>((resolve) => (complete = resolve)));
    check();
  },
  finish: check,
});

function take(index: number, length: number, text: () => string): void {
  const number = counts[index] as number;
  counts[index] = number + 1;
  const others = (lengths[number] ??= length);
  if (length !== others) fail(`A reader was given ${length} bytes as event ${number}, another ${others}: ${text()}`);
  if (index % SAMPLE === 0 && !text().includes(JSON.stringify(event(number, bytes))))
    fail(`A reader was given this as event ${number}: ${text()}`);
  if (++received === readers * wanted) {
    complete?.();
    complete = undefined;
  }
}

function check(): void {
  const wrong = counts.find((count) => count !== wanted);
  if (wrong !== undefined) fail(`A reader was given ${wrong} events of ${wanted}`);
}

async function patiently(all: Promise<void>): Promise<void> {
  let before = received;
  const watch = setInterval(() => {
    if (received === before) fail(`Readers were given ${received} events of ${readers * wanted}, and no more came`);
    before = received;
  }, PATIENCE_MS);
  await all;
  clearInterval(watch);
}
