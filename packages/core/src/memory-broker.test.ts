import { expect, it } from "vitest";
import { MemoryBroker } from "./memory-broker.ts";
import { ManualClock } from "./testing/index.ts";

const address = { tenantId: "t", name: "chat:1" };
const own = { tenantId: "t", name: "chat:1", userId: "alice" };
const keep = { size: 3, seconds: 300 };
const draft = (n: number, timestamp: number) => ({ event: "e", data: { n }, source: "socket" as const, timestamp });

it("hands its logs and its idempotency keys to the next process", async () => {
  const clock = new ManualClock();
  const before = new MemoryBroker({ clock });
  for (let n = 1; n <= 5; n++) await before.publish(address, draft(n, clock.now()), { keep });
  const once = { key: "k", sender: "user:alice" };
  const first = await before.publish(own, draft(6, clock.now()), { keep, idempotency: once });

  const after = new MemoryBroker({ clock });
  for (const record of JSON.parse(JSON.stringify([...before.records()]))) after.restore(record);

  const { position } = await before.history(address, keep, { limit: 0 });
  const since = { ...position, offset: 2 };
  const page = await after.history(address, keep, { limit: 10, since });
  expect(page).toEqual(await before.history(address, keep, { limit: 10, since }));
  expect(page.events.map(({ data }) => data)).toEqual([{ n: 3 }, { n: 4 }, { n: 5 }]);
  expect(await after.publish(own, draft(6, clock.now()), { keep, idempotency: once })).toEqual(first);
  const next = await after.publish(address, draft(7, clock.now()), { keep });
  expect(next.position).toEqual({ epoch: position.epoch, offset: 6 });
  await clock.advance(300_000);
  expect((await after.history(address, keep, { limit: 10 })).events).toEqual([]);
});
