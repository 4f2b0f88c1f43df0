import { answer, fail } from "./child.ts";
import { connectCrowd } from "./crowd.ts";
import { followFeed, LANGUAGES, type Language } from "./languages.ts";
import type { OnFrame } from "./raw-reader.ts";
import { importKey, signToken } from "./token.ts";

/**
 * Readers of one channel in equal parts of several languages, that count what they are given. Some of each language look at
 * it: numbers must rise by one.
 *
 * Arguments: port, readers, languages with commas between. Asked: `connect`; `expect` so many events, which is answered when
 * every reader has them.
 */
const [port, readers] = process.argv.slice(2, 4).map(Number) as [number, number];
const languages = (process.argv[4] ?? "").split(",").map((name): Language => {
  const language = LANGUAGES.find((known) => known === name);
  if (language === undefined) throw new Error(`There is no language ${name}`);
  return language;
});
/** Not a multiple of the number of languages, so that readers of all of them look. */
const EVERY_NTH = 51;
let received = 0;
let wanted = 0;
let complete: (() => void) | undefined;

answer({
  connect: async () => {
    const key = await importKey();
    await connectCrowd({ to: readers }, async (index) => {
      const user = `user${index}`;
      await followFeed({
        port,
        language: languages[index % languages.length] as Language,
        user,
        token: await signToken(key, user),
        onFrame: index % EVERY_NTH === 0 ? looking() : counted,
        onClose: () => fail("The server closed a connection"),
      });
    });
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

/** For a reader that looks. */
function looking(): OnFrame {
  let last = -1;
  return (_, text) => {
    const frame = text();
    const number = Number(/"number":(\d+)/.exec(frame)?.[1]);
    if (number !== last + 1) fail(`A reader was given ${frame} after number ${last}`);
    last = number;
    counted();
  };
}
