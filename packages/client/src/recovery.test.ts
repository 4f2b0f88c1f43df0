import { GatewayError, type Filter, type Position } from "@roomcast/protocol";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { QUICK_HEARTBEAT, TestNode, type Heard } from "../test/node.ts";

/** What was published, by the number that is its payload. */
type Published = Map<number, Position>;

const FILTERS: readonly { filter: Filter; wants: (n: number) => boolean }[] = [
  { filter: { third: 0 }, wants: (n) => n % 3 === 0 },
  { filter: { third: [1, 2] }, wants: (n) => n % 3 !== 0 },
  { filter: { n: { gte: 10 } }, wants: (n) => n >= 10 },
  { filter: {}, wants: () => true },
];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("publish" as const), count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("cut" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("silence" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);

/**
 * Through the real client, over a real wire to a real gateway: connections that break, die silently and are ended by a
 * restart, at any moment, while events are published; readers with filters that overlap, a member, and one that only ever
 * saw the answer to its subscription.
 */
it("hands out each retained event once, in order, and announces what is lost", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.subarray([0, 1, 2, 3], { minLength: 1 }),
      fc.boolean(),
      fc.array(step, { minLength: 3, maxLength: 14 }),
      async (chosen, joined, steps) => {
        const node = await TestNode.start({
          channels: [{ match: "p", keep: { size: 25, seconds: 60 } }],
          attach: QUICK_HEARTBEAT,
        });
        try {
          const heard = node.client({ reconnectionDelay: 5 });
          for (const i of chosen) heard.client.subscribe({ topic: "p", filter: FILTERS[i]?.filter ?? {} });
          if (joined) await heard.client.socketClient.joinChannel("p");
          await heard.ready();
          const wanted = (n: number): boolean => joined || chosen.some((i) => FILTERS[i]?.wants(n) === true);

          const published: Published = new Map();
          let count = 0;
          const publish = async (): Promise<void> => {
            const n = ++count;
            try {
              const { position } = await node.publish("p", { n, third: n % 3 });
              published.set(n, position as Position);
            } catch (thrown) {
              // By a gateway that is going.
              expect(thrown).toBeInstanceOf(GatewayError);
            }
          };
          const publishing: Promise<void>[] = [];
          const publishMany = async (many: number): Promise<void> => {
            for (let i = 0; i < many; i++) {
              await publish();
              await new Promise((resolve) => setTimeout(resolve, i % 3));
            }
          };
          for (const one of steps) {
            if (one.kind === "publish") publishing.push(publishMany(one.count));
            else if (one.kind === "wait") await new Promise((resolve) => setTimeout(resolve, one.ms));
            else if (one.kind === "cut") node.proxy.cut();
            else if (one.kind === "silence") node.proxy.silence("both");
            else await node.restart();
          }
          await Promise.all(publishing);
          // Whatever happened, it gets to the end.
          while (!wanted(count + 1)) await publish();
          await publish();
          const last = count;
          await vi.waitFor(() => expect(isCovered(heard, published, last)).toBe(true), {
            timeout: 10_000,
            interval: 10,
          });

          const events = heard.log.flatMap((one) => ("event" in one ? [one.event] : []));
          expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
          expect(events.every(({ payload }) => wanted((payload as { n: number }).n))).toBe(true);
          for (const [i, { position }] of events.entries()) {
            const before = events[i - 1]?.position;
            if (before?.epoch === position?.epoch) expect(position?.offset).toBeGreaterThan(before?.offset ?? 0);
          }
          for (const n of published.keys()) {
            if (wanted(n)) expect(isCovered(heard, published, n), `${n} is missing without a gap`).toBe(true);
          }
          expect(heard.errors).toEqual([]);
        } finally {
          await node.close();
        }
      },
    ),
    { numRuns: Number(process.env["RECOVERY_RUNS"] ?? 15) },
  );
});

/** Whether the event was handed out, or a gap behind it says that it may be missing. */
function isCovered(heard: Heard, published: Published, n: number): boolean {
  const at = published.get(n) as Position;
  const epochs = [...new Set([...published.values()].map(({ epoch }) => epoch))];
  return heard.log.some((one) => {
    if ("event" in one) return (one.event.payload as { n: number }).n === n;
    const { epoch, offset } = one.gap.position as Position;
    // An epoch that nothing was published in is newer than those that we know.
    const order = epochs.includes(epoch) ? epochs.indexOf(epoch) : epochs.length;
    return order > epochs.indexOf(at.epoch) || (epoch === at.epoch && offset >= at.offset);
  });
}
