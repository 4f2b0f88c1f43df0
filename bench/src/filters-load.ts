import { answer, fail, tell } from "./child.ts";
import { itemEvent, itemOf, ownChannel, type ItemBatch, type ItemEvent } from "./contenders/items.ts";
import { crowd } from "./crowd.ts";
import { pushed, RawCaller } from "./raw-caller.ts";
import { importKey, signToken } from "./token.ts";
import { within } from "./within.ts";

/**
 * Readers of `feed` who each ask for another item, and follow that item's own channel; and one reader of `one`. Every event is looked at: it is
 * for this reader, it is the whole text, and it came once.
 *
 * Arguments: port, readers. Asked: `connect`; `expect` a batch, which is answered when all of its events have come; `ends`,
 * answered when every server's word to every reader so far has come: what is surplus fails the run.
 */
const [port, readers] = process.argv.slice(2, 4).map(Number) as [number, number];
const callers: RawCaller[] = [];
let expected: ItemBatch | undefined;
let left = 0;
let complete: (() => void) | undefined;
/** Numbers that have come of the batch that is expected. */
let come = new Uint8Array(0);

answer({
  connect: async () => {
    const key = await importKey();
    await crowd({ to: readers + 1 }, async (index) => {
      const item = index < readers ? `item${index}` : undefined;
      const token = await signToken(key, `user${index}`);
      const caller = await RawCaller.open({ port, token, onPush: (_, text) => take(item, text()) });
      callers.push(caller);
      if (item === undefined) await caller.ask("subscribe", { topic: "one" });
      else {
        await caller.ask("subscribe", { topic: "feed", filter: { item } });
        await caller.ask("subscribe", { topic: ownChannel(item) });
      }
      if (callers.length % 250 === 0) tell(callers.length);
    });
  },
  expect: async (batch: ItemBatch) => {
    const all = new Promise<void>((resolve) => (complete = resolve));
    expected = batch;
    left = batch.count;
    come = new Uint8Array(batch.count);
    await within(30, `${batch.count} events`, all);
  },
  // An answer comes behind all that was sent before it.
  ends: async () => {
    await crowd({ to: callers.length }, async (index) => {
      await callers[index]?.ask("subscribe", { topic: "end" });
    });
  },
});

function take(item: string | undefined, frame: string): void {
  const [event, payload] = pushed(frame);
  // Roomcast greets, and puts an event's payload into what it knows of the event.
  if (event === "session") return;
  const data = (payload as { payload?: ItemEvent }).payload ?? (payload as ItemEvent);
  const at = expected === undefined ? -1 : data.number - expected.first;
  const right =
    event === "event" &&
    expected !== undefined &&
    (expected.channel === "one") === (item === undefined) &&
    at >= 0 &&
    at < expected.count &&
    come[at] === 0 &&
    (item === undefined || item === itemOf(data.number, expected.items)) &&
    JSON.stringify(data) === JSON.stringify(itemEvent(data.number, expected));
  if (!right) {
    fail(`The reader of ${item ?? "one"} was given ${frame}`);
    return;
  }
  come[at] = 1;
  if (--left === 0) complete?.();
}
