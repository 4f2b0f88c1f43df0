import { setImmediate as turn } from "node:timers/promises";
import { event, type BenchEvent } from "./event.ts";

/** An event of something: readers ask for those of one item. */
export interface ItemEvent extends BenchEvent {
  readonly item: string;
}

/** Publications of a measurement of filters. */
export interface ItemBatch {
  /** `feed`: all on this channel; `one`: too; `own`: each on its item's own channel. */
  readonly channel: "feed" | "one" | "own";
  /** The number of the first. */
  readonly first: number;
  readonly count: number;
  /** How many items there are. */
  readonly items: number;
  readonly bytes: number;
}

/** A prime, so that consecutive events are of items that are far from each other. */
const STRIDE = 7919;

/** What event `number` is of, where there are so many items. */
export function itemOf(number: number, items: number): string {
  return `item${(number * STRIDE) % items}`;
}

export function itemEvent(number: number, { items, bytes }: Pick<ItemBatch, "items" | "bytes">): ItemEvent {
  return { ...event(number, bytes), item: itemOf(number, items) };
}

/** The channel of an item alone. */
export function ownChannel(item: string): string {
  return `own:${item}`;
}

/** Publishes the events one by one: each has been written to its reader's socket before the next one is published. */
export async function publishItems(
  batch: ItemBatch,
  publish: (channel: string, data: ItemEvent) => unknown,
): Promise<void> {
  for (let i = 0; i < batch.count; i++) {
    const data = itemEvent(batch.first + i, batch);
    await publish(batch.channel === "own" ? ownChannel(data.item) : batch.channel, data);
    // What is gathered in one turn is written at its end, which may be after whoever waited for that end as well.
    await turn();
    await turn();
  }
}
